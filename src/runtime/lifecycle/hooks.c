/* hooks.c -- run hooks of the runtime's namespaces. */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/text.h"
#include "runtime/spec_annotations.h"

#define OUTPUT_KEPT 512
#define PID_MARK    2147483647 /* stands in the template where the pid goes */

struct hook_list {
	const struct spec_hook *items;
	size_t count;
};

/* One row a kind: its JSON name and where its list is. */
static const struct {
	const char *name;
	size_t offset;
} hook_kinds[] = {
	[HOOK_PRESTART] = { "prestart", offsetof(struct spec_hooks, prestart) },
	[HOOK_CREATE_RUNTIME] = { "createRuntime", offsetof(struct spec_hooks, create_runtime) },
	[HOOK_POSTSTART] = { "poststart", offsetof(struct spec_hooks, poststart) },
	[HOOK_POSTSTOP] = { "poststop", offsetof(struct spec_hooks, poststop) },
};

static int judge(const struct spec_hook *hook, struct spawn_result *result, struct error *err)
{
	const char *output = result->output.data ? result->output.data : "";
	size_t length = strlen(output);

	if (length > 0 && output[length - 1] == '\n')
		result->output.data[length - 1] = '\0';
	if (result->timed_out)
		return fail(err, ETIMEDOUT,
			    "error running hook \"%s\": hook ran past specified timeout of %d.0s",
			    hook->path, *hook->timeout);
	if (result->outlived)
		return fail(err, ECHILD,
			    "error running hook \"%s\": the container's process ended meanwhile",
			    hook->path);
	if (WIFSIGNALED(result->status))
		return fail(err, ECHILD, "error running hook \"%s\": signal %d, output: %s",
			    hook->path, WTERMSIG(result->status), output);
	if (result->status != 0)
		return fail(err, ECHILD, "error running hook \"%s\": exit status %d, output: %s",
			    hook->path, WEXITSTATUS(result->status), output);
	return 0;
}

static int timeout_ms(const struct spec_hook *hook)
{
	if (!hook->timeout)
		return -1;
	return *hook->timeout < INT_MAX / 1000 ? *hook->timeout * 1000 : INT_MAX;
}

/* What the hooks of one kind have in common. */
struct round {
	struct text document; /* the state, for their standard input */
	int while_alive;
	int output, errors; /* files for what they write, or -1 */
};

/* crun's annotations. */
static int open_output(const struct container_state *state, const char *annotation, int *fd,
		       struct error *err)
{
	const char *path = string_map_get(&state->annotations, annotation);

	if (!path)
		return 0;
	/* A FIFO that nobody reads is an error, nothing to wait for. */
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	if (*fd >= 0 && fcntl(*fd, F_SETFL, O_APPEND) == 0)
		return 0;
	fail_call(err, "open", "cannot write to \"%s\"", path);
	return fail_where(err, "annotations[\"%s\"]", annotation);
}

static int open_round(struct round *round, const struct container_state *state, struct error *err)
{
	TRY(open_output(state, ANNOTATION_HOOKS_STDOUT, &round->output, err));
	return open_output(state, ANNOTATION_HOOKS_STDERR, &round->errors, err);
}

static void close_round(struct round *round)
{
	text_free(&round->document);
	close_fd(&round->output);
	close_fd(&round->errors);
}

static int run_hook(const struct spec_hook *hook, const struct round *round, struct error *err)
{
	struct spawn_request request = {
		.path = hook->path,
		.argv = hook->args.count > 0 ? hook->args.items : NULL,
		.envp = hook->env.count > 0 ? hook->env.items : NULL,
		.input = round->document.data,
		.input_length = round->document.length,
		.timeout_ms = timeout_ms(hook),
		.while_alive = round->while_alive,
		.output = round->output,
		.errors = round->errors,
		.output_limit = OUTPUT_KEPT,
	};
	struct spawn_result result = { 0 };
	int status = spawn_run(&request, &result, err);

	if (status == 0)
		status = judge(hook, &result, err);
	text_free(&result.output);
	return status;
}

static struct hook_list hooks_of(const struct container_state *state, enum hook_kind kind)
{
	struct hook_list list = { 0 };

	if (state->hooks)
		memcpy(&list, (const char *)state->hooks + hook_kinds[kind].offset, sizeof(list));
	return list;
}

int hooks_run(enum hook_kind kind, const struct container_state *state,
	      enum container_status status, int while_alive, struct error *err)
{
	const struct hook_list list = hooks_of(state, kind);
	struct round round = { .while_alive = while_alive, .output = -1, .errors = -1 };
	int result;

	if (list.count == 0)
		return 0;
	state_document(state, status, state->pid, &round.document);
	result = open_round(&round, state, err);
	for (size_t i = 0; result == 0 && i < list.count; i++) {
		result = run_hook(&list.items[i], &round, err);
		if (result < 0)
			fail_where(err, "hooks.%s[%zu]", hook_kinds[kind].name, i);
	}
	close_round(&round);
	return result;
}

static void warn(const struct error *err)
{
	char line[1024];

	error_format(err, line, sizeof(line));
	log_warning("%s", line);
}

void hooks_run_poststop(const struct container_state *state)
{
	const struct hook_list list = hooks_of(state, HOOK_POSTSTOP);
	struct round round = { .output = -1, .errors = -1 };
	struct error failure = { 0 };

	if (list.count == 0)
		return;
	state_document(state, STATUS_STOPPED, 0, &round.document);
	if (open_round(&round, state, &failure) < 0)
		warn(&failure);
	for (size_t i = 0; i < list.count; i++) {
		struct error err = { 0 };

		if (run_hook(&list.items[i], &round, &err) == 0)
			continue;
		fail_where(&err, "hooks.poststop[%zu]", i);
		warn(&err);
	}
	close_round(&round);
}

struct hooks_template hooks_state_template(const struct container_state *state,
					   enum container_status status, struct arena *arena)
{
	auto_text struct text document = { 0 };
	char mark[16];
	const char *at;

	state_document(state, status, PID_MARK, &document);
	snprintf(mark, sizeof(mark), "%d", PID_MARK);
	at = strstr(document.data, mark);
	if (!at)
		return (struct hooks_template){ arena_string(arena, document.data), "" };
	return (struct hooks_template){
		arena_copy(arena, document.data, (size_t)(at - document.data)),
		arena_string(arena, at + strlen(mark)),
	};
}

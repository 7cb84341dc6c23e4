/* hooks.c -- run hooks of the runtime's namespaces. */
#include "hooks.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/text.h"

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

static int run_hook(const struct spec_hook *hook, const struct text *document, int while_alive,
		    struct error *err)
{
	struct spawn_request request = {
		.path = hook->path,
		.argv = hook->args.count > 0 ? hook->args.items : NULL,
		.envp = hook->env.count > 0 ? hook->env.items : NULL,
		.input = document->data,
		.input_length = document->length,
		.timeout_ms = timeout_ms(hook),
		.while_alive = while_alive,
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
	auto_text struct text document = { 0 };

	if (list.count == 0)
		return 0;
	state_document(state, status, state->pid, &document);
	for (size_t i = 0; i < list.count; i++)
		if (run_hook(&list.items[i], &document, while_alive, err) < 0)
			return fail_where(err, "hooks.%s[%zu]", hook_kinds[kind].name, i);
	return 0;
}

static void warn(struct error *err, size_t index)
{
	char line[1024];

	fail_where(err, "hooks.poststop[%zu]", index);
	error_format(err, line, sizeof(line));
	log_warning("%s", line);
}

void hooks_run_poststop(const struct container_state *state)
{
	const struct hook_list list = hooks_of(state, HOOK_POSTSTOP);
	auto_text struct text document = { 0 };

	if (list.count == 0)
		return;
	state_document(state, STATUS_STOPPED, 0, &document);
	for (size_t i = 0; i < list.count; i++) {
		struct error err = { 0 };

		if (run_hook(&list.items[i], &document, 0, &err) < 0)
			warn(&err, i);
	}
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

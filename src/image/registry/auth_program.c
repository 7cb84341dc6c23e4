/* auth_program.c -- programs that keep secrets: docker-credential-NAME get|store|erase, the
 * question on standard input, the answer on standard output (docker-credential-helpers). */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "auth_file.h"
#include "base/log.h"
#include "base/spawn.h"

#define ANSWER_LIMIT (1 << 16)
#define HELPER_MS    60000 /* a person may have to unlock a keyring */

extern char **environ;

/* clang-format off */
#define HELPER_ROWS(ROW, T) \
	ROW(T, string, server, "ServerURL", none, optional) \
	ROW(T, string, user,   "Username",  none, optional) \
	ROW(T, string, secret, "Secret",    none, optional)
JSON_STRUCT(helper_answer, HELPER_ROWS);
JSON_SHAPE(helper_answer, HELPER_ROWS);
/* clang-format on */

/* A helper's name is one word: it becomes a file's name. */
static const char *find_program(const char *helper, struct arena *arena, struct error *err)
{
	const char *program =
		strchr(helper, '/')
			? NULL
			: spawn_find(arena_format(arena, "docker-credential-%s", helper), arena);

	if (!program)
		fail(err, ENOENT, "the credential helper docker-credential-%s is not installed",
		     helper);
	return program;
}

/* Its exit status, or -errno. */
static int ask(const char *helper, const char *verb, const struct text *question,
	       struct text *answer, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *program = find_program(helper, &arena, err);
	char *const argv[] = { (char *)program, (char *)verb, NULL };
	const struct spawn_request request = {
		.path = program,
		.argv = argv,
		.envp = environ,
		.input = question->data,
		.input_length = question->length,
		.timeout_ms = HELPER_MS,
		.output_limit = ANSWER_LIMIT,
	};
	struct spawn_result result = { 0 };

	if (!program)
		return -ENOENT;
	TRY(spawn_run(&request, &result, err));
	*answer = result.output;
	if (result.timed_out)
		return fail(err, ETIMEDOUT, "docker-credential-%s %s does not answer", helper,
			    verb);
	return WIFEXITED(result.status) ? WEXITSTATUS(result.status) : 128;
}

/* The secret stays out of messages: only what a failing helper says is told. */
static int fail_helper(const char *helper, const char *verb, struct text *answer, struct error *err)
{
	text_mask_controls(answer->data ? answer->data : (char *)"");
	return fail(err, EIO, "docker-credential-%s %s: %.200s", helper, verb,
		    answer->data ? answer->data : "failed");
}

static bool knows_nothing(const struct text *answer)
{
	return answer->data && strstr(answer->data, "credentials not found");
}

int auth_helper_get(const char *helper, const char *host, struct auth_secret *secret,
		    struct arena *arena, struct error *err)
{
	auto_text struct text question = { 0 }, answer = { 0 };
	struct helper_answer read;
	int status;

	text_add(&question, host);
	status = ask(helper, "get", &question, &answer, err);
	if (status == -ENOENT && err) {
		/* Public images need nobody's password; others say that one is missing. */
		log_warning("%s", err->what);
		*err = (struct error){ 0 };
		return 0;
	}
	TRY(status);
	if (status && knows_nothing(&answer))
		return 0;
	if (status)
		return fail_helper(helper, "get", &answer, err);
	TRY(json_read(
		&(struct json_source){ answer.data ? answer.data : "", answer.length, helper },
		&helper_answer_shape, &read, arena, NULL, err));
	secret->user = read.user;
	secret->secret = read.secret;
	return read.user && read.secret;
}

int auth_helper_store(const char *helper, const char *host, const struct auth_secret *secret,
		      struct error *err)
{
	auto_text struct text question = { 0 }, answer = { 0 };
	const struct helper_answer write = { (char *)host, secret->user, secret->secret };
	int status;

	json_write(&helper_answer_shape, &write, false, &question);
	TRY(status = ask(helper, "store", &question, &answer, err));
	return status ? fail_helper(helper, "store", &answer, err) : 0;
}

int auth_helper_erase(const char *helper, const char *host, struct error *err)
{
	auto_text struct text question = { 0 }, answer = { 0 };
	int status;

	text_add(&question, host);
	TRY(status = ask(helper, "erase", &question, &answer, err));
	return status && !knows_nothing(&answer) ? fail_helper(helper, "erase", &answer, err) : 0;
}

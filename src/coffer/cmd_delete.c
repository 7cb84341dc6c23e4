/* cmd_delete.c -- coffer delete: remove a stopped (or created) container. */
#include <errno.h>
#include <regex.h>
#include <stddef.h>

#include "base/log.h"
#include "commands.h"
#include "runtime/lifecycle.h"

struct delete_options {
	bool force;
	bool regex;
};

static const struct option_row options[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct delete_options, force), NULL,
	  "kill it first; one that does not exist is no error", NULL, 0 },
	{ "regex", 'r', OPTION_FLAG, offsetof(struct delete_options, regex), NULL,
	  "CONTAINER is a regular expression: delete all that match", NULL, 0 },
};

static int delete_matching(const char *root, const regex_t *pattern, bool force,
			   struct arena *arena, struct error *err)
{
	struct strings ids = { 0 };
	int result = 0;

	TRY(state_list(root, arena, &ids, err));
	for (size_t i = 0; i < ids.count; i++) {
		if (result < 0) /* go on, but say each */
			log_error(err);
		if (regexec(pattern, ids.items[i], 0, NULL, 0) == 0) {
			struct error failure = { 0 };
			int deleted = container_delete(root, ids.items[i], force, &failure);

			if (deleted < 0) {
				*err = failure;
				result = deleted;
			}
		}
	}
	return result;
}

static int delete_by_pattern(const struct command_line *line, bool force, struct error *err)
{
	const char *expression = line->arguments.items[0];
	char reason[128];
	regex_t pattern;
	int result = regcomp(&pattern, expression, REG_EXTENDED | REG_NOSUB);

	if (result != 0) {
		regerror(result, &pattern, reason, sizeof(reason));
		return fail(err, EINVAL, "--regex: \"%s\": %s", expression, reason);
	}
	result = delete_matching(command_root(line), &pattern, force, line->arena, err);
	regfree(&pattern);
	return result;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct delete_options *chosen = line->options;

	if (chosen->regex)
		return delete_by_pattern(line, chosen->force, err);
	return container_delete(command_root(line), line->arguments.items[0], chosen->force, err);
}

const struct command command_delete = {
	.name = "delete",
	.summary = "delete a container and all it holds",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct delete_options),
	.run = run,
};

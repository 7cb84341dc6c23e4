/* cmd_delete.c -- coffer delete: remove a stopped (or created) container. */
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

/* Go on behind a failure, but say each. */
static int delete_matching(const struct command_line *line, bool force, struct error *err)
{
	struct strings ids = { 0 };
	int result = 0;

	TRY(command_match(line, &ids, err));
	for (size_t i = 0; i < ids.count; i++) {
		struct error failure = { 0 };

		if (container_delete(command_root(line), ids.items[i], force, &failure) == 0)
			continue;
		if (result < 0)
			log_error(err);
		*err = failure;
		result = -failure.number;
	}
	return result;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct delete_options *chosen = line->options;

	if (chosen->regex)
		return delete_matching(line, chosen->force, err);
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

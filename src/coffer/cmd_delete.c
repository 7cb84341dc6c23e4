/* cmd_delete.c -- coffer delete: remove a stopped (or created) container. */
#include <stddef.h>

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

static int delete_one(const struct command_line *line, const char *id, struct error *err)
{
	const struct delete_options *chosen = line->options;

	return container_delete(command_root(line), id, chosen->force, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct delete_options *chosen = line->options;

	return chosen->regex ? command_each_match(line, delete_one, err)
			     : delete_one(line, line->arguments.items[0], err);
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

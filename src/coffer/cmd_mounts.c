/* cmd_mounts.c -- coffer mounts: add mounts to a running container, or take them away (crun's). */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "runtime/lifecycle.h"

static const struct {
	const char *name;
	int (*run)(const struct mounts_request *request, struct error *err);
} actions[] = {
	{ "add", container_mounts_add },
	{ "remove", container_mounts_remove },
};

static int run(const struct command_line *line, struct error *err)
{
	char *const *words = line->arguments.items;
	const struct mounts_request request = {
		.root = command_root(line),
		.id = words[1],
		.file = words[2],
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, words[0]))
			return actions[i].run(&request, err);
	return fail(err, EINVAL, "mounts: \"%s\" is neither add nor remove", words[0]);
}

const struct command command_mounts = {
	.name = "mounts",
	.summary = "add mounts to a running container, or remove them",
	.arguments = "add|remove CONTAINER FILE",
	.least = 3,
	.most = 3,
	.run = run,
};

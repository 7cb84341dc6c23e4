/* cmd_pause.c -- coffer pause: freeze every process of a container. */
#include "commands.h"
#include "runtime/lifecycle.h"

static int run(const struct command_line *line, struct error *err)
{
	return container_pause(command_root(line), line->arguments.items[0], true, err);
}

const struct command command_pause = {
	.name = "pause",
	.summary = "freeze every process of a container",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.run = run,
};

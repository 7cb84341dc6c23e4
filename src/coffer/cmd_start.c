/* cmd_start.c -- coffer start: let a created container's program go. */
#include "commands.h"
#include "runtime/lifecycle.h"

static int run(const struct command_line *line, struct error *err)
{
	return container_start(command_root(line), line->arguments.items[0], err);
}

const struct command command_start = {
	.name = "start",
	.summary = "start the program of a created container",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.run = run,
};

/* cmd_resume.c -- coffer resume: let the processes of a paused container go on. */
#include "commands.h"
#include "runtime/lifecycle.h"

static int run(const struct command_line *line, struct error *err)
{
	return container_pause(command_root(line), line->arguments.items[0], false, err);
}

const struct command command_resume = {
	.name = "resume",
	.summary = "let the processes of a paused container go on",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.run = run,
};

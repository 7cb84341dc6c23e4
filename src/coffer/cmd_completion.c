/* cmd_completion.c -- coffer completion: the script for a shell. */
#include <stdio.h>

#include "base/standard.h"
#include "commands.h"

static int run(const struct command_line *line, struct error *err)
{
	TRY(options_complete(line->program, line->arguments.items[0], stdout, err));
	return standard_flush(err);
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print the completion script for bash, zsh or fish",
	.arguments = "SHELL",
	.least = 1,
	.most = 1,
	.run = run,
};

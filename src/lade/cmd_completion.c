/* cmd_completion.c -- lade completion: what a shell needs to complete lade's command lines. */
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
	.summary = "print the completion script for a shell",
	.arguments = "bash|zsh|fish",
	.least = 1,
	.most = 1,
	.run = run,
};

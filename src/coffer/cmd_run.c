/* cmd_run.c -- coffer run: create, start, wait, delete. */
#include <stddef.h>

#include "commands.h"
#include "runtime/lifecycle.h"

/* clang-format off */
static const struct option_row options[] = {
	CREATE_OPTION_ROWS(struct create_options),
	{ "detach", 'd', OPTION_FLAG, offsetof(struct create_options, detach), NULL, "do not wait for the program", NULL, 0 },
	{ "keep", 0, OPTION_FLAG, offsetof(struct create_options, keep), NULL, "leave the stopped container", NULL, 0 },
	{ "no-subreaper", 0, OPTION_FLAG, offsetof(struct create_options, no_subreaper), NULL, "do not become the reaper of orphaned processes", NULL, 0 },
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	struct create_request request;
	int exit_code = 0;

	TRY(create_request_from(line, line->options, &request, err));
	TRY(container_run(&request, &exit_code, err));
	return exit_code;
}

const struct command command_run = {
	.name = "run",
	.summary = "create and start a container and wait for its end",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct create_options),
	.run = run,
};

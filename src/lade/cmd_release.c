/* cmd_release.c -- lade release: undo lade bundle. */
#include "commands.h"

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;

	TRY(command_open_store(line, STORE_USE, &store, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		TRY(bundle_release(&store, line->arguments.items[i], line->arena, err));
	return 0;
}

const struct command command_release = {
	.name = "release",
	.summary = "take a bundle away again: unmount, remove, forget",
	.arguments = "DIR…",
	.least = 1,
	.most = -1,
	.run = run,
};

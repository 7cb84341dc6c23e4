/* cmd_exists.c -- lade exists: is that image here? 0: yes, 1: no. */
#include <errno.h>

#include "commands.h"

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	struct store_image image;
	int result;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	result = store_find_image(&store, line->arguments.items[0], line->arena, &image, err);
	return result == -ENOENT ? 1 : result;
}

const struct command command_exists = {
	.name = "exists",
	.summary = "tell whether an image is in the store: exit status 0 or 1",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.run = run,
};

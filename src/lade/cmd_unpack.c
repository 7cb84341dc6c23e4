/* cmd_unpack.c -- lade unpack: the files of an image, as an ordinary directory. */
#include "commands.h"

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	struct bundle_image image;

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(command_load_image(line, &store, line->arguments.items[0], &image, err));
	return bundle_unpack(&store, &image, line->arguments.items[1], interrupt_fd(), line->arena,
			     err);
}

const struct command command_unpack = {
	.name = "unpack",
	.summary = "copy an image's root filesystem into a directory",
	.arguments = "IMAGE DIR",
	.least = 2,
	.most = 2,
	.run = run,
};

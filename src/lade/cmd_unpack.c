/* cmd_unpack.c -- lade unpack: the files of an image, as an ordinary directory. */
#include "commands.h"

struct options {
	char *platform;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "platform", 0, OPTION_TEXT, offsetof(struct options, platform), "OS/ARCH[/VARIANT]", "take the image for that platform, of an index that is in the store", NULL, 0 },
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct bundle_image image;

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(command_load_platform(line, &store, line->arguments.items[0], options->platform, &image,
				  err));
	return bundle_unpack(&store, &image, line->arguments.items[1], interrupt_fd(), line->arena,
			     err);
}

const struct command command_unpack = {
	.name = "unpack",
	.summary = "copy an image's root filesystem into a directory",
	.arguments = "IMAGE DIR",
	.least = 2,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

/* cmd_bundle.c -- lade bundle: a runtime bundle out of a local image. */
#include "commands.h"

struct options {
	struct bundle_changes changes;
	char *rootfs, *platform;
};

/* clang-format off */
static const struct option_row rows[] = {
	BUNDLE_OPTION_ROWS(struct options, changes),
	{ "rootfs", 0, OPTION_TEXT, offsetof(struct options, rootfs), "DRIVER", "how the root filesystem is made: overlay, copy or runtime (default: overlay or copy)", "overlay|copy|runtime", 0 },
	{ "platform", 0, OPTION_TEXT, offsetof(struct options, platform), "OS/ARCH[/VARIANT]", "take the image for that platform, of an index that is in the store", NULL, 0 },
};
/* clang-format on */

static struct strings arguments_from(const struct command_line *line, size_t first)
{
	return (struct strings){ line->arguments.items + first, line->arguments.count - first };
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct bundle_image image;
	struct bundle_request request = {
		.image = &image,
		.directory = line->arguments.items[1],
		.driver = options->rootfs,
		.command = arguments_from(line, 2),
		.changes = &options->changes,
		.cancel_fd = interrupt_fd(),
	};

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(command_load_platform(line, &store, line->arguments.items[0], options->platform, &image,
				  err));
	return bundle_make(&store, &request, line->arena, err);
}

const struct command command_bundle = {
	.name = "bundle",
	.summary = "make a bundle (config.json and rootfs) of an image",
	.arguments = "IMAGE DIR [COMMAND [ARG…]]",
	.least = 2,
	.most = -1,
	.in_order = true,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

/* cmd_unpack.c -- lade unpack: the files of an image, as an ordinary directory. */
#include <errno.h>

#include "commands.h"

struct options {
	char *platform;
	bool rootless, keep_dirlinks;
	struct strings uid_maps, gid_maps;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "platform", 0, OPTION_TEXT, offsetof(struct options, platform), "OS/ARCH[/VARIANT]", "take the image for that platform, of an index that is in the store", NULL, 0 },
	{ "rootless", 0, OPTION_FLAG, offsetof(struct options, rootless), NULL, "everything belongs to the caller, devices become empty files (a user's default)", NULL, 0 },
	{ "uid-map", 0, OPTION_LIST, offsetof(struct options, uid_maps), "INSIDE:OUTSIDE[:SIZE]", "users of the image that are others on the disk", NULL, 0 },
	{ "gid-map", 0, OPTION_LIST, offsetof(struct options, gid_maps), "INSIDE:OUTSIDE[:SIZE]", "the same for groups", NULL, 0 },
	{ "keep-dirlinks", 0, OPTION_FLAG, offsetof(struct options, keep_dirlinks), NULL, "a directory of a layer goes to where a link of its name leads, instead of replacing it", NULL, 0 },
};
/* clang-format on */

static int read_map(const struct strings *list, const char *option, struct arena *arena,
		    struct id_ranges *ranges, struct error *err)
{
	struct id_range *items = arena_array(arena, list->count + 1, sizeof(*items));

	for (size_t i = 0; i < list->count; i++)
		if (!id_range_parse(list->items[i], &items[i]))
			return fail(err, EINVAL, "%s %s: it is INSIDE:OUTSIDE[:SIZE]", option,
				    list->items[i]);
	*ranges = (struct id_ranges){ items, list->count };
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct bundle_image image;
	struct bundle_unpacking order = {
		.image = &image,
		.directory = line->arguments.items[1],
		.owners = { .single_id = options->rootless },
		.keep_dirlinks = options->keep_dirlinks,
		.cancel_fd = interrupt_fd(),
	};

	TRY(read_map(&options->uid_maps, "--uid-map", line->arena, &order.owners.uids, err));
	TRY(read_map(&options->gid_maps, "--gid-map", line->arena, &order.owners.gids, err));

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(command_load_platform(line, &store, line->arguments.items[0], options->platform, &image,
				  err));
	return bundle_unpack(&store, &order, line->arena, err);
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

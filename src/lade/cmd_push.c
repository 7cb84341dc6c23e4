/* cmd_push.c -- lade push: from the store to a registry (or any other place that copy knows). */
#include <errno.h>

#include "commands.h"

struct options {
	struct network_options network;
	struct packing_options packing;
	char *digestfile;
	bool all_platforms, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	NETWORK_OPTION_ROWS(struct options, network),
	PACKING_OPTION_ROWS(struct options, packing),
	{ "all-platforms", 0, OPTION_FLAG, offsetof(struct options, all_platforms), NULL, "push the whole index that the image was chosen from", NULL, 0 },
	{ "digestfile", 0, OPTION_TEXT, offsetof(struct options, digestfile), "FILE", "write the digest of what was pushed there", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};
/* clang-format on */

/* Without a destination: the image's own name. */
static const char *destination_of(const struct command_line *line, const struct store_image *image)
{
	if (line->arguments.count > 1)
		return line->arguments.items[1];
	return image->name;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const char *what = line->arguments.items[0];
	auto_store struct store store = STORE_NONE;
	struct strings sources = { 0 };
	struct transfer_options transfer;
	struct transfer_packing packing;
	struct store_image image;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	TRY(packing_options_apply(&options->packing, &packing, &transfer, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(store_find_image(&store, what, line->arena, &image, err));
	if (!destination_of(line, &image))
		return fail(err, EINVAL, "%s has no name: say where it is to go", what);
	strings_add(&sources, arena_format(line->arena, "store:%s", what), line->arena);
	transfer.store = &store;
	transfer.all_platforms = options->all_platforms;
	return command_copy(&(struct copy_order){ .sources = &sources,
						  .destination = destination_of(line, &image),
						  .verb = options->quiet ? NULL : "Pushing",
						  .digestfile = options->digestfile,
						  .transfer = &transfer },
			    line->arena, err);
}

const struct command command_push = {
	.name = "push",
	.summary = "send an image of the store to a registry",
	.arguments = "IMAGE [DESTINATION]",
	.least = 1,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

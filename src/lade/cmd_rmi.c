/* cmd_rmi.c -- lade rmi: take images out of the store.
 *
 * podman's exit codes: 2 when an image is in use, whatever else there is; 125 when something else
 * failed; 1 when an image does not exist and nothing else failed. What nothing needs any more is
 * collected at once, unless another lade is at work. */
#include <errno.h>
#include <string.h>

#include "commands.h"

struct options {
	bool all, force, ignore, no_prune;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL, "remove every image", NULL, 0 },
	{ "force", 'f', OPTION_FLAG, offsetof(struct options, force), NULL, "also images with several names or used by a bundle", NULL, 0 },
	{ "no-prune", 0, OPTION_FLAG, offsetof(struct options, no_prune), NULL, "take the names only: lade gc removes the rest", NULL, 0 },
	{ "ignore", 'i', OPTION_FLAG, offsetof(struct options, ignore), NULL, "no error for an image that does not exist", NULL, 0 },
};
/* clang-format on */

/* The later one says more. */
static const int codes[] = { 0, 1, EXIT_ERROR, 2 };

static size_t rank_of(int result)
{
	return result >= 0 ? 0 : result == -ENOENT ? 1 : result == -EBUSY ? 3 : 2;
}

static int remove_image(const struct command_line *line, struct store *store, const char *what,
			struct error *err)
{
	const struct options *options = line->options;
	auto_text struct text out = { 0 };
	struct strings untagged = { 0 };
	struct store_image image, left;

	TRY(store_find_image(store, what, line->arena, &image, err));
	TRY(store_remove_image(store, what, options->force, line->arena, &untagged, err));
	for (size_t i = 0; i < untagged.count; i++)
		text_format(&out, "Untagged: %s\n", untagged.items[i]);
	if (image.id && store_find_image(store, image.id, line->arena, &left, NULL) == -ENOENT)
		text_format(&out, "Deleted: %s\n", digest_hex(image.id));
	return command_print(&out, err);
}

static int list_all(struct store *store, struct strings *list, struct arena *arena,
		    struct error *err)
{
	struct store_images images;

	TRY(store_list_images(store, arena, &images, err));
	for (size_t i = 0; i < images.count; i++) {
		const struct store_image *image = &images.items[i];

		if (!image->read_only)
			strings_add(list,
				    image->name ? image->name : (char *)store_image_key(image),
				    arena);
	}
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct strings list = { 0 };
	size_t rank = 0;

	TRY(command_open_store(line, STORE_USE, &store, err));
	if (options->all)
		TRY(list_all(&store, &list, line->arena, err));
	else
		list = line->arguments;
	if (!options->all && !list.count)
		return fail(err, EINVAL, "rmi needs IMAGE…, or --all");
	for (size_t i = 0; i < list.count; i++) {
		struct error one = { 0 };
		int result = remove_image(line, &store, list.items[i], &one);

		if (result >= 0 || (result == -ENOENT && options->ignore))
			continue;
		command_report(&one);
		if (rank_of(result) > rank)
			rank = rank_of(result);
	}
	if (!options->no_prune)
		command_collect(&store);
	return codes[rank];
}

const struct command command_rmi = {
	.name = "rmi",
	.summary = "remove images",
	.arguments = "IMAGE…",
	.least = 0,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

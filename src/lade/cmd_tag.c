/* cmd_tag.c -- lade tag, lade untag: more names for an image, and fewer. */
#include "commands.h"
#include <errno.h>

static int run_tag(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	struct store_image image;

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(store_find_image(&store, line->arguments.items[0], line->arena, &image, err));
	for (size_t i = 1; i < line->arguments.count; i++) {
		TRY(command_full_name(line->arguments.items[i], line->arena, &image.name, err));
		TRY(store_set_name(&store, &image, err));
	}
	return 0;
}

/* Without names: all that the image has. */
static int names_of(const struct command_line *line, const struct store *store,
		    struct strings *names, struct error *err)
{
	struct store_images images;
	struct store_image image, named;

	TRY(store_find_image(store, line->arguments.items[0], line->arena, &image, err));
	for (size_t i = 1; i < line->arguments.count; i++) {
		const char *typed = line->arguments.items[i];

		TRY(store_find_image(store, typed, line->arena, &named, err));
		if (!text_equal(named.digest, image.digest))
			return fail(err, EINVAL, "%s is not a name of %s", typed,
				    line->arguments.items[0]);
		strings_add(names, named.name, line->arena);
	}
	if (line->arguments.count > 1)
		return 0;
	TRY(store_list_images(store, line->arena, &images, err));
	for (size_t i = 0; i < images.count; i++)
		if (images.items[i].name && text_equal(images.items[i].digest, image.digest))
			strings_add(names, images.items[i].name, line->arena);
	return 0;
}

/* The image stays, as one without a name. */
static int run_untag(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	struct strings names = { 0 };

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(names_of(line, &store, &names, err));
	for (size_t i = 0; i < names.count; i++)
		TRY(store_untag(&store, names.items[i], err));
	return 0;
}

const struct command command_tag = {
	.name = "tag",
	.summary = "give an image more names",
	.arguments = "IMAGE NAME…",
	.least = 2,
	.most = -1,
	.run = run_tag,
};

const struct command command_untag = {
	.name = "untag",
	.summary = "take names away from an image, which stays",
	.arguments = "IMAGE [NAME…]",
	.least = 1,
	.most = -1,
	.run = run_untag,
};

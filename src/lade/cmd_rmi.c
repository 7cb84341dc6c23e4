/* cmd_rmi.c -- lade rmi: take images out of the store.
 *
 * podman's exit codes: 1 when an image does not exist, 2 when one is in use, if nothing worse
 * happened. What nothing needs any more is collected at once, unless another lade is at work. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "commands.h"

struct options {
	bool all, force, ignore;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL, "remove every image", NULL, 0 },
	{ "force", 'f', OPTION_FLAG, offsetof(struct options, force), NULL, "also images with several names or used by a bundle", NULL, 0 },
	{ "ignore", 'i', OPTION_FLAG, offsetof(struct options, ignore), NULL, "no error for an image that does not exist", NULL, 0 },
};
/* clang-format on */

static const struct {
	int number, code;
} codes[] = { { ENOENT, 1 }, { EBUSY, 2 }, { EEXIST, EXIT_ERROR } };

static int code_of(int result)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (-result == codes[i].number)
			return codes[i].code;
	return EXIT_ERROR;
}

static const char *hex_of(const char *digest)
{
	const char *colon = strchr(digest, ':');

	return colon ? colon + 1 : digest;
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
		text_format(&out, "Deleted: %s\n", hex_of(image.id));
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

static void collect(struct store *store)
{
	struct store_collected collected;
	struct error err = { 0 };

	if (store_collect(store, false, &collected, &err) < 0)
		log_debug("nothing is collected now: %s", err.what);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct strings list = { 0 };
	int code = 0;

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
		if (code_of(result) > code)
			code = code_of(result);
	}
	collect(&store);
	return code;
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

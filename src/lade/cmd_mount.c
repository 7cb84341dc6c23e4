/* cmd_mount.c -- lade mount, lade unmount: look into images without unpacking or running them. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "images.h"

struct mount_options {
	char *format;
	bool all;
};

struct unmount_options {
	bool all, force;
};

/* clang-format off */
static const struct option_row mount_rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct mount_options, all), NULL, "mount every image", NULL, 0 },
	{ "format", 0, OPTION_TEXT, offsetof(struct mount_options, format), "json", "an array of objects instead of lines", "json", 0 },
};

static const struct option_row unmount_rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct unmount_options, all), NULL, "unmount every image", NULL, 0 },
	{ "force", 'f', OPTION_FLAG, offsetof(struct unmount_options, force), NULL, "no error for an image that is not mounted", NULL, 0 },
};

#define MOUNTED_ROWS(ROW, T) \
	ROW(T, string,  id,           "id",           none, always) \
	ROW(T, strings, repositories, "Repositories", none, always) \
	ROW(T, string,  path,         "mountpoint",   none, always)
JSON_STRUCT(mounted_image, MOUNTED_ROWS);
JSON_SHAPE(mounted_image, MOUNTED_ROWS);
/* clang-format on */

struct mounted {
	struct mounted_image *items;
	size_t count;
};

static char nothing[] = "";

/* ---- what is mounted ------------------------------------------------------------------------- */

static struct mounted_image describe(const struct store_images *images,
				     const struct store_image *image, char *path,
				     struct arena *arena)
{
	struct image_names names = images_names(images, store_image_key(image), arena);

	return (struct mounted_image){
		.id = image->id ? arena_string(arena, digest_hex(image->id)) : nothing,
		.repositories = names.all,
		.path = path,
	};
}

static const struct store_image *image_of(const struct store_images *images, const char *digest)
{
	for (size_t i = 0; i < images->count; i++)
		if (store_image_has(&images->items[i], digest))
			return &images->items[i];
	return NULL;
}

/* An image that was removed by force may still be mounted. */
static int list_mounted(const struct store *store, const struct store_images *images,
			struct arena *arena, struct mounted *mounted, struct error *err)
{
	struct store_bundles bundles;

	TRY(store_list_bundles(store, arena, &bundles, err));
	mounted->items = arena_array(arena, bundles.count + 1, sizeof(*mounted->items));
	for (size_t i = 0; i < bundles.count; i++) {
		const struct store_bundle *record = &bundles.items[i];
		struct store_image gone = { .name = record->image, .digest = record->digest };
		const struct store_image *image = image_of(images, record->digest);
		char *path = bundle_is_view(record) ? bundle_view_path(record, arena) : NULL;

		if (path)
			mounted->items[mounted->count++] =
				describe(images, image ? image : &gone, path, arena);
	}
	return 0;
}

/* ---- mounting -------------------------------------------------------------------------------- */

static int mount_one(const struct command_line *line, struct store *store,
		     const struct store_images *images, const char *what, struct mounted *mounted,
		     struct error *err)
{
	struct bundle_image image;
	char *path;

	TRY(bundle_load_image(store, what, line->arena, &image, err));
	TRY(bundle_view(store, &image, interrupt_fd(), line->arena, &path, err));
	mounted->items[mounted->count++] = describe(images, &image.stored, path, line->arena);
	return 0;
}

static int mount_all(const struct command_line *line, struct store *store,
		     const struct store_images *images, struct mounted *mounted, struct error *err)
{
	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];

		if (!images_listed_before(images, i))
			TRY(mount_one(line, store, images,
				      image->name ? image->name : store_image_key(image), mounted,
				      err));
	}
	return 0;
}

/* Of one that was asked for, the path alone. */
static void add_lines(const struct mounted *mounted, bool one, struct text *out)
{
	for (size_t i = 0; i < mounted->count; i++) {
		const struct mounted_image *image = &mounted->items[i];

		if (one)
			text_format(out, "%s\n", image->path);
		else
			text_format(out, "%s %s\n",
				    image->repositories.count ? image->repositories.items[0]
							      : image->id,
				    image->path);
	}
}

static int run_mount(const struct command_line *line, struct error *err)
{
	const struct mount_options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	size_t asked = line->arguments.count;
	struct store_images images;
	struct mounted mounted = { 0 };

	if (options->all && asked)
		return fail(err, EINVAL, "either --all or images");
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(store_list_images(&store, line->arena, &images, err));
	mounted.items = arena_array(line->arena, images.count + asked + 1, sizeof(*mounted.items));
	if (!options->all && !asked)
		TRY(list_mounted(&store, &images, line->arena, &mounted, err));
	if (options->all)
		TRY(mount_all(line, &store, &images, &mounted, err));
	for (size_t i = 0; i < asked; i++)
		TRY(mount_one(line, &store, &images, line->arguments.items[i], &mounted, err));
	if (options->format)
		command_add_json(&mounted_image_shape, mounted.items, mounted.count, &out);
	else
		add_lines(&mounted, asked == 1, &out);
	return command_print(&out, err);
}

/* ---- unmounting ------------------------------------------------------------------------------ */

static int unmount_one(const struct command_line *line, struct store *store, const char *what,
		       struct text *out, struct error *err)
{
	const struct unmount_options *options = line->options;
	struct store_image image;
	int result;

	TRY(store_find_image(store, what, line->arena, &image, err));
	result = bundle_end_view(store, image.digest, line->arena, err);
	if (result == -ENOENT && options->force) {
		*err = (struct error){ 0 };
		return 0;
	}
	TRY(result);
	text_format(out, "%s\n", image.id ? digest_hex(image.id) : what);
	return 0;
}

/* Also what is not mounted any more: the machine was started anew. */
static int unmount_all(const struct command_line *line, struct store *store, struct text *out,
		       struct error *err)
{
	struct store_bundles bundles;
	struct store_documents documents;

	TRY(store_list_bundles(store, line->arena, &bundles, err));
	for (size_t i = 0; i < bundles.count; i++) {
		const struct store_bundle *record = &bundles.items[i];

		if (!bundle_is_view(record))
			continue;
		TRY(bundle_release(store, record->id, false, line->arena, err));
		if (store_read_documents(store, record->digest, line->arena, &documents, NULL) == 0)
			text_format(out, "%s\n", digest_hex(documents.manifest.config->digest));
	}
	return 0;
}

static int run_unmount(const struct command_line *line, struct error *err)
{
	const struct unmount_options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };

	if (options->all == (line->arguments.count > 0))
		return fail(err, EINVAL, "unmount needs IMAGE…, or --all");
	TRY(command_open_store(line, STORE_USE, &store, err));
	if (options->all)
		TRY(unmount_all(line, &store, &out, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		TRY(unmount_one(line, &store, line->arguments.items[i], &out, err));
	return command_print(&out, err);
}

const struct command command_mount = {
	.name = "mount",
	.summary = "mount images read-only to look into them, or list what is mounted",
	.arguments = "[IMAGE…]",
	.least = 0,
	.most = -1,
	.options = mount_rows,
	.option_count = sizeof(mount_rows) / sizeof(mount_rows[0]),
	.size = sizeof(struct mount_options),
	.run = run_mount,
};

const struct command command_unmount = {
	.name = "unmount",
	.alias = "umount",
	.summary = "unmount images",
	.arguments = "[IMAGE…]",
	.least = 0,
	.most = -1,
	.options = unmount_rows,
	.option_count = sizeof(unmount_rows) / sizeof(unmount_rows[0]),
	.size = sizeof(struct unmount_options),
	.run = run_unmount,
};

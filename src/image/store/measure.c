/* measure.c -- what images and bundles take on disk: blocks, not lengths, and what several images
 * share once. A file with several names counts for its part at each of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "store_private.h"

#define BLOCK 512

struct part { /* a blob or a tree */
	char *path;
	int64_t bytes;
	size_t images;
	size_t last; /* the image (from 1) that counted it last */
	bool active;
};

struct parts {
	struct part *items;
	size_t count, room;
};

struct measuring {
	const struct store *store;
	const struct store_images *images;
	struct arena *arena;
	struct parts parts;
};

/* ---- files ----------------------------------------------------------------------------------- */

static int64_t blocks_of(const struct stat *stat)
{
	return (int64_t)stat->st_blocks * BLOCK /
	       (int64_t)(stat->st_nlink > 0 ? stat->st_nlink : 1);
}

/* What cannot be read counts nothing: others' files below a bundle's rootfs. */
static int64_t tree_bytes(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int64_t bytes = 0;

	if (!stream)
		return 0;
	while ((entry = readdir(stream))) {
		struct stat status;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(status.st_mode))
			bytes += (int64_t)status.st_blocks * BLOCK +
				 tree_bytes(dirfd(stream), entry->d_name);
		else
			bytes += blocks_of(&status);
	}
	return bytes;
}

static int64_t path_bytes(const struct store *store, const char *path)
{
	struct stat status;

	if (fstatat(store->dir, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return S_ISDIR(status.st_mode) ? tree_bytes(store->dir, path) : blocks_of(&status);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static struct part *find_part(struct measuring *measuring, const char *path)
{
	struct parts *parts = &measuring->parts;
	struct part *items;

	for (size_t i = 0; i < parts->count; i++)
		if (!strcmp(parts->items[i].path, path))
			return &parts->items[i];
	if (parts->count == parts->room) {
		parts->room = parts->room ? 2 * parts->room : 64;
		items = arena_array(measuring->arena, parts->room, sizeof(*items));
		if (parts->count)
			memcpy(items, parts->items, parts->count * sizeof(*items));
		parts->items = items;
	}
	items = &parts->items[parts->count++];
	*items = (struct part){ .path = arena_string(measuring->arena, path),
				.bytes = path_bytes(measuring->store, path) };
	return items;
}

static void count_part(struct measuring *measuring, const char *path, size_t image, bool active)
{
	struct part *part = find_part(measuring, path);

	part->active |= active;
	if (part->last == image + 1)
		return;
	part->last = image + 1;
	part->images++;
}

static void count_blob(struct measuring *measuring, const char *digest, size_t image, bool active)
{
	char path[STORE_PATH_SIZE];

	if (store_blob_path(digest, path, NULL) == 0)
		count_part(measuring, path, image, active);
}

static void count_trees(struct measuring *measuring, const struct strings *diff_ids, size_t image,
			bool active)
{
	for (size_t i = 0; i < diff_ids->count; i++) {
		const char *path =
			store_layer_path(measuring->store, diff_ids, i, measuring->arena);
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (slash)
			count_part(measuring, arena_format(measuring->arena, "layers%s", slash),
				   image, active);
	}
}

static void count_manifest(struct measuring *measuring, const char *digest, size_t image,
			   bool active)
{
	struct store_documents documents;

	count_blob(measuring, digest, image, active);
	if (store_read_documents(measuring->store, digest, measuring->arena, &documents, NULL) < 0)
		return;
	count_blob(measuring, documents.manifest.config->digest, image, active);
	for (size_t i = 0; i < documents.manifest.layers.count; i++)
		count_blob(measuring, documents.manifest.layers.items[i].digest, image, active);
	if (documents.image)
		count_trees(measuring, &documents.config.rootfs->diff_ids, image, active);
}

static void count_image(struct measuring *measuring, size_t place, bool active)
{
	const struct store_image *image = &measuring->images->items[place];

	if (image->index)
		count_blob(measuring, image->index->digest, place, active);
	for (size_t i = 0; i < image->manifests.count; i++)
		count_manifest(measuring, image->manifests.items[i], place, active);
	if (!image->manifests.count && image->digest)
		count_manifest(measuring, image->digest, place, active);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Counted again, now that it is known who shares: the parts of one image are those that a second
 * count finds. */
static void share_image(struct measuring *measuring, size_t place, struct store_share *share)
{
	struct parts *parts = &measuring->parts;

	for (size_t i = 0; i < parts->count; i++)
		parts->items[i].last = 0;
	count_image(measuring, place, false);
	for (size_t i = 0; i < parts->count; i++) {
		struct part *part = &parts->items[i];

		if (part->last != place + 1)
			continue;
		part->images--; /* counted twice */
		*(part->images > 1 ? &share->shared : &share->unique) += part->bytes;
	}
}

static void measure_images(struct measuring *measuring, const struct store_bundles *bundles,
			   struct store_usage *usage)
{
	const struct store_images *images = measuring->images;

	for (size_t i = 0; i < images->count; i++) {
		for (size_t k = 0; k < bundles->count; k++)
			usage->images[i].bundles +=
				store_image_has(&images->items[i], bundles->items[k].digest);
		if (!store_image_repeats(images, i))
			count_image(measuring, i, usage->images[i].bundles > 0);
	}
	for (size_t i = 0; i < measuring->parts.count; i++) {
		const struct part *part = &measuring->parts.items[i];

		usage->images_bytes += part->bytes;
		usage->images_active += part->active ? part->bytes : 0;
	}
	for (size_t i = 0; i < images->count; i++)
		if (!store_image_repeats(images, i))
			share_image(measuring, i, &usage->images[i]);
}

static void measure_bundles(const struct store *store, const struct store_bundles *bundles,
			    struct arena *arena, struct store_usage *usage)
{
	for (size_t i = 0; i < bundles->count; i++) {
		const struct store_bundle *bundle = &bundles->items[i];

		usage->bundles[i] =
			path_bytes(store, arena_format(arena, "bundles/%s", bundle->id));
		if (text_equal(bundle->rootfs, "copy"))
			usage->bundles[i] += tree_bytes(
				AT_FDCWD, arena_format(arena, "%s/rootfs", bundle->path));
		usage->bundles_bytes += usage->bundles[i];
	}
}

static int measure_partials(const struct store *store, struct store_usage *usage, struct error *err)
{
	int fd = openat(store->dir, "ingest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return fail_call(err, "openat", "cannot read \"%s/ingest\"", store->path);
	while ((entry = readdir(stream)))
		usage->partials += entry->d_name[0] != '.';
	usage->partial_bytes = usage->partials ? tree_bytes(store->dir, "ingest") : 0;
	return 0;
}

int store_measure(const struct store *store, const struct store_images *images,
		  const struct store_bundles *bundles, struct arena *arena,
		  struct store_usage *usage, struct error *err)
{
	struct measuring measuring = { .store = store, .images = images, .arena = arena };

	*usage = (struct store_usage){
		.images = arena_array(arena, images->count + 1, sizeof(*usage->images)),
		.bundles = arena_array(arena, bundles->count + 1, sizeof(*usage->bundles)),
	};
	measure_images(&measuring, bundles, usage);
	measure_bundles(store, bundles, arena, usage);
	return measure_partials(store, usage, err);
}

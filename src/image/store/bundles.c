/* bundles.c -- who uses the images: bundles/ID/record.json, ID being the hash of the bundle's
 * path, so that a path has one record at most. No daemon can hold a lock for a bundle: the record
 * is what keeps an image's blobs and layers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

#define ID_LENGTH    32
#define RECORD_LIMIT (1U << 20)

JSON_SHAPE(store_bundle, STORE_BUNDLE_ROWS);

static char *id_of(const char *path, struct arena *arena)
{
	char digest[DIGEST_SIZE];

	digest_of(DIGEST_SHA256, path, strlen(path), digest);
	return arena_format(arena, "%.*s", ID_LENGTH, digest_hex(digest));
}

static bool is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == ID_LENGTH && text[ID_LENGTH] == '\0';
}

int store_open_bundle(const struct store *store, const char *id, struct error *err)
{
	char path[STORE_PATH_SIZE];
	int fd;

	if (!is_id(id))
		return fail(err, EINVAL, "\"%s\" is not the id of a bundle", id);
	snprintf(path, sizeof(path), "bundles/%s", id);
	fd = openat(store->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : fail_call(err, "openat", "cannot open the record of a bundle");
}

/* A directory without a record is what a killed lade left. */
static int directory_make(const struct store *store, const struct store_bundle *bundle,
			  struct error *err)
{
	char path[STORE_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "bundles/%s", bundle->id);
	if (mkdirat(store->dir, path, 0700) < 0 && errno != EEXIST)
		return fail_call(err, "mkdirat", "cannot make \"%s/%s\"", store->path, path);
	fd = store_open_bundle(store, bundle->id, err);
	if (fd >= 0 && faccessat(fd, "record.json", F_OK, 0) == 0) {
		close(fd);
		return fail(err, EEXIST, "there is a bundle at \"%s\" already", bundle->path);
	}
	return fd;
}

/* ---- ids of the host ---------------------------------------------------------------------------
 */

static const struct store_bundle *who_has(const struct store_bundles *bundles, uint64_t first,
					  uint32_t size)
{
	for (size_t i = 0; i < bundles->count; i++) {
		const struct store_bundle *other = &bundles->items[i];

		if (other->ids_size && first < (uint64_t)other->ids_first + other->ids_size &&
		    other->ids_first < first + size)
			return other;
	}
	return NULL;
}

/* The first free ones; the caller holds the lock. */
static int take_ids(const struct store *store, struct store_bundle *bundle,
		    const struct store_ids *ids, struct arena *arena, struct error *err)
{
	uint64_t first = ids->first, end = first + ids->size;
	const struct store_bundle *other;
	struct store_bundles bundles;

	TRY(store_list_bundles(store, arena, &bundles, err));
	while (first + bundle->ids_size <= end &&
	       (other = who_has(&bundles, first, bundle->ids_size)))
		first = (uint64_t)other->ids_first + other->ids_size;
	if (first + bundle->ids_size > end)
		return fail(err, ENOSPC, "of the %u ids from %u on, no %u are left for a bundle",
			    ids->size, ids->first, bundle->ids_size);
	bundle->ids_first = (uint32_t)first;
	return 0;
}

int store_add_bundle(struct store *store, struct store_bundle *bundle, const struct store_ids *ids,
		     struct arena *arena, int *directory, struct error *err)
{
	auto_text struct text text = { 0 };
	auto_close int lock = -1;
	auto_close int fd = -1;

	bundle->id = id_of(bundle->path, arena);
	TRY(digest_check(bundle->digest, "manifest", err));
	lock = index_lock(store, err);
	if (lock < 0)
		return lock;
	if (ids)
		TRY(take_ids(store, bundle, ids, arena, err));
	fd = directory_make(store, bundle, err);
	if (fd < 0)
		return fd;
	json_write(&store_bundle_shape, bundle, true, &text);
	TRY(file_replace(fd, "record.json",
			 &(struct file_content){ text.data, text.length, 0600, true }, err));
	if (directory)
		*directory = take_fd(&fd);
	return 0;
}

static int record_read(const struct store *store, const char *id, struct arena *arena,
		       struct store_bundle *bundle, struct error *err)
{
	auto_text struct text text = { 0 };
	char path[STORE_PATH_SIZE];

	snprintf(path, sizeof(path), "bundles/%s/record.json", id);
	TRY(file_read(store->dir, path, RECORD_LIMIT, &text, err));
	return json_read(&(struct json_source){ text.data, text.length, path }, &store_bundle_shape,
			 bundle, arena, NULL, err);
}

int store_find_bundle(const struct store *store, const char *what, struct arena *arena,
		      struct store_bundle *bundle, struct error *err)
{
	const char *id = is_id(what) ? what : id_of(what, arena);
	int result = record_read(store, id, arena, bundle, err);

	if (result == -ENOENT)
		return fail(err, ENOENT, "there is no bundle of this store at \"%s\"", what);
	return result;
}

static int bundle_compare(const void *left, const void *right)
{
	return strcmp(((const struct store_bundle *)left)->path,
		      ((const struct store_bundle *)right)->path);
}

static void bundles_add(struct store_bundles *bundles, const struct store_bundle *bundle,
			struct arena *arena)
{
	struct store_bundle *items = bundles->items;

	if ((bundles->count & (bundles->count - 1)) == 0) {
		items = arena_array(arena, bundles->count ? 2 * bundles->count : 1, sizeof(*items));
		if (bundles->count > 0)
			memcpy(items, bundles->items, bundles->count * sizeof(*items));
	}
	items[bundles->count++] = *bundle;
	bundles->items = items;
}

int store_list_bundles(const struct store *store, struct arena *arena,
		       struct store_bundles *bundles, struct error *err)
{
	int fd = openat(store->dir, "bundles", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	*bundles = (struct store_bundles){ 0 };
	if (!stream)
		return fail_call(err, "openat", "cannot read \"%s/bundles\"", store->path);
	while ((entry = readdir(stream))) {
		struct store_bundle bundle;
		int result;

		if (!is_id(entry->d_name))
			continue;
		result = record_read(store, entry->d_name, arena, &bundle, err);
		if (result < 0 && result != -ENOENT)
			return result;
		if (result == 0)
			bundles_add(bundles, &bundle, arena);
	}
	if (bundles->count > 0)
		qsort(bundles->items, bundles->count, sizeof(*bundles->items), bundle_compare);
	return 0;
}

size_t store_count_bundles(const struct store_bundles *bundles, const struct store_image *image)
{
	size_t count = 0;

	for (size_t i = 0; i < bundles->count; i++)
		count += store_image_has(image, bundles->items[i].digest);
	return count;
}

/* The record goes last: until then a second try finds the bundle. */
static int directory_clear(int fd, struct error *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!stream)
		return fail_call(err, "openat", "cannot read the record of a bundle");
	while ((entry = readdir(stream))) {
		const char *name = entry->d_name;

		if (!text_equal(name, ".") && !text_equal(name, "..") &&
		    !text_equal(name, "record.json"))
			TRY(file_remove_tree(fd, name, err));
	}
	return 0;
}

int store_remove_bundle(struct store *store, const char *id, struct error *err)
{
	auto_close int fd = store_open_bundle(store, id, err);
	char path[STORE_PATH_SIZE];

	if (fd < 0)
		return fd;
	TRY(directory_clear(fd, err));
	snprintf(path, sizeof(path), "bundles/%s", id);
	return file_remove_tree(store->dir, path, err);
}

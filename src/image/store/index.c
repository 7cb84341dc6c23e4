/* index.c -- index.json: the names of the images, replaced as a whole under index.lock.
 *
 * An image is one descriptor of its manifest for each of its names; the full name is
 * org.opencontainers.image.ref.name, so that every tool for layouts can ask for it. Entries that
 * other tools wrote are kept as they are. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

/* What containerd's tools look for. */
#define CONTAINERD_NAME "io.containerd.image.name"

int index_lock(const struct store *store, struct error *err)
{
	auto_close int fd =
		openat(store->dir, "index.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_call(err, "openat", "cannot lock \"%s/index.json\"", store->path);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail_call(err, "flock", "cannot lock \"%s/index.json\"",
					 store->path);
	return take_fd(&fd);
}

int index_read_at(int dir, const char *path, struct arena *arena, struct oci_index *index,
		  struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document document = { .name = path, .media_type = OCI_TYPE_INDEX };

	TRY(file_read(dir, "index.json", STORE_INDEX_LIMIT, &text, err));
	document.bytes = text.data;
	document.length = text.length;
	return oci_index_read(&document, index, arena, err);
}

int index_read(const struct store *store, struct arena *arena, struct oci_index *index,
	       struct error *err)
{
	return index_read_at(store->dir, "index.json", arena, index, err);
}

int index_write(const struct store *store, const struct oci_index *index, struct error *err)
{
	auto_text struct text text = { 0 };

	json_write(&oci_index_shape, index, true, &text);
	return file_replace(store->dir, "index.json",
			    &(struct file_content){ text.data, text.length, 0600, true }, err);
}

const char *index_name_of(const struct oci_descriptor *descriptor)
{
	return string_map_get(&descriptor->annotations, OCI_REF_NAME);
}

static void descriptor_of(const struct store_image *image, struct oci_descriptor *descriptor,
			  struct arena *arena)
{
	*descriptor = (struct oci_descriptor){
		.media_type = image->index ? image->index->media_type : image->media_type,
		.digest = (char *)store_image_key(image),
		.size = image->index ? image->index->size : image->size,
	};
	if (image->name) {
		string_map_set(&descriptor->annotations, (char *)OCI_REF_NAME, image->name, arena);
		string_map_set(&descriptor->annotations, (char *)CONTAINERD_NAME, image->name,
			       arena);
	}
	if (image->index_digest && !image->index)
		string_map_set(&descriptor->annotations, (char *)STORE_INDEX_DIGEST,
			       image->index_digest, arena);
}

/* The new entry takes the place of what had its name, and of the image's entry without one. */
static bool is_replaced(const struct oci_descriptor *old, const struct store_image *image)
{
	const char *name = index_name_of(old);

	return name ? text_equal(name, image->name)
		    : text_equal(old->digest, store_image_key(image));
}

static bool has_image(const struct oci_index *index, const struct store_image *image)
{
	for (size_t i = 0; i < index->manifests.count; i++)
		if (text_equal(index->manifests.items[i].digest, store_image_key(image)))
			return true;
	return false;
}

int store_set_name(struct store *store, const struct store_image *image, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_close int lock = index_lock(store, err);
	struct oci_descriptor *items;
	struct oci_index index;
	size_t count = 0;

	if (lock < 0)
		return lock;
	TRY(digest_check(store_image_key(image), "manifest", err));
	if (!store_have_blob(store, store_image_key(image)))
		return fail(err, ENOENT, "the image %s has no manifest in the store",
			    image->name ? image->name : image->digest);
	TRY(index_read(store, &arena, &index, err));
	if (!image->name && has_image(&index, image))
		return 0;
	items = arena_array(&arena, index.manifests.count + 1, sizeof(*items));
	for (size_t i = 0; i < index.manifests.count; i++)
		if (!is_replaced(&index.manifests.items[i], image))
			items[count++] = index.manifests.items[i];
	descriptor_of(image, &items[count++], &arena);
	index.manifests.items = items;
	index.manifests.count = count;
	return index_write(store, &index, err);
}

static bool has_digest(const struct oci_index *index, const struct oci_descriptor *descriptor)
{
	for (size_t i = 0; i < index->manifests.count; i++)
		if (&index->manifests.items[i] != descriptor &&
		    text_equal(index->manifests.items[i].digest, descriptor->digest))
			return true;
	return false;
}

static void forget(struct string_map *map, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i].key, key) != 0)
			map->items[kept++] = map->items[i];
	map->count = kept;
}

int store_untag(struct store *store, const char *name, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_close int lock = index_lock(store, err);
	struct oci_index index;
	bool found = false;
	size_t kept = 0;

	if (lock < 0)
		return lock;
	TRY(index_read(store, &arena, &index, err));
	for (size_t i = 0; i < index.manifests.count; i++) {
		struct oci_descriptor *entry = &index.manifests.items[i];

		if (text_equal(index_name_of(entry), name)) {
			found = true;
			if (has_digest(&index, entry))
				continue;
			forget(&entry->annotations, OCI_REF_NAME);
			forget(&entry->annotations, CONTAINERD_NAME);
		}
		index.manifests.items[kept++] = *entry;
	}
	if (!found)
		return fail(err, EROFS, "%s is not in this store, or in an additional one", name);
	index.manifests.count = kept;
	return index_write(store, &index, err);
}

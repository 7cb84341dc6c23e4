/* collect.c -- remove what nothing refers to.
 *
 * Roots are the descriptors of index.json and the records of bundles. Marking needs every root's
 * documents: with one of them unreadable nothing is removed. While marks are made and victims get
 * out of sight the store is locked exclusively, so nobody can be about to use what is not marked;
 * trees are only renamed then, and removed after the lock is given back. With the exclusive lock,
 * whatever is in ingest/ belongs to nobody. */
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

struct collection {
	struct store *store;
	struct arena arena;
	struct strings marks; /* digests; sorted before sweeping */
	char trash[STORE_PATH_SIZE];
	unsigned trashed;
	struct store_collected *collected;
};

/* ---- marks ---- */

static void mark(struct collection *collection, const char *digest)
{
	strings_add(&collection->marks, arena_string(&collection->arena, digest),
		    &collection->arena);
}

/* A tree is kept under its DiffID or its ChainID. */
static void mark_trees(struct collection *collection, const struct oci_image_config *config)
{
	const struct strings *diff_ids = &config->rootfs->diff_ids;
	char chain[DIGEST_SIZE] = "";

	for (size_t i = 0; i < diff_ids->count; i++) {
		mark(collection, diff_ids->items[i]);
		store_chain_extend(chain, diff_ids->items[i]);
		mark(collection, chain);
	}
}

static int mark_manifest(struct collection *collection, const struct oci_document *document,
			 struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_manifest manifest;
	struct oci_image_config config;
	struct oci_document config_document = { 0 };

	TRY(oci_manifest_read(document, &manifest, &collection->arena, err));
	mark(collection, manifest.config->digest);
	for (size_t i = 0; i < manifest.layers.count; i++)
		mark(collection, manifest.layers.items[i].digest);
	/* An artifact has no trees. */
	if (oci_media_type(manifest.config->media_type)->kind != OCI_CONFIG)
		return 0;
	TRY(store_read_blob(collection->store, manifest.config->digest, OCI_DOCUMENT_LIMIT, &text,
			    err));
	config_document.bytes = text.data;
	config_document.length = text.length;
	config_document.name = manifest.config->digest;
	TRY(oci_image_config_read(&config_document, &config, &collection->arena, err));
	mark_trees(collection, &config);
	return 0;
}

static int mark_root(struct collection *collection, const char *digest, unsigned depth,
		     struct error *err);

/* Other platforms' manifests are mostly not there. */
static int mark_index(struct collection *collection, const struct oci_document *document,
		      unsigned depth, struct error *err)
{
	struct oci_index index;

	TRY(oci_index_read(document, &index, &collection->arena, err));
	for (size_t i = 0; i < index.manifests.count; i++)
		if (store_have_blob(collection->store, index.manifests.items[i].digest))
			TRY(mark_root(collection, index.manifests.items[i].digest, depth + 1, err));
	return 0;
}

static int mark_root(struct collection *collection, const char *digest, unsigned depth,
		     struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document document = { .name = digest };
	enum oci_kind kind;

	mark(collection, digest);
	if (depth > OCI_INDEX_DEPTH)
		return fail(err, EBADMSG, "the index %s is nested too deeply", digest);
	TRY(store_read_blob(collection->store, digest, OCI_DOCUMENT_LIMIT, &text, err));
	document.bytes = text.data;
	document.length = text.length;
	TRY(oci_document_kind(&document, &kind, err));
	return kind == OCI_INDEX ? mark_index(collection, &document, depth, err)
				 : mark_manifest(collection, &document, err);
}

static int mark_names(struct collection *collection, struct error *err)
{
	struct oci_index index;

	TRY(index_read(collection->store, &collection->arena, &index, err));
	for (size_t i = 0; i < index.manifests.count; i++) {
		const struct oci_descriptor *root = &index.manifests.items[i];
		const char *name = index_name_of(root);
		int result = mark_root(collection, root->digest, 0, err);

		if (result < 0) {
			fail_where(err, "image %s", name ? name : root->digest);
			fail_hint(err, "nothing was removed; pull the image again or remove it "
				       "by its name first");
			return result;
		}
	}
	return 0;
}

/* The image of a bundle may have lost its manifest by force; its layers are in the record. */
static int mark_bundles(struct collection *collection, struct error *err)
{
	struct store_bundles bundles;

	TRY(store_list_bundles(collection->store, &collection->arena, &bundles, err));
	for (size_t i = 0; i < bundles.count; i++) {
		const struct store_bundle *bundle = &bundles.items[i];

		for (size_t k = 0; k < bundle->layers.count; k++)
			mark(collection, bundle->layers.items[k]);
		if (!store_have_blob(collection->store, bundle->digest))
			continue;
		if (mark_root(collection, bundle->digest, 0, err) < 0)
			return fail_where(err, "bundle \"%s\"", bundle->path);
	}
	return 0;
}

static int string_compare(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool is_marked(const struct collection *collection, const char *algorithm, const char *hex)
{
	char digest[STORE_PATH_SIZE], *key = digest;

	snprintf(digest, sizeof(digest), "%s:%s", algorithm, hex);
	return collection->marks.count > 0 &&
	       bsearch(&key, collection->marks.items, collection->marks.count, sizeof(char *),
		       string_compare);
}

/* ---- sweep ---- */

typedef int sweep_function(struct collection *collection, const char *folder, const char *name,
			   struct error *err);

static int folder_sweep(struct collection *collection, const char *folder, sweep_function *sweep,
			struct error *err)
{
	int fd = openat(collection->store->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return fail_call(err, "openat", "cannot read \"%s/%s\"", collection->store->path,
				 folder);
	while ((entry = readdir(stream)))
		if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
			TRY(sweep(collection, folder, entry->d_name, err));
	return 0;
}

static int move_to_trash(struct collection *collection, const char *folder, const char *name,
			 struct error *err)
{
	int dir = collection->store->dir;
	char from[2 * STORE_PATH_SIZE + 256], to[STORE_PATH_SIZE + 16];

	if (collection->trashed == 0 && mkdirat(dir, collection->trash, 0700) < 0)
		return fail_call(err, "mkdirat", "cannot make \"%s/%s\"", collection->store->path,
				 collection->trash);
	snprintf(from, sizeof(from), "%s/%s", folder, name);
	snprintf(to, sizeof(to), "%s/%u", collection->trash, collection->trashed++);
	if (renameat(dir, from, dir, to) < 0)
		return fail_call(err, "renameat", "cannot remove \"%s/%s\"",
				 collection->store->path, from);
	return 0;
}

static int blob_sweep(struct collection *collection, const char *folder, const char *name,
		      struct error *err)
{
	char path[2 * STORE_PATH_SIZE + 256];
	struct stat status;

	if (is_marked(collection, text_after(folder, "blobs/"), name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (fstatat(collection->store->dir, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "fstatat", "cannot look at \"%s\"", path);
	TRY(move_to_trash(collection, folder, name, err));
	collection->collected->blobs++;
	collection->collected->bytes += (uint64_t)status.st_size;
	return 0;
}

static int tree_sweep(struct collection *collection, const char *folder, const char *name,
		      struct error *err)
{
	if (is_marked(collection, "sha256", name) || is_marked(collection, "sha512", name))
		return 0;
	collection->collected->layers++;
	return move_to_trash(collection, folder, name, err);
}

/* Another collector's trash may be on its way out already. */
static int ingest_sweep(struct collection *collection, const char *folder, const char *name,
			struct error *err)
{
	const char *own = strrchr(collection->trash, '/') + 1;
	int result;

	if (text_equal(name, own))
		return 0;
	result = move_to_trash(collection, folder, name, err);
	if (result < 0)
		return result == -ENOENT ? 0 : result;
	collection->collected->ingests += !text_starts(name, "trash-");
	return 0;
}

/* What a lade left that was killed between making a record's directory and the record. */
static int bundle_sweep(struct collection *collection, const char *folder, const char *name,
			struct error *err)
{
	char path[STORE_PATH_SIZE + 256];

	snprintf(path, sizeof(path), "%s/%s/record.json", folder, name);
	if (faccessat(collection->store->dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT)
		return 0;
	return move_to_trash(collection, folder, name, err);
}

/* Files that were being replaced. */
static int temporary_sweep(struct collection *collection, const char *folder, const char *name,
			   struct error *err)
{
	return text_starts(name, FILE_TEMPORARY_PREFIX)
		       ? move_to_trash(collection, folder, name, err)
		       : 0;
}

/* Names may be changed without a lease: index.lock keeps them still. */
static int collect_locked(struct collection *collection, struct error *err)
{
	auto_close int lock = index_lock(collection->store, err);

	if (lock < 0)
		return lock;
	TRY(mark_names(collection, err));
	TRY(mark_bundles(collection, err));
	strings_sort(&collection->marks);
	TRY(folder_sweep(collection, "blobs/sha256", blob_sweep, err));
	TRY(folder_sweep(collection, "blobs/sha512", blob_sweep, err));
	TRY(folder_sweep(collection, "layers", tree_sweep, err));
	TRY(folder_sweep(collection, "bundles", bundle_sweep, err));
	TRY(folder_sweep(collection, ".", temporary_sweep, err));
	TRY(folder_sweep(collection, "ingest", ingest_sweep, err));
	return origins_forget(collection->store, err);
}

/* ---- the lock ---- */

int store_collect(struct store *store, bool wait, struct store_collected *collected,
		  struct error *err)
{
	struct collection collection = { .store = store, .collected = collected };
	auto_close int own = -1;
	int fd = store->lease, result;

	*collected = (struct store_collected){ 0 };
	if (fd < 0)
		fd = own =
			openat(store->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_call(err, "openat", "cannot lock the store \"%s\"", store->path);
	TRY(lock_exclusively(store, fd, wait, err));
	store_temporary_name("trash", collection.trash);
	result = collect_locked(&collection, err);
	lock_give_back(store, fd);
	if (collection.trashed > 0 && result >= 0)
		result = file_remove_tree(store->dir, collection.trash, err);
	arena_free(&collection.arena);
	return result;
}

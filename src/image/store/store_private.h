/* store_private.h -- what the parts of the store share. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/oci.h"
#include "image/store.h"

/* Annotation: the digest of the index that a manifest was chosen from. */
#define STORE_INDEX_DIGEST "lade.index.digest"
#define STORE_INDEX_LIMIT  (64U << 20)
#define STORE_PATH_SIZE    192 /* "blobs/sha512/" and 128 digits, and more */

/* Complete things under temporary names. */
struct pending_item {
	char from[STORE_PATH_SIZE];
	char to[STORE_PATH_SIZE];
	bool tree;
};

struct store_pending {
	pthread_mutex_t lock;
	struct pending_item *items;
	size_t count, size;
	bool blobs_renamed; /* the directories of the blobs are not on disk yet */
};

/* "blobs/sha256/HEX", "layers/HEX", "bundles/ID/record.json". The digest is checked. */
int store_blob_path(const char *digest, char path[STORE_PATH_SIZE], struct error *err);
int store_layer_key_path(const char *key, char path[STORE_PATH_SIZE], struct error *err);

/* From the ChainID of what is below ("": nothing) to that of the next layer: sha256 over the
 * ChainID, a blank, and the DiffID (image-spec config.md). */
void store_chain_extend(char chain[DIGEST_SIZE], const char *diff_id);

/* "ingest/PREFIX-RANDOM" */
void store_temporary_name(const char *prefix, char path[STORE_PATH_SIZE]);

/* A complete thing waits for store_commit. */
void pending_add(struct store *store, const char *from, const char *to, bool tree);
/* Blobs got their names: store_commit makes the directories durable. */
void pending_note_blobs(struct store *store);
void pending_drop(struct store *store);

/* additional.c: a file of the store, or of the first additional one that has it; as openat(2). */
int open_anywhere(const struct store *store, const char *path, int flags);
/* The additional store with that tree, usable for this caller, or NULL. */
const struct store_additional *additional_tree(const struct store *store, const char *path);
void additional_close(struct store *store);

/* origins.c: forget what is said of blobs that are gone. The store is locked exclusively. */
int origins_forget(const struct store *store, struct error *err);

/* open.c: nobody else uses the store from now on. `fd` is of the file `lock`: the store's own
 * lease, or not. wait: until it is so; else -EBUSY. The lease is given up for a moment, in which
 * another may do the same: look again at what was known before. */
int lock_exclusively(const struct store *store, int fd, bool wait, struct error *err);
/* To what it was before: a lease is shared again. */
void lock_give_back(const struct store *store, int fd);

/* index.json. The lock is a descriptor to be closed. */
int index_lock(const struct store *store, struct error *err);
int index_read(const struct store *store, struct arena *arena, struct oci_index *index,
	       struct error *err);
/* The same of any store's directory; `path` is for errors. */
int index_read_at(int dir, const char *path, struct arena *arena, struct oci_index *index,
		  struct error *err);
int index_write(const struct store *store, const struct oci_index *index, struct error *err);
const char *index_name_of(const struct oci_descriptor *descriptor);

/* images.c: that is the manifest of `image`; what its documents say is filled in. */
void image_set_manifest(const struct store *store, const struct oci_descriptor *manifest,
			struct arena *arena, struct store_image *image);
/* platforms.c: image->index is set: choose a manifest of it. */
void image_fill_index(const struct store *store, struct arena *arena, struct store_image *image);

/* How `what` meant the image that was found. */
enum image_match { MATCH_NONE, MATCH_NAME, MATCH_ID };
int image_match(const struct store_images *images, const char *what, struct arena *arena,
		const struct store_image **found, enum image_match *match, struct error *err);

#endif

/* store.h -- images on this machine: an OCI image layout, and unpacked layers beside it.
 *
 *     oci-layout  index.json      the layout and its names; any tool for layouts reads it
 *     blobs/sha256/HEX            manifests, configs, layers as they were served
 *     layers/HEX                  unpacked read-only trees in overlay form, by DiffID (or ChainID)
 *     bundles/ID/record.json      who uses an image: roots for the collector
 *     ingest/                     what is not complete yet
 *     mounts/                     where images are mounted to be looked at
 *     lock                        held shared by whoever uses the store, exclusively by gc and
 *                                 while a tree is exchanged
 *
 * A thing has its final name only when it is complete, verified and on disk. Names are replaced
 * atomically, so readers need no lock. Digests are texts "sha256:HEX" and are checked here again
 * before they become a path. All functions may be called from several threads. */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/oci.h"

struct store_pending;

/* A store of somebody else's, below this one: never written. */
struct store_additional {
	int dir;
	char *path;
	int lease;  /* its lock, held shared while this store is in use; -1: not to be had */
	bool trees; /* its unpacked layers can be used */
};

struct store {
	int dir;                       /* the layout's directory (mode 0700) */
	char *path;                    /* its absolute name */
	int lease;                     /* the shared lock on `lock`, or -1 */
	struct store_pending *pending; /* private: written, not committed yet */
	struct store_additional *additional;
	size_t additional_count;
};

#define STORE_NONE                                                                                 \
	{                                                                                          \
		.dir = -1, .lease = -1                                                             \
	}

/* --root's value or the default: /var/lib/lade; $XDG_DATA_HOME/lade (~/.local/share/lade) when
 * not root. NULL and "" mean the default. */
const char *store_root(const char *option, struct arena *arena);

enum store_access {
	STORE_LOOK, /* read names and blobs: no lock */
	STORE_USE,  /* keep what is looked up or written from being collected until store_close */
};

/* Open the store, making it where it is missing. Waits while a collector runs (STORE_USE). */
int store_open(const char *root, enum store_access access, struct store *store, struct error *err);
/* Look into the store at `path` as well: for images, blobs and unpacked layers that this one has
 * not. It must be there; it is never made, written or collected. */
int store_add_additional(struct store *store, const char *path, struct error *err);

/* Drops what was not committed. Harmless on STORE_NONE. */
void store_close(struct store *store);
#define auto_store __attribute__((cleanup(store_close)))

/* ---- blobs ---------------------------------------------------------------------------------- */

bool store_have_blob(const struct store *store, const char *digest);

/* A descriptor for reading; size < 0: any, else it must be this size (-EBADMSG: "is damaged"). */
int store_open_blob(const struct store *store, const char *digest, int64_t size, struct error *err);

/* A small blob (manifest, config) whole, its digest verified. */
int store_read_blob(const struct store *store, const char *digest, size_t most, struct text *text,
		    struct error *err);

/* Keep a small blob that is at hand. `digest` must be the bytes' own (-EBADMSG). It gets its final
 * name with the next store_commit. */
int store_put_blob(struct store *store, const char *digest, const void *bytes, size_t length,
		   struct error *err);

/* A blob on its way in. */
struct ingest {
	struct store *store;
	char digest[DIGEST_SIZE];
	int64_t size;   /* expected */
	int64_t offset; /* bytes that are there already: go on here */
	int fd;
	/* Set by a caller who verifies size and digest of all bytes before ingest_finish (as
	 * registry_fetch_blob does): then they are not hashed a second time here. */
	bool verified;
	struct digest_hash hash; /* private: of the first bytes, as many as it has absorbed */
};

#define INGEST_NONE                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Begin or resume a blob of a known size. 0: it is the caller's; 1: the store has it already and
 * `ingest` needs nothing. Waits while another lade (or thread) fetches the same blob. Hold few at a
 * time: finish or close one before opening the next in the same thread. */
int ingest_open(struct store *store, const char *digest, int64_t size, struct ingest *ingest,
		struct error *err);
/* Append; more than the expected size is -EBADMSG, a full disk -ENOSPC (the part stays). */
int ingest_write(struct ingest *ingest, const void *bytes, size_t length, struct error *err);
/* Begin again at offset 0 (the server does not know ranges). */
int ingest_restart(struct ingest *ingest, struct error *err);
/* Read back what is there already, from `offset`; the count, 0 at the end: lets a layer be applied
 * from a resumed download. */
ssize_t ingest_read(const struct ingest *ingest, void *buffer, size_t size, int64_t offset,
		    struct error *err);
/* Verify size and digest, put it on disk, give it its final name. -EBADMSG: what came is not the
 * blob; it is thrown away. */
int ingest_finish(struct ingest *ingest, struct error *err);
/* Let go; an unfinished part stays for the next time. Harmless when finished or never opened. */
void ingest_close(struct ingest *ingest);
#define auto_ingest __attribute__((cleanup(ingest_close)))

/* Take a blob from another layout's directory (reflink, hard link never: the store's files are its
 * own): copied, size and digest verified. 0 also when the store had it. */
int store_import_blob(struct store *store, int layout, const char *digest, int64_t size,
		      struct error *err);

/* A blob being made here, whose digest shows only at its end. */
struct draft {
	struct store *store;
	char name[48]; /* in ingest/ */
	int fd;        /* write it here */
};

#define DRAFT_NONE                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int draft_open(struct store *store, struct draft *draft, struct error *err);
/* It is complete and has that digest, which the caller vouches for; it gets its final name with the
 * next store_commit. */
int draft_finish(struct draft *draft, const char *digest, struct error *err);
/* Remove it, unless it was finished. */
void draft_discard(struct draft *draft);
#define auto_draft __attribute__((cleanup(draft_discard)))

/* ---- layer trees ---------------------------------------------------------------------------- */

/* The tree of a layer, O_PATH | O_DIRECTORY; -ENOENT without a message in `err` when there is none.
 * `key` is a DiffID or ChainID. */
int store_open_layer(const struct store *store, const char *key, struct error *err);

/* The tree for the layer `index` of `diff_ids`: by DiffID, else by ChainID. Its absolute path in
 * the arena; NULL where it is not unpacked. */
char *store_layer_path(const struct store *store, const struct strings *diff_ids, size_t index,
		       struct arena *arena);

/* A tree being made. */
struct staging {
	struct store *store;
	char name[48]; /* in ingest/ */
	int dir;       /* apply the layer here */
};

#define STAGING_NONE                                                                               \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/* A new empty directory, 0755, for layer_apply. */
int staging_open(struct store *store, struct staging *staging, struct error *err);
/* The tree is complete; with the next store_commit it is the layer `key`. When another lade was
 * faster, its tree is used and this one removed. */
int staging_finish(struct staging *staging, const char *key, struct error *err);
/* In the place of the layer `key`, which is there already: at once, without store_commit. The old
 * tree is removed. -EBUSY: a bundle stands on it, or another lade uses the store. The caller's own
 * lease is given up for a moment. */
int staging_exchange(struct staging *staging, const char *key, struct error *err);
/* Remove the tree, unless it was finished. */
void staging_discard(struct staging *staging);
#define auto_staging __attribute__((cleanup(staging_discard)))

/* Everything put and finished so far is on disk (one syncfs) and has its final name. */
int store_commit(struct store *store, struct error *err);

/* ---- names ---------------------------------------------------------------------------------- */

struct store_image {
	char *name;         /* full reference "docker.io/library/alpine:3"; NULL: none */
	char *digest;       /* of the image's manifest */
	char *media_type;   /* of the manifest */
	int64_t size;       /* of the manifest */
	char *index_digest; /* of the index it was chosen from; NULL: none */
	/* The name means that whole index, of which this machine's manifest (else the first one
	 * that is here) is shown; NULL: the manifest alone. */
	struct oci_descriptor *index;
	struct strings manifests; /* of the index, as far as they are here: their digests */
	struct strings absent;    /* those that are not here */
	bool read_only;           /* its name is in an additional store */
	/* Read from the manifest and config when listed or found: */
	char *id;      /* digest of the config: the image's ID */
	char *created; /* RFC 3339, or NULL */
	int64_t total; /* bytes of config and layer blobs */
	char *os, *architecture, *variant;
	struct string_map labels;
	size_t layers;
};

struct store_images {
	struct store_image *items;
	size_t count;
};

/* What index.json has for it: the digest of the index, else of the manifest. */
const char *store_image_key(const struct store_image *image);
/* Is it listed before `place`, under another name? */
bool store_image_repeats(const struct store_images *images, size_t place);
/* Is that manifest the image's, or one of its index? */
bool store_image_has(const struct store_image *image, const char *manifest);

/* Let image->name (NULL: none, if it has none already) mean this image; what it meant before loses
 * the name but stays until collected. name, digest, media_type, size (and index_digest) are used;
 * all its blobs are committed. */
int store_set_name(struct store *store, const struct store_image *image, struct error *err);

/* Take a full name away; the image stays, without a name when it was its last one. */
int store_untag(struct store *store, const char *name, struct error *err);

/* All images, newest first. An image whose manifest is damaged is listed with id NULL. */
int store_list_images(const struct store *store, struct arena *arena, struct store_images *images,
		      struct error *err);

/* The image that `what` means: a full name, a short one ("alpine"), NAME@DIGEST, a digest of
 * manifest, index or config, or the first (at least 3) digits of an ID. -ENOENT: no such image;
 * -EEXIST: ambiguous. */
int store_find_image(const struct store *store, const char *what, struct arena *arena,
		     struct store_image *image, struct error *err);

/* The same among images that were listed already. */
int store_choose_image(const struct store_images *images, const char *what, struct arena *arena,
		       const struct store_image **found, struct error *err);

/* The image for another platform than this machine's: from the index that its name means, or that
 * it was chosen from, where that and the platform's manifest are here; else -ENOENT with a hint.
 * NULL: nothing changes. */
int store_select_platform(const struct store *store, const struct oci_platform *platform,
			  struct arena *arena, struct store_image *image, struct error *err);

/* The documents of a manifest that is here. `image` false: an artifact, whose config is not read.
 */
struct store_documents {
	struct oci_manifest manifest;
	struct oci_image_config config;
	bool image;
};
int store_read_documents(const struct store *store, const char *digest, struct arena *arena,
			 struct store_documents *documents, struct error *err);

/* Take the name away; by ID or digest: all its names, if there is one only or `force`
 * (else -EEXIST). -EROFS: it is in an additional store only. -EBUSY: a bundle uses the image and
 * this is its last name, unless `force`. Names taken away are added to `untagged`; blobs and trees
 * go with the next store_collect. */
int store_remove_image(struct store *store, const char *what, bool force, struct arena *arena,
		       struct strings *untagged, struct error *err);

/* ---- origins ----------------------------------------------------------------------------------
 */

/* Remember that a repository ("HOST/PATH") has these blobs. */
int store_note_origin(const struct store *store, const char *repository,
		      const struct strings *digests, struct error *err);
/* The repositories that are remembered for a blob; whether they still have it is theirs to say. */
void store_find_origins(const struct store *store, const char *digest, struct arena *arena,
			struct strings *repositories);

/* ---- bundles -------------------------------------------------------------------------------- */

/* One bundle made from an image of this store: it keeps the image's blobs and layers. */
#define STORE_BUNDLE_ROWS(ROW, T)                                                                  \
	ROW(T, string, id, "id", none, required)         /* chosen by store_add_bundle */          \
	ROW(T, string, path, "path", none, required)     /* absolute, of the bundle's directory */ \
	ROW(T, string, image, "image", none, optional)   /* the name it was made from */           \
	ROW(T, string, digest, "digest", none, required) /* of the manifest */                     \
	ROW(T, strings, layers, "layers", none, optional) /* keys of the trees, lowest first */    \
	ROW(T, string, rootfs, "rootfs", none, optional)  /* driver: "overlay", "copy" */          \
	ROW(T, string, directory, "directory", none,                                               \
	    optional)                                     /* identity of the directory at path */  \
	ROW(T, boolean, mapped, "mapped", none, optional) /* the ids on disk are the host's */     \
	ROW(T, uint32, ids_first, "idsFirst", none, optional) /* of the host's, for it alone */    \
	ROW(T, uint32, ids_size, "idsSize", none, optional)                                        \
	ROW(T, string, created, "created", none, optional)
JSON_STRUCT(store_bundle, STORE_BUNDLE_ROWS);

struct store_bundles {
	struct store_bundle *items;
	size_t count;
};

/* Ids of the host that bundles may take from. */
struct store_ids {
	uint32_t first, size;
};

/* Record a bundle before its rootfs is made; sets id (in the arena), which depends on the path
 * alone. -EEXIST: there is a bundle at that path. `directory`, if not NULL, becomes a descriptor of
 * the record's own directory (0700), where the rootfs driver may keep what it needs.
 * `ids`, if not NULL: ids_first is chosen so that no other bundle has any of the ids_size ids;
 * -ENOSPC when there are none left. */
int store_add_bundle(struct store *store, struct store_bundle *bundle, const struct store_ids *ids,
		     struct arena *arena, int *directory, struct error *err);
/* By path or id. -ENOENT. */
int store_find_bundle(const struct store *store, const char *what, struct arena *arena,
		      struct store_bundle *bundle, struct error *err);
int store_open_bundle(const struct store *store, const char *id, struct error *err);
int store_list_bundles(const struct store *store, struct arena *arena,
		       struct store_bundles *bundles, struct error *err);
/* How many of them are of that image. */
size_t store_count_bundles(const struct store_bundles *bundles, const struct store_image *image);
/* Remove the record and its directory (nothing may be mounted there any more). */
int store_remove_bundle(struct store *store, const char *id, struct error *err);

/* ---- what it takes on disk ------------------------------------------------------------------- */

struct store_share {            /* blobs and trees of an image */
	int64_t unique, shared; /* bytes that it alone, or another one too, refers to */
	size_t bundles;
};

struct store_usage {
	struct store_share *images; /* as many as were asked about; names of one image: the first */
	int64_t *bundles;           /* their own files: upper directories, copies */
	int64_t images_bytes, images_active; /* each blob and tree once; those of bundles' images */
	int64_t bundles_bytes, partial_bytes;
	size_t partials; /* downloads that are not complete */
};

int store_measure(const struct store *store, const struct store_images *images,
		  const struct store_bundles *bundles, struct arena *arena,
		  struct store_usage *usage, struct error *err);

/* ---- the collector -------------------------------------------------------------------------- */

struct store_collected {
	uint64_t blobs, layers, ingests; /* removed */
	uint64_t bytes;                  /* of the removed blobs */
};

/* Remove blobs and layers that no name and no bundle reaches, and everything in ingest/ that
 * nobody holds. wait: until no other lade uses the store; else -EBUSY when one does. The caller's
 * own lease is given up while it runs. Nothing is removed when any root cannot be read. */
int store_collect(struct store *store, bool wait, struct store_collected *collected,
		  struct error *err);

#endif

/* transfer.h -- bring an image into the store: every layer once, all at the same time.
 *
 *     socket -> part of a blob in ingest/, hashed  ||  decompress -> DiffID -> apply to a tree
 *
 * Layers go in parallel, the largest first. What the store has already is not fetched; what an
 * interrupted run left is gone on with. Sizes, digests and DiffIDs are verified against the
 * manifest and the config before anything gets its final name; the image's name comes last. */
#ifndef IMAGE_TRANSFER_H
#define IMAGE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "image/oci.h"
#include "image/reference.h"
#include "image/registry.h"
#include "image/store.h"
#include "image/trust.h"

enum transfer_event_kind {
	TRANSFER_RESOLVED, /* manifest and config are known; `layers` counts what follows */
	TRANSFER_LISTED,   /* this layer will have its turn */
	TRANSFER_EXISTS,   /* the store has this layer */
	TRANSFER_STARTED,  /* work on this layer begins */
	TRANSFER_MOVED,    /* `done` of `total` bytes of this layer arrived */
	TRANSFER_VERIFIED, /* this layer is complete, checked and unpacked */
	TRANSFER_COMMIT,   /* everything is being made durable */
};

struct transfer_event {
	enum transfer_event_kind kind;
	size_t layer;       /* index in the manifest */
	size_t layers;      /* how many there are */
	const char *digest; /* of the layer's blob */
	int64_t done, total;
};

struct transfer_progress {
	/* Called from several threads, one call at a time. NULL: nobody is told. */
	void (*report)(void *context, const struct transfer_event *event);
	void *context;
};

/* How layers are to be compressed. */
struct transfer_packing {
	enum oci_compression compression;
	int level;  /* gzip: 1 to 9, zstd: 1 to 22; 0: the usual one */
	bool force; /* also layers that are compressed this way already */
};

struct transfer_options {
	struct registry_options registry;       /* its cancel_fd stops everything */
	const struct registry_options *there;   /* copies: of the destination; NULL: the same */
	const struct oci_platform *platform;    /* NULL: this machine's */
	int jobs;                               /* layers at once; 0: 4 */
	bool all_platforms;                     /* an index whole */
	bool nameless;                          /* pulls: what comes gets no name */
	bool unnamed;                           /* pulls: the image has no name in the store */
	const struct transfer_packing *packing; /* copies; NULL: every byte stays what it is */
	bool keep_names;                        /* copies: call it there what it is called here */
	const char *name;          /* pulls: its name in the store; NULL: the source's */
	const struct store *store; /* where store:NAME is; NULL: nowhere */
	/* What is taken at all; NULL: everything. What is in the store was taken already. */
	const struct trust *trust;
	const struct reference *origin; /* what it is to the policy; NULL: the source itself */
	bool user_xattrs, single_id;    /* as in struct layer_options */
	struct transfer_progress progress;
};

/* Pull SOURCE (a name in a registry, or "oci:DIR[:NAME|:@N]") into the store, which is open with
 * STORE_USE. On success `image` is what the store now has under image->name: of a registry the
 * full reference, of a layout localhost/NAME:TAG, where NAME is the one asked for, or the layout's,
 * or the directory's. On failure the store has no new name and no new layer; blobs that came whole,
 * and parts of others, stay for the next time or the collector. The first failure is the one told.
 * options->all_platforms: an index whole, with all that it lists; the name means the index then. */
int transfer_pull(struct store *store, const char *source, const struct transfer_options *options,
		  struct arena *arena, struct store_image *image, struct error *err);

/* Fetch what the store lost of an image, from the repository that its name is in (-ENOTSUP where it
 * tells none): documents, blobs, trees. No name changes. */
int transfer_restore(struct store *store, const struct store_image *image,
		     const struct transfer_options *options, struct arena *arena,
		     struct error *err);

/* Copy images to `destination`, byte for byte: from and to a registry, oci:, oci-archive:,
 * docker-archive:, dir:; from the store. Blobs that are there already, or that a registry can mount
 * from another of its repositories, are not sent. A name comes last, when all it refers to is
 * there. Of an index the entry for the platform is taken, unless options->all_platforms; layers
 * that the image says are fetched from elsewhere ("foreign") are left out. Several sources need a
 * destination that holds several images, and keep their names. `digest` becomes that of the (last)
 * manifest or index at the destination. docker-archive: holds what Docker's own tools write: the
 * layers uncompressed, so another digest than the source's is what a later copy from it has. */
int transfer_copy(const struct strings *sources, const char *destination,
		  const struct transfer_options *options, struct arena *arena,
		  char digest[DIGEST_SIZE], struct error *err);

/* Bring every image of an archive or a layout (or the one that `source` names) into the store, as
 * transfer_pull does; the names they got are added to `names`, of those that have none in an
 * archive their IDs. */
int transfer_load(struct store *store, const char *source, const struct transfer_options *options,
		  struct arena *arena, struct strings *names, struct error *err);

/* What an image says of itself, wherever it is: nothing is copied. */
struct transfer_look {
	char *name;                        /* in full */
	struct registry_manifest top;      /* verbatim: an index or a manifest */
	struct registry_manifest manifest; /* of the platform; the same where there is no index */
	struct oci_manifest read;          /* the manifest, read */
	char *config;                      /* verbatim; NULL for what is no image */
	struct oci_image_config image;     /* the config, read, where there is one */
};

int transfer_look(const char *source, const struct transfer_options *options, struct arena *arena,
		  struct transfer_look *look, struct error *err);

#endif

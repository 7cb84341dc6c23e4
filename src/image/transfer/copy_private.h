/* copy_private.h -- one copy: what its chapters share. */
#ifndef COPY_PRIVATE_H
#define COPY_PRIVATE_H

#include <pthread.h>

#include "destination.h"

struct copy {
	const struct transfer_options *options;
	struct source source;
	struct destination *destination;
	struct arena *arena;
	pthread_mutex_t lock; /* guards the calls of progress.report */
	int stop;             /* eventfd: readable once something failed */
};

/* copy_blobs.c: config and layers of a manifest, several at the same time. Layers that were packed
 * anew are described anew in it; 1: there are such. */
int copy_blobs(struct copy *copy, struct oci_manifest *manifest, struct error *err);

/* copy_pack.c: */

/* What became of a layer. */
struct packed_layer {
	char digest[DIGEST_SIZE]; /* "": it stayed what it was */
	int64_t size;
	const char *media_type;
};

bool pack_is_wanted(const struct transfer_packing *packing, const struct oci_descriptor *layer);
/* ENOTSUP: such a layer has no name in this kind of manifest. */
int pack_check(const struct transfer_packing *packing, const struct oci_descriptor *layer,
	       struct error *err);
/* Pack a layer's blob, all of `from`, anew: a file without a name that holds the new one, or
 * -errno. */
int pack_layer(const struct transfer_packing *packing, int from, const struct oci_descriptor *layer,
	       struct packed_layer *packed, struct error *err);
void pack_describe(struct oci_descriptor *layer, const struct packed_layer *packed,
		   struct arena *arena);
/* A manifest or index written anew. */
void pack_document(struct registry_manifest *document, const struct json_shape *shape,
		   const void *object, struct arena *arena);

#endif

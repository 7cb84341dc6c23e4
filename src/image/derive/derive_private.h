/* derive_private.h -- what the ways to a new image share. */
#ifndef DERIVE_PRIVATE_H
#define DERIVE_PRIVATE_H

#include "image/derive.h"
#include "image/layer.h"
#include "image/layer_writer.h"
#include "image/oci.h"

/* ---- documents.c: the two documents of an image, as text that is edited -----------------------
 */

struct documents {
	struct text manifest, config;
	char *media_type; /* the manifest's; the image's own text */
	bool docker;      /* it is one of Docker's */
};

int documents_read(const struct store *store, const struct bundle_image *image,
		   struct documents *documents, struct error *err);
void documents_free(struct documents *documents);
#define auto_documents __attribute__((cleanup(documents_free)))

/* One more layer, behind the others. */
void documents_add_layer(struct documents *documents, const struct layer_written *layer,
			 enum oci_compression compression);
/* One more step, with a layer of its own or without; nothing when there is to be no history. */
void documents_add_history(struct documents *documents, const struct derive_step *step,
			   const struct bundle_image *image, bool empty_layer);
/* "path" = the string, or away with it (NULL). */
void documents_set_string(struct text *document, const char *path, const char *string);

/* Into the store, with its next commit: its digest. */
int document_put(struct store *store, const struct text *document, char digest[DIGEST_SIZE],
		 struct error *err);
/* Keep both in the store, with everything that waits there, and give the image its name. */
int documents_commit(struct documents *documents, struct store *store,
		     const struct derive_step *step, struct arena *arena, struct store_image *made,
		     struct error *err);
/* The name alone. */
int name_give(struct store *store, const struct store_image *image, const char *name,
	      struct arena *arena, struct store_image *made, struct error *err);

/* ---- unpack.c ---------------------------------------------------------------------------------
 */

/* Open a staging tree and unpack the draft's blob into it, from the blob's beginning; `name` is for
 * messages. What the result says is the caller's to judge. */
int draft_unpack(const struct draft *draft, const char *name, struct staging *staging,
		 struct layer_result *result, struct error *err);

/* ---- ids.c ------------------------------------------------------------------------------------
 */

/* What ids on the disk mean in the container: by the user namespace of the bundle's config.json,
 * where the bundle's files were made with the ids of its maker. */
int bundle_id_maps(const struct store_bundle *record, struct arena *arena,
		   struct layer_changes *changes, struct error *err);

/* ---- instructions.c: one of Dockerfile's, as a change of a config ---------------------------- */

int instruction_apply(const char *typed, struct oci_execution *execution, struct arena *arena,
		      struct error *err);

/* ---- export.c: the trees of an image or a bundle, uppermost first ---------------------------- */

struct view_trees {
	int *fds;
	size_t count;
};

/* Of the lowest `count` layers of an image. */
int view_open(const struct store *store, const struct strings *diff_ids, size_t count,
	      struct arena *arena, struct view_trees *trees, struct error *err);
void view_close(struct view_trees *trees);
#define auto_view __attribute__((cleanup(view_close)))

#endif

/* check_private.h -- what the parts of a check share. */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "image/check.h"

struct check {
	struct store *store;
	const struct check_options *options;
	struct arena *arena;
	struct check_result *result;
	struct store_images images;
	struct strings broken; /* digests of blobs that have other content */
	struct strings seen;   /* trees that were looked at: their paths */
};

/* Tell what is wrong. `repaired` 0: it is now right; negative: `why` tells why not, or nobody
 * tried (1). */
void check_tell(struct check *check, const char *thing, const char *wrong, int repaired,
		const struct error *why);

/* blobs.c: every blob against its name. */
int check_blobs(struct check *check, struct error *err);
/* Is its content known to be other than its name says? */
bool check_is_broken(const struct check *check, const char *digest);
/* A broken blob is put aside, and back unless something better came. */
int check_put_aside(struct check *check, const char *digest, struct error *err);
void check_put_back(struct check *check, const char *digest);

/* images.c: what every image refers to; then the trees of those that are whole. */
int check_images(struct check *check, struct error *err);

/* trees.c: the layer `index` of an image. */
int check_tree(struct check *check, const struct store_documents *documents, size_t index,
	       struct error *err);

#endif

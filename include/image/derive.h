/* derive.h -- new images out of old ones, in the store.
 *
 * What is not changed stays byte for byte: blobs, and every member of the documents that nobody
 * named, known or not. The old image stays, too. */
#ifndef IMAGE_DERIVE_H
#define IMAGE_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/bundle.h"
#include "image/store.h"

/* The new image's step in its history, and its name. */
struct derive_step {
	char *name;                               /* full reference */
	char *created;                            /* RFC 3339: now, or what passes for it */
	char *created_by;                         /* for the history: what was done */
	char *author, *comment, *history_created; /* NULL: the image's, none, `created` */
	bool no_history;
};

struct derive_repack {
	const char *bundle;    /* its directory, or the record's id */
	struct strings masked; /* absolute paths in the container: what is there stays out */
	bool keep_volumes;     /* else the image's volumes are masked, too */
	const char *compress;  /* "gzip", "zstd", "none"; NULL, "auto": as the uppermost layer */
	const int64_t *latest; /* NULL, or: later times of files become this second */
	int cancel_fd;         /* > 0: readable means stop; not owned */
};

/* What was changed in a bundle since it was made becomes one more layer of its image: blob and
 * tree. 1: `made` is the new image; 0: nothing was changed, and it is the old one, which has the
 * name as well. -EBUSY: a container still runs on it. */
int derive_repack(struct store *store, const struct derive_repack *order,
		  const struct derive_step *step, struct arena *arena, struct store_image *made,
		  struct error *err);

#endif

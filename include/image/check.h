/* check.h -- is everything in the store what it claims to be?
 *
 *     blobs    each has the digest that it is named by
 *     images   their documents are there, fit each other, and all they refer to is there
 *     trees    each unpacked layer is, file by file, what its blob unpacks to
 *     bundles  their records can be read, their layers are there
 *
 * Repairing: blobs that are broken or missing are fetched again from the repository that an image's
 * name tells, trees are unpacked again from their blobs. What cannot be repaired stays as it is. */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "image/store.h"
#include "image/transfer.h"

struct check_finding {
	const char *thing; /* "blob sha256:…", "image quay.io/a:1", "layer sha256:…", "bundle /b" */
	const char *wrong; /* "its content has the digest …" */
	bool repaired;
	const char *kept_from; /* why it could not be repaired; NULL: nobody tried */
};

struct check_options {
	bool quick;                              /* presence and sizes only */
	bool repair;                             /* the store is open with STORE_USE */
	const struct transfer_options *transfer; /* how trees are unpacked and blobs fetched */
	void (*report)(void *context, const struct check_finding *finding);
	void *context;
	int cancel_fd; /* > 0: readable means stop; not owned */
};

struct check_result {
	size_t blobs, images, layers, bundles; /* looked at */
	size_t wrong, repaired;
};

/* Negative only when the check itself could not be done. */
int check_store(struct store *store, const struct check_options *options, struct arena *arena,
		struct check_result *result, struct error *err);

#endif

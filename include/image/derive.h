/* derive.h -- new images out of old ones, in the store; root filesystems from and to archives.
 *
 * What is not changed stays byte for byte: blobs, and every member of the documents that nobody
 * named, known or not. The old image stays, unless the new one takes its last name. */
#ifndef IMAGE_DERIVE_H
#define IMAGE_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/bundle.h"
#include "image/layer_view.h"
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

/* What an image's config and manifest are to say instead; NULL and empty lists change nothing. */
struct derive_settings {
	const struct derive_step *step;
	char *user, *working_dir, *stop_signal, *created, *author, *os, *architecture, *variant;
	struct strings env;             /* NAME=VALUE: in the place of the one of that name */
	struct strings entrypoint, cmd; /* instead of the old ones */
	struct strings exposed_ports, volumes; /* beside the old ones */
	struct strings labels, annotations;    /* KEY=VALUE: the same */
	struct strings clear;                  /* "config.env" …: the old ones go first */
};

/* An image with these settings and the same layers: `made`. The history says that nothing of the
 * root filesystem changed. */
int derive_settings(struct store *store, const struct bundle_image *image,
		    const struct derive_settings *wanted, struct arena *arena,
		    struct store_image *made, struct error *err);

/* ---- root filesystems from and to archives ----------------------------------------------------
 */

struct derive_import {
	int archive; /* a tar archive, plain or compressed with gzip or zstd; read to its end */
	const struct oci_platform *platform;
	char *name;             /* full reference; NULL: none */
	char *created;          /* RFC 3339 */
	char *created_by;       /* for the history */
	char *message;          /* its comment; NULL: none */
	struct strings changes; /* Dockerfile's instructions: "CMD /bin/sh", "ENV A=b" */
	int cancel_fd;          /* > 0: readable means stop; not owned */
};

/* An image of one layer: what the archive holds. */
int derive_import(struct store *store, const struct derive_import *order, struct arena *arena,
		  struct store_image *made, struct error *err);

/* The files of a bundle (by directory or id; with what its container changed), or of an image, as
 * one plain archive, names in order. -ENOENT: neither. */
int derive_export(const struct store *store, const char *what, int out, int cancel_fd,
		  struct arena *arena, struct error *err);

struct derive_diff {
	const char *image, *base; /* base NULL: the image without its last layer */
	int cancel_fd;
};

/* What an image shows that another does not, and the other way round. */
int derive_diff(const struct store *store, const struct derive_diff *order, struct arena *arena,
		struct layer_differences *differences, struct error *err);

#endif

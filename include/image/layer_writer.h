/* layer_writer.h -- a layer's archive and blob out of what changed in a tree.
 *
 * image-spec layer.md: an archive in PAX form with whiteouts for what is gone, always explicit ones
 * (never ".wh..wh..opq"), each directory on the way to a change before it, names in order: the same
 * change gives the same bytes. Not in it: sockets, overlayfs' own marks, the host's SELinux labels.
 * Holes are written as zeros, for the specification advises against the sparse forms. */
#ifndef IMAGE_LAYER_WRITER_H
#define IMAGE_LAYER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id_ranges.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/oci.h"

/* ---- compressing ----------------------------------------------------------------------------- */

struct packer_encoder;

/* Plain bytes go in, a blob comes out: compressed, counted, hashed before and after. Everything is
 * the same for the same bytes: no time, no name, one thread. */
struct packer {
	uint64_t plain_size, blob_size; /* so far */
	/* private */
	const struct packer_encoder *encoder;
	void *state;
	int out;
	struct digest_hash plain, blob;
	unsigned char *block;
};

/* `out` is written to from its present offset; not owned. */
int packer_open(struct packer *packer, enum oci_compression compression, int out,
		struct error *err);
/* The same with a level as gzip(1), 1 to 9, and zstd(1), 1 to 22, have it; 0: the usual one. */
int packer_open_level(struct packer *packer, enum oci_compression compression, int level, int out,
		      struct error *err);
int packer_write(struct packer *packer, const void *bytes, size_t length, struct error *err);
/* The end: sizes are final, the digests those of all bytes. Each may be NULL. */
int packer_finish(struct packer *packer, char plain[DIGEST_SIZE], char blob[DIGEST_SIZE],
		  struct error *err);
/* Harmless after packer_finish and on { 0 }. */
void packer_close(struct packer *packer);
#define auto_packer __attribute__((cleanup(packer_close)))

/* The archive of a blob, from the blob's beginning, into a packer: as layer_decompress_fd. */
struct layer_result;
int layer_decompress_into(int blob, struct packer *packer, const char *digest,
			  struct layer_result *result, struct error *err);

/* ---- what changed ---------------------------------------------------------------------------- */

struct layer_changes {
	int root; /* the tree as it is now; not owned */
	/* It is the upper directory of an overlay: what is not in it did not change. Else it is a
	 * whole tree. */
	bool upper;
	bool user_xattrs; /* overlayfs' marks, here and in `lower`: as in layer_options */
	/* What it was made of: trees in overlay form, uppermost first. Not owned. */
	const int *lower;
	size_t lower_count;
	struct strings masked; /* paths without a leading slash: what is there or below stays out */
	struct id_ranges uids, gids; /* the image's ids, and those on the disk */
	bool lower_as_image;   /* the ids in `lower` are the image's; else as those in `root` */
	const int64_t *latest; /* NULL, or: later times of modification become this second */
	enum oci_compression compression;
	int cancel_fd; /* > 0: readable means stop; not owned */
};

struct layer_written {
	char diff_id[DIGEST_SIZE], digest[DIGEST_SIZE];
	int64_t size;     /* of the blob */
	uint64_t entries; /* 0: nothing changed */
};

/* What layer_write_changes fails with when an upper directory is not enough: overlayfs keeps a
 * renamed directory (redirect_dir) or a file without its content (metacopy) by a mark in it. Then
 * only the mounted tree tells. */
#define LAYER_UPPER_INCOMPLETE EREMOTE

/* Compare, and write a layer's blob to `out` (a new file). An entry is in it when anything of it
 * differs: type, owner, mode, time, extended attributes, content. The tree must not change
 * meanwhile. Errors name the file: EINVAL for what no layer can hold (a name that begins with
 * ".wh.", an id that is not mapped), EFBIG when it would be larger than a layer may be. */
int layer_write_changes(const struct layer_changes *changes, int out, struct layer_written *written,
			struct error *err);

#endif

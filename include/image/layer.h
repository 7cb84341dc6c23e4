/* layer.h -- put the entries of a layer's archive on disk, below a directory, and nowhere else.
 *
 * One pass over the bytes as they come (a socket, a blob): decompress, hash, parse, apply.
 * image-spec layer.md. */
#ifndef IMAGE_LAYER_H
#define IMAGE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum layer_form {
	/* The layer alone, for overlayfs: independent of its parents. Whiteouts become character
	 * devices 0:0, opaque directories carry trusted.overlay.opaque=y. */
	LAYER_OVERLAY,
	/* On top of what the directory holds: whiteouts delete what lower layers left. */
	LAYER_MERGED,
};

/* Where the compressed bytes come from. Never called again after it returned 0 or an error. */
struct layer_source {
	/* Fill up to `size` bytes. The count, 0 at the end, -errno with `err` filled. */
	ssize_t (*read)(void *context, void *buffer, size_t size, struct error *err);
	void *context;
};

/* What a layer may be, unless told otherwise. */
#define LAYER_BYTES_MOST (1ULL << 40)

struct layer_limits {     /* 0: the default */
	uint64_t entries; /* archive entries; 4,000,000 */
	uint64_t bytes;   /* uncompressed; LAYER_BYTES_MOST */
	uint32_t ratio;   /* uncompressed bytes for each compressed one, counted after the
			     first 64 MiB; 2000 */
};

struct layer_options {
	enum layer_form form;
	/* Overlay marks go to user.overlay.* (overlay mounted with userxattr: rootless). */
	bool user_xattrs;
	/* Everything belongs to the caller (no chown) and can be read by him (files u+r,
	 * directories u+rwx), devices become empty files of mode 0, and what only root may do
	 * (trusted.*, security.*) is left out. */
	bool single_id;
	/* LAYER_OVERLAY: the trees of the lower layers, uppermost first, for hard links to files
	 * that this layer does not hold (the lower file is copied up). Not owned. */
	const int *lower;
	size_t lower_count;
	struct layer_limits limits;
	const char *name; /* what errors call the layer: its digest */
};

#define LAYER_DIFF_ID_SIZE 72 /* "sha256:", 64 digits, 0 */

struct layer_result {
	char diff_id[LAYER_DIFF_ID_SIZE]; /* of every uncompressed byte, padding too */
	uint64_t compressed;              /* bytes read from the source: all there were */
	uint64_t uncompressed;
	uint64_t entries;
	uint64_t skipped_xattrs; /* that the file system or the caller's rights did not take */
	/* A hard link goes to a file of a lower layer and `lower` was not given: the source was
	 * read and hashed to its end, the tree is incomplete. Apply again with `lower` set and keep
	 * the tree under the layer's ChainID instead of its DiffID. */
	bool needs_parents;
};

/* Apply a layer below `directory` (an empty directory for LAYER_OVERLAY). The compression is told
 * by the first bytes: gzip (any number of members, trailing zeros or junk), zstd (any number of
 * frames), plain tar, or nothing at all. The source is always read to its end on success, so that
 * whoever feeds it can verify the blob. On failure the directory holds a part of the layer: the
 * caller removes it. The DiffID is reported, not compared. Works from any thread; the process's
 * umask does not matter. Errors name the layer, the entry and the system call:
 * EBADMSG: a broken or hostile archive; EFBIG: a limit. */
int layer_apply(const struct layer_source *source, int directory,
		const struct layer_options *options, struct layer_result *result,
		struct error *err);

/* The same from the descriptor of a blob, from its present offset. */
int layer_apply_fd(int blob, int directory, const struct layer_options *options,
		   struct layer_result *result, struct error *err);

/* Only decompress the blob, from its beginning: write the archive's own bytes to `out`;
 * result->diff_id and the counts are set. The same limits and checks as layer_apply; EBADMSG when
 * the blob has not that (valid) digest: then what was written is rubbish. */
int layer_decompress_fd(int blob, int out, const char *digest, struct layer_result *result,
			struct error *err);

/* ChainID of a layer on top of `parent_chain` (NULL or "": the lowest layer, whose ChainID is its
 * DiffID), image-spec config.md. */
void layer_chain_id(const char *parent_chain, const char *diff_id, char chain[LAYER_DIFF_ID_SIZE]);

/* What trees in overlay form (uppermost first) show together at `path`, links followed inside their
 * common root: an O_PATH descriptor of a file. Marks are those of layer_options.user_xattrs.
 * Without a message: -ENOENT, -ENOTDIR, -EISDIR. */
int layer_find_merged(const int *trees, size_t count, bool user_xattrs, const char *path,
		      struct error *err);

#endif

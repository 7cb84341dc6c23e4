/* rootfs_private.h -- what the rootfs drivers share. */
#ifndef ROOTFS_PRIVATE_H
#define ROOTFS_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "image/rootfs.h"

extern const struct rootfs_driver rootfs_overlay;
extern const struct rootfs_driver rootfs_copy;
extern const struct rootfs_driver rootfs_runtime;
extern const struct rootfs_driver rootfs_view;

/* ---- overlay.c: what both ways to an overlay need ------------------------------------------- */

/* The layers that show: those below an opaque root do not. */
struct rootfs_request overlay_visible_layers(const struct rootfs_request *request);
/* upper and work in the request's state directory. */
int overlay_prepare_upper(const struct rootfs_request *request, struct error *err);
/* Mount it on the target, visible layers below upper and work. */
int overlay_mount(const struct rootfs_request *visible, struct error *err);
/* The absolute name of the state directory. */
int overlay_state_path(int state, char *path, size_t size, struct error *err);
/* As overlayfs wants a path among its options. */
void overlay_add_escaped(struct text *options, const char *path);
/* "lowerdir=…" of all its layers. */
void overlay_add_lowerdir(struct text *options, const struct rootfs_request *request);
/* fsconfig(2): one option of an overlay that is being made; the marks that this caller's obey. */
int overlay_set_option(int context, const char *key, const char *value, struct error *err);
int overlay_set_marks(int context, struct error *err);
/* It has its options: make it, and mount it on the target. */
int overlay_attach(int context, unsigned attributes, const char *target, struct error *err);
/* -EBUSY: the upper of that state directory is in use, by whatever mount. Who may not mount an
 * overlay is told 0. */
int overlay_check_upper(int state, struct error *err);

/* ---- attributes.c: everything of an inode but its content ------------------------------------ */

/* Owner (mapped, unless single_id), mode, xattrs and mtime of the open file or directory `from`
 * onto `to`. Marks of overlayfs and the host's SELinux label stay behind; xattrs that `from` does
 * not have are taken away from `to`; a file system without xattrs is no failure. */
int attributes_copy(int from, int to, const struct rootfs_owners *owners, struct error *err);

/* The same for what cannot be opened: symbolic links, devices, FIFOs. */
struct attributes_pair {
	int from, to; /* directories */
	const char *name;
	const struct stat *stat; /* of the source */
};

int attributes_copy_at(const struct attributes_pair *pair, const struct rootfs_owners *owners,
		       struct error *err);

/* Is the directory marked as hiding what lower layers have there? */
bool attributes_opaque(int directory);

/* ---- mapped_layers.c: the request's layers, their ids mapped by its owners ----------------------
 */

/* A detached mount for each, in `trees` (-1 before), for the caller to close. -ENOTSUP: not here.
 */
int mapped_layers_open(const struct rootfs_request *request, int *trees, struct error *err);

/* ---- content.c ------------------------------------------------------------------------------- */

/* All bytes of `from` into the empty file `to`: a reflink, else copied inside the kernel, else
 * read and written. Holes stay holes. */
int content_copy(int from, int to, int64_t size, struct error *err);

#endif

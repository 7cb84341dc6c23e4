/* rootfs.h -- a writable root filesystem out of a stack of read-only layer trees.
 *
 * Drivers, by rows; each keeps the layers untouched:
 *   overlay   overlayfs mounted on the target, the writes go to a private upper directory; costs
 *             a mount and no bytes; needs the right to mount
 *   view      overlayfs without an upper directory, read-only: to look, never chosen by itself
 *   copy      the merged tree is copied (reflinked where the filesystem can); needs no right
 *   runtime   the same overlay, for the runtime to mount in the container's namespaces
 * The layer trees are in overlay form (image/layer.h, LAYER_OVERLAY). */
#ifndef IMAGE_ROOTFS_H
#define IMAGE_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id_ranges.h"
#include "base/text.h"

/* Whom the files belong to. */
struct rootfs_owners {
	bool single_id;              /* everything to the caller: no chown, no devices */
	struct id_ranges uids, gids; /* the image's ids, and those on the host; none: the same */
};

struct rootfs_request {
	struct strings layers; /* absolute paths of the trees, lowest first; may be none */
	const char *target;    /* absolute path of an existing, empty directory: the rootfs */
	int state;             /* directory of the bundle's own: upper and work go there */
	struct rootfs_owners owners;
	bool runtime_mounts; /* the runtime is one that mounts a root itself ("runtime") */
	bool keep_dirlinks;  /* copy: a directory over a link to one goes to where that leads */
	int cancel_fd;       /* > 0: readable means stop (-ECANCELED); not owned */
};

struct rootfs_changes {
	int fd;     /* the caller closes it */
	bool upper; /* it holds what changed, and whiteouts; else the whole tree */
};

struct rootfs_driver {
	const char *name;
	/* Could it work for this caller and these layers? A cheap guess: make may still find that
	 * it does not (see rootfs_unusable). */
	bool (*usable)(const struct rootfs_request *request);
	/* On failure nothing is left mounted; the caller empties target and state. */
	int (*make)(const struct rootfs_request *request, struct error *err);
	/* Undo: afterwards target is an ordinary directory, for the caller to remove. A target
	 * that is not mounted (any more) is fine. -EBUSY: somebody uses it. */
	int (*release)(const char *target, int state, struct error *err);
	/* Before release: does no container live there? -EBUSY: one does. NULL: none can tell. */
	int (*check_unused)(const char *target, int state, struct error *err);
	/* NULL: the root is in target, or mounted there. Else it is for the runtime to mount: the
	 * options of that overlay (mount(8)), added in the arena. After make. */
	int (*mount_options)(const struct rootfs_request *request, struct arena *arena,
			     struct strings *options, struct error *err);
	/* Open what was changed since `make`, for layer_write_changes. merged: the whole tree,
	 * also where less would do; -ENOENT when it is not there (any more). */
	int (*open_changes)(const char *target, int state, bool merged,
			    struct rootfs_changes *changes, struct error *err);
};

/* In the order of preference, NULL-terminated. */
extern const struct rootfs_driver *const rootfs_drivers[];

/* Is an overlay mounted there, in the caller's mount namespace? */
bool rootfs_is_mounted(const char *target);

/* The row of that name, or NULL. */
const struct rootfs_driver *rootfs_driver_find(const char *name);

/* The number of a failure of `make` that means "not here": another driver may do. */
bool rootfs_unusable(int number);

/* Does everything made here belong to the caller because he may not chown? */
bool rootfs_single_id(void);

/* May the caller mount overlayfs only with `userxattr` (not root of the initial user namespace)?
 * Layers must then be applied with layer_options.user_xattrs. */
bool rootfs_user_xattrs(void);

#endif

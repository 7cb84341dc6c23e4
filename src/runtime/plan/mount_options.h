/* mount_options.h -- the options of a mount, read (runtime-spec config.md "Linux mount options").
 */
#ifndef PLAN_MOUNT_OPTIONS_H
#define PLAN_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* What is no flag of the kernel's. */
enum mount_mark {
	MARK_COPY_UP = 1 << 0,     /* tmpcopyup */
	MARK_IDMAP = 1 << 1,       /* idmap, ridmap */
	MARK_COPY_LINK = 1 << 2,   /* copy-symlink */
	MARK_SOURCE_LINK = 1 << 3, /* src-nofollow */
	MARK_TARGET_LINK = 1 << 4, /* dest-nofollow */
	MARK_IDMAP_ALL = 1 << 5,   /* ridmap: everything mounted below, too */
};

/* MOUNT_ATTR_*. An access time mode comes with MOUNT_ATTR__ATIME in clear, as the kernel wants. */
struct mount_attributes {
	uint64_t set;
	uint64_t clear;
};

struct mount_options {
	uint64_t flags;                    /* everything that mount(2) takes: MS_* */
	struct mount_attributes own;       /* of the mount itself */
	struct mount_attributes recursive; /* r*: of everything mounted below, and of itself */
	uint64_t propagation;              /* MS_*, with MS_REC; 0: none was asked for */
	unsigned marks;
	const char *idmap; /* "uids=0-1-10;gids=@0-1-10", or NULL */
	const char *data;  /* options of the file system, joined by commas */
};

/* Later options undo earlier ones. An unknown option is the file system's; on a bind mount it is an
 * error, with `where`.options[N] as its place. `type_bind`: the mount is a bind by its type. */
int mount_options_read(const struct strings *list, bool type_bind, const char *where,
		       struct arena *arena, struct mount_options *options, struct error *err);

#endif

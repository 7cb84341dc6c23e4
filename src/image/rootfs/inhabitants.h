/* inhabitants.h -- who lives on a file system. */
#ifndef ROOTFS_INHABITANTS_H
#define ROOTFS_INHABITANTS_H

#include <sys/types.h>

#include "base/error.h"

/* A process that has its root directory, or whose mount namespace has its root, on that file system
 * (and is that inode, unless 0), or 0. Processes that the caller may not look at are nobody. */
pid_t inhabitant_find(dev_t filesystem, ino_t inode);

/* A process whose mount namespace has an overlay with that upper directory, or 0. The directory is
 * spelled as the mount's options have it. */
pid_t upper_user_find(const char *upper);

/* -EBUSY for the process that was found; 0 for none. */
int inhabitant_refuse(pid_t process, struct error *err);

#endif

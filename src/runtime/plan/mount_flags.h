/* mount_flags.h -- the numbers of mount(2), mount_setattr(2) and clone(2), from the kernel's
 * headers
 * (<sys/mount.h> clashes with them), and those that older headers lack. */
#ifndef PLAN_MOUNT_FLAGS_H
#define PLAN_MOUNT_FLAGS_H

#include <linux/mount.h>
#include <linux/sched.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MOUNT_ATTR__ATIME
#define MOUNT_ATTR__ATIME 0x00000070
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* Of mount(2)'s flags, those of the file system itself. */
#define FILESYSTEM_FLAGS                                                                           \
	(MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME | MS_I_VERSION)

/* The three that exclude each other in mount(2). */
#define MS_ATIME_MODES (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

#endif

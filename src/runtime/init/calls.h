/* calls.h -- the system calls of the init image, typed. Every one returns the kernel's value:
 * >= 0, or -errno. Only what is called more than once, or reads badly raw, has a name here. */
#ifndef INIT_CALLS_H
#define INIT_CALLS_H

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/kernel_call.h"

/* <sys/mount.h> clashes with <linux/mount.h>; these are mount(2)'s and umount2(2)'s. */
#define MOUNT_DETACH 2 /* MNT_DETACH */

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static inline int call_open(int dir, const char *path, int flags, unsigned mode)
{
	return (int)kernel_call(__NR_openat, dir, path, flags | O_CLOEXEC, mode);
}

static inline int call_close(int fd)
{
	return (int)kernel_call(__NR_close, fd);
}

static inline long call_write(int fd, const void *bytes, size_t length)
{
	return kernel_call(__NR_write, fd, bytes, length);
}

static inline long call_read(int fd, void *bytes, size_t length)
{
	return kernel_call(__NR_read, fd, bytes, length);
}

static inline int call_mount(const char *source, const char *target, const char *type,
			     unsigned long flags, const char *data)
{
	return (int)kernel_call(__NR_mount, source, target, type, flags, data);
}

static inline int call_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)kernel_call(__NR_open_tree, dir, path, flags | OPEN_TREE_CLOEXEC);
}

/* Attach the mount behind `tree` on the file behind `target`. */
static inline int call_attach(int tree, int target)
{
	return (int)kernel_call(__NR_move_mount, tree, "", target, "",
				MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int call_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear,
				     uint64_t propagation)
{
	struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
	};

	return (int)kernel_call(__NR_mount_setattr, fd, "", flags | AT_EMPTY_PATH, &attr,
				sizeof(attr));
}

/* Set what a step asks for: attributes on the mount or its whole tree, propagation likewise, but
 * with MS_REC on the tree whatever the attributes do. Nothing asked: no call. */
static inline int call_set_tree(int fd, bool recursive, uint64_t set, uint64_t clear,
				uint64_t propagation)
{
	const uint64_t tree = 16384; /* MS_REC */
	int result = 0;

	if (propagation & tree && !recursive) {
		result = call_mount_setattr(fd, AT_RECURSIVE, 0, 0, propagation & ~tree);
		propagation = 0;
	}
	propagation &= ~tree;
	if (result == 0 && (set || clear || propagation))
		result = call_mount_setattr(fd, recursive ? AT_RECURSIVE : 0, set, clear,
					    propagation);
	return result;
}

static inline int call_statx(int fd, const char *path, int flags, struct statx *status)
{
	return (int)kernel_call(__NR_statx, fd, path, flags, STATX_BASIC_STATS, status);
}

static inline int call_prctl(int option, unsigned long a, unsigned long b)
{
	return (int)kernel_call(__NR_prctl, option, a, b, 0, 0);
}

#endif

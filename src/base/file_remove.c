/* file_remove.c -- remove a tree that somebody else may have filled.
 *
 * Never follows a link, never enters a mount. The tree may be deeper than there are descriptors or
 * stack: a directory that lies DEPTH_MOST levels down is moved up to the top of the tree first, so
 * at most DEPTH_MOST directories are open at once. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"

#define DEPTH_MOST 48

struct removal {
	int top;        /* the directory that is being removed */
	unsigned moved; /* directories moved up into it so far: names the next one */
	struct error *err;
};

/* Without openat2 a mount shows by its mount id (Linux 5.8) or by its device. */
static int directory_open_walking(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statx outer, inner;

	if (fd < 0)
		return -errno;
	if (statx(dir, "", AT_EMPTY_PATH, STATX_MNT_ID, &outer) < 0 ||
	    statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &inner) < 0)
		return -errno;
	if ((inner.stx_mask & STATX_MNT_ID && inner.stx_mnt_id != outer.stx_mnt_id) ||
	    inner.stx_dev_major != outer.stx_dev_major ||
	    inner.stx_dev_minor != outer.stx_dev_minor)
		return -EXDEV;
	return take_fd(&fd);
}

static int directory_open(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return directory_open_walking(dir, name);
	return fd < 0 ? -errno : fd;
}

/* An unprivileged owner may have been left without permissions on what is his own. */
static void directory_allow(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		chmod(path, 0700);
}

/* -ENOTDIR, -ELOOP: not a directory, to be unlinked. */
static int directory_enter(int dir, const char *name)
{
	int fd = directory_open(dir, name);

	if (fd != -EACCES)
		return fd;
	directory_allow(dir, name);
	return directory_open(dir, name);
}

static int name_unlink(const struct removal *removal, int dir, const char *name, int flags)
{
	if (unlinkat(dir, name, flags) == 0 || errno == ENOENT)
		return 0;
	if (errno == EACCES && fchmod(dir, 0700) == 0 &&
	    (unlinkat(dir, name, flags) == 0 || errno == ENOENT))
		return 0;
	return fail_call(removal->err, flags ? "rmdir" : "unlink", "cannot remove \"%s\"", name);
}

static int directory_empty(struct removal *removal, int dir, unsigned depth);

static int directory_move_up(struct removal *removal, int dir, const char *name)
{
	char moved[32];

	for (;;) {
		snprintf(moved, sizeof(moved), ".deep-%u", removal->moved++);
		if (renameat2(dir, name, removal->top, moved, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return fail_call(removal->err, "rename", "cannot remove \"%s\"", name);
	}
}

static int directory_remove(struct removal *removal, int dir, const char *name, unsigned depth)
{
	auto_close int fd = directory_enter(dir, name);

	if (fd == -ENOENT)
		return 0;
	if (fd == -ENOTDIR || fd == -ELOOP)
		return name_unlink(removal, dir, name, 0);
	if (fd < 0)
		return fail_number(removal->err, fd, "open", "cannot remove \"%s\"", name);
	if (depth >= DEPTH_MOST)
		return directory_move_up(removal, dir, name);
	TRY(directory_empty(removal, fd, depth + 1));
	return name_unlink(removal, dir, name, AT_REMOVEDIR);
}

static int entry_remove(struct removal *removal, int dir, const struct dirent *entry,
			unsigned depth)
{
	const char *name = entry->d_name;

	if (text_equal(name, ".") || text_equal(name, ".."))
		return 0;
	if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
		return directory_remove(removal, dir, name, depth);
	return name_unlink(removal, dir, name, 0);
}

static int directory_empty(struct removal *removal, int dir, unsigned depth)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!stream) {
		int result = fail_call(removal->err, "open", "cannot read a directory");

		close_fd(&copy);
		return result;
	}
	while ((errno = 0, entry = readdir(stream)))
		TRY(entry_remove(removal, dir, entry, depth));
	return errno ? fail_call(removal->err, "readdir", "cannot read a directory") : 0;
}

static int tree_empty(int top, struct error *err)
{
	struct removal removal = { .top = top, .err = err };
	unsigned moved;

	/* What was moved up during one pass is removed by the next. */
	do {
		moved = removal.moved;
		TRY(directory_empty(&removal, top, 1));
	} while (removal.moved != moved);
	return 0;
}

static int tree_remove(int dir, const char *name, struct error *err)
{
	struct removal removal = { .top = -1, .err = err };
	auto_close int top = directory_enter(dir, name);

	if (top == -ENOENT)
		return 0;
	if (top == -ENOTDIR || top == -ELOOP)
		return name_unlink(&removal, dir, name, 0);
	if (top < 0)
		return fail_number(err, top, "open", "cannot remove \"%s\"", name);
	TRY(tree_empty(top, err));
	return name_unlink(&removal, dir, name, AT_REMOVEDIR);
}

int file_remove_tree(int dir, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int result;

	/* The way to the tree may be links and mounts; the tree itself may not. */
	if (slash && snprintf(folder, sizeof(folder), "%.*s", (int)(slash + 1 - path), path) >=
			     (int)sizeof(folder))
		return fail_number(err, ENAMETOOLONG, "open", "cannot remove \"%s\"", path);

	auto_close int parent = openat(dir, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0 && errno == ENOENT)
		return 0;
	if (parent < 0)
		return fail_call(err, "open", "cannot remove \"%s\"", path);
	result = tree_remove(parent, slash ? slash + 1 : path, err);
	if (result < 0)
		fail_where(err, "%s", path);
	return result;
}

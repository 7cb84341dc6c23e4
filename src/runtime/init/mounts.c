/* mounts.c -- put mounts in their places below the root (mount(2), move_mount(2)).
 *
 * A target is opened by the one path resolver and then only used by its descriptor: nothing that
 * runs meanwhile can swap it for a link (CVE-2021-30465). */
#include "base/below.h"
#include "calls.h"
#include "init.h"

#define MOUNT_REMOUNT 32   /* MS_REMOUNT */
#define MOUNT_BIND    4096 /* MS_BIND */

int mount_target(struct init *init, const char *path, bool directory, bool nofollow)
{
	int fd;

	if (nofollow) {
		fd = below_open(init->root, path, O_PATH | O_NOFOLLOW);
		if (fd != -ENOENT)
			return fd;
	}
	return directory ? below_make_directory(init->root, path, 0755)
			 : below_make_file(init->root, path, 0644);
}

/* proc and sysfs only on a real directory: a link there would redirect label writes
 * (CVE-2019-19921, CVE-2023-28642). */
static int strict_target(struct init *init, const char *path)
{
	struct statx status;
	int fd = mount_target(init, path, true, true);

	if (fd < 0)
		return fd;
	if (call_statx(fd, "", AT_EMPTY_PATH, &status) == 0 && S_ISDIR(status.stx_mode))
		return fd;
	call_close(fd);
	return -ENOTDIR;
}

/* Set on the mount at `path` what mount(2) has no flags for. */
static int set_attributes(struct init *init, const char *path, bool recursive, uint64_t set,
			  uint64_t clear, uint64_t propagation)
{
	int fd, result;

	if (!set && !clear && !propagation)
		return 0;
	fd = below_open(init->root, path, O_PATH);
	if (fd < 0)
		return init_failed(init, "openat2", fd);
	result = call_set_tree(fd, recursive, set, clear, propagation);
	call_close(fd);
	return result < 0 ? init_failed(init, "mount_setattr", result) : 0;
}

/* The content of the image's directory `below`, in the file system that now hides it. */
static int fill_from(struct init *init, int below, const char *target)
{
	int from = call_open(below, ".", O_RDONLY | O_DIRECTORY, 0);
	int to = below_open(init->root, target, O_RDONLY | O_DIRECTORY);
	int result = from < 0 ? init_failed(init, "openat", from)
		     : to < 0 ? init_failed(init, "openat2", to)
			      : copy_up(init, from, to);

	if (from >= 0)
		call_close(from);
	if (to >= 0)
		call_close(to);
	return result;
}

/* "mode=" of the directory that the tmpfs covers, in front of its other data. */
static const char *inherited_mode(int target, const char *data, char *room)
{
	struct statx status;
	size_t length;

	if (call_statx(target, "", AT_EMPTY_PATH, &status) < 0)
		return data;
	length = text_copy(room, "mode=", INIT_PATH);
	for (int shift = 9; shift >= 0; shift -= 3)
		room[length++] = (char)('0' + (status.stx_mode >> shift & 7));
	room[length] = '\0';
	if (!*data)
		return room;
	room[length++] = ',';
	return text_copy(room + length, data, INIT_PATH - length) < INIT_PATH - length ? room
										       : data;
}

int init_step_MOUNT(struct init *init, const struct step *step)
{
	const char *target = init_text(init, step->text[0]);
	bool copy = step->number[3], strict = step->number[4];
	int fd = strict ? strict_target(init, target) : mount_target(init, target, true, false);
	const char *data = init_text(init, step->text[3]);
	char room[INIT_PATH];
	int result;

	if (fd < 0)
		return init_failed(init, "openat2", fd);
	if (step->number[5])
		data = inherited_mode(fd, data, room);
	result = call_mount(init_text(init, step->text[2]), proc_fd_path(fd).text,
			    init_text(init, step->text[1]), step->number[0], data);
	if (result < 0)
		init_failed(init, "mount", result);
	else if (copy)
		result = fill_from(init, fd, target);
	call_close(fd);
	if (result < 0)
		return result;
	return set_attributes(init, target, false, step->number[1], 0, step->number[2]);
}

/* The source is a link that should be one in the container too. */
static int copy_link(struct init *init, int tree, const char *path)
{
	char link[INIT_PATH], name[256];
	long length = kernel_call(__NR_readlinkat, tree, "", link, sizeof(link) - 1);
	int parent;

	if (length < 0)
		return init_failed(init, "readlinkat", length);
	link[length] = '\0';
	parent = below_open_parent(init->root, path, name);
	if (parent < 0)
		return init_failed(init, "openat2", parent);
	length = kernel_call(__NR_symlinkat, link, parent, name);
	call_close(parent);
	return length < 0 && length != -EEXIST ? init_failed(init, "symlinkat", length) : 0;
}

/* What MOUNT does for a tmpfs, for one that is a detached tree: the mode of the directory it
 * covers, and that directory's content. */
static int dress(struct init *init, int tree, int target, const struct step *step)
{
	bool copy = step->number[2], inherit_mode = step->number[3];
	struct statx status;
	int to, from, result = 0;

	if (!copy && !inherit_mode)
		return 0;
	to = call_open(tree, ".", O_RDONLY | O_DIRECTORY, 0);
	if (to < 0)
		return init_failed(init, "openat", to);
	if (inherit_mode && call_statx(target, "", AT_EMPTY_PATH, &status) == 0)
		kernel_call(__NR_fchmod, to, status.stx_mode & 07777);
	if (copy) {
		from = call_open(target, ".", O_RDONLY | O_DIRECTORY, 0);
		result = from < 0 ? init_failed(init, "openat", from) : copy_up(init, from, to);
		if (from >= 0)
			call_close(from);
	}
	call_close(to);
	return result;
}

int init_step_ATTACH(struct init *init, const struct step *step)
{
	int tree = init->slots[step->slot];
	struct statx status;
	int target;
	int result = call_statx(tree, "", AT_EMPTY_PATH, &status);

	if (result < 0)
		return init_failed(init, "statx", result);
	if (step->number[1] && S_ISLNK(status.stx_mode))
		return copy_link(init, tree, init_text(init, step->text[0]));
	target = mount_target(init, init_text(init, step->text[0]), S_ISDIR(status.stx_mode),
			      step->number[0]);
	if (target < 0)
		return init_failed(init, "openat2", target);
	result = dress(init, tree, target, step);
	if (result == 0) {
		result = call_attach(tree, target);
		if (result < 0)
			init_failed(init, "move_mount", result);
	}
	call_close(target);
	return result;
}

/* By the mount's own descriptor: its place may be a link to somewhere else by now. */
int init_step_TREE_ATTRIBUTES(struct init *init, const struct step *step)
{
	int result = call_set_tree(init->slots[step->slot], step->number[3], step->number[0],
				   step->number[1], step->number[2]);

	return result < 0 ? init_failed(init, "mount_setattr", result) : 0;
}

int init_step_REMOUNT(struct init *init, const struct step *step)
{
	const char *target = init_text(init, step->text[0]);
	const char *data = init_text(init, step->text[1]);
	unsigned long flags = step->number[0];
	int result = 0;

	if (*data || !(flags & MOUNT_BIND)) {
		int fd = below_open(init->root, target, O_PATH);

		if (fd < 0)
			return init_failed(init, "openat2", fd);
		result = call_mount("none", proc_fd_path(fd).text, "", flags | MOUNT_REMOUNT, data);
		call_close(fd);
	}
	if (result < 0)
		return init_failed(init, "mount", result);
	return set_attributes(init, target, step->number[4], step->number[1], step->number[2],
			      step->number[3]);
}

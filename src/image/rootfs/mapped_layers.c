/* mapped_layers.c -- layers whose ids are other ones for an overlay (mount_setattr(2),
 * MOUNT_ATTR_IDMAP): the trees on disk stay as they are, shared by everybody.
 *
 * Each layer's tree is cloned, detached, and its ids mapped by a user namespace made for that. A
 * kernel that does not take detached mounts as layers, or a file system that does not map ids,
 * cannot do it (-ENOTSUP): the files have to be copied then. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "rootfs_private.h"

/* ---- the map -----------------------------------------------------------------------------------
 */

static int write_map(pid_t pid, const char *name, const struct id_ranges *ranges, struct error *err)
{
	auto_text struct text lines = { 0 };
	char path[64];

	for (size_t i = 0; i < ranges->count; i++)
		text_format(&lines, "%u %u %u\n", ranges->items[i].inside, ranges->items[i].outside,
			    ranges->items[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_write(AT_FDCWD, path, lines.data ? lines.data : "", err);
}

/* It lives until the pipe ends, also when we are killed. */
static _Noreturn void hold_namespace(int report, int end)
{
	char byte = 0;

	byte = unshare(CLONE_NEWUSER) < 0 ? (char)errno : 0;
	if (write(report, &byte, 1) == 1 && !byte)
		while (read(end, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int open_namespace(pid_t pid, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot open the user namespace of the id map") : fd;
}

static int map_namespace(pid_t pid, int report, const struct rootfs_owners *owners,
			 struct error *err)
{
	char refused = EIO;

	if (read(report, &refused, 1) != 1 || refused)
		return fail_number(err, refused, "unshare",
				   "cannot make a user namespace for the id map");
	TRY(write_map(pid, "uid_map", &owners->uids, err));
	TRY(write_map(pid, "gid_map", &owners->gids, err));
	return open_namespace(pid, err);
}

static int make_namespace(const struct rootfs_owners *owners, struct error *err)
{
	auto_close int report = -1, reported = -1, end = -1, held = -1;
	int first[2], second[2], result;
	pid_t pid;

	if (pipe2(first, O_CLOEXEC) < 0)
		return fail_call(err, "pipe2", "cannot make a user namespace for the id map");
	report = first[0];
	reported = first[1];
	if (pipe2(second, O_CLOEXEC) < 0)
		return fail_call(err, "pipe2", "cannot make a user namespace for the id map");
	end = second[0];
	held = second[1];
	pid = fork();
	if (pid < 0)
		return fail_call(err, "fork", "cannot make a user namespace for the id map");
	if (pid == 0) {
		close(held);
		hold_namespace(reported, end);
	}
	close_fd(&reported);
	result = map_namespace(pid, report, owners, err);
	close_fd(&held);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}

/* ---- the layers --------------------------------------------------------------------------------
 */

static int map_layer(const char *path, int namespace, struct error *err)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY,
					 .userns_fd = (uint64_t) namespace };
	auto_close int tree =
		(int)syscall(__NR_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return fail_call(err, "open_tree", "cannot clone the layer %s", path);
	if (syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) <
	    0) {
		fail_call(err, "mount_setattr", "cannot map the ids of the layer %s", path);
		fail_hint(err, "the store's file system does not map ids: --rootfs copy");
		return -ENOTSUP;
	}
	return take_fd(&tree);
}

int mapped_layers_open(const struct rootfs_request *request, int *trees, struct error *err)
{
	auto_close int namespace = make_namespace(&request->owners, err);

	if (namespace < 0)
		return namespace;
	for (size_t i = 0; i < request->layers.count; i++) {
		trees[i] = map_layer(request->layers.items[i], namespace, err);
		TRY(trees[i]);
	}
	return 0;
}

/* mapped_layers.c -- layers whose ids are other ones for an overlay (mount_setattr(2),
 * MOUNT_ATTR_IDMAP): the trees on disk stay as they are, shared by everybody.
 *
 * Each layer's tree is cloned, detached, and its ids mapped by a user namespace made for that. A
 * kernel that does not take detached mounts as layers, or a file system that does not map ids,
 * cannot do it (-ENOTSUP): the files have to be copied then. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/id_namespace.h"
#include "base/own.h"
#include "rootfs_private.h"

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
	const struct id_maps maps = { request->owners.uids, request->owners.gids };
	auto_close int namespace = id_namespace_make(&maps, err);

	if (namespace < 0)
		return namespace;
	for (size_t i = 0; i < request->layers.count; i++) {
		trees[i] = map_layer(request->layers.items[i], namespace, err);
		TRY(trees[i]);
	}
	return 0;
}

/* host_trees.c -- detached mounts made in coffer's own namespaces: what the container gets is
 * complete, with attributes and id map, before it can be seen. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/new_mount.h"
#include "base/own.h"
#include "host_steps.h"

#define MS_REC_FLAG 16384 /* MS_REC, with that meaning in propagation fields */

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static int set_tree(int tree, unsigned flags, struct mount_attr attributes)
{
	if (!attributes.attr_set && !attributes.attr_clr && !attributes.propagation)
		return 0;
	return (int)syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes,
			    sizeof(attributes));
}

/* Propagation with MS_REC concerns the whole tree, whatever the attributes do. */
static int set_propagation(int tree, uint64_t propagation, bool recursive)
{
	struct mount_attr attributes = { .propagation = propagation & ~(uint64_t)MS_REC_FLAG };
	bool whole_tree = recursive || propagation & MS_REC_FLAG;

	return set_tree(tree, whole_tree ? AT_RECURSIVE : 0, attributes);
}

static int set_attributes(int tree, const struct step *step)
{
	bool recursive = step->number[4];
	struct mount_attr attributes = { .attr_set = step->number[1], .attr_clr = step->number[2] };

	if (set_tree(tree, recursive ? AT_RECURSIVE : 0, attributes) < 0)
		return -1;
	return set_propagation(tree, step->number[3], recursive);
}

int host_open_tree(struct host *host, const struct step *step, struct error *err)
{
	const char *source = host_text(host, step, 0);
	unsigned recursive = step->number[0] ? AT_RECURSIVE : 0;
	unsigned nofollow = step->number[5] ? AT_SYMLINK_NOFOLLOW : 0;
	auto_close int tree =
		(int)syscall(__NR_open_tree, AT_FDCWD, source,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive | nofollow);

	if (tree < 0)
		return fail_call(err, "open_tree", "cannot clone the mount \"%s\"", source);
	if (set_attributes(tree, step) < 0)
		return fail_call(err, "mount_setattr", "cannot set the attributes of \"%s\"",
				 source);
	host->slots[step->slot] = take_fd(&tree);
	return 0;
}

int host_new_tree(struct host *host, const struct step *step, struct error *err)
{
	struct new_mount request = {
		.type = host_text(host, step, 0),
		.source = host_text(host, step, 1),
		.data = host_text(host, step, 2),
		.flags = step->number[0],
		.attributes = step->number[1],
	};
	struct new_mount_failure failure;
	auto_close int tree = new_mount_make(&request, &failure);

	if (tree < 0)
		return fail_number(err, tree, failure.call, "cannot mount %s%s%s%s", request.type,
				   *failure.reason ? " (" : "", failure.reason,
				   *failure.reason ? ")" : "");
	if (set_propagation(tree, step->number[2], false) < 0)
		return fail_call(err, "mount_setattr", "cannot set the propagation");
	host->slots[step->slot] = take_fd(&tree);
	return 0;
}

/* ---- id maps --------------------------------------------------------------------------------- */

static const struct {
	int number;
	const char *reason;
} map_hints[] = {
	{ ENOSYS, "id-mapped mounts need Linux 5.12" },
	{ EINVAL, "a filesystem there does not support id-mapped mounts" },
	{ EPERM, "a mount there is id-mapped already, or its filesystem belongs to another user "
		 "namespace" },
};

static int map_failed(struct error *err)
{
	int result = fail_call(err, "mount_setattr", "cannot map the ids of the mount");

	for (size_t i = 0; i < sizeof(map_hints) / sizeof(map_hints[0]); i++)
		if (map_hints[i].number == -result)
			fail_hint(err, "%s", map_hints[i].reason);
	return result;
}

static int open_mapping(const struct host *host, const struct step *step, struct error *err)
{
	const char *users = host_text(host, step, 0), *path = host_text(host, step, 2);
	int fd;

	if (*users)
		return user_namespace_make(users, host_text(host, step, 1), err);
	if (!*path)
		return user_namespace_open(host->pid, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot open the user namespace \"%s\"", path) : fd;
}

/* Equal texts of a plan have equal offsets. */
static bool same_mapping(const struct step *a, const struct step *b)
{
	return a && !memcmp(a->text, b->text, sizeof(a->text));
}

int host_map_tree(struct host *host, const struct step *step, struct error *err)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };

	if (!same_mapping(host->mapped, step)) {
		close_fd(&host->mapping);
		host->mapped = NULL;
		host->mapping = open_mapping(host, step, err);
		if (host->mapping < 0)
			return host->mapping;
		host->mapped = step;
	}
	attributes.userns_fd = (uint64_t)host->mapping;
	if (set_tree(host->slots[step->slot], step->number[0] ? AT_RECURSIVE : 0, attributes) < 0)
		return map_failed(err);
	return 0;
}

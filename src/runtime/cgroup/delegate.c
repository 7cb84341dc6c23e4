/* delegate.c -- a cgroup below a container's own for its program (crun's annotation
 * run.oci.delegate-cgroup), so that the container's own one has no processes and can pass its
 * controllers on at once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/below.h"
#include "base/file.h"
#include "base/own.h"
#include "owner.h"
#include "tree.h"

int cgroup_move_below(const struct cgroup *cgroup, const char *name, pid_t pid,
		      const uint32_t *owner, struct error *err)
{
	struct cgroup_tree *tree = tree_unified(cgroup);
	auto_close int path = -1, dir = -1;
	char number[16];

	if (!cgroup->path || !tree)
		return fail(err, ENOTSUP, "there is no cgroup v2 to be delegated");
	TRY(tree_open(tree, cgroup->path, err));
	path = below_make_directory(tree->dir, name, 0755);
	if (path < 0)
		return fail_number(err, path, "mkdir", "cannot make the cgroup \"%s%s/%s\"",
				   tree->mountpoint, cgroup->path, name);
	dir = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail_call(err, "open", "cannot open the cgroup \"%s%s/%s\"",
				 tree->mountpoint, cgroup->path, name);
	snprintf(number, sizeof(number), "%d", pid);
	TRY(file_write(dir, "cgroup.procs", number, err));
	return owner ? cgroup_give_directory(dir, *owner, err) : 0;
}

/* tree.c -- make, find and remove a container's directory in one hierarchy.
 *
 * Every path is resolved below the mount point's descriptor. Other containers come and go at the
 * same time: a parent that was seen may be gone when it is used, so making starts again then. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/below.h"
#include "base/own.h"
#include "controllers.h"

#define MAKE_TRIES 32

int64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void trees_list(const struct facts *facts, struct cgroup *cgroup)
{
	struct cgroup_tree *tree = calloc(facts->hierarchy_count + 1, sizeof(*tree));

	if (!tree)
		abort();
	cgroup->trees = tree;
	if (facts->cgroup_unified)
		*tree++ = (struct cgroup_tree){ .kind = &tree_v2,
						.mountpoint = facts->cgroup_unified,
						.controllers = "",
						.root = -1,
						.dir = -1 };
	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		*tree++ = (struct cgroup_tree){ .kind = &tree_v1,
						.mountpoint = facts->hierarchies[i].mountpoint,
						.controllers = facts->hierarchies[i].controllers,
						.root = -1,
						.dir = -1 };
	cgroup->tree_count = (unsigned)(tree - cgroup->trees);
}

struct cgroup_tree *tree_unified(const struct cgroup *cgroup)
{
	return cgroup->tree_count > 0 && cgroup->trees->kind->unified ? cgroup->trees : NULL;
}

struct cgroup_tree *tree_find(const struct cgroup *cgroup, const char *controller)
{
	if (!*controller)
		return tree_unified(cgroup);
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (controllers_have(cgroup->trees[i].controllers, ',', controller))
			return &cgroup->trees[i];
	return NULL;
}

struct cgroup_tree *tree_freezer(const struct cgroup *cgroup)
{
	struct cgroup_tree *tree = tree_find(cgroup, "freezer");

	return tree ? tree : tree_unified(cgroup);
}

static int open_root(struct cgroup_tree *tree, struct error *err)
{
	if (tree->root >= 0)
		return 0;
	tree->root = open(tree->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0)
		return fail_call(err, "open", "cannot open \"%s\"", tree->mountpoint);
	return 0;
}

int tree_open(struct cgroup_tree *tree, const char *path, struct error *err)
{
	int dir;

	if (tree->dir >= 0)
		return 0;
	TRY(open_root(tree, err));
	dir = below_open(tree->root, path + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (dir < 0 && dir != -ENOENT)
		return fail_number(err, dir, "open", "cannot open the cgroup \"%s%s\"",
				   tree->mountpoint, path);
	tree->dir = dir < 0 ? -1 : dir;
	return 0;
}

/* Remove the last `count` directories of the path. */
static void remove_last(int root, char *relative, unsigned count)
{
	while (count-- > 0) {
		char *slash = strrchr(relative, '/');

		if (unlinkat(root, relative, AT_REMOVEDIR) < 0 || !slash)
			return;
		*slash = '\0';
	}
}

/* The directory `relative` could not be made: its new parents go too. */
static int unmake_parents(int root, char *relative, unsigned *made)
{
	int number = errno;
	char *slash = strrchr(relative, '/');

	if (slash) {
		*slash = '\0';
		remove_last(root, relative, *made);
	}
	*made = 0;
	return -number;
}

/* mkdir -p, counting what is new: those are the last ones. On failure nothing new is left. */
static int make_each(int root, char *relative, unsigned *made)
{
	for (char *slash = relative;; *slash = '/') {
		int result;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		result = mkdirat(root, relative, 0755);
		if (result == 0)
			(*made)++;
		else if (errno != EEXIST)
			return unmake_parents(root, relative, made);
		if (!slash)
			return 0;
	}
}

static int make_directory(struct cgroup_tree *tree, const char *path)
{
	int result = -ENOENT;

	if (mkdirat(tree->root, path + 1, 0755) == 0) {
		tree->made = 1;
		return 0;
	}
	if (errno != ENOENT)
		return errno == EEXIST ? 0 : -errno;
	for (unsigned try = 0; try < MAKE_TRIES && result == -ENOENT; try++) {
		auto_free char *relative = strdup(path + 1);

		if (!relative)
			return -ENOMEM;
		result = make_each(tree->root, relative, &tree->made);
	}
	return result;
}

int tree_make(struct cgroup_tree *tree, const char *path, const struct cgroup_writes *writes,
	      struct error *err)
{
	int result;

	TRY(open_root(tree, err));
	result = make_directory(tree, path);
	if (result < 0)
		return fail_number(err, result, "mkdir", "cannot make the cgroup \"%s%s\"",
				   tree->mountpoint, path);
	TRY(tree_open(tree, path, err));
	if (tree->dir < 0)
		return fail_number(err, ENOENT, "open", "cannot open the new cgroup \"%s%s\"",
				   tree->mountpoint, path);
	return tree->kind->prepare(tree, path, writes, err);
}

void tree_unmake(struct cgroup_tree *tree, const char *path)
{
	auto_free char *relative = strdup(path + 1);

	if (relative && tree->root >= 0)
		remove_last(tree->root, relative, tree->made);
	tree->made = 0;
}

/* rmdir every directory in `dir` that lets itself be removed. 1: `first` is one that does not, 0:
 * none is left. */
static int remove_children(int dir, char first[NAME_MAX + 1], unsigned *removed)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int found = 0;

	while (list && (entry = readdir(list)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
			(*removed)++;
		} else if (!found) {
			found = 1;
			snprintf(first, NAME_MAX + 1, "%s", entry->d_name);
		}
	}
	return found;
}

/* Remove what is below `dir`, from the bottom up. A container may nest as deep as it likes: this
 * needs two descriptors and no stack. It stops at a directory with processes, and at the deadline
 * when somebody goes on making directories. */
static void remove_below(int dir, int64_t deadline)
{
	auto_close int at = dup(dir);
	unsigned depth = 0, removed = 0;
	bool descend = true;

	while (at >= 0 && clock_now() < deadline) {
		char first[NAME_MAX + 1];
		bool left = remove_children(at, first, &removed);
		int next;

		if (left && !descend && removed == 0)
			return; /* we come from there, and nothing has changed */
		if (!left && depth == 0)
			return;
		next = openat(at, left ? first : "..",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		depth += left ? 1 : -1;
		descend = left;
		removed = 0;
		close_fd(&at);
		at = next;
	}
}

/* true: it is removed, or it never can be, for the reason *number. */
static bool remove_directory(const struct cgroup_tree *tree, const char *path, int *number)
{
	if (unlinkat(tree->root, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (errno == EBUSY || errno == ENOTEMPTY)
		return false;
	*number = errno;
	return true;
}

bool tree_remove_empty(struct cgroup_tree *tree, const char *path)
{
	return open_root(tree, NULL) == 0 &&
	       (unlinkat(tree->root, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

int tree_remove(struct cgroup_tree *tree, const char *path, int64_t deadline, struct error *err)
{
	int number = 0;

	TRY(open_root(tree, err));
	while (!remove_directory(tree, path, &number)) {
		TRY(tree_open(tree, path, err));
		if (tree->dir < 0)
			return 0;
		remove_below(tree->dir, deadline);
		if (remove_directory(tree, path, &number))
			break;
		TRY(tree->kind->await_empty(tree->dir, deadline, err));
		if (clock_now() >= deadline)
			return fail(err, EBUSY, "the cgroup \"%s%s\" is still in use",
				    tree->mountpoint, path);
		/* Nobody is left, but the last one's death may not be through yet. */
		sched_yield();
	}
	if (number != 0)
		return fail_number(err, number, "rmdir", "cannot remove the cgroup \"%s%s\"",
				   tree->mountpoint, path);
	close_fd(&tree->dir);
	return 0;
}

void tree_close(struct cgroup_tree *tree)
{
	close_fd(&tree->dir);
	close_fd(&tree->root);
}

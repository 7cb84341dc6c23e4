/* tree.h -- a container's directory in one mounted hierarchy, and what differs between cgroup v1
 * and v2: the table of functions that everything else in this module is written against. */
#ifndef CGROUP_TREE_H
#define CGROUP_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/cgroup.h"

struct cgroup_tree {
	const struct tree_kind *kind;
	const char *mountpoint;
	const char *controllers; /* of v1: "cpu,cpuacct"; v2: "" */
	int root;                /* the mount point, O_PATH; -1 until needed */
	int dir;                 /* the container's directory; -1 until needed */
	unsigned made;           /* so many of the path's last directories were made by us */
	bool left_out;           /* not ours to write, and not needed (rootless) */
};

struct tree_kind {
	bool unified;
	/* The new directory exists: make it fit for processes and for these writes. */
	int (*prepare)(const struct cgroup_tree *tree, const char *path,
		       const struct cgroup_writes *writes, struct error *err);
	/* Freeze or thaw everything in the directory, and wait for it. */
	int (*freeze)(int dir, bool freeze, struct error *err);
	bool (*frozen)(int dir);
	/* Kill everything in it and below at once; -ENOENT: this kernel cannot. */
	int (*kill)(int dir);
	/* Wait until no process is left in it and below; -EBUSY at the deadline. */
	int (*await_empty)(int dir, int64_t deadline, struct error *err);
};

extern const struct tree_kind tree_v1, tree_v2;

/* The directories of a cgroup, v2 first. Nothing is opened. */
void trees_list(const struct facts *facts, struct cgroup *cgroup);

/* The v2 tree, or NULL. */
struct cgroup_tree *tree_unified(const struct cgroup *cgroup);
/* The v1 hierarchy of this controller, or NULL; "" is the v2 tree. */
struct cgroup_tree *tree_find(const struct cgroup *cgroup, const char *controller);
/* The one that freezes: v1's freezer, else v2's tree; NULL: none. */
struct cgroup_tree *tree_freezer(const struct cgroup *cgroup);

/* Open the directory. 0 and tree->dir -1 where there is none. */
int tree_open(struct cgroup_tree *tree, const char *path, struct error *err);
/* Make it with its missing parents, open it and prepare it. */
int tree_make(struct cgroup_tree *tree, const char *path, const struct cgroup_writes *writes,
	      struct error *err);
/* Remove what tree_make made, if nothing else has come to live there. */
void tree_unmake(struct cgroup_tree *tree, const char *path);
/* Remove the directory if it lets itself be removed; true: there is none any more. */
bool tree_remove_empty(struct cgroup_tree *tree, const char *path);
/* Remove the directory and everything below it. */
int tree_remove(struct cgroup_tree *tree, const char *path, int64_t deadline, struct error *err);
void tree_close(struct cgroup_tree *tree);

/* Milliseconds of the monotonic clock. */
int64_t clock_now(void);

#endif

/* cgroup.c -- a container's cgroup: one path, with a directory in every mounted hierarchy.
 *
 * All directories are made, limits are set before the first process is in them, and a process is
 * born in the v2 directory and moved into those of v1. On a hybrid host v2 has no or few
 * controllers, but it names the container's processes, kills them at once and tells when the last
 * one is gone, for all hierarchies. */
#include "runtime/cgroup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "controllers.h"
#include "devices.h"
#include "members.h"
#include "tree.h"
#include "writes.h"

#define DELETE_WAIT 10000 /* ms */

static bool is_rootless(const struct facts *facts)
{
	return facts->euid != 0 || facts->in_user_namespace;
}

static void cgroup_start(const char *path, const struct facts *facts, struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){
		.layout = facts->cgroup_layout,
		.facts = facts,
		.unified_fd = -1,
	};
	if (!path)
		return;
	cgroup->path = strdup(path);
	if (!cgroup->path)
		abort();
	trees_list(facts, cgroup);
}

void cgroup_close(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		tree_close(&cgroup->trees[i]);
	free(cgroup->trees);
	free(cgroup->path);
	cgroup->trees = NULL;
	cgroup->tree_count = 0;
	cgroup->path = NULL;
	cgroup->unified_fd = -1;
}

static bool is_needed(const struct cgroup *cgroup, const struct cgroup_tree *tree,
		      const struct cgroup_writes *writes)
{
	for (size_t i = 0; i < writes->count; i++)
		if (!writes->items[i].optional &&
		    tree_find(cgroup, writes->items[i].controller) == tree)
			return true;
	return false;
}

static bool is_forbidden(int result)
{
	return result == -EACCES || result == -EPERM || result == -EROFS;
}

static int make_trees(struct cgroup *cgroup, const struct cgroup_writes *writes, struct error *err)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];
		struct error failure = { 0 };
		int result = tree_make(tree, cgroup->path, writes, &failure);

		if (is_forbidden(result) && is_rootless(cgroup->facts) &&
		    !is_needed(cgroup, tree, writes)) {
			tree_unmake(tree, cgroup->path);
			tree_close(tree);
			tree->left_out = true;
		} else if (result < 0) {
			if (err)
				*err = failure;
			return result;
		}
	}
	return 0;
}

/* A directory that somebody else has made may be somebody else's. */
static int check_unused(const struct cgroup *cgroup, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const struct cgroup_tree *freezer = tree_freezer(cgroup);

	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		const struct cgroup_tree *tree = &cgroup->trees[i];
		struct members members;

		if (tree->made > 0 || tree->left_out)
			continue;
		TRY(members_read(tree->dir, &arena, &members, err));
		if (members.count > 0)
			return fail(err, EBUSY,
				    "container's cgroup is not empty: %zu process(es) found",
				    members.count);
		if (tree == freezer && tree->kind->frozen(tree->dir))
			return fail(err, EBUSY, "container's cgroup unexpectedly frozen");
	}
	return 0;
}

static int restrict_by_program(const struct cgroup_tree *tree, const struct device_rules *rules,
			       struct arena *arena, struct error *err)
{
	struct device_program program;

	if (rules->everything && tree->made > 0)
		return 0;
	TRY(device_program_make(rules, arena, &program, err));
	return device_program_attach(&program, tree->dir, tree->made == 0, err);
}

int cgroup_restrict_devices(const struct cgroup *cgroup, const struct spec_resources *resources,
			    struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct device_rules rules = { 0 };
	struct cgroup_writes writes;

	TRY(device_rules_make(resources, &arena, &rules, err));
	if (is_rootless(cgroup->facts))
		return 0; /* neither is allowed to it; it has no devices but the host's open ones */
	if (controllers_mounted(cgroup->facts, "devices")) {
		TRY(device_rules_plan(&rules, &arena, &writes, err));
		return writes_apply(cgroup, &writes, false, err);
	}
	if (tree_unified(cgroup))
		return restrict_by_program(tree_unified(cgroup), &rules, &arena, err);
	if (!resources || resources->devices.count == 0)
		return 0;
	fail(err, ENOENT, "this host has no cgroup controller \"devices\"");
	return fail_where(err, "linux.resources.devices");
}

static int create(struct cgroup *cgroup, const struct cgroup_writes *writes, struct error *err)
{
	TRY(make_trees(cgroup, writes, err));
	TRY(check_unused(cgroup, err));
	return writes_apply(cgroup, writes, false, err);
}

static void unmake(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		tree_unmake(&cgroup->trees[i], cgroup->path);
	cgroup_close(cgroup);
}

static bool has_any_tree(const struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (!cgroup->trees[i].left_out)
			return true;
	return false;
}

int cgroup_create(const char *path, const struct cgroup_writes *writes, const struct facts *facts,
		  struct cgroup *cgroup, struct error *err)
{
	int result;

	cgroup_start(path, facts, cgroup);
	if (!path)
		return 0;
	result = create(cgroup, writes, err);
	if (result < 0) {
		unmake(cgroup);
		return result;
	}
	if (tree_unified(cgroup))
		cgroup->unified_fd = tree_unified(cgroup)->dir;
	if (!has_any_tree(cgroup))
		cgroup_close(cgroup);
	return 0;
}

int cgroup_open(const char *path, const struct facts *facts, struct cgroup *cgroup,
		struct error *err)
{
	struct cgroup_tree *unified;
	int result;

	cgroup_start(path, facts, cgroup);
	unified = tree_unified(cgroup);
	if (!unified)
		return 0;
	result = tree_open(unified, path, err);
	if (result < 0)
		cgroup_close(cgroup);
	else
		cgroup->unified_fd = unified->dir;
	return result;
}

static int join_tree(struct cgroup_tree *tree, const char *path, const char *pid, bool rootless,
		     struct error *err)
{
	int result;

	TRY(tree_open(tree, path, err));
	if (tree->dir < 0 && rootless)
		return 0; /* was left out */
	result = tree->dir < 0 ? -ENOENT : file_write(tree->dir, "cgroup.procs", pid, NULL);
	if (result < 0)
		return fail_number(err, result, "write",
				   "cannot move process %s into the cgroup \"%s%s\"", pid,
				   tree->mountpoint, path);
	return 0;
}

int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];

		if (tree->left_out || (tree->kind->unified && in_unified))
			continue;
		TRY(join_tree(tree, cgroup->path, number, is_rootless(cgroup->facts), err));
	}
	return 0;
}

int cgroup_update(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		  struct error *err)
{
	return cgroup->path ? writes_apply(cgroup, writes, true, err) : 0;
}

/* The directory that knows the processes: v2's, else the first of v1 that is there; -1: none. */
static int members_dir(const struct cgroup *cgroup, struct error *err)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];

		TRY(tree_open(tree, cgroup->path, err));
		if (tree->dir >= 0)
			return tree->dir;
	}
	return -ENOENT;
}

int cgroup_pids(const struct cgroup *cgroup, struct arena *arena, pid_t **pids, size_t *count,
		struct error *err)
{
	struct members members = { 0 };
	int dir = members_dir(cgroup, err);

	if (dir >= 0)
		TRY(members_read(dir, arena, &members, err));
	else if (dir != -ENOENT)
		return dir;
	*pids = members.pids;
	*count = members.count;
	return 0;
}

int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct error *err)
{
	struct cgroup_tree *tree = tree_freezer(cgroup);

	if (!tree)
		return fail(err, ENOTSUP, "there is no cgroup that could be frozen");
	TRY(tree_open(tree, cgroup->path, err));
	if (tree->dir < 0)
		return fail(err, ENOENT, "the cgroup \"%s%s\" is gone", tree->mountpoint,
			    cgroup->path);
	return tree->kind->freeze(tree->dir, freeze, err);
}

int cgroup_frozen(const struct cgroup *cgroup, bool *frozen, struct error *err)
{
	struct cgroup_tree *tree = tree_freezer(cgroup);

	*frozen = false;
	if (!tree)
		return 0;
	TRY(tree_open(tree, cgroup->path, err));
	if (tree->dir >= 0)
		*frozen = tree->kind->frozen(tree->dir);
	return 0;
}

/* While it is frozen nothing can fork away; where it cannot be frozen, the newly forked are looked
 * for until there are none. */
static int signal_frozen(const struct cgroup *cgroup, int dir, int signal, struct error *err)
{
	bool was_frozen = false, frozen;
	int result;

	TRY(cgroup_frozen(cgroup, &was_frozen, err));
	frozen = !was_frozen && cgroup_freeze(cgroup, true, NULL) == 0;
	result = members_signal(dir, signal, err);
	if (frozen)
		cgroup_freeze(cgroup, false, NULL);
	return result;
}

int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *err)
{
	int dir = members_dir(cgroup, err), result = -ENOENT;
	struct cgroup_tree *unified = tree_unified(cgroup);

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	if (signal == SIGKILL && unified && unified->dir >= 0)
		result = unified->kind->kill(unified->dir);
	if (result < 0)
		result = signal_frozen(cgroup, dir, signal, err);
	if (signal == SIGKILL)
		cgroup_freeze(cgroup, false, NULL);
	return result;
}

bool cgroup_delete_empty(struct cgroup *cgroup)
{
	cgroup->unified_fd = -1;
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (!tree_remove_empty(&cgroup->trees[i], cgroup->path))
			return false;
	return true;
}

int cgroup_delete(struct cgroup *cgroup, struct error *err)
{
	int64_t deadline = clock_now() + DELETE_WAIT;

	cgroup->unified_fd = -1;
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		TRY(tree_remove(&cgroup->trees[i], cgroup->path, deadline, err));
	return 0;
}

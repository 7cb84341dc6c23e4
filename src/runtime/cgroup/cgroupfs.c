/* cgroupfs.c -- the driver that makes, changes and removes cgroups itself.
 *
 * All directories are made, limits are set before the first process is in them, and a process is
 * born in the v2 directory and moved into those of v1. */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/own.h"
#include "controllers.h"
#include "devices.h"
#include "driver.h"
#include "members.h"
#include "tree.h"
#include "writes.h"

#define DELETE_WAIT 10000 /* ms */

bool cgroup_is_rootless(const struct facts *facts)
{
	return facts->euid != 0 || facts->in_user_namespace;
}

static bool may_leave_out(const struct facts *facts)
{
	return facts->rootless == ROOTLESS_AUTO ? cgroup_is_rootless(facts)
						: facts->rootless == ROOTLESS_TRUE;
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

static void hint_delegation(const struct facts *facts, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *place = cgroup_delegated_place(facts, &arena);

	if (place)
		fail_hint(err, "delegated to you is what is below \"%s\"", *place ? place : "/");
	else
		fail_hint(err, "no cgroup was delegated to you");
}

int cgroupfs_make_trees(struct cgroup *cgroup, const struct cgroup_writes *writes,
			struct error *err)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];
		struct error failure = { 0 };
		int result = tree_make(tree, cgroup->path, writes, &failure);

		if (is_forbidden(result) && may_leave_out(cgroup->facts) &&
		    !is_needed(cgroup, tree, writes)) {
			tree_unmake(tree, cgroup->path);
			tree_close(tree);
			tree->left_out = true;
		} else if (result < 0) {
			if (is_forbidden(result) && cgroup_is_rootless(cgroup->facts))
				hint_delegation(cgroup->facts, &failure);
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
			       const char *cache, struct arena *arena, struct error *err)
{
	struct device_program program;

	if (rules->everything && tree->made > 0)
		return 0;
	TRY(device_program_make(rules, arena, &program, err));
	return device_program_attach(&program, tree->dir, tree->made == 0, cache, err);
}

/* By --rootless true. */
static bool devices_left_out(const struct cgroup *cgroup)
{
	return may_leave_out(cgroup->facts) &&
	       !(controllers_mounted(cgroup->facts, "devices") ? tree_find(cgroup, "devices")
							       : tree_unified(cgroup));
}

int cgroupfs_restrict_devices(const struct cgroup *cgroup, const struct cgroup_request *request,
			      struct error *err)
{
	const struct spec_resources *resources = request->resources;
	auto_arena struct arena arena = { 0 };
	struct device_rules rules = { 0 };
	struct cgroup_writes writes;

	TRY(device_rules_make(resources, &arena, &rules, err));
	if (cgroup_is_rootless(cgroup->facts) || devices_left_out(cgroup))
		return 0; /* neither is allowed to it; it has no devices but the host's open ones */
	if (controllers_mounted(cgroup->facts, "devices")) {
		TRY(device_rules_plan(&rules, &arena, &writes, err));
		return writes_apply(cgroup, &writes, err);
	}
	if (tree_unified(cgroup))
		return restrict_by_program(tree_unified(cgroup), &rules, request->cache, &arena,
					   err);
	if (!resources || resources->devices.count == 0)
		return 0;
	fail(err, ENOENT, "this host has no cgroup controller \"devices\"");
	return fail_where(err, "linux.resources.devices");
}

static bool has_any_tree(const struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (!cgroup->trees[i].left_out)
			return true;
	return false;
}

int cgroupfs_make(struct cgroup *cgroup, const struct cgroup_request *request, struct error *err)
{
	TRY(cgroupfs_make_trees(cgroup, request->writes, err));
	TRY(check_unused(cgroup, err));
	TRY(writes_apply(cgroup, request->writes, err));
	if (tree_unified(cgroup))
		cgroup->unified_fd = tree_unified(cgroup)->dir;
	if (!has_any_tree(cgroup))
		cgroup_close(cgroup);
	return 0;
}

static int join_tree(struct cgroup_tree *tree, const char *path, const char *pid, bool may_miss,
		     struct error *err)
{
	int result;

	TRY(tree_open(tree, path, err));
	if (tree->dir < 0 && may_miss)
		return 0; /* was left out */
	result = tree->dir < 0 ? -ENOENT : file_write(tree->dir, "cgroup.procs", pid, NULL);
	if (result < 0)
		return fail_number(err, result, "write",
				   "cannot move process %s into the cgroup \"%s%s\"", pid,
				   tree->mountpoint, path);
	return 0;
}

int cgroupfs_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];

		if (tree->left_out || (tree->kind->unified && in_unified))
			continue;
		TRY(join_tree(tree, cgroup->path, number, may_leave_out(cgroup->facts), err));
	}
	return 0;
}

int cgroupfs_admit(struct cgroup *cgroup, pid_t pid, bool born_there,
		   const struct cgroup_request *request, struct error *err)
{
	return cgroupfs_join(cgroup, pid, born_there, err);
}

int cgroupfs_update(const struct cgroup *cgroup, const struct cgroup_request *request,
		    const struct cgroup_rest *rest, struct error *err)
{
	return writes_change(cgroup, request->writes, rest, err);
}

bool cgroupfs_remove_empty(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		if (!tree_remove_empty(&cgroup->trees[i], cgroup->path))
			return false;
	return true;
}

int cgroupfs_remove(struct cgroup *cgroup, struct error *err)
{
	int64_t deadline = clock_now() + DELETE_WAIT;
	int first = 0;

	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		int result = tree_remove(&cgroup->trees[i], cgroup->path, deadline,
					 first == 0 ? err : NULL);

		if (first == 0)
			first = result;
	}
	return first;
}

const struct cgroup_driver cgroup_driver_cgroupfs = {
	.name = "cgroupfs",
	.place = cgroupfs_place,
	.make = cgroupfs_make,
	.admit = cgroupfs_admit,
	.restrict_devices = cgroupfs_restrict_devices,
	.join = cgroupfs_join,
	.update = cgroupfs_update,
	.remove_empty = cgroupfs_remove_empty,
	.remove = cgroupfs_remove,
};

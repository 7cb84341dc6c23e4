/* cgroup.c -- a container's cgroup: one path, with a directory in every mounted hierarchy.
 *
 * What drivers do each in their way goes through their table. On a hybrid host v2 has no or few
 * controllers, but it names the container's processes, kills them at once and tells when the last
 * one is gone, for all hierarchies. */
#include "runtime/cgroup.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "driver.h"
#include "members.h"
#include "tree.h"

#define VALUE_MOST 64

static const struct cgroup_driver *const drivers[] = {
	&cgroup_driver_cgroupfs, /* the default */
	&cgroup_driver_systemd,
	&cgroup_driver_disabled,
};

static const struct cgroup_driver *driver_named(const char *name, struct error *err)
{
	if (!name)
		return drivers[0];
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		if (text_equal(drivers[i]->name, name))
			return drivers[i];
	fail(err, EINVAL, "there is no cgroup manager \"%s\"", name);
	return NULL;
}

int cgroup_place(const struct cgroup_wish *wish, const struct facts *facts, struct arena *arena,
		 struct cgroup_place *place, struct error *err)
{
	const struct cgroup_driver *driver = driver_named(wish->manager, err);

	*place = (struct cgroup_place){ .manager = wish->manager };
	if (!driver)
		return -EINVAL;
	if (facts->cgroup_layout == CGROUP_NONE)
		return 0;
	return driver->place(wish, facts, arena, place, err);
}

int cgroup_refuse_limits(const struct cgroup_place *place, const struct cgroup_writes *writes,
			 const struct facts *facts, struct error *err)
{
	if (driver_named(place->manager, NULL) == &cgroup_driver_disabled)
		return 0;
	for (size_t i = 0; i < writes->count; i++) {
		if (writes->items[i].optional)
			continue;
		if (facts->cgroup_layout == CGROUP_NONE)
			fail(err, ENOTSUP, "cannot set %s: this host has no cgroups",
			     writes->items[i].file);
		else
			fail(err, ENOTSUP, "cannot set %s: no cgroup was delegated to user %u",
			     writes->items[i].file, facts->euid);
		return fail_where(err, "%s", writes->items[i].where);
	}
	return 0;
}

static char *copy(const char *text)
{
	char *result = text ? strdup(text) : NULL;

	if (text && !result)
		abort();
	return result;
}

static int begin(const struct cgroup_place *place, const struct facts *facts, struct cgroup *cgroup,
		 struct error *err)
{
	*cgroup = (struct cgroup){
		.driver = driver_named(place->manager, err),
		.layout = facts->cgroup_layout,
		.facts = facts,
		.unified_fd = -1,
	};
	if (!cgroup->driver)
		return -EINVAL;
	if (!place->path)
		return 0;
	cgroup->path = copy(place->path);
	cgroup->unit = copy(place->unit);
	trees_list(facts, cgroup);
	return 0;
}

void cgroup_close(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		tree_close(&cgroup->trees[i]);
	free(cgroup->trees);
	free(cgroup->path);
	free(cgroup->unit);
	cgroup->trees = NULL;
	cgroup->tree_count = 0;
	cgroup->path = NULL;
	cgroup->unit = NULL;
	cgroup->unified_fd = -1;
}

static void unmake(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++)
		tree_unmake(&cgroup->trees[i], cgroup->path);
	cgroup_close(cgroup);
}

int cgroup_create(const struct cgroup_place *place, const struct cgroup_request *request,
		  const struct facts *facts, struct cgroup *cgroup, struct error *err)
{
	int result;

	TRY(begin(place, facts, cgroup, err));
	if (!cgroup->path || !cgroup->driver->make)
		return 0;
	result = cgroup->driver->make(cgroup, request, err);
	if (result < 0)
		unmake(cgroup);
	return result;
}

int cgroup_admit(struct cgroup *cgroup, pid_t pid, bool born_there,
		 const struct cgroup_request *request, struct error *err)
{
	return cgroup->path ? cgroup->driver->admit(cgroup, pid, born_there, request, err) : 0;
}

int cgroup_restrict_devices(const struct cgroup *cgroup, const struct cgroup_request *request,
			    struct error *err)
{
	if (!cgroup->path || !cgroup->driver->restrict_devices)
		return 0;
	return cgroup->driver->restrict_devices(cgroup, request, err);
}

int cgroup_open(const struct cgroup_place *place, const struct facts *facts, struct cgroup *cgroup,
		struct error *err)
{
	struct cgroup_tree *unified;
	int result;

	TRY(begin(place, facts, cgroup, err));
	unified = tree_unified(cgroup);
	if (!unified)
		return 0;
	result = tree_open(unified, place->path, err);
	if (result < 0)
		cgroup_close(cgroup);
	else
		cgroup->unified_fd = unified->dir;
	return result;
}

int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err)
{
	return cgroup->path ? cgroup->driver->join(cgroup, pid, in_unified, err) : 0;
}

int cgroup_update(const struct cgroup *cgroup, const struct cgroup_request *request,
		  const struct cgroup_rest *rest, struct error *err)
{
	if (cgroup->path)
		return cgroup->driver->update(cgroup, request, rest, err);
	return rest->change ? rest->change(rest->context, err) : 0;
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

const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena)
{
	const struct cgroup_tree *tree = tree_freezer(cgroup);

	return tree ? arena_format(arena, "%s%s", tree->mountpoint, cgroup->path) : NULL;
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

/* The topmost: thawing one below it does nothing. */
const char *cgroup_frozen_by(const struct cgroup *cgroup, struct arena *arena)
{
	struct cgroup_tree *tree = tree_find(cgroup, "freezer");
	const char *path = cgroup->path, *slash = path;

	if (!tree || tree_open(tree, path, NULL) < 0)
		return NULL;
	while (*slash) {
		auto_text struct text frozen = { 0 };
		const char *above;

		slash += 1 + strcspn(slash + 1, "/");
		above = arena_copy(arena, path, (size_t)(slash - path));
		if (file_read(tree->root, arena_format(arena, ".%s/freezer.self_freezing", above),
			      VALUE_MOST, &frozen, NULL) == 0 &&
		    text_starts(frozen.data, "1"))
			return arena_format(arena, "%s%s", tree->mountpoint, above);
	}
	return NULL;
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

/* What somebody has moved into directories of v1 alone, a hook for instance. */
static int kill_strays(const struct cgroup *cgroup, int known, struct error *err)
{
	for (unsigned i = 0; i < cgroup->tree_count; i++) {
		struct cgroup_tree *tree = &cgroup->trees[i];

		TRY(tree_open(tree, cgroup->path, err));
		if (tree->dir >= 0 && tree->dir != known)
			TRY(members_signal(tree->dir, SIGKILL, err));
	}
	return 0;
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
	if (signal != SIGKILL)
		return result;
	if (result == 0)
		result = kill_strays(cgroup, dir, err);
	cgroup_freeze(cgroup, false, NULL);
	return result;
}

bool cgroup_delete_empty(struct cgroup *cgroup)
{
	cgroup->unified_fd = -1;
	return !cgroup->path || cgroup->driver->remove_empty(cgroup);
}

int cgroup_delete(struct cgroup *cgroup, struct error *err)
{
	cgroup->unified_fd = -1;
	return cgroup->path ? cgroup->driver->remove(cgroup, err) : 0;
}

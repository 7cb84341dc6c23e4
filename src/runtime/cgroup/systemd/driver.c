/* driver.c -- the driver that has systemd make the container's cgroup: a transient scope, or a
 * slice where cgroupsPath names one.
 *
 * A scope is made of processes, so it comes after the container's first one, which waits until it
 * has been moved there. systemd keeps the unit's own cgroup: whatever limits it knows it must know,
 * or it would undo them at the next reload. What it does not know is written into the kernel's
 * files afterwards, as is everything once more, since systemd rounds. Delegate= leaves all that is
 * below to the container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../controllers.h"
#include "../driver.h"
#include "../tree.h"
#include "../writes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "bus.h"
#include "runtime/spec_annotations.h"
#include "unit.h"

#define SUBGROUP_ANNOTATION ANNOTATION_SYSTEMD_SUBGROUP
#define MEMBERSHIP_MOST     65536

/* Whose systemd is it? Asked here, since not every verb gathers these facts. */
static bool is_of_user(void)
{
	return geteuid() != 0 || facts_in_user_namespace();
}

/* ---- the place ------------------------------------------------------------------------------- */

/* The manager of a user's session is not at the top of the cgroups. */
static int find_base(bool of_user, struct arena *arena, char **base, struct error *err)
{
	auto_bus struct bus bus = { 0 };

	*base = arena_string(arena, "");
	if (!of_user)
		return 0;
	TRY(bus_open(true, &bus, err));
	return bus_manager_cgroup(&bus, arena, base, err);
}

/* run.oci.systemd.subgroup: a cgroup below the unit's own, "" for none. */
static int find_subgroup(const struct string_map *annotations, const char **name, struct error *err)
{
	const char *value = annotations ? string_map_get(annotations, SUBGROUP_ANNOTATION) : NULL;

	*name = value ? value : "";
	if (strchr(*name, '/') || text_equal(*name, ".") || text_equal(*name, "..")) {
		fail(err, EINVAL, "\"%s\" is no name of a cgroup", *name);
		return fail_where(err, "annotations[\"" SUBGROUP_ANNOTATION "\"]");
	}
	return 0;
}

static int systemd_place(const struct cgroup_wish *wish, const struct facts *facts,
			 struct arena *arena, struct cgroup_place *place, struct error *err)
{
	bool of_user = is_of_user();
	struct unit_name name;
	const char *subgroup;
	char *base;

	TRY(unit_name_parse(wish->cgroups_path, wish->id, of_user ? "user.slice" : "system.slice",
			    arena, &name, err));
	TRY(find_subgroup(wish->annotations, &subgroup, err));
	TRY(find_base(of_user, arena, &base, err));
	place->unit = arena_string(arena, name.unit);
	place->path =
		arena_format(arena, "%s%s%s%s", base, name.path, *subgroup ? "/" : "", subgroup);
	return 0;
}

/* Behind the unit's own part of the path: "" or "/subgroup". */
static const char *below_unit(const struct cgroup *cgroup)
{
	size_t length = strlen(cgroup->unit);
	const char *found = cgroup->path, *end = cgroup->path + strlen(cgroup->path);

	while ((found = strstr(found, cgroup->unit)) != NULL) {
		const char *behind = found + length;

		if (found[-1] == '/' && (*behind == '\0' || *behind == '/'))
			return behind;
		found = behind;
	}
	return end;
}

/* The slice that the unit is in, as the path has it. */
static const char *slice_of(const struct cgroup *cgroup, struct arena *arena)
{
	size_t length = (size_t)(below_unit(cgroup) - cgroup->path) - strlen(cgroup->unit) - 1;
	char *above = arena_copy(arena, cgroup->path, length), *name = strrchr(above, '/');

	return name && unit_is_slice(name + 1) ? name + 1 : "-.slice";
}

/* ---- making ---------------------------------------------------------------------------------- */

static void add_switches(struct properties *list, struct arena *arena)
{
	static const char *const switches[] = { "CPUAccounting", "MemoryAccounting", "IOAccounting",
						"TasksAccounting" };

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		struct property *property = property_add(list, arena, switches[i], "b");

		property->optional = true; /* always on, or with another name, as versions go */
		property_number(property, arena, true);
	}
}

static void add_basics(const struct cgroup *cgroup, pid_t pid, struct arena *arena,
		       struct properties *list)
{
	property_text(property_add(list, arena, "Description", "s"), arena,
		      arena_format(arena, "coffer container %s", cgroup->unit));
	property_number(property_add(list, arena, "DefaultDependencies", "b"), arena, false);
	/* Nobody has to clean up after one that failed. */
	property_add(list, arena, "CollectMode", "s")->optional = true;
	property_text(&list->items[list->count - 1], arena, "inactive-or-failed");
	add_switches(list, arena);
	if (unit_is_slice(cgroup->unit))
		return;
	property_text(property_add(list, arena, "Slice", "s"), arena, slice_of(cgroup, arena));
	property_number(property_add(list, arena, "Delegate", "b"), arena, true);
	property_number(property_add(list, arena, "PIDs", "au"), arena, (uint64_t)pid);
}

/* On v1 systemd writes the devices it allows into the kernel's list: it must have ours. On v2 it
 * has a program of its own, and ours stays beside it whatever it does. */
static int add_devices(const struct cgroup *cgroup, const struct cgroup_request *request,
		       struct arena *arena, struct properties *list, struct error *err)
{
	struct device_rules rules = { 0 };

	if (!controllers_mounted(cgroup->facts, "devices") || cgroup_is_rootless(cgroup->facts))
		return 0;
	TRY(device_rules_make(request->resources, arena, &rules, err));
	properties_of_devices(&rules, arena, list);
	return 0;
}

static int start_unit(const struct cgroup *cgroup, pid_t pid, const struct cgroup_request *request,
		      struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_bus struct bus bus = { 0 };
	struct properties list = { 0 };

	add_basics(cgroup, pid, &arena, &list);
	properties_of_writes(request->writes, &arena, &list);
	TRY(add_devices(cgroup, request, &arena, &list, err));
	TRY(properties_of_annotations(request->annotations, &arena, &list, err));
	TRY(bus_open(is_of_user(), &bus, err));
	return unit_start(&bus, cgroup->unit, &list, err);
}

/* Without an answer the directories are removed all the same: a unit without processes goes by
 * itself. */
static int stop_unit(const struct cgroup *cgroup, struct error *err)
{
	auto_bus struct bus bus = { 0 };
	struct error failure = { 0 };
	char line[1024];

	if (bus_open(is_of_user(), &bus, &failure) == 0)
		return unit_stop(&bus, cgroup->unit, err);
	error_format(&failure, line, sizeof(line));
	log_warning("the unit %s is left to systemd: %s", cgroup->unit, line);
	return 0;
}

/* Where the process is now, by the line of v2 or of systemd's own hierarchy. */
static char *membership(pid_t pid, struct arena *arena)
{
	auto_text struct text text = { 0 };
	const char *file = arena_format(arena, "/proc/%d/cgroup", pid);
	struct strings lines;

	if (file_read(AT_FDCWD, file, MEMBERSHIP_MOST, &text, NULL) < 0)
		return NULL;
	lines = strings_split(text.data, '\n', arena);
	for (size_t i = 0; i < lines.count; i++) {
		char *line = strchr(lines.items[i], ':');

		if (line &&
		    (text_starts(lines.items[i], "0::/") || text_starts(line, ":name=systemd:/")))
			return strchr(line + 1, ':') + 1;
	}
	return NULL;
}

/* systemd may be in a cgroup of its own, and the path begin there. */
static int find_path(struct cgroup *cgroup, pid_t pid, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *unit = arena_format(&arena, "/%s", cgroup->unit);
	const char *now = membership(pid, &arena);
	char *path = NULL;

	if (!text_ends(now, unit))
		return fail(err, EIO,
			    "systemd did not move the container into the unit %s: it is in \"%s\"",
			    cgroup->unit, now ? now : "no cgroup");
	if (asprintf(&path, "%s%s", now, below_unit(cgroup)) < 0)
		abort();
	free(cgroup->path);
	cgroup->path = path;
	return 0;
}

/* On v2 a cgroup passes on controllers only when it has no process of its own, so the process is
 * moved below the unit before anything else is done there. */
static int enter_below(struct cgroup *cgroup, pid_t pid, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct cgroup_tree *unified = tree_unified(cgroup);
	const char *below = below_unit(cgroup), *number = arena_format(&arena, "%d", pid);
	const char *unit = arena_copy(&arena, cgroup->path, (size_t)(below - cgroup->path));
	auto_close int dir = -1;

	if (!*below || !unified)
		return 0;
	TRY(tree_open(unified, unit, err));
	dir = take_fd(&unified->dir);
	if (dir < 0 || (mkdirat(dir, below + 1, 0755) < 0 && errno != EEXIST))
		return fail_call(err, "mkdir", "cannot make the cgroup \"%s%s\"",
				 unified->mountpoint, cgroup->path);
	return file_write(dir, arena_format(&arena, "%s/cgroup.procs", below + 1), number, err);
}

/* What systemd leaves to others: v1 hierarchies that it has no use for, a cgroup below the unit. */
static int enter(struct cgroup *cgroup, pid_t pid, const struct cgroup_request *request,
		 struct error *err)
{
	TRY(enter_below(cgroup, pid, err));
	TRY(cgroupfs_make_trees(cgroup, request->writes, err));
	return cgroupfs_join(cgroup, pid, true, err);
}

static int systemd_make(struct cgroup *cgroup, const struct cgroup_request *request,
			struct error *err)
{
	int result;

	if (!unit_is_slice(cgroup->unit))
		return 0; /* comes with its process */
	TRY(start_unit(cgroup, 0, request, err));
	result = cgroupfs_make(cgroup, request, err);
	if (result < 0)
		stop_unit(cgroup, NULL);
	return result;
}

static int systemd_admit(struct cgroup *cgroup, pid_t pid, bool born_there,
			 const struct cgroup_request *request, struct error *err)
{
	int result;

	if (unit_is_slice(cgroup->unit))
		return cgroupfs_admit(cgroup, pid, born_there, request, err);
	result = start_unit(cgroup, pid, request, err);
	if (result < 0) {
		/* What has this name may be somebody else's, and is not to be undone; what was
		 * started with our process ends with it. */
		cgroup_close(cgroup);
		return result;
	}
	TRY(find_path(cgroup, pid, err));
	TRY(enter(cgroup, pid, request, err));
	if (tree_unified(cgroup))
		cgroup->unified_fd = tree_unified(cgroup)->dir;
	return writes_apply(cgroup, request->writes, err);
}

/* ---- changing -------------------------------------------------------------------------------- */

struct unit_change {
	const struct cgroup *cgroup;
	const struct cgroup_request *request;
	const struct cgroup_rest *rest;
	struct bus bus;
	struct properties properties;
};

/* The unit's properties last: what was there before is not known. */
static int change_unit(void *context, struct error *err)
{
	struct unit_change *change = context;

	if (change->rest->change)
		TRY(change->rest->change(change->rest->context, err));
	TRY(unit_set(&change->bus, change->cgroup->unit, &change->properties, err));
	return writes_apply(change->cgroup, change->request->writes, err);
}

/* The files first, since they refuse what cannot be and nothing is changed then; and once more
 * after systemd rounded. */
static int systemd_update(const struct cgroup *cgroup, const struct cgroup_request *request,
			  const struct cgroup_rest *rest, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct unit_change change = { .cgroup = cgroup, .request = request, .rest = rest };
	const struct cgroup_rest with_unit = { change_unit, &change };
	int result;

	properties_of_writes(request->writes, &arena, &change.properties);
	if (change.properties.count == 0)
		return cgroupfs_update(cgroup, request, rest, err);
	TRY(bus_open(is_of_user(), &change.bus, err));
	result = cgroupfs_update(cgroup, request, &with_unit, err);
	bus_close(&change.bus);
	return result;
}

/* A user may not move processes from one part of the cgroups to another: systemd may. */
static int systemd_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err)
{
	auto_bus struct bus bus = { 0 };
	struct error failure = { 0 };
	int result = cgroupfs_join(cgroup, pid, in_unified, &failure);

	if ((result == -EACCES || result == -EPERM) && is_of_user()) {
		TRY(bus_open(true, &bus, err));
		return unit_attach(&bus, cgroup->unit, below_unit(cgroup), pid, err);
	}
	if (result < 0 && err)
		*err = failure;
	return result;
}

/* ---- removing -------------------------------------------------------------------------------- */

static bool systemd_remove_empty(struct cgroup *cgroup)
{
	return false; /* the unit goes first */
}

static int systemd_remove(struct cgroup *cgroup, struct error *err)
{
	char *below = cgroup->path + (below_unit(cgroup) - cgroup->path);

	TRY(stop_unit(cgroup, err));
	if (*below) {
		TRY(cgroupfs_remove(cgroup, err));
		*below = '\0';
	}
	return cgroupfs_remove(cgroup, err);
}

const struct cgroup_driver cgroup_driver_systemd = {
	.name = "systemd",
	.place = systemd_place,
	.make = systemd_make,
	.admit = systemd_admit,
	.restrict_devices = cgroupfs_restrict_devices,
	.join = systemd_join,
	.update = systemd_update,
	.remove_empty = systemd_remove_empty,
	.remove = systemd_remove,
};

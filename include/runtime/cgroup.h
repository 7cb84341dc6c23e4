/* cgroup.h -- control groups: v1, v2, hybrid; made by one of the drivers that --cgroup-manager
 * names: cgroupfs (coffer itself) or disabled (none at all). What a driver does differently is a
 * table of functions, src/runtime/cgroup/driver.h; everything else is the same for all. */
#ifndef RUNTIME_CGROUP_H
#define RUNTIME_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/facts.h"
#include "runtime/spec.h"

/* One write into the container's cgroup, made by the resource rows: pure, golden-tested. */
struct cgroup_write {
	const char *controller; /* v1: "memory"; v2: "" */
	const char *file;       /* "memory.max" */
	const char *value;
	const char *where; /* "linux.resources.memory.limit" */
	const char *reset; /* of a file with one line a key ("8:0 ..."): what takes this key's line
			      away; NULL: the file holds one value */
	bool optional;     /* a missing file is no error (the specification, or runc, says so) */
	bool or_next;      /* where the file is missing the next write is made instead; where it is
			      there the next one is left out */
	bool check;        /* nothing is written: it fails when the file's number is above value */
};

struct cgroup_writes {
	struct cgroup_write *items;
	size_t count;
};

/* What is asked for. */
struct cgroup_wish {
	const char *manager;      /* --cgroup-manager; NULL: cgroupfs */
	const char *cgroups_path; /* linux.cgroupsPath; NULL: the driver's default */
	const char *id;
	const struct string_map *annotations;
};

/* Where a container's cgroup is, and who made it: kept in state.json. */
struct cgroup_place {
	const char *manager; /* NULL: cgroupfs */
	char *path;          /* "/coffer/ID", below every mount point; NULL: there is no cgroup */
	char *unit;          /* of a service manager, or NULL */
};

/* Decide the place; strings are the wish's or in the arena. place->path is NULL on a host without
 * cgroups, and for --cgroup-manager disabled. A manager that there is none of is -EINVAL.
 *
 * cgroupfs: cgroupsPath cleaned and made absolute below the mount points; absent: "/coffer/ID" for
 * root (never below the caller's own cgroup). ".." cannot leave the mount point; the mount point
 * itself is refused. A rootless caller's relative or absent path is below the place that was
 * delegated to it (v2: its own cgroup's parent, or its own), NULL where there is none. */
int cgroup_place(const struct cgroup_wish *wish, const struct facts *facts, struct arena *arena,
		 struct cgroup_place *place, struct error *err);

/* The writes for linux.resources on this layout, in the order they must happen. `devices` is not
 * among them: cgroup_create sees to it. resources may be NULL. Settings that this layout does not
 * have are left out with a warning where runc does so. A host without cgroups counts as v2. */
int cgroup_plan(const struct spec_resources *resources, const struct facts *facts,
		struct arena *arena, struct cgroup_writes *writes, struct error *err);

/* There will be no cgroup (place->path is NULL): -ENOTSUP, and why, when one of the writes is
 * needed, unless none was wanted (--cgroup-manager disabled). */
int cgroup_refuse_limits(const struct cgroup_place *place, const struct cgroup_writes *writes,
			 const struct facts *facts, struct error *err);

/* What the container's cgroup is to be like. */
struct cgroup_request {
	const struct spec_resources *resources; /* may be NULL */
	const struct cgroup_writes *writes;     /* of these, by cgroup_plan */
	const struct string_map *annotations;   /* may be NULL */
	const char *cache; /* directory to note what is loaded into the kernel, or NULL */
};

struct cgroup_driver;
struct cgroup_tree;

/* A container's cgroup as later verbs find it again from state.json. The facts outlive it. */
struct cgroup {
	const struct cgroup_driver *driver;
	char *path; /* "/coffer/ID"; NULL: none, and all that follows does nothing */
	char *unit; /* of a service manager, or NULL */
	enum cgroup_layout layout;
	const struct facts *facts;
	struct cgroup_tree *trees; /* its directory in every mounted hierarchy */
	unsigned tree_count;
	int unified_fd; /* v2 directory, O_PATH-less (usable for CLONE_INTO_CGROUP); or -1 */
};

/* Make it, before its first process: the directories (v2: controllers are enabled on the way down)
 * with the limits set; a driver that needs the process first makes it in cgroup_admit. A directory
 * that is already there and has processes, or is frozen, is refused with runc's words. On failure
 * nothing that was made here is left, and `cgroup` is closed. Rootless: hierarchies that the caller
 * may not write are left out as long as no limit of theirs was asked for; when all are,
 * cgroup->path is NULL. */
int cgroup_create(const struct cgroup_place *place, const struct cgroup_request *request,
		  const struct facts *facts, struct cgroup *cgroup, struct error *err);

/* Take in the container's first process, which has not run anything of the container yet.
 * born_there: the clone put it into cgroup->unified_fd. Afterwards all hierarchies have it and all
 * limits hold. */
int cgroup_admit(struct cgroup *cgroup, pid_t pid, bool born_there,
		 const struct cgroup_request *request, struct error *err);

/* The specification's "Cgroup ownership": on v2, with a new cgroup namespace and the cgroups
 * mounted writable, the cgroup is to belong to the host's user that the container's program is.
 * False: it stays as it is. */
bool cgroup_owner(const struct spec *spec, const struct facts *facts, uint32_t *owner);
/* Do so, behind cgroup_admit; of the files only those that the kernel lists as delegatable. */
int cgroup_give(const struct cgroup *cgroup, const struct spec *spec, struct error *err);

/* Restrict devices, before anything of the container runs; a function of its own because the kernel
 * takes its time over a program, during which the first process can boot. Without rules the default
 * devices alone are allowed. */
int cgroup_restrict_devices(const struct cgroup *cgroup, const struct cgroup_request *request,
			    struct error *err);

/* Find an existing one. place->path NULL, or no such directory (any more), is success: killing and
 * deleting then do nothing, joining is -ENOENT. */
int cgroup_open(const struct cgroup_place *place, const struct facts *facts, struct cgroup *cgroup,
		struct error *err);

/* The hierarchies that have the cgroup, by their controllers as in /proc/PID/cgroup ("" is v2), in
 * the arena. cgroup NULL: that is yet to be made. */
struct strings cgroup_hierarchies(const struct facts *facts, const struct cgroup *cgroup,
				  struct arena *arena);
/* -ENODEV: one of them is not mounted here, so that the cgroup in it is neither found nor gone. */
int cgroup_check_seen(const struct strings *hierarchies, const struct facts *facts,
		      struct error *err);

/* Move another process into every v1 hierarchy, writes back to back (and into v2 when it was not
 * born there: in_unified false). */
int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err);

/* `exec --cgroup`: from now on the cgroup is what these choices name below the container's own:
 * "PATH" alone, for all hierarchies; or "CONTROLLER[,CONTROLLER…]:PATH", v1 only, any number of
 * them. -EINVAL for another form, an unknown controller, a path that leads out. */
int cgroup_choose(struct cgroup *cgroup, const struct strings *choices, struct error *err);

/* There was one, and no hierarchy has it any more. */
bool cgroup_gone(const struct cgroup *cgroup);
/* From now on the cgroup is where this process is, in all hierarchies. */
int cgroup_follow(struct cgroup *cgroup, pid_t pid, struct error *err);

/* Make the cgroup `name` below, the user's where owner is not NULL, and move the process there.
 * v2 only; -ENOTSUP where there is none. */
int cgroup_move_below(const struct cgroup *cgroup, const char *name, pid_t pid,
		      const uint32_t *owner, struct error *err);

/* What else belongs to a change of limits: done when they are set; when it fails they are taken
 * back. */
struct cgroup_rest {
	int (*change)(void *context, struct error *err); /* NULL: nothing */
	void *context;
};

/* Set limits of a running container, and do the rest; all is undone when a part fails. A write that
 * the kernel refuses as long as another one is not made (a limit above its memory+swap limit, a
 * burst above its quota) is repeated after the others. */
int cgroup_update(const struct cgroup *cgroup, const struct cgroup_request *request,
		  const struct cgroup_rest *rest, struct error *err);

/* Host pids of all processes in it and below. */
int cgroup_pids(const struct cgroup *cgroup, struct arena *arena, pid_t **pids, size_t *count,
		struct error *err);

/* Freeze or thaw, waited for (cgroup.events; v1 freezer.state). -ENOTSUP: no freezer. A cgroup
 * that does not become frozen is thawed again: -EBUSY. */
int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct error *err);
/* The directory whose freezer that is, in the arena; NULL: none. */
const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena);
int cgroup_frozen(const struct cgroup *cgroup, bool *frozen, struct error *err);

/* The directory of v1's freezer, its own or one above it, that somebody froze, in the arena: what
 * is in there does not die of SIGKILL. NULL: none. */
const char *cgroup_frozen_by(const struct cgroup *cgroup, struct arena *arena);

/* Signal every process in it and below; SIGKILL by cgroup.kill where there, also what is in one of
 * the hierarchies only, and then thawed, for a process that is frozen on v1 does not die. */
int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *err);

/* Remove it if that goes at once, because nobody is in it; true: nothing of it is left. */
bool cgroup_delete_empty(struct cgroup *cgroup);

/* Remove it with everything below, from every hierarchy that lets it go; of failures the first is
 * told. Waits on events for dying processes, never sleeps; also what the driver knows of it besides
 * directories. Absent is success. Processes that live on are not killed: -EBUSY after ten seconds.
 */
int cgroup_delete(struct cgroup *cgroup, struct error *err);

/* Close descriptors and free; harmless on { .unified_fd = -1 } and when repeated. */
void cgroup_close(struct cgroup *cgroup);

#endif

/* cgroup.h -- control groups by cgroupfs: v1, v2, hybrid. */
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
	bool optional;     /* a missing file is no error (the specification says so) */
};

struct cgroup_writes {
	struct cgroup_write *items;
	size_t count;
};

/* Where the container's cgroup is: cgroupsPath cleaned and made absolute below the mount points;
 * absent: "/coffer/ID" for root (never below the caller's own cgroup), NULL for a rootless caller
 * without a delegated cgroup. ".." cannot leave the mount point. In the arena. */
int cgroup_path(const char *cgroups_path, const char *id, const struct facts *facts,
		struct arena *arena, char **path, struct error *err);

/* The writes for linux.resources on this layout, in the order they must happen. */
int cgroup_plan(const struct spec_resources *resources, const struct facts *facts,
		struct arena *arena, struct cgroup_writes *writes, struct error *err);

/* A container's cgroup as later verbs find it again from state.json. */
struct cgroup {
	char *path; /* "/coffer/ID"; NULL: none */
	enum cgroup_layout layout;
	const struct facts *facts;
	int unified_fd; /* v2 directory, O_PATH-less (usable for CLONE_INTO_CGROUP); or -1 */
};

/* Make the directories (v2: enable controllers on the way down) and set the limits. A directory
 * that is already there and has processes, or is frozen, is refused with runc's words. On failure
 * nothing that was made here is left. */
int cgroup_create(const char *path, const struct cgroup_writes *writes,
		  const struct spec_resources *resources, const struct facts *facts,
		  struct cgroup *cgroup, struct error *err);

/* Find an existing one. */
int cgroup_open(const char *path, const struct facts *facts, struct cgroup *cgroup,
		struct error *err);

/* Move `pid` into every v1 hierarchy, writes back to back (and into v2 when it was not born
 * there: in_unified false). */
int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err);

/* Set limits of a running container; earlier writes are undone when one fails. */
int cgroup_update(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		  struct error *err);

/* Host pids of all processes in it and below. */
int cgroup_pids(const struct cgroup *cgroup, struct arena *arena, pid_t **pids, size_t *count,
		struct error *err);

/* Freeze or thaw, waited for (cgroup.events; v1 freezer.state). -ENOTSUP: no freezer. */
int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct error *err);
int cgroup_frozen(const struct cgroup *cgroup, bool *frozen, struct error *err);

/* Signal every process in it; SIGKILL by cgroup.kill where there. */
int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *err);

/* Remove it with everything below; waits on events for dying processes, never sleeps. Absent is
 * success. */
int cgroup_delete(struct cgroup *cgroup, struct error *err);

void cgroup_close(struct cgroup *cgroup);

#endif

/* driver.h -- the drivers: what making, changing and removing a cgroup is to whoever manages the
 * host's cgroups. Finding, freezing, signalling and reading are the same for all (cgroup.c). */
#ifndef CGROUP_DRIVER_H
#define CGROUP_DRIVER_H

#include "runtime/cgroup.h"

/* Contracts as in runtime/cgroup.h, where each has its front door. `place` is called first and
 * decides whether there is a cgroup at all; the others are called for one that has a path. NULL:
 * there is nothing to do. */
struct cgroup_driver {
	const char *name; /* --cgroup-manager NAME */
	int (*place)(const struct cgroup_wish *wish, const struct facts *facts, struct arena *arena,
		     struct cgroup_place *place, struct error *err);
	int (*make)(struct cgroup *cgroup, const struct cgroup_request *request, struct error *err);
	int (*admit)(struct cgroup *cgroup, pid_t pid, bool born_there,
		     const struct cgroup_request *request, struct error *err);
	int (*restrict_devices)(const struct cgroup *cgroup, const struct cgroup_request *request,
				struct error *err);
	int (*join)(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err);
	int (*update)(const struct cgroup *cgroup, const struct cgroup_request *request,
		      const struct cgroup_rest *rest, struct error *err);
	/* Every process was signalled; true: nothing of it is left, without waiting. */
	bool (*remove_empty)(struct cgroup *cgroup);
	int (*remove)(struct cgroup *cgroup, struct error *err);
};

extern const struct cgroup_driver cgroup_driver_cgroupfs, cgroup_driver_systemd,
	cgroup_driver_disabled;

/* What coffer itself does in cgroupfs, for drivers that leave a part to it. */
int cgroupfs_place(const struct cgroup_wish *wish, const struct facts *facts, struct arena *arena,
		   struct cgroup_place *place, struct error *err);
int cgroupfs_make(struct cgroup *cgroup, const struct cgroup_request *request, struct error *err);
int cgroupfs_admit(struct cgroup *cgroup, pid_t pid, bool born_there,
		   const struct cgroup_request *request, struct error *err);
int cgroupfs_restrict_devices(const struct cgroup *cgroup, const struct cgroup_request *request,
			      struct error *err);
int cgroupfs_join(const struct cgroup *cgroup, pid_t pid, bool in_unified, struct error *err);
int cgroupfs_update(const struct cgroup *cgroup, const struct cgroup_request *request,
		    const struct cgroup_rest *rest, struct error *err);
/* The directories alone, those that are there already too, without limits. */
int cgroupfs_make_trees(struct cgroup *cgroup, const struct cgroup_writes *writes,
			struct error *err);
bool cgroupfs_remove_empty(struct cgroup *cgroup);
int cgroupfs_remove(struct cgroup *cgroup, struct error *err);

/* Not root of the initial user namespace: what may be written was delegated. */
bool cgroup_is_rootless(const struct facts *facts);
/* The path of the v2 cgroup that was delegated to a rootless caller, or NULL. */
char *cgroup_delegated_place(const struct facts *facts, struct arena *arena);

#endif

/* place.h -- a container's cgroup, as state.json knows it. */
#ifndef LIFECYCLE_PLACE_H
#define LIFECYCLE_PLACE_H

#include "runtime/cgroup.h"
#include "runtime/state.h"

struct cgroup_place container_place(const struct container_state *state);

/* As cgroup_open, which see: a container without one is success. The facts outlive the cgroup. */
int container_open_cgroup(const struct container_state *state, const struct facts *facts,
			  struct cgroup *cgroup, struct error *err);
/* The same for whoever is to reach all that is in it, or to remove it: -ENODEV where it cannot be
 * seen, see cgroup_check_seen. */
int container_find_cgroup(const struct container_state *state, const struct facts *facts,
			  struct cgroup *cgroup, struct error *err);
int container_check_seen(const struct container_state *state, const struct facts *facts,
			 struct error *err);

#endif

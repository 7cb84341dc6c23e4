/* remove.h -- remove a container that is held. */
#ifndef LIFECYCLE_REMOVE_H
#define LIFECYCLE_REMOVE_H

#include "runtime/cgroup.h"
#include "runtime/state.h"

/* Its processes (force: whatever it does; else only a created or stopped container), its cgroup,
 * the poststop hooks, its state last. The lock is held; `cgroup` is the container's, or NULL to
 * find it by the facts. */
int container_remove(struct container *container, struct cgroup *cgroup, bool force,
		     const struct facts *facts, struct error *err);

#endif

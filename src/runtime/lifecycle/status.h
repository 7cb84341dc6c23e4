/* status.h -- a container's status with its freezer asked. */
#ifndef LIFECYCLE_STATUS_H
#define LIFECYCLE_STATUS_H

#include "runtime/cgroup.h"
#include "runtime/state.h"

/* As state_status, and "paused" for a container whose cgroup is frozen. `facts` of this host. */
int container_status_now(const struct container *container, const struct facts *facts,
			 enum container_status *status, struct error *err);
/* And as state_look. */
int container_look_now(const struct container *container, const struct facts *facts,
		       enum container_status *status, int *pidfd, struct error *err);

#endif

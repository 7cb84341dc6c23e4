/* writes.h -- make planned writes in a container's cgroup. */
#ifndef CGROUP_WRITES_H
#define CGROUP_WRITES_H

#include "runtime/cgroup.h"

/* Make them in order; undo: when one fails those that were made are taken back. */
int writes_apply(const struct cgroup *cgroup, const struct cgroup_writes *writes, bool undo,
		 struct error *err);

#endif

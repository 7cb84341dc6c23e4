/* writes.h -- make planned writes in a container's cgroup. */
#ifndef CGROUP_WRITES_H
#define CGROUP_WRITES_H

#include "runtime/cgroup.h"

/* Make them in order. */
int writes_apply(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		 struct error *err);
/* And do the rest; when anything fails those that were made are taken back. */
int writes_change(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		  const struct cgroup_rest *rest, struct error *err);

#endif

/* subgroup.h -- a cgroup below the container's own for its program. */
#ifndef LIFECYCLE_SUBGROUP_H
#define LIFECYCLE_SUBGROUP_H

#include "birth.h"

/* The annotation run.oci.delegate-cgroup is absent, or leads out of nowhere. */
int subgroup_check(const struct spec *spec, struct error *err);

/* The container is made, and has its cgroup namespace: move it below, where that is asked for; the
 * cgroup is the user's that the container's own cgroup was given to. */
int subgroup_enter(const struct birth *birth, struct error *err);

#endif

/* filter.h -- a container's seccomp filter: compiled at create, kept for exec. */
#ifndef LIFECYCLE_FILTER_H
#define LIFECYCLE_FILTER_H

#include "birth.h"

/* Fill birth->filter, and the agent of the container's state. */
int filter_compile(struct birth *birth, struct error *err);

/* In the container's directory, as seccomp(2) takes it; without a filter nothing. */
int filter_save(struct container *container, const struct plan_filter *filter, struct error *err);
int filter_load(const struct container *container, struct arena *arena, struct plan_filter *filter,
		struct error *err);

#endif

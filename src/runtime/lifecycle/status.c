/* status.c -- what a container is doing: its process, its start socket, its freezer. */
#include "status.h"

#include "base/own.h"
#include "place.h"

int container_look_now(const struct container *container, const struct facts *facts,
		       enum container_status *status, int *pidfd, struct error *err)
{
	struct cgroup cgroup = { .unified_fd = -1 };
	bool frozen = false;
	int result;

	TRY(state_look(container, status, pidfd, err));
	if ((*status != STATUS_RUNNING && *status != STATUS_CREATED) ||
	    !container->state.cgroup_path)
		return 0;
	result = container_open_cgroup(&container->state, facts, &cgroup, err);
	if (result == 0)
		cgroup_frozen(&cgroup, &frozen, NULL); /* no freezer: never paused */
	cgroup_close(&cgroup);
	if (frozen)
		*status = STATUS_PAUSED;
	return result;
}

int container_status_now(const struct container *container, const struct facts *facts,
			 enum container_status *status, struct error *err)
{
	auto_close int pidfd = -1;

	return container_look_now(container, facts, status, &pidfd, err);
}

/* place.c -- find a container's cgroup again. */
#include "place.h"

struct cgroup_place container_place(const struct container_state *state)
{
	return (struct cgroup_place){
		.manager = state->cgroup_manager,
		.path = state->cgroup_path,
		.unit = state->cgroup_unit,
	};
}

int container_open_cgroup(const struct container_state *state, const struct facts *facts,
			  struct cgroup *cgroup, struct error *err)
{
	struct cgroup_place place = container_place(state);

	return cgroup_open(&place, facts, cgroup, err);
}

int container_check_seen(const struct container_state *state, const struct facts *facts,
			 struct error *err)
{
	return state->cgroup_path ? cgroup_check_seen(&state->cgroup_hierarchies, facts, err) : 0;
}

int container_find_cgroup(const struct container_state *state, const struct facts *facts,
			  struct cgroup *cgroup, struct error *err)
{
	TRY(container_check_seen(state, facts, err));
	return container_open_cgroup(state, facts, cgroup, err);
}

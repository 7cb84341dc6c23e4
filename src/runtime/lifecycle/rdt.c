/* rdt.c -- a container's resctrl group on its way through state.json. */
#include "rdt.h"

#include <errno.h>

static struct resctrl_group group_of(const struct container_state *state)
{
	return (struct resctrl_group){
		.path = state->resctrl_group,
		.monitor = state->resctrl_monitor,
		.own = state->resctrl_own,
	};
}

static int record(struct container *container, const struct resctrl_group *group, struct error *err)
{
	struct container_state *state = &container->state;

	state->resctrl_group = group->path;
	state->resctrl_monitor = group->monitor;
	state->resctrl_own = group->own;
	return state_save(container, err);
}

int rdt_make(struct container *container, const struct spec_intel_rdt *rdt, struct arena *arena,
	     struct resctrl_group *group, struct error *err)
{
	char *root;

	*group = (struct resctrl_group){ .path = NULL };
	if (!rdt)
		return 0;
	TRY(resctrl_root(arena, &root, err));
	TRY(resctrl_place(root, rdt, container->id, arena, group, err));
	TRY(record(container, group, err));
	return resctrl_make(root, rdt, group, err);
}

int rdt_enter(const struct container_state *state, pid_t pid, struct error *err)
{
	struct resctrl_group group = group_of(state);

	return group.path ? resctrl_enter(&group, pid, err) : 0;
}

int rdt_remove(const struct container_state *state, struct error *err)
{
	struct resctrl_group group = group_of(state);

	return resctrl_remove(&group, false, err);
}

/* As runc: a container that has no group gets one of its own; what it has started already stays
 * outside. */
static int make_late(struct container *container, struct arena *arena, struct error *err)
{
	const struct spec_intel_rdt any = { .clos_id = NULL };
	struct resctrl_group group;

	if (container->state.pid == 0)
		return fail(err, ESRCH, "container not running");
	TRY(rdt_make(container, &any, arena, &group, err));
	return rdt_enter(&container->state, container->state.pid, err);
}

int rdt_update(struct container *container, const struct spec_intel_rdt *schemas,
	       struct arena *arena, struct error *err)
{
	struct resctrl_group group;

	if (!schemas || (!schemas->l3_cache_schema && !schemas->mem_bw_schema))
		return 0;
	TRY(spec_check_intel_rdt(schemas, "linux.intelRdt", err));
	if (!container->state.resctrl_group)
		TRY(make_late(container, arena, err));
	group = group_of(&container->state);
	return resctrl_update(&group, schemas->l3_cache_schema, schemas->mem_bw_schema, err);
}

char *rdt_stats(const struct container_state *state, struct arena *arena)
{
	struct resctrl_group group = group_of(state);
	char *root;

	if (!group.path || resctrl_root(arena, &root, NULL) < 0)
		return arena_string(arena, "{}");
	return resctrl_stats(root, &group, arena);
}

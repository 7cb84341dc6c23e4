/* pause.c -- freeze and thaw a container; its processes. */
#include <errno.h>

#include "base/own.h"
#include "place.h"
#include "runtime/cgroup.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"
#include "status.h"

static int with_cgroup(const char *root, const char *id, struct arena *arena,
		       struct container *container, struct cgroup *cgroup, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts)); /* as long as the cgroup */

	TRY(state_open(root, id, false, arena, container, err));
	if (!container->state.cgroup_path) {
		fail(err, ENOTSUP, "the container has no cgroup");
		return fail_where(err, "%s", id);
	}
	TRY(facts_gather_cgroups(facts, arena, err));
	return container_find_cgroup(&container->state, facts, cgroup, err);
}

static int check_can_pause(const struct container *container, const struct facts *facts, bool pause,
			   struct error *err)
{
	enum container_status status;

	TRY(container_status_now(container, facts, &status, err));
	if (pause && status != STATUS_RUNNING && status != STATUS_CREATED)
		return fail(err, EINVAL, "container not running");
	if (!pause && status != STATUS_PAUSED)
		return fail(err, EINVAL, "container not paused");
	return 0;
}

int container_pause(const char *root, const char *id, bool pause, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	struct cgroup cgroup = { .unified_fd = -1 };
	int result = with_cgroup(root, id, &arena, &container, &cgroup, err);

	if (result == 0)
		result = check_can_pause(&container, cgroup.facts, pause, err);
	if (result == 0)
		result = cgroup_freeze(&cgroup, pause, err);
	if (result < 0)
		fail_where(err, "%s", id);
	cgroup_close(&cgroup);
	state_close(&container);
	return result;
}

int container_pids(const char *root, const char *id, struct arena *arena, pid_t **pids,
		   size_t *count, struct error *err)
{
	struct container container = { .dir = -1, .lock = -1 };
	struct cgroup cgroup = { .unified_fd = -1 };
	int result = with_cgroup(root, id, arena, &container, &cgroup, err);

	if (result == 0)
		result = cgroup_pids(&cgroup, arena, pids, count, err);
	cgroup_close(&cgroup);
	state_close(&container);
	return result;
}

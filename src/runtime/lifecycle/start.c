/* start.c -- let a created container's program go. */
#include <errno.h>
#include <unistd.h>

#include "base/own.h"
#include "hooks.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"
#include "status.h"

/* A frozen process would not answer. */
static int check_created(const struct container *container, struct arena *arena, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	enum container_status status;

	TRY(facts_gather_cgroups(facts, arena, err));
	TRY(container_status_now(container, facts, &status, err));
	if (status == STATUS_PAUSED)
		return fail(err, EBUSY, "cannot start a paused container");
	if (status == STATUS_CREATING)
		return fail(err, EBUSY, "cannot start a container that is still being created");
	if (status == STATUS_STOPPED)
		return fail(err, EINVAL, "cannot start a container that has stopped");
	if (status != STATUS_CREATED)
		return fail(err, EBUSY, "cannot start an already running container");
	return 0;
}

static int start(struct container *container, struct arena *arena, struct error *err)
{
	TRY(check_created(container, arena, err));
	if (!container->state.process) /* runtime.md "Start" */
		return fail(err, EINVAL,
			    "cannot start a container that was created without a process");
	TRY(launch_start_by_socket(container->dir, err));
	state_mark_started(container);
	if (hooks_run(HOOK_POSTSTART, &container->state, STATUS_RUNNING, 0, err) < 0) {
		/* runtime.md: a failing poststart hook fails start; nothing is left running. */
		struct error ignored = { 0 };

		container_kill(container->root, container->id, 9, true, &ignored);
		return -err->number;
	}
	return 0;
}

int container_start(const char *root, const char *id, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	int result;

	TRY(state_open(root, id, true, &arena, &container, err));
	result = start(&container, &arena, err);
	if (result < 0)
		fail_where(err, "%s", id);
	state_close(&container);
	return result;
}

/* start.c -- let a created container's program go. */
#include <errno.h>
#include <unistd.h>

#include "agent.h"
#include "base/log.h"
#include "base/own.h"
#include "base/text.h"
#include "hooks.h"
#include "notify.h"
#include "remove.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"
#include "status.h"

/* A frozen process would not answer. */
static int check_created(const struct container *container, const struct facts *facts,
			 struct error *err)
{
	enum container_status status;

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

static void destroy(struct container *container, const struct facts *facts)
{
	struct error left = { 0 };

	if (container_remove(container, NULL, true, facts, &left) < 0)
		log_warning("%s is left: %s", container->id, left.what);
}

/* Go: from here on it may run, with what was promised to it or not at all. */
static int release(const struct container *container, struct launched *launched, int *agent,
		   bool *broken, struct error *err)
{
	const struct container_state *state = &container->state;
	int result;

	TRY(launch_reach(container->dir, launched, err));
	TRY(launch_start(launched, err));
	result = agent_introduce(agent, state, STATUS_CREATED, launched, err);
	*broken = result < 0;
	TRY(result);
	result = launch_executed(launched, err);
	*broken = result < 0 && text_starts(err->where, "hooks.startContainer");
	TRY(result);
	state_mark_started(container);
	result = hooks_run(HOOK_POSTSTART, state, STATUS_RUNNING, 0, err);
	*broken = result < 0;
	return result;
}

static int start(struct container *container, struct notify *notify, struct arena *arena,
		 struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	struct launched launched = LAUNCHED_NONE;
	auto_close int agent = -1;
	bool broken = false;
	int result;

	TRY(facts_gather_cgroups(facts, arena, err));
	TRY(check_created(container, facts, err));
	if (!container->state.process) /* runtime.md "Start" */
		return fail(err, EINVAL,
			    "cannot start a container that was created without a process");
	TRY(notify_listen(container, notify, err));
	TRY(agent_connect(&container->state, &agent, err));
	result = release(container, &launched, &agent, &broken, err);
	launch_close(&launched);
	if (broken) /* runtime.md, lifecycle: steps 7 and 9 go on at 12 */
		destroy(container, facts);
	return result;
}

/* As runc: with $NOTIFY_SOCKET `start` lasts until the program is ready, or has ended. Others may
 * have the container meanwhile. */
static int report_ready(struct container *container, struct notify *notify, struct error *err)
{
	auto_close int pidfd = -1;

	if (notify->socket < 0)
		return 0;
	notify->main = container->state.pid;
	pidfd = state_pidfd(&container->state, NULL);
	state_unlock(container);
	if (pidfd >= 0)
		return notify_until_ready(notify, pidfd, err);
	notify_relay(notify); /* it has ended: what it said before counts */
	return 0;
}

int container_start(const char *root, const char *id, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	struct notify notify = NOTIFY_NONE;
	int result;

	TRY(state_open(root, id, true, &arena, &container, err));
	result = start(&container, &notify, &arena, err);
	if (result == 0)
		result = report_ready(&container, &notify, err);
	notify_close(&notify);
	if (result < 0)
		fail_where(err, "%s", id);
	state_close(&container);
	return result;
}

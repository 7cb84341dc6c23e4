/* delete.c -- remove a container: its processes, its cgroup, the poststop hooks, its state last. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "hooks.h"
#include "place.h"
#include "rdt.h"
#include "remove.h"
#include "runtime/cgroup.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"
#include "status.h"

/* Kill the first process and wait until it is gone: its pidfd says so at once. */
static int kill_and_wait(const struct container *container, struct error *err)
{
	auto_close int pidfd = state_pidfd(&container->state, NULL);
	struct pollfd event = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0)
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return errno == ESRCH
			       ? 0
			       : fail_call(err, "pidfd_send_signal", "cannot kill the container");
	while (poll(&event, 1, -1) < 0)
		if (errno != EINTR)
			return fail_call(err, "poll", "cannot wait for the container's end");
	return 0;
}

static int remove_cgroup(struct cgroup *cgroup, struct error *err)
{
	if (cgroup_delete_empty(cgroup))
		return 0;
	TRY(cgroup_kill(cgroup, SIGKILL, err)); /* what outlived its init */
	return cgroup_delete(cgroup, err);
}

static int find_and_remove_cgroup(const struct container *container, const struct facts *facts,
				  struct error *err)
{
	struct cgroup cgroup = { .unified_fd = -1 };
	int result;

	if (!container->state.cgroup_path)
		return 0;
	result = container_open_cgroup(&container->state, facts, &cgroup, err);
	if (result == -ENOENT)
		return 0;
	if (result == 0)
		result = remove_cgroup(&cgroup, err);
	cgroup_close(&cgroup);
	return result;
}

/* A frozen process cannot die of a signal on v1. */
static void thaw(const struct container *container, const struct facts *facts)
{
	struct cgroup cgroup = { .unified_fd = -1 };

	if (!container->state.cgroup_path)
		return;
	if (container_open_cgroup(&container->state, facts, &cgroup, NULL) == 0)
		cgroup_freeze(&cgroup, false, NULL);
	cgroup_close(&cgroup);
}

static int end_processes(const struct container *container, bool force, const struct facts *facts,
			 struct error *err)
{
	enum container_status status;

	TRY(container_status_now(container, facts, &status, err));
	if (status == STATUS_STOPPED)
		return 0;
	if (!force && status != STATUS_CREATED)
		return fail(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			    container->id, status_name(status));
	if (status == STATUS_PAUSED)
		thaw(container, facts);
	return kill_and_wait(container, err);
}

int container_remove(struct container *container, struct cgroup *cgroup, bool force,
		     const struct facts *facts, struct error *err)
{
	TRY(end_processes(container, force, facts, err));
	TRY(cgroup ? remove_cgroup(cgroup, err) : find_and_remove_cgroup(container, facts, err));
	TRY(rdt_remove(&container->state, err));
	hooks_run_poststop(&container->state);
	return state_remove(container, err);
}

static int delete_container(struct container *container, bool force, struct arena *arena,
			    struct error *err)
{
	struct facts facts;

	TRY(facts_gather_cgroups(&facts, arena, err));
	return container_remove(container, NULL, force, &facts, err);
}

/* Who holds the lock may be waiting for the container's process (a startContainer hook that hangs):
 * its death is what makes him give up. */
static void interrupt_lock_holder(const char *root, const char *id)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	auto_close int pidfd = -1;

	if (state_open(root, id, false, &arena, &container, NULL) < 0)
		return;
	pidfd = state_pidfd(&container.state, NULL);
	if (pidfd >= 0)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	state_close(&container);
}

int container_delete(const char *root, const char *id, bool force, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	int result;

	if (force)
		interrupt_lock_holder(root, id);
	result = state_open(root, id, true, &arena, &container, err);
	if (result == -ENOENT && force) {
		*err = (struct error){ 0 };
		return state_remove_remains(root, id, err);
	}
	if (result == 0) {
		result = delete_container(&container, force, &arena, err);
		if (result < 0)
			fail_where(err, "%s", id);
	}
	state_close(&container);
	return result;
}

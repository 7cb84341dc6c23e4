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

#define END_WAIT 10000 /* ms, as runc */

static int still_running(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *frozen = cgroup->path ? cgroup_frozen_by(cgroup, &arena) : NULL;

	if (frozen)
		return fail(err, EBUSY, "container init still running: the cgroup \"%s\" is frozen",
			    frozen);
	return fail(err, EBUSY,
		    "container init still running: process %d was killed, and does not end", pid);
}

/* Its pidfd says at once that it is gone. What does not end (a cgroup above is frozen, a file
 * system does not answer) must not hold the lock for ever. */
static int await_end(int pidfd, const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	struct pollfd event = { .fd = pidfd, .events = POLLIN };
	int result;

	do
		result = poll(&event, 1, END_WAIT);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return fail_call(err, "poll", "cannot wait for the container's end");
	return result > 0 ? 0 : still_running(cgroup, pid, err);
}

static int kill_first(const struct container *container, const struct cgroup *cgroup,
		      struct error *err)
{
	auto_close int pidfd = state_pidfd(&container->state, NULL);

	if (pidfd < 0)
		return 0;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return errno == ESRCH
			       ? 0
			       : fail_call(err, "pidfd_send_signal", "cannot kill the container");
	/* On v1 what is frozen, or about to be, does not die. */
	if (cgroup->path && cgroup->layout != CGROUP_UNIFIED)
		cgroup_freeze(cgroup, false, NULL);
	return await_end(pidfd, cgroup, container->state.pid, err);
}

static int kill_and_wait(const struct container *container, const struct facts *facts,
			 struct error *err)
{
	struct cgroup cgroup = { .unified_fd = -1 };
	int result;

	TRY(container_open_cgroup(&container->state, facts, &cgroup, err));
	result = kill_first(container, &cgroup, err);
	cgroup_close(&cgroup);
	return result;
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
	TRY(container_find_cgroup(&container->state, facts, &cgroup, err));
	result = remove_cgroup(&cgroup, err);
	cgroup_close(&cgroup);
	return result;
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
	return kill_and_wait(container, facts, err);
}

int container_remove(struct container *container, struct cgroup *cgroup, bool force,
		     const struct facts *facts, struct error *err)
{
	if (!cgroup)
		TRY(container_check_seen(&container->state, facts, err));
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

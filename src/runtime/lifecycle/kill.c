/* kill.c -- send a signal to a container. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "place.h"
#include "runtime/cgroup.h"
#include "runtime/lifecycle.h"
#include "runtime/state.h"

static int kill_cgroup(const struct container *container, int signal, struct arena *arena,
		       struct error *err)
{
	struct facts facts = { 0 };
	struct cgroup cgroup = { .unified_fd = -1 };
	int result;

	TRY(facts_gather_cgroups(&facts, arena, err));
	TRY(container_find_cgroup(&container->state, &facts, &cgroup, err));
	result = cgroup_kill(&cgroup, signal, err);
	cgroup_close(&cgroup);
	return result;
}

static int kill_init(const struct container *container, int signal, struct error *err)
{
	auto_close int pidfd = state_pidfd(&container->state, err);

	if (pidfd < 0)
		return pidfd;
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return errno == ESRCH ? fail(err, ESRCH, "container not running")
				      : fail_call(err, "pidfd_send_signal", "cannot send signal %d",
						  signal);
	return 0;
}

/* On v1 what is frozen dies when it is thawed. */
static int thaw_to_die(const struct container *container, struct arena *arena, struct error *err)
{
	struct facts facts = { 0 };
	struct cgroup cgroup = { .unified_fd = -1 };
	bool frozen = false;
	int result;

	TRY(facts_gather_cgroups(&facts, arena, err));
	if (facts.cgroup_layout == CGROUP_UNIFIED)
		return 0;
	TRY(container_open_cgroup(&container->state, &facts, &cgroup, err));
	result = cgroup_frozen(&cgroup, &frozen, err);
	if (result == 0 && frozen)
		result = cgroup_freeze(&cgroup, false, err);
	cgroup_close(&cgroup);
	return result;
}

static int kill_container(const struct container *container, int signal, bool all,
			  struct arena *arena, struct error *err)
{
	bool has_cgroup = container->state.cgroup_path != NULL;

	/* Where the pid namespace is shared, init's death does not take the others along. */
	if (has_cgroup && (all || (signal == SIGKILL && container->state.shared_pid)))
		return kill_cgroup(container, signal, arena, err);
	TRY(kill_init(container, signal, err));
	return has_cgroup && signal == SIGKILL ? thaw_to_die(container, arena, err) : 0;
}

int container_kill(const char *root, const char *id, int signal, bool all, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct container container = { .dir = -1, .lock = -1 };
	int result;

	TRY(state_open(root, id, false, &arena, &container, err));
	result = kill_container(&container, signal, all, &arena, err);
	if (result < 0)
		fail_where(err, "%s", id);
	state_close(&container);
	return result;
}

/* exec.c -- another process in a running container: born in its cgroup, one setns for all
 * namespaces, a fork into its pid namespace at the last moment, with the container's own filter. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent.h"
#include "base/own.h"
#include "base/process.h"
#include "exec_process.h"
#include "filter.h"
#include "place.h"
#include "rdt.h"
#include "record.h"
#include "runtime/cgroup.h"
#include "runtime/console.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/spec_annotations.h"
#include "status.h"
#include "window.h"

struct visit {
	const struct exec_request *request;
	struct arena arena;
	struct container container;
	struct facts facts;
	struct spec_process *process;
	struct plan plan;
	struct cgroup cgroup;
	int target; /* the container's process */
	struct launched launched;
	struct foreground foreground; /* holds the signals to be forwarded from before the launch */
};

static int check_status(struct visit *visit, struct error *err)
{
	enum container_status status;

	TRY(facts_gather(&visit->facts, &visit->arena, err));
	TRY(container_look_now(&visit->container, &visit->facts, &status, &visit->target, err));
	if (status == STATUS_STOPPED)
		return fail(err, ESRCH, "cannot exec in a stopped container");
	if (status == STATUS_CREATING) /* its root is still the host's */
		return fail(err, EBUSY, "cannot exec in a container that is still being created");
	if (status == STATUS_PAUSED && !visit->request->ignore_paused)
		return fail(err, EBUSY,
			    "cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

/* The rules of runc for who gets the terminal. */
static int check_terminal(const struct visit *visit, struct error *err)
{
	const struct exec_request *request = visit->request;

	if (visit->process->terminal && request->detach && !request->console_socket)
		return fail(err, EINVAL,
			    "cannot allocate tty if coffer will detach without setting console "
			    "socket");
	if (!visit->process->terminal && request->console_socket)
		return fail(err, EINVAL,
			    "cannot use console socket if coffer will not detach or allocate tty");
	return 0;
}

static int open_container(struct visit *visit, struct error *err)
{
	const struct exec_request *request = visit->request;
	const struct container_state *state = &visit->container.state;

	TRY(state_open(request->root, request->id, false, &visit->arena, &visit->container, err));
	TRY(check_status(visit, err));
	if (!state->process && !request->process_file)
		return fail(err, EINVAL, "the container has no process to take as a template");
	TRY(exec_process(request, state->process, &visit->arena, &visit->process, err));
	return check_terminal(visit, err);
}

static int compile(struct visit *visit, struct error *err)
{
	const struct container_state *state = &visit->container.state;
	struct plan_exec_options options = {
		.id = state->id,
		.personality = state->personality,
		.memory_policy = state->memory_policy,
		.namespaces = state->namespaces,
		.keep_groups = text_equal(
			string_map_get(&state->annotations, ANNOTATION_KEEP_GROUPS), "1"),
		.user_namespace = state->user_namespace,
		.no_new_keyring = state->no_new_keyring,
		.preserve_fds = visit->request->preserve_fds,
	};

	/* The mount namespace's root is not the container's: it was entered by chroot. */
	if (state->no_pivot || !(state->namespaces & CLONE_NEWNS))
		options.rootfs_link = arena_format(&visit->arena, "/proc/%d/root", state->pid);
	TRY(filter_load(&visit->container, &visit->arena, &options.filter, err));
	return plan_exec(visit->process, &visit->facts, &options, &visit->arena, &visit->plan, err);
}

/* By its pid, which is another process's when it has ended meanwhile. */
static int follow_into_cgroup(struct visit *visit, struct error *err)
{
	TRY(cgroup_follow(&visit->cgroup, visit->container.state.pid, err));
	return process_has_ended(visit->target) ? fail(err, ESRCH, "container not running") : 0;
}

static int open_cgroup(struct visit *visit, struct error *err)
{
	const struct strings *choices = &visit->request->cgroups;

	if (!visit->container.state.cgroup_path)
		return choices->count ? fail(err, ENOTSUP, "--cgroup: the container has no cgroup")
				      : 0;
	TRY(container_find_cgroup(&visit->container.state, &visit->facts, &visit->cgroup, err));
	if (choices->count > 0)
		return cgroup_choose(&visit->cgroup, choices, err);
	if (cgroup_gone(&visit->cgroup)) /* removed, its processes are somewhere else */
		return follow_into_cgroup(visit, err);
	return 0;
}

/* Where it can be born: v2 takes nobody into a cgroup that passes its controllers on (EBUSY), for
 * the container has moved its first process below, and that one is followed. A user may not have a
 * process born in another part of the cgroups than his own (EACCES): there it is moved, by whoever
 * may. */
static int choose_birthplace(struct visit *visit, int refusal, struct launch_request *request,
			     struct error *err)
{
	if (refusal == -EACCES) {
		request->cgroup_fd = -1;
		return 1;
	}
	if (refusal != -EBUSY || visit->request->cgroups.count > 0)
		return 0;
	TRY(follow_into_cgroup(visit, err));
	request->cgroup_fd = visit->cgroup.unified_fd;
	return 1;
}

static int clone_process(struct visit *visit, struct launch_request *request, struct error *err)
{
	struct error failure = { 0 };
	int result = launch_clone(request, &visit->launched, &failure), again = 0;

	if (result < 0 && request->cgroup_fd >= 0)
		again = choose_birthplace(visit, result, request, err);
	if (again != 0)
		return again < 0 ? again : launch_clone(request, &visit->launched, err);
	if (result < 0 && err)
		*err = failure;
	return result;
}

static int launch(struct visit *visit, struct error *err)
{
	const struct container_state *state = &visit->container.state;
	bool has_cgroup = state->cgroup_path != NULL;
	auto_close int agent = -1;
	struct launch_request request = {
		.plan = &visit->plan,
		.cgroup_fd = has_cgroup ? visit->cgroup.unified_fd : -1,
		.start_socket = -1,
		.target_pidfd = visit->target,
		.stdio = { -1, -1, -1 },
	};

	TRY(agent_connect(state, &agent, err));
	TRY(clone_process(visit, &request, err));
	if (has_cgroup)
		TRY(cgroup_join(&visit->cgroup, visit->launched.pid, request.cgroup_fd >= 0, err));
	TRY(rdt_enter(&visit->container.state, visit->launched.pid, err));
	TRY(launch_hand_over(&visit->launched, err));
	TRY(agent_introduce(&agent, state, STATUS_RUNNING, &visit->launched, err));
	return launch_executed(&visit->launched, err);
}

static int hand_out(struct visit *visit, struct error *err)
{
	const struct exec_request *request = visit->request;

	if (request->console_socket)
		TRY(console_send(request->console_socket, visit->launched.console, err));
	if (request->pidfd_socket)
		TRY(console_send(request->pidfd_socket, visit->launched.pidfd, err));
	return record_pid_file(request->pid_file, visit->launched.pid, err);
}

static int wait_for_end(struct visit *visit, int *exit_code, struct error *err)
{
	struct foreground *foreground = &visit->foreground;

	foreground->pid = visit->launched.pid;
	foreground->pidfd = visit->launched.pidfd;
	foreground->master = visit->request->console_socket ? -1 : visit->launched.console;
	return foreground_wait(foreground, exit_code, err);
}

static int execute(struct visit *visit, int *exit_code, struct error *err)
{
	const struct exec_request *request = visit->request;

	TRY(open_container(visit, err));
	if (!request->detach && !request->console_socket)
		window_give_size(&visit->process, &visit->arena);
	TRY(compile(visit, err));
	TRY(open_cgroup(visit, err));
	if (!visit->request->detach)
		TRY(foreground_open(&visit->foreground, err));
	TRY(launch(visit, err));
	TRY(hand_out(visit, err));
	return visit->request->detach ? 0 : wait_for_end(visit, exit_code, err);
}

int container_exec(const struct exec_request *request, int *exit_code, struct error *err)
{
	struct visit visit = {
		.request = request,
		.container = { .dir = -1, .lock = -1 },
		.cgroup = { .unified_fd = -1 },
		.target = -1,
		.launched = LAUNCHED_NONE,
		.foreground = { .pid = -1, .pidfd = -1, .master = -1 },
	};
	int result;

	*exit_code = 0;
	result = execute(&visit, exit_code, err);
	if (result < 0) {
		launch_abort(&visit.launched);
		fail_where(err, "%s", request->id);
	}
	foreground_close(&visit.foreground);
	launch_close(&visit.launched);
	cgroup_close(&visit.cgroup);
	state_close(&visit.container);
	close_fd(&visit.target);
	arena_free(&visit.arena);
	return result;
}

/* restore.c -- a container out of a checkpoint: the bundle says what it is to look like from
 * outside (cgroup, mounts, namespaces, hooks), the image what was in its processes.
 *
 * criu makes the processes as children of ours, in the container's cgroup, which it enters itself.
 * What it tells on the way, in this order: "setup-namespaces" (the first process exists: runtime
 * hooks), "orphan-pts-master" (the terminal), "post-restore" (all are there and wait). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "birth.h"
#include "hooks.h"
#include "image.h"
#include "rdt.h"
#include "record.h"
#include "restore_options.h"
#include "runtime/console.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#define ROOT_MOUNT "criu-root"

struct restoration {
	const struct restore_request *request;
	struct birth birth;
	struct image image;
	struct criu criu;
	struct criu_options options;
	struct joined_namespaces joined;
};

/* ---- what criu tells ------------------------------------------------------------------------- */

static bool has_own_network(const struct container_state *state)
{
	return (state->namespaces & CLONE_NEWNET) && !(state->joined & CLONE_NEWNET);
}

/* Ours to kill and to reap from now on, whatever becomes of criu. */
static int take_process(struct birth *birth, pid_t pid, struct error *err)
{
	if (birth->launched.pid == pid)
		return 0;
	birth->launched.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (birth->launched.pidfd < 0)
		return fail_call(err, "pidfd_open", "cannot look at process %d", pid);
	birth->launched.pid = pid;
	return 0;
}

static int namespaces_made(struct restoration *restoration, pid_t pid, struct error *err)
{
	struct birth *birth = &restoration->birth;
	struct container_state state = birth->container.state;

	TRY(take_process(birth, pid, err));
	state.pid = pid;
	if (has_own_network(&state)) {
		TRY(loopback_up(pid, err));
		TRY(launch_move_net_devices(&birth->plan, &birth->launched, err));
	}
	if (!state.hooks)
		return 0;
	birth->owes_poststop = true;
	TRY(hooks_run(HOOK_PRESTART, &state, STATUS_CREATING, birth->launched.pidfd, err));
	return hooks_run(HOOK_CREATE_RUNTIME, &state, STATUS_CREATING, birth->launched.pidfd, err);
}

/* criu gives the processes a time namespace, in which their clocks go on where they stopped. */
static bool has_own_time(pid_t pid)
{
	struct stat own, theirs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/time", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/time", &own) == 0 &&
	       own.st_ino != theirs.st_ino;
}

static int processes_made(struct restoration *restoration, pid_t pid, struct error *err)
{
	struct birth *birth = &restoration->birth;
	const struct cgroup_request request = birth_cgroup_request(birth);

	TRY(take_process(birth, pid, err));
	birth->owes_poststop = true;
	if (has_own_time(pid))
		birth->container.state.namespaces |= CLONE_NEWTIME;
	TRY(record_process(birth, err));
	if (!birth->has_cgroup)
		return 0;
	return cgroup_restrict_devices(&birth->cgroup, &request, err);
}

static int terminal_made(struct restoration *restoration, int *master, struct error *err)
{
	const struct create_request *request = &restoration->request->create;

	if (request->console_socket)
		return console_send(request->console_socket, *master, err);
	if (!request->detach && restoration->birth.launched.console < 0)
		restoration->birth.launched.console = take_fd(master);
	return 0;
}

static int listen(void *context, const struct criu_event *event, struct error *err)
{
	struct restoration *restoration = context;
	auto_close int fd = event->fd;

	if (text_equal(event->script, "setup-namespaces"))
		return namespaces_made(restoration, event->pid, err);
	if (text_equal(event->script, "orphan-pts-master") && fd >= 0)
		return terminal_made(restoration, &fd, err);
	if (text_equal(event->script, "post-restore"))
		return processes_made(restoration, event->pid, err);
	return 0;
}

/* ---- the story ------------------------------------------------------------------------------- */

/* There are no images of such containers (checkpoint.c), and no place for criu to put the root. */
static int check_root(const struct birth *birth, struct error *err)
{
	if (!spec_root_mount(&birth->document.spec))
		return 0;
	return fail(err, ENOTSUP, "the container's root is an overlay of its own (mounts[0])");
}

static int prepare(struct restoration *restoration, struct error *err)
{
	const struct restore_request *request = restoration->request;
	struct birth *birth = &restoration->birth;

	TRY(birth_read_bundle(birth, &request->create, err));
	TRY(check_root(birth, err));
	TRY(image_open(&request->image, false, &birth->arena, &restoration->image, err));
	TRY(image_options(&request->image, &birth->document.spec.annotations, &restoration->image,
			  &restoration->options, err));
	restoration->options.log_file = "restore.log";
	restoration->options.evasive_devices = true;
	restoration->options.rst_sibling = true;
	restoration->options.tcp_close = request->tcp_close;
	restoration->options.lsm_profile = request->lsm_profile;
	restoration->options.lsm_mount_context = request->lsm_mount_context;
	TRY(birth_claim(birth, err));
	TRY(birth_compile(birth, true, err));
	/* As runc: /run/notify is mounted, for the image may have it, and nobody listens there. */
	birth->container.state.notify = false;
	TRY(birth_make_cgroup(birth, err));
	return restore_describe(birth, &restoration->image, &restoration->options,
				&restoration->joined, err);
}

/* The place for the new root: see criu_start. */
static const char *make_root_mount(const struct restoration *restoration, struct error *err)
{
	const struct birth *birth = &restoration->birth;

	if (mkdirat(birth->container.dir, ROOT_MOUNT, 0700) < 0 && errno != EEXIST) {
		fail_call(err, "mkdir", "cannot make a place for the root filesystem");
		return NULL;
	}
	return arena_format((struct arena *)&birth->arena, "%s/%s/" ROOT_MOUNT,
			    birth->request->root, birth->request->id);
}

static int open_criu(struct restoration *restoration, struct error *err)
{
	struct birth *birth = &restoration->birth;
	struct criu_start start = {
		.image = restoration->image.path,
		.work = restoration->image.work,
		.inherited = restoration->joined.fds,
		.inherited_count = restoration->joined.count,
	};

	if (spec_namespace_find(&birth->document.spec, "mount")) {
		start.root = birth->rootfs;
		start.root_mount = make_root_mount(restoration, err);
		if (!start.root_mount)
			return -EIO;
		restoration->options.root = start.root_mount;
	}
	TRY(criu_open(&start, &birth->arena, &restoration->criu, err));
	TRY(criu_ask_version(&restoration->criu, err));
	return criu_ask_features(&restoration->criu, false, restoration->request->image.lazy_pages,
				 err);
}

/* Its children are born where it is. */
static int enter_cgroup(struct restoration *restoration, struct error *err)
{
	struct birth *birth = &restoration->birth;
	const struct cgroup_request request = birth_cgroup_request(birth);

	TRY(rdt_enter(&birth->container.state, restoration->criu.pid, err));
	if (!birth->has_cgroup)
		return 0;
	TRY(cgroup_admit(&birth->cgroup, restoration->criu.pid, false, &request, err));
	TRY(cgroup_give(&birth->cgroup, &birth->document.spec, err));
	return restore_name_cgroups(restoration->criu.pid, &birth->arena, &restoration->options,
				    err);
}

static int work(struct restoration *restoration, struct error *err)
{
	struct birth *birth = &restoration->birth;

	TRY(state_mark_creating(&birth->container, err));
	TRY(open_criu(restoration, err));
	TRY(enter_cgroup(restoration, err));
	TRY(criu_work(&restoration->criu, CRIU_RESTORE, &restoration->options, listen, restoration,
		      err));
	if (birth->container.state.pid <= 0)
		return fail(err, EBADMSG, "criu does not tell which process it restored");
	return 0;
}

static int restore(struct restoration *restoration, struct error *err)
{
	struct birth *birth = &restoration->birth;
	int result;

	TRY(prepare(restoration, err));
	result = work(restoration, err);
	criu_close(&restoration->criu);
	if (birth->container.dir >= 0)
		unlinkat(birth->container.dir, ROOT_MOUNT, AT_REMOVEDIR);
	if (result < 0)
		return result;
	launch_leave_net_devices(&birth->launched);
	TRY(state_mark_created(&birth->container, err));
	return record_pid_file(restoration->request->create.pid_file, birth->launched.pid, err);
}

int container_restore(const struct restore_request *request, int *exit_code, struct error *err)
{
	const struct create_request *create = &request->create;
	struct foreground foreground = {
		.pid = -1, .pidfd = -1, .master = -1, .subreaper = !create->no_subreaper
	};
	struct restoration restoration = {
		.request = request,
		.birth = BIRTH_NONE,
		.image = { .dir = -1 },
		.criu = CRIU_NONE,
	};
	int result = 0;

	*exit_code = 0;
	if (!create->detach)
		result = foreground_open(&foreground, err);
	if (result == 0)
		result = restore(&restoration, err);
	image_close(&restoration.image);
	joined_close(&restoration.joined);
	if (result == 0 && !create->detach)
		result = birth_run_attached(&restoration.birth, &foreground, exit_code, err);
	foreground_close(&foreground);
	if (result < 0)
		birth_undo(&restoration.birth);
	else
		birth_finish(&restoration.birth);
	return result;
}

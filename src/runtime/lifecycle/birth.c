/* birth.c -- from a checked bundle to a created container, step by step, and back when it fails. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/own.h"
#include "birth.h"
#include "filter.h"
#include "hooks.h"
#include "notify.h"
#include "rdt.h"
#include "record.h"
#include "subgroup.h"

int birth_claim(struct birth *birth, struct error *err)
{
	const struct create_request *request = birth->request;

	TRY(state_check_id(request->id, err));
	TRY(state_claim(request->root, request->id, &birth->container, err));
	birth->claimed = true;
	record_begin(birth);
	return 0;
}

/* Socket activation (sd_listen_fds(3)): the caller's LISTEN_FDS go on to the program. */
static unsigned listen_fds(void)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t count = 0;

	return text && number_parse_unsigned(text, 1024, &count) ? (unsigned)count : 0;
}

static int decide_cgroup_place(struct birth *birth, struct error *err)
{
	const struct spec_linux *linux_spec = birth->document.spec.linux_;
	const struct cgroup_wish wish = {
		.manager = birth->request->cgroup_manager,
		.cgroups_path = linux_spec ? linux_spec->cgroups_path : NULL,
		.id = birth->request->id,
		.annotations = &birth->document.spec.annotations,
	};

	return cgroup_place(&wish, &birth->facts, &birth->arena, &birth->place, err);
}

struct cgroup_request birth_cgroup_request(struct birth *birth)
{
	const struct spec_linux *linux_spec = birth->document.spec.linux_;

	return (struct cgroup_request){
		.resources = linux_spec ? linux_spec->resources : NULL,
		.writes = &birth->limits,
		.annotations = &birth->document.spec.annotations,
		.cache = arena_format(&birth->arena, "%s/" CACHE_DIRECTORY, birth->request->root),
	};
}

static int compile(struct birth *birth, bool start_by_parent, struct error *err)
{
	const struct create_request *request = birth->request;
	struct plan_options options = {
		.id = request->id,
		.bundle = birth->bundle,
		.rootfs = birth->rootfs,
		.no_pivot = request->no_pivot,
		.no_new_keyring = request->no_new_keyring,
		.start_by_parent = start_by_parent,
		.preserve_fds = request->preserve_fds,
		.listen_fds = listen_fds(),
		.listen_names = getenv("LISTEN_FDNAMES"),
	};
	struct hooks_template early, late;

	TRY(decide_cgroup_place(birth, err));
	TRY(filter_compile(birth, err));
	if (birth->claimed && notify_address()) {
		TRY(notify_make(&birth->container, &birth->arena, &options.notify_directory, err));
		birth->container.state.notify = true;
	}
	options.cgroup_path = birth->place.path;
	options.filter = birth->filter;
	early = hooks_state_template(&birth->container.state, STATUS_CREATING, &birth->arena);
	late = hooks_state_template(&birth->container.state, STATUS_CREATED, &birth->arena);
	options.state_head = early.head;
	options.state_tail = early.tail;
	options.start_state_head = late.head;
	options.start_state_tail = late.tail;
	return plan_create(&birth->document.spec, &birth->facts, &options, &birth->arena,
			   &birth->plan, err);
}

int birth_compile(struct birth *birth, bool start_by_parent, struct error *err)
{
	if (compile(birth, start_by_parent, err) < 0)
		return spec_locate(&birth->document, err);
	return 0;
}

static int make_cgroup(struct birth *birth, struct error *err)
{
	const struct cgroup_request request = birth_cgroup_request(birth);
	struct container_state *state = &birth->container.state;

	TRY(cgroup_plan(request.resources, &birth->facts, &birth->arena, &birth->limits, err));
	if (!birth->place.path)
		return cgroup_refuse_limits(&birth->place, &birth->limits, &birth->facts, err);
	/* From here on something outside the state directory exists: write down what, so that a
	 * `create` that is killed leaves nothing that `delete --force` does not find. */
	state->cgroup_manager = (char *)birth->place.manager;
	state->cgroup_path = birth->place.path;
	state->cgroup_unit = birth->place.unit;
	state->cgroup_hierarchies = cgroup_hierarchies(&birth->facts, NULL, &birth->arena);
	TRY(state_save(&birth->container, err));
	TRY(cgroup_create(&birth->place, &request, &birth->facts, &birth->cgroup, err));
	birth->has_cgroup = true;
	return 0;
}

int birth_make_cgroup(struct birth *birth, struct error *err)
{
	struct arena *arena = &birth->arena;
	const struct spec_linux *linux_spec = birth->document.spec.linux_;

	if (make_cgroup(birth, err) < 0 ||
	    rdt_make(&birth->container, linux_spec->intel_rdt, arena, &birth->rdt, err) < 0)
		return spec_locate(&birth->document, err);
	return 0;
}

/* The record is written while the child works, unless a hook in the container may look at it, or
 * nothing else leads to the child when we are killed: behind the plan it does not need us. */
static int hand_over_and_record(struct birth *birth, struct error *err)
{
	const struct spec_hooks *hooks = birth->document.spec.hooks;

	if (!birth->has_cgroup || (hooks && hooks->create_container.count > 0)) {
		TRY(record_process(birth, err));
		return launch_hand_over(&birth->launched, err);
	}
	TRY(launch_hand_over(&birth->launched, err));
	return record_process(birth, err);
}

/* Its process boots meanwhile, and waits. */
static int complete_cgroup(struct birth *birth, bool born_there, struct error *err)
{
	const struct cgroup_request request = birth_cgroup_request(birth);

	if (!birth->has_cgroup)
		return 0;
	TRY(cgroup_admit(&birth->cgroup, birth->launched.pid, born_there, &request, err));
	TRY(cgroup_give(&birth->cgroup, &birth->document.spec, err));
	return cgroup_restrict_devices(&birth->cgroup, &request, err);
}

static int clone_and_hand_over(struct birth *birth, struct error *err)
{
	struct launch_request request = {
		.plan = &birth->plan,
		.cgroup_fd = birth->has_cgroup ? birth->cgroup.unified_fd : -1,
		.start_socket = birth->start_socket,
		.target_pidfd = -1,
		.stdio = { -1, -1, -1 },
	};

	TRY(state_mark_creating(&birth->container, err));
	TRY(launch_clone(&request, &birth->launched, err));
	TRY(complete_cgroup(birth, request.cgroup_fd >= 0, err));
	TRY(rdt_enter(&birth->container.state, birth->launched.pid, err));
	return hand_over_and_record(birth, err);
}

static int run_runtime_hooks(struct birth *birth, struct error *err)
{
	const struct spec_hooks *hooks = birth->document.spec.hooks;
	const int pidfd = birth->launched.pidfd;

	if (!hooks || (hooks->prestart.count == 0 && hooks->create_runtime.count == 0))
		return 0;
	TRY(launch_await(&birth->launched, PHASE_RUNTIME_HOOKS, err));
	TRY(hooks_run(HOOK_PRESTART, &birth->container.state, STATUS_CREATING, pidfd, err));
	TRY(hooks_run(HOOK_CREATE_RUNTIME, &birth->container.state, STATUS_CREATING, pidfd, err));
	return launch_continue(&birth->launched, err);
}

static int launch(struct birth *birth, struct error *err)
{
	if (birth->plan.start_slot >= 0) {
		birth->start_socket = launch_listen(birth->container.dir, err);
		if (birth->start_socket < 0)
			return birth->start_socket;
	}
	TRY(clone_and_hand_over(birth, err));
	birth->owes_poststop = true;
	TRY(run_runtime_hooks(birth, err));
	TRY(launch_await(&birth->launched, PHASE_CREATED, err));
	TRY(subgroup_enter(birth, err));
	return state_mark_created(&birth->container, err);
}

int birth_launch(struct birth *birth, struct error *err)
{
	if (launch(birth, err) < 0)
		return spec_locate(&birth->document, err);
	return 0;
}

static void warn(const char *what, const char *path, const struct error *reason)
{
	char line[sizeof(reason->what) + 512];

	error_format(reason, line, sizeof(line));
	log_warning("cannot remove the %s %s: %s", what, path, line);
}

/* True: nothing of it is left outside of the state directory. */
static bool remove_outside(struct birth *birth)
{
	struct error ignored = { 0 }, reason = { 0 };
	bool whole = true;

	if (birth->has_cgroup) {
		cgroup_kill(&birth->cgroup, SIGKILL, &ignored);
		if (cgroup_delete(&birth->cgroup, &reason) < 0) {
			warn("cgroup", birth->place.path, &reason);
			whole = false;
		}
	}
	reason = (struct error){ 0 };
	if (birth->rdt.path && resctrl_remove(&birth->rdt, true, &reason) < 0) {
		warn("resctrl group", birth->rdt.path, &reason);
		whole = false;
	}
	return whole;
}

/* What is left outside is found by `delete`, which runs no hooks again. */
static void keep_remains(struct birth *birth)
{
	struct error reason = { 0 };

	birth->container.state.hooks = NULL;
	if (state_save(&birth->container, &reason) < 0)
		warn("hooks from the state of", birth->request->id, &reason);
	log_warning("%s is kept as a stopped container: \"delete\" removes the rest",
		    birth->request->id);
}

void birth_undo(struct birth *birth)
{
	struct error reason = { 0 };
	bool whole;

	launch_abort(&birth->launched);
	whole = remove_outside(birth);
	if (birth->owes_poststop) /* runtime.md, lifecycle: a failing hook continues there */
		hooks_run_poststop(&birth->container.state);
	if (birth->claimed && !whole)
		keep_remains(birth);
	else if (birth->claimed && state_remove(&birth->container, &reason) < 0)
		warn("state of", birth->request->id, &reason);
	birth_finish(birth);
}

void birth_finish(struct birth *birth)
{
	launch_close(&birth->launched);
	close_fd(&birth->start_socket);
	cgroup_close(&birth->cgroup);
	state_close(&birth->container);
	arena_free(&birth->arena);
}

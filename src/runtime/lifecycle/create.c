/* create.c -- the story of a container. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent.h"
#include "base/own.h"
#include "birth.h"
#include "hooks.h"
#include "notify.h"
#include "record.h"
#include "remove.h"
#include "runtime/console.h"
#include "runtime/spec_annotations.h"
#include "window.h"

static int hand_out_descriptors(struct birth *birth, struct error *err)
{
	const struct create_request *request = birth->request;
	const char *receiver =
		string_map_get(&birth->container.state.annotations, ANNOTATION_PIDFD);

	if (request->console_socket)
		TRY(console_send(request->console_socket, birth->launched.console, err));
	if (request->pidfd_socket)
		TRY(console_send(request->pidfd_socket, birth->launched.pidfd, err));
	if (receiver && console_send(receiver, birth->launched.pidfd, err) < 0)
		return fail_where(err, "annotations[\"%s\"]", ANNOTATION_PIDFD);
	return 0;
}

static int create(struct birth *birth, const struct create_request *request, bool start_by_parent,
		  struct error *err)
{
	TRY(birth_read_bundle(birth, request, err));
	TRY(birth_claim(birth, err));
	if (!request->detach && !request->console_socket)
		window_give_size(&birth->document.spec.process, &birth->arena);
	TRY(birth_compile(birth, start_by_parent, err));
	TRY(birth_make_cgroup(birth, err));
	TRY(birth_launch(birth, err));
	TRY(hand_out_descriptors(birth, err));
	return record_pid_file(request->pid_file, birth->launched.pid, err);
}

int container_create(const struct create_request *request, struct error *err)
{
	struct create_request detached = *request;
	struct birth birth = BIRTH_NONE;
	int result;

	detached.detach = true;
	result = create(&birth, &detached, false, err);
	if (result < 0)
		birth_undo(&birth);
	else
		birth_finish(&birth);
	return result;
}

static int let_go(struct birth *birth, struct error *err)
{
	const struct container_state *state = &birth->container.state;
	auto_close int agent = -1;

	TRY(agent_connect(state, &agent, err));
	TRY(launch_start(&birth->launched, err));
	TRY(agent_introduce(&agent, state, STATUS_CREATED, &birth->launched, err));
	TRY(launch_executed(&birth->launched, err));
	return hooks_run(HOOK_POSTSTART, &birth->container.state, STATUS_RUNNING, 0, err);
}

static int start(struct birth *birth, struct error *err)
{
	return let_go(birth, err) < 0 ? spec_locate(&birth->document, err) : 0;
}

/* Somebody else may have deleted it meanwhile, and made another one with its id. What cannot be
 * removed here is left for `delete`, not undone. */
static int remove_after_run(struct birth *birth, struct error *err)
{
	struct error gone = { 0 };
	int result = state_lock(&birth->container, &gone);

	if (result == 0)
		result = container_remove(&birth->container,
					  birth->has_cgroup ? &birth->cgroup : NULL, true,
					  &birth->facts, err);
	else if (result == -ENOENT)
		result = 0;
	else if (err)
		*err = gone;
	birth->claimed = false;
	birth->owes_poststop = false;
	birth->has_cgroup = false;
	birth->rdt.path = NULL;
	return result;
}

int birth_run_attached(struct birth *birth, struct foreground *foreground, int *exit_code,
		       struct error *err)
{
	const struct create_request *request = birth->request;
	int result;

	foreground->pid = birth->launched.pid;
	foreground->pidfd = birth->launched.pidfd;
	foreground->master = request->console_socket ? -1 : birth->launched.console;
	state_unlock(&birth->container); /* others may look at it and signal it meanwhile */
	result = foreground_wait(foreground, exit_code, err);
	if (result < 0 || request->keep)
		return result;
	birth->launched.pid = -1; /* it was reaped */
	return remove_after_run(birth, err);
}

/* Others may have the container meanwhile. */
static int report_ready(struct birth *birth, struct notify *notify, struct error *err)
{
	notify->main = birth->launched.pid;
	if (notify->socket >= 0)
		state_unlock(&birth->container);
	return notify_until_ready(notify, birth->launched.pidfd, err);
}

int container_run(const struct create_request *request, int *exit_code, struct error *err)
{
	struct notify notify = NOTIFY_NONE;
	struct foreground foreground = {
		.pid = -1,
		.pidfd = -1,
		.master = -1,
		.subreaper = !request->no_subreaper,
		.also = &notify.socket,
		.ready = notify_relay,
		.context = &notify,
	};
	struct birth birth = BIRTH_NONE;
	int result = 0;

	*exit_code = 0;
	if (!request->detach)
		result = foreground_open(&foreground, err);
	if (result == 0)
		result = create(&birth, request, true, err);
	if (result == 0)
		result = notify_listen(&birth.container, &notify, err);
	if (result == 0)
		result = start(&birth, err);
	if (result == 0 && request->detach)
		result = report_ready(&birth, &notify, err);
	else if (result == 0)
		result = birth_run_attached(&birth, &foreground, exit_code, err);
	foreground_close(&foreground);
	notify_close(&notify);
	if (result < 0)
		birth_undo(&birth);
	else
		birth_finish(&birth);
	return result;
}

int container_plan(const struct create_request *request, struct arena *arena, struct plan *plan,
		   struct error *err)
{
	struct birth birth = BIRTH_NONE;
	int result = birth_read_bundle(&birth, request, err);

	record_begin(&birth);
	if (result == 0)
		result = birth_compile(&birth, false, err);
	if (result == 0) { /* the block is position independent */
		const struct plan_header *header = birth.plan.header;
		const char *copy = arena_copy(arena, header, header->size);

		*plan = birth.plan;
		plan->header = (const void *)copy;
		plan->steps = (const void *)(copy + header->steps);
		plan->data = copy + header->data;
	}
	birth_finish(&birth);
	return result;
}

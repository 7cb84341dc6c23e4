/* mounts.c -- add mounts to a running container, and take them away again (crun's `mounts`).
 *
 * A small process enters the container with trees that are complete already (plan/live.c) and ends.
 * The ids of what was added are kept in state.json: nothing else is ever unmounted. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "status.h"

struct change {
	struct arena arena;
	struct container container;
	struct facts facts;
	struct spec_document document; /* the file, with what its mounts depend on */
	struct plan_live_options options;
	int target; /* the container's process */
	struct launched launched;
};

/* What of the container's configuration its mounts depend on. */
static void complete_document(struct change *change)
{
	const struct container_state *state = &change->container.state;
	struct spec *spec = &change->document.spec;
	struct spec_linux *linux_ = spec->linux_;
	struct spec_namespace *user = arena_alloc(&change->arena, sizeof(*user));

	spec->annotations = state->annotations;
	linux_->mount_label = state->mount_label;
	linux_->rootfs_propagation = state->rootfs_propagation;
	linux_->uid_mappings.items = state->uid_mappings.items;
	linux_->uid_mappings.count = state->uid_mappings.count;
	linux_->gid_mappings.items = state->gid_mappings.items;
	linux_->gid_mappings.count = state->gid_mappings.count;
	if (!state->user_namespace)
		return;
	user->type = (char *)"user";
	linux_->namespaces.items = user;
	linux_->namespaces.count = 1;
}

/* So are they remembered: one place has one name. */
static void clean_destinations(struct change *change)
{
	struct spec *spec = &change->document.spec;

	for (size_t i = 0; i < spec->mounts.count; i++)
		spec->mounts.items[i].destination =
			(char *)path_clean(&change->arena, spec->mounts.items[i].destination);
}

static void complete_options(struct change *change)
{
	const struct container_state *state = &change->container.state;
	struct arena *arena = &change->arena;

	change->options = (struct plan_live_options){
		.bundle = state->bundle,
		.namespaces = state->namespaces,
		.user_namespace = state->user_namespace,
		.user_namespace_link = arena_format(arena, "/proc/%d/ns/user", state->pid),
		.rootfs_link =
			state->no_pivot ? arena_format(arena, "/proc/%d/root", state->pid) : NULL,
	};
}

static int check_status(struct change *change, struct error *err)
{
	enum container_status status;

	TRY(facts_gather(&change->facts, &change->arena, err));
	TRY(container_look_now(&change->container, &change->facts, &status, &change->target, err));
	if (status == STATUS_STOPPED)
		return fail(err, ESRCH, "cannot change the mounts of a stopped container");
	if (status == STATUS_CREATING) /* its root is still the host's */
		return fail(err, EBUSY,
			    "cannot change the mounts of a container that is still being created");
	return 0;
}

/* The lock is held to the end: whoever changes mounts or deletes waits. */
static int open_container(const struct mounts_request *request, struct change *change,
			  struct error *err)
{
	/* Before the lock: whoever deletes does not wait for what is still being typed. */
	TRY(spec_load_mounts(request->file, &change->arena, &change->document, err));
	TRY(state_open(request->root, request->id, true, &change->arena, &change->container, err));
	TRY(check_status(change, err));
	complete_document(change);
	complete_options(change);
	TRY(spec_check_mounts(&change->document.spec, err));
	clean_destinations(change);
	return 0;
}

static bool mounts_proc(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.count; i++)
		if (text_equal(spec->mounts.items[i].type, "proc"))
			return true;
	return false;
}

/* A procfs is that of the pid namespace of who mounts it; else nobody in there sees the process. */
static int visit(struct change *change, const struct plan *plan, bool join_pid, struct error *err)
{
	const struct container_state *state = &change->container.state;
	struct launch_request request = {
		.plan = plan,
		.cgroup_fd = -1,
		.start_socket = -1,
		.target_pidfd = change->target,
		.join_pid = join_pid && state->namespaces & CLONE_NEWPID,
		.join_user = state->user_namespace && !change->facts.privileged,
		.stdio = { -1, -1, -1 },
	};

	TRY(launch_clone(&request, &change->launched, err));
	TRY(launch_hand_over(&change->launched, err));
	return launch_await(&change->launched, PHASE_CREATED, err);
}

/* ---- records -----------------------------------------------------------------------------------
 */

static bool is_nofollow(const struct spec_mount *mount)
{
	return strings_have(&mount->options, "dest-nofollow");
}

/* The mounts of the file that are there, with their ids, as many as were reported. */
static struct plan_unmounts list_added(struct change *change)
{
	struct plan_unmounts list = { .count = change->launched.mount_count };

	list.items = arena_array(&change->arena, list.count + 1, sizeof(*list.items));
	for (size_t i = 0; i < list.count; i++) {
		const struct spec_mount *mount = &change->document.spec.mounts.items[i];

		list.items[i] = (struct plan_unmount){ .destination = mount->destination,
						       .id = change->launched.mounts[i],
						       .nofollow = is_nofollow(mount) };
	}
	return list;
}

static void record_added(struct change *change)
{
	struct container_state *state = &change->container.state;
	size_t had = state->mounts.count, count = change->launched.mount_count;
	struct state_mount *all = arena_array(&change->arena, had + count, sizeof(*all));

	if (had > 0)
		memcpy(all, state->mounts.items, had * sizeof(*all));
	for (size_t i = 0; i < count; i++)
		all[had + i] = (struct state_mount){
			.destination = change->document.spec.mounts.items[i].destination,
			.id = change->launched.mounts[i],
		};
	state->mounts.items = all;
	state->mounts.count = had + count;
}

/* The last one added at that place, or NULL. */
static const struct state_mount *find_record(const struct container_state *state,
					     const char *destination)
{
	for (size_t i = state->mounts.count; i-- > 0;)
		if (text_equal(state->mounts.items[i].destination, destination))
			return &state->mounts.items[i];
	return NULL;
}

static void forget(struct container_state *state, uint64_t id)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->mounts.count; i++)
		if (state->mounts.items[i].id != id)
			state->mounts.items[kept++] = state->mounts.items[i];
	state->mounts.count = kept;
}

/* ---- the verbs ---------------------------------------------------------------------------------
 */

static int unmount(struct change *change, const struct plan_unmounts *list, struct error *err)
{
	struct plan plan;

	TRY(plan_mounts_remove(list, &change->facts, &change->options, &change->arena, &plan, err));
	return visit(change, &plan, false, err);
}

/* All or none. */
static void undo(struct change *change)
{
	const struct plan_unmounts list = list_added(change);
	struct error ignored = { 0 };

	launch_abort(&change->launched);
	if (list.count > 0)
		unmount(change, &list, &ignored);
}

static int add(struct change *change, struct error *err)
{
	const struct spec *spec = &change->document.spec;
	struct plan plan;
	int result;

	TRY(plan_mounts_add(spec, &change->facts, &change->options, &change->arena, &plan, err));
	result = visit(change, &plan, mounts_proc(spec), err);
	if (result == 0) {
		record_added(change);
		result = state_save(&change->container, err);
	}
	if (result < 0)
		undo(change);
	return result;
}

static int find_added(const struct change *change, size_t index, struct plan_unmount *found,
		      struct error *err)
{
	const struct spec_mount *mount = &change->document.spec.mounts.items[index];
	const struct state_mount *record =
		find_record(&change->container.state, mount->destination);

	if (!record) {
		fail(err, ENOENT, "\"%s\" was not added to the container", mount->destination);
		return fail_where(err, "mounts[%zu].destination", index);
	}
	*found = (struct plan_unmount){ .destination = mount->destination,
					.id = record->id,
					.nofollow = is_nofollow(mount) };
	return 0;
}

static int remove_one(struct change *change, struct plan_unmount *found, struct error *err)
{
	const struct plan_unmounts list = { .items = found, .count = 1 };
	int result = unmount(change, &list, err);

	launch_abort(&change->launched);
	change->launched = (struct launched)LAUNCHED_NONE;
	TRY(result);
	forget(&change->container.state, found->id);
	return state_save(&change->container, err);
}

/* Names that are wrong are refused before anything is done; what then fails keeps what was done. */
static int remove_all(struct change *change, struct error *err)
{
	struct plan_unmount found;

	for (size_t i = 0; i < change->document.spec.mounts.count; i++)
		TRY(find_added(change, i, &found, err));
	for (size_t i = 0; i < change->document.spec.mounts.count; i++) {
		TRY(find_added(change, i, &found, err));
		found.where = arena_format(&change->arena, "mounts[%zu].destination", i);
		TRY(remove_one(change, &found, err));
	}
	return 0;
}

static int change_mounts(const struct mounts_request *request,
			 int (*verb)(struct change *change, struct error *err), struct error *err)
{
	struct change change = {
		.container = { .dir = -1, .lock = -1 },
		.target = -1,
		.launched = LAUNCHED_NONE,
	};
	int result = open_container(request, &change, err);

	if (result == 0)
		result = verb(&change, err);
	if (result < 0 && change.document.text)
		spec_locate(&change.document, err);
	if (result < 0)
		fail_where(err, "%s", request->id);
	launch_abort(&change.launched); /* it has nothing left to do */
	state_close(&change.container);
	close_fd(&change.target);
	arena_free(&change.arena);
	return result;
}

int container_mounts_add(const struct mounts_request *request, struct error *err)
{
	return change_mounts(request, add, err);
}

int container_mounts_remove(const struct mounts_request *request, struct error *err)
{
	return change_mounts(request, remove_all, err);
}

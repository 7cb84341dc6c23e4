/* live.c -- plan mounts that are added to a running container, and taken away again (`mounts`).
 *
 * The container's own processes run meanwhile and may be hostile. What they could swap is never
 * looked up by a path of theirs: trees are made on the host or in a copy of its mount namespace,
 * with everything set; then the container is joined, each place is resolved once below its root,
 * and the tree moved there by descriptors alone. What is taken away must be the very mount that was
 * added (its id was reported), since a path may lead to a mask by then. */
#include "chapters.h"
#include "mount_flags.h"

/* Who may not clone trees of the host's does it in a copy of the mount namespace, which belongs to
 * the container's user namespace. */
static void copy_mount_namespace(struct draft *draft)
{
	if (draft->facts->privileged)
		return;
	ADD(draft, UNSHARE, NULL, .number = { CLONE_NEWNS });
	ADD(draft, PROPAGATION, NULL, .text = { "/" }, .number = { MS_SLAVE, true });
}

/* Not its pid namespace: the less of it can see who visits, the better. */
static void join(struct draft *draft, const struct plan_live_options *options, int container)
{
	draft->build.stage = STAGE_CONTAINER;
	ADD(draft, JOIN_PROCESS, NULL, .number = { draft->joined & ~(uint64_t)CLONE_NEWPID })
		->slot = container;
	if (draft->joined & CLONE_NEWUSER)
		ADD(draft, BECOME_ROOT, NULL);
	plan_enter_chroot(draft, options->rootfs_link);
}

static int check_container(struct draft *draft)
{
	if (draft->joined & CLONE_NEWNS)
		return 0;
	return fail(draft->err, ENOTSUP,
		    "the container has no mount namespace: mounts would be the host's");
}

void plan_report(struct draft *draft, int slot)
{
	if (draft->live)
		ADD(draft, REPORT_MOUNT, NULL)->slot = slot;
}

static int finish(struct draft *draft, struct plan *plan)
{
	ADD(draft, PHASE, NULL, .number = { PHASE_CREATED });
	ADD(draft, FINISH, NULL);
	plan->start_slot = STEP_NO_SLOT;
	return builder_finish(&draft->build, plan, draft->err);
}

static struct draft begin(const struct facts *facts, const struct plan_live_options *options,
			  struct arena *arena, struct error *err)
{
	struct draft draft = {
		.arena = arena,
		.facts = facts,
		.err = err,
		.live = true,
		.user_namespace = options->user_namespace_link,
		.joined = options->namespaces | (options->user_namespace ? CLONE_NEWUSER : 0),
	};

	return draft;
}

int plan_mounts_add(const struct spec *spec, const struct facts *facts,
		    const struct plan_live_options *options, struct arena *arena, struct plan *plan,
		    struct error *err)
{
	struct draft draft = begin(facts, options, arena, err);
	const struct plan_options bundle = { .bundle = options->bundle };

	draft.spec = spec;
	draft.options = &bundle;
	builder_start(&draft.build, arena);
	TRY(check_container(&draft));
	copy_mount_namespace(&draft);
	join(&draft, options, builder_slot(&draft.build));
	TRY(plan_mounts(&draft));
	return finish(&draft, plan);
}

int plan_mounts_remove(const struct plan_unmounts *mounts, const struct facts *facts,
		       const struct plan_live_options *options, struct arena *arena,
		       struct plan *plan, struct error *err)
{
	struct draft draft = begin(facts, options, arena, err);

	builder_start(&draft.build, arena);
	TRY(check_container(&draft));
	join(&draft, options, builder_slot(&draft.build));
	for (size_t i = mounts->count; i-- > 0;) { /* the last may be below the others */
		const struct plan_unmount *mount = &mounts->items[i];

		ADD(&draft, UNMOUNT, mount->where,
		    .text = { path_clean(arena, mount->destination) },
		    .number = { mount->id, mount->nofollow });
	}
	return finish(&draft, plan);
}

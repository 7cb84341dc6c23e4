/* create.c -- the plan of a container: what happens from the clone to its program, in order.
 *
 * runc's order, since hooks and images rely on it: the runtime's hooks see all mounts and the old
 * root, the terminal is there before the root becomes read-only, what is hidden is hidden last, and
 * privilege is given up only after the start, and before the startContainer hooks, which are
 * programs of the image: they may do what its own program may. */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "runtime/spec_annotations.h"

/* config.md: `process` is required when start is called, not before. */
static const struct spec_process no_process = {
	.user = &(struct spec_user){ .uid = 0 },
	.cwd = (char[]){ "/" },
};

static int begin(struct draft *draft)
{
	if (!draft->spec->process && draft->options->start_by_parent) {
		fail(draft->err, EINVAL, "the container has no process");
		return fail_where(draft->err, "process");
	}
	draft->process = draft->spec->process ? draft->spec->process : &no_process;
	draft->personality = draft->spec->linux_->personality;
	draft->memory_policy = draft->spec->linux_->memory_policy;
	draft->filter = draft->options->filter;
	draft->keep_groups =
		text_equal(string_map_get(&draft->spec->annotations, ANNOTATION_KEEP_GROUPS), "1");
	draft->keep_fds = draft->options->preserve_fds + draft->options->listen_fds;
	draft->late_end = &draft->late;
	return namespaces_read(draft);
}

/* A missing working directory is made, as runc does, before the root becomes read-only. */
static void make_cwd(struct draft *draft)
{
	if (strcmp(path_clean(draft->arena, draft->process->cwd), "/") != 0)
		ADD(draft, DIRECTORY, "process.cwd", .text = { draft->process->cwd },
		    .number = { 0755 });
}

static int wait_for_start(struct draft *draft)
{
	int slot = draft->options->start_by_parent ? STEP_NO_SLOT : builder_slot(&draft->build);

	ADD(draft, PHASE, NULL, .number = { PHASE_CREATED });
	ADD(draft, WAIT_START, NULL)->slot = slot;
	return slot;
}

static int plan_inside(struct draft *draft)
{
	plan_enter_root(draft);
	make_cwd(draft);
	plan_console(draft);
	plan_late_readonly(draft);
	plan_root_attributes(draft);
	TRY(plan_sysctls(draft));
	TRY(plan_masks(draft));
	plan_root_unbindable(draft);
	plan_umask(draft);
	return draft->spec->process ? plan_executable(draft) : 0;
}

/* Behind the start. */
static int plan_process(struct draft *draft)
{
	if (!draft->spec->process) /* `start` refuses */
		return 0;
	TRY(plan_identity(draft));
	plan_start_container_hooks(draft);
	return plan_exec_program(draft);
}

int plan_create(const struct spec *spec, const struct facts *facts,
		const struct plan_options *options, struct arena *arena, struct plan *plan,
		struct error *err)
{
	struct draft draft = {
		.arena = arena,
		.facts = facts,
		.err = err,
		.spec = spec,
		.options = options,
	};

	builder_start(&draft.build, arena);
	TRY(begin(&draft));
	TRY(plan_namespaces(&draft));
	TRY(plan_rootfs(&draft));
	TRY(plan_mounts(&draft));
	plan_notify(&draft);
	TRY(plan_devices(&draft));
	plan_runtime_hooks_phase(&draft);
	plan_create_container_hooks(&draft);
	TRY(plan_inside(&draft));
	plan->start_slot = wait_for_start(&draft);
	TRY(plan_process(&draft));
	TRY(plan_net_devices(&draft));
	return builder_finish(&draft.build, plan, err);
}

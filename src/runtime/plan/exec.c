/* exec.c -- the plan of another process in a running container (`exec`): enter by its pidfd in slot
 * 0, then become the process in one go.
 *
 * A process cannot change its own pid namespace: it forks. A container that may trace its processes
 * (CAP_SYS_PTRACE) could reach through /proc/PID/root, /proc/PID/fd and the new process's rights
 * whatever it has, so the fork comes as late as can be: when it has left all of the host, has no
 * descriptor of it and, where the filter does not need privilege, only its own capabilities. */
#include "chapters.h"
#include "mount_flags.h"

static int plan_affinity(struct draft *draft, bool final)
{
	const struct spec_exec_cpu_affinity *affinity = draft->process->exec_cpu_affinity;

	if (!affinity)
		return 0;
	return final ? plan_cpu_affinity(draft, STEP_CPU_AFFINITY, affinity->final,
					 "process.execCPUAffinity.final")
		     : plan_cpu_affinity(draft, STEP_PARENT_AFFINITY, affinity->initial,
					 "process.execCPUAffinity.initial");
}

static void join_container(struct draft *draft)
{
	int container = builder_slot(&draft->build);

	if (draft->joined) /* setns(2) does not take "none" */
		ADD(draft, JOIN_PROCESS, NULL, .number = { draft->joined })->slot = container;
	if (draft->joined & CLONE_NEWUSER)
		ADD(draft, BECOME_ROOT, NULL, .number = { 0, 0, draft->keep_groups });
}

static void plan_keyring(struct draft *draft, const struct plan_exec_options *options)
{
	const char *label = draft->facts->selinux ? draft->process->selinux_label : NULL;

	if (!options->no_new_keyring && options->id)
		ADD(draft, KEYRING, label ? "process.selinuxLabel" : NULL,
		    .text = { place(draft, "_ses.%s", options->id), label });
}

void plan_enter_chroot(struct draft *draft, const char *link)
{
	int slot;

	if (!link)
		return;
	slot = builder_slot(&draft->build);
	ADD(draft, OPEN_PATH, NULL, .text = { link })->slot = slot;
	ADD(draft, ROOT_DIRECTORY, NULL)->slot = slot;
	ADD(draft, CHROOT, NULL);
}

int plan_exec(const struct spec_process *process, const struct facts *facts,
	      const struct plan_exec_options *options, struct arena *arena, struct plan *plan,
	      struct error *err)
{
	struct draft draft = {
		.arena = arena,
		.facts = facts,
		.err = err,
		.process = process,
		.personality = options->personality,
		.memory_policy = options->memory_policy,
		.filter = options->filter,
		.keep_groups = options->keep_groups,
		.keep_fds = options->preserve_fds,
		.joined = options->namespaces | (options->user_namespace ? CLONE_NEWUSER : 0),
	};

	builder_start(&draft.build, arena);
	TRY(plan_affinity(&draft, false));
	plan_oom_score(&draft);
	join_container(&draft);
	plan_keyring(&draft, options);
	plan_enter_chroot(&draft, options->rootfs_link);
	draft.unborn = true;
	plan_console(&draft);
	plan_umask(&draft);
	TRY(plan_executable(&draft));
	TRY(plan_affinity(&draft, true));
	TRY(plan_identity(&draft));
	TRY(plan_exec_program(&draft));
	plan->start_slot = STEP_NO_SLOT;
	return builder_finish(&draft.build, plan, err);
}

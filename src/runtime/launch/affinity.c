/* affinity.c -- the CPUs that a process begins on (process.execCPUAffinity.initial).
 *
 * It is the runtime's own affinity "before the transition to container's cgroup" (config.md), since
 * a process that is born in its cgroup has no such time of its own: the launcher takes it, clones,
 * and goes back. The cgroup's cpuset then has the last word, unless `final` follows. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch_private.h"

int affinity_enter(const struct plan *plan, struct affinity *before, struct error *err)
{
	const struct step *step = plan_find(plan, STEP_PARENT_AFFINITY);
	const struct plan_block *mask;
	long length;

	before->length = 0;
	if (!step)
		return 0;
	mask = (const void *)(plan->data + step->text[0]);
	length = syscall(SYS_sched_getaffinity, 0, sizeof(before->mask), before->mask);
	if (length < 0)
		return fail_call(err, "sched_getaffinity", "cannot read the CPU affinity");
	if (syscall(SYS_sched_setaffinity, 0, mask->length, mask->bytes) < 0) {
		fail_call(err, "sched_setaffinity", "cannot set the CPU affinity");
		return step_where(plan, step, err);
	}
	before->length = (size_t)length;
	return 0;
}

void affinity_leave(const struct affinity *before)
{
	if (before->length > 0)
		syscall(SYS_sched_setaffinity, 0, before->length, before->mask);
}

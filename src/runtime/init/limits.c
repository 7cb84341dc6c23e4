/* limits.c -- what the scheduler and the memory manager are told about the process. */
#include <linux/resource.h>

#include "calls.h"
#include "init.h"

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_CLASS_SHIFT 13

int init_step_RLIMIT(struct init *init, const struct step *step)
{
	uint64_t limit[2] = { step->number[1], step->number[2] }; /* struct rlimit64 */
	long result = kernel_call(__NR_prlimit64, 0, step->number[0], limit, 0);

	return result < 0 ? init_failed(init, "prlimit64", result) : 0;
}

int init_step_SCHEDULER(struct init *init, const struct step *step)
{
	const struct plan_block *attributes = init_block(init, step->text[0]);
	long result = kernel_call(__NR_sched_setattr, 0, attributes->bytes, 0);

	return result < 0 ? init_failed(init, "sched_setattr", result) : 0;
}

int init_step_IO_PRIORITY(struct init *init, const struct step *step)
{
	long value = (long)(step->number[0] << IOPRIO_CLASS_SHIFT | step->number[1]);
	long result = kernel_call(__NR_ioprio_set, IOPRIO_WHO_PROCESS, 0, value);

	return result < 0 ? init_failed(init, "ioprio_set", result) : 0;
}

int init_step_CPU_AFFINITY(struct init *init, const struct step *step)
{
	const struct plan_block *mask = init_block(init, step->text[0]);
	long result = kernel_call(__NR_sched_setaffinity, 0, mask->length, mask->bytes);

	return result < 0 ? init_failed(init, "sched_setaffinity", result) : 0;
}

int init_step_MEMORY_POLICY(struct init *init, const struct step *step)
{
	const struct plan_block *nodes = init_block(init, step->text[0]);
	long result = kernel_call(__NR_set_mempolicy, step->number[0],
				  nodes->length ? nodes->bytes : NULL, step->number[1]);

	return result < 0 ? init_failed(init, "set_mempolicy", result) : 0;
}

int init_step_PERSONALITY(struct init *init, const struct step *step)
{
	long result = kernel_call(__NR_personality, step->number[0]);

	return result < 0 ? init_failed(init, "personality", result) : 0;
}

int init_step_UMASK(struct init *init, const struct step *step)
{
	kernel_call(__NR_umask, step->number[0]);
	return 0;
}

/* limits.c -- plan what the scheduler and the memory manager are told about the process:
 * process.rlimits, scheduler, ioPriority, execCPUAffinity; linux.personality, memoryPolicy.
 * All of it while the process is still privileged. */
#include "base/number.h"
#include "chapters.h"
#include "runtime/spec_names.h"

/* Bits that a CPU or node list may have: the kernel's own limit for CPUs is 8192. */
#define LIST_MOST 8192

static int refuse(struct draft *draft, const char *where, const char *what, const char *name)
{
	fail(draft->err, EINVAL, "unknown %s \"%s\"", what, name);
	return fail_where(draft->err, "%s", where);
}

/* ---- rlimits --------------------------------------------------------------------------------- */

static int plan_rlimits(struct draft *draft)
{
	for (size_t i = 0; i < draft->process->rlimits.count; i++) {
		const struct spec_rlimit *limit = &draft->process->rlimits.items[i];
		const char *where = place(draft, "process.rlimits[%zu]", i);
		uint64_t resource;

		if (!spec_name_value(spec_rlimit_names, limit->type, &resource))
			return refuse(draft, place(draft, "%s.type", where), "resource limit",
				      limit->type);
		ADD(draft, RLIMIT, where, .number = { resource, limit->soft, limit->hard });
	}
	return 0;
}

/* ---- scheduling ------------------------------------------------------------------------------ */

/* struct sched_attr (linux/sched/types.h clashes with libc's sched.h), of the size that the flags
 * of utilisation clamping need: the limits themselves have no fields in config.json, and stay 0. */
struct scheduler_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t utilisation_least, utilisation_most;
};

/* The flags of a list of names. */
static int read_flags(struct draft *draft, const struct spec_name *table,
		      const struct strings *names, const char *where, uint64_t *flags)
{
	*flags = 0;
	for (size_t i = 0; i < names->count; i++) {
		uint64_t flag;

		if (!spec_name_value(table, names->items[i], &flag))
			return refuse(draft, place(draft, "%s[%zu]", where, i), "flag",
				      names->items[i]);
		*flags |= flag;
	}
	return 0;
}

int plan_scheduler(struct draft *draft)
{
	const struct spec_scheduler *scheduler = draft->process->scheduler;
	struct scheduler_attributes attributes = { .size = sizeof(attributes) };
	uint64_t policy;

	if (!scheduler)
		return 0;
	if (!spec_name_value(spec_scheduler_policy_names, scheduler->policy, &policy))
		return refuse(draft, "process.scheduler.policy", "scheduling policy",
			      scheduler->policy);
	TRY(read_flags(draft, spec_scheduler_flag_names, &scheduler->flags,
		       "process.scheduler.flags", &attributes.flags));
	attributes.policy = (uint32_t)policy;
	attributes.nice = scheduler->nice;
	attributes.priority = (uint32_t)scheduler->priority;
	attributes.runtime = scheduler->runtime;
	attributes.deadline = scheduler->deadline;
	attributes.period = scheduler->period;
	ADD(draft, SCHEDULER, "process.scheduler",
	    .data = { builder_block(&draft->build, &attributes, sizeof(attributes)) });
	return 0;
}

static int plan_io_priority(struct draft *draft)
{
	const struct spec_io_priority *io = draft->process->io_priority;
	uint64_t class;

	if (!io)
		return 0;
	if (!spec_name_value(spec_io_class_names, io->io_class, &class))
		return refuse(draft, "process.ioPriority.class", "I/O class", io->io_class);
	if (io->priority < 0 || io->priority > 7) {
		fail(draft->err, ERANGE, "an I/O priority is 0 to 7");
		return fail_where(draft->err, "process.ioPriority.priority");
	}
	ADD(draft, IO_PRIORITY, "process.ioPriority", .number = { class, (uint64_t)io->priority });
	return 0;
}

/* ---- lists of CPUs and memory nodes ---------------------------------------------------------- */

struct bit_list {
	unsigned char bits[LIST_MOST / 8];
	size_t length; /* bytes in use, a multiple of 8 */
};

static bool add_range(struct bit_list *list, const char *range, struct arena *arena)
{
	struct strings ends = strings_split(range, '-', arena);
	uint64_t first, last;

	if (ends.count > 2 || !number_parse_unsigned(ends.items[0], LIST_MOST - 1, &first) ||
	    !number_parse_unsigned(ends.items[ends.count - 1], LIST_MOST - 1, &last) ||
	    first > last)
		return false;
	for (uint64_t bit = first; bit <= last; bit++)
		list->bits[bit / 8] |= (unsigned char)(1 << bit % 8);
	if (list->length < (last / 64 + 1) * 8)
		list->length = (last / 64 + 1) * 8;
	return true;
}

/* "0-3,7" */
static int read_bit_list(struct draft *draft, const char *text, const char *where,
			 struct bit_list *list)
{
	struct strings ranges = strings_split(text, ',', draft->arena);

	*list = (struct bit_list){ .length = 0 };
	for (size_t i = 0; i < ranges.count; i++)
		if (!add_range(list, ranges.items[i], draft->arena)) {
			fail(draft->err, EINVAL, "\"%s\" is not a list like \"0-3,7\"", text);
			return fail_where(draft->err, "%s", where);
		}
	return 0;
}

int plan_cpu_affinity(struct draft *draft, enum step_kind kind, const char *text, const char *where)
{
	struct bit_list list;

	if (!text || !*text)
		return 0;
	TRY(read_bit_list(draft, text, where, &list));
	builder_add(&draft->build,
		    &(struct step_values){
			    .kind = kind,
			    .where = where,
			    .data = { builder_block(&draft->build, list.bits, list.length) } });
	return 0;
}

/* ---- memory policy, personality -------------------------------------------------------------- */

static int plan_memory_policy(struct draft *draft)
{
	const struct spec_memory_policy *policy = draft->memory_policy;
	struct bit_list nodes = { .length = 0 };
	uint64_t mode, flags;

	if (!policy)
		return 0;
	if (!spec_name_value(spec_memory_mode_names, policy->mode, &mode))
		return refuse(draft, "linux.memoryPolicy.mode", "memory policy",
			      policy->mode ? policy->mode : "");
	TRY(read_flags(draft, spec_memory_flag_names, &policy->flags, "linux.memoryPolicy.flags",
		       &flags));
	if (policy->nodes && *policy->nodes)
		TRY(read_bit_list(draft, policy->nodes, "linux.memoryPolicy.nodes", &nodes));
	/* The kernel looks at one bit less than it is told. */
	ADD(draft, MEMORY_POLICY, "linux.memoryPolicy",
	    .data = { builder_block(&draft->build, nodes.bits, nodes.length) },
	    .number = { mode | flags, nodes.length ? nodes.length * 8 + 1 : 0 });
	return 0;
}

static int plan_personality(struct draft *draft)
{
	const struct spec_personality *personality = draft->personality;
	uint64_t persona;

	if (!personality)
		return 0;
	if (!spec_name_value(spec_personality_names, personality->domain, &persona))
		return refuse(draft, "linux.personality.domain", "personality",
			      personality->domain ? personality->domain : "");
	if (personality->flags.count)
		return refuse(draft, "linux.personality.flags[0]", "flag",
			      personality->flags.items[0]);
	ADD(draft, PERSONALITY, "linux.personality", .number = { persona });
	return 0;
}

/* ---- what only has an effect later ----------------------------------------------------------- */

/* Written by the launcher: lowering it needs privilege in the initial user namespace. */
void plan_oom_score(struct draft *draft)
{
	if (draft->process->oom_score_adj)
		ADD(draft, OOM_SCORE, "process.oomScoreAdj",
		    .number = { (uint64_t)(int64_t)*draft->process->oom_score_adj });
}

#define DEFAULT_UMASK 0022

void plan_umask(struct draft *draft)
{
	const uint32_t *mask = draft->process->user->umask;

	ADD(draft, UMASK, mask ? "process.user.umask" : NULL,
	    .number = { mask ? *mask : DEFAULT_UMASK });
}

int plan_limits(struct draft *draft)
{
	TRY(plan_rlimits(draft));
	TRY(plan_io_priority(draft));
	TRY(plan_personality(draft));
	return plan_memory_policy(draft);
}

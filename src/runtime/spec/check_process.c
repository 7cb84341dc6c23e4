/* check_process.c -- rules of the process (config.md "Process"). */
#include "base/log.h"
#include "check.h"

enum {
	UMASK_MOST = 0777,
	OOM_LEAST = -1000,
	OOM_MOST = 1000,
	NICE_LEAST = -20,
	NICE_MOST = 19,
	REALTIME_LEAST = 1,
	REALTIME_MOST = 99,
	IO_PRIORITY_MOST = 7,
	WINDOW_MOST = 65535,
};

static int check_user(const struct spec_user *user, const struct site *site, struct error *err)
{
	const struct site *gids = SITE(site, "additionalGids");

	if (!user)
		return 0;
	TRY(check_id(user->uid, SITE(site, "uid"), err));
	TRY(check_id(user->gid, SITE(site, "gid"), err));
	if (user->umask)
		TRY(check_range(*user->umask, 0, UMASK_MOST, SITE(site, "umask"), err));
	for (size_t i = 0; i < user->additional_gids.count; i++)
		TRY(check_id(user->additional_gids.items[i], SITE_INDEX(gids, i), err));
	return 0;
}

/* An unknown name is refused, as crun does (runc warns): a misspelt one would otherwise be missed
 * by nobody but the program. A known one that this runtime lacks is only warned of, by the planner:
 * the specification wants configs of newer kernels to run on older ones. */
static int check_set(const struct strings *set, const struct site *site, struct error *err)
{
	for (size_t i = 0; i < set->count; i++)
		if (spec_capability_number(set->items[i]) < 0)
			return refuse(err, SITE_INDEX(site, i), "unknown capability \"%s\"",
				      set->items[i]);
	return 0;
}

static int check_capabilities(const struct spec_capabilities *capabilities, const struct site *site,
			      struct error *err)
{
	if (!capabilities)
		return 0;
	TRY(check_set(&capabilities->bounding, SITE(site, "bounding"), err));
	TRY(check_set(&capabilities->effective, SITE(site, "effective"), err));
	TRY(check_set(&capabilities->inheritable, SITE(site, "inheritable"), err));
	TRY(check_set(&capabilities->permitted, SITE(site, "permitted"), err));
	return check_set(&capabilities->ambient, SITE(site, "ambient"), err);
}

static bool is_repeated(const struct spec_process *process, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (text_equal(process->rlimits.items[i].type, process->rlimits.items[place].type))
			return true;
	return false;
}

static int check_rlimits(const struct spec_process *process, const struct site *site,
			 struct error *err)
{
	for (size_t i = 0; i < process->rlimits.count; i++) {
		const struct spec_rlimit *limit = &process->rlimits.items[i];
		const struct site *at = SITE_INDEX(site, i);

		if (!spec_name_known(spec_rlimit_names, limit->type))
			return refuse(err, SITE(at, "type"), "wrong rlimit value: %s", limit->type);
		if (is_repeated(process, i))
			return refuse(err, SITE(at, "type"), "duplicated rlimit %s", limit->type);
		if (limit->soft > limit->hard)
			return refuse(err, SITE(at, "soft"),
				      "soft limit is above the hard limit of %s", limit->type);
	}
	return 0;
}

static bool is_realtime(const char *policy)
{
	return text_equal(policy, "SCHED_FIFO") || text_equal(policy, "SCHED_RR");
}

static int check_scheduler(const struct spec_scheduler *scheduler, const struct site *site,
			   struct error *err)
{
	const struct site *priority = SITE(site, "priority");

	if (!scheduler)
		return 0;
	if (!spec_name_known(spec_scheduler_policy_names, scheduler->policy))
		return refuse(err, SITE(site, "policy"), "invalid scheduler policy: %s",
			      scheduler->policy);
	if (scheduler->nice < NICE_LEAST || scheduler->nice > NICE_MOST)
		return refuse(err, SITE(site, "nice"), "invalid scheduler nice: %d",
			      scheduler->nice);
	if (is_realtime(scheduler->policy))
		TRY(check_range(scheduler->priority, REALTIME_LEAST, REALTIME_MOST, priority, err));
	else if (scheduler->priority != 0)
		return refuse(err, priority,
			      "scheduler priority can only be specified for "
			      "SCHED_FIFO or SCHED_RR policy");
	if (!text_equal(scheduler->policy, "SCHED_DEADLINE") &&
	    (scheduler->runtime || scheduler->deadline || scheduler->period))
		return refuse(err, site,
			      "scheduler runtime/deadline/period can only be specified "
			      "for SCHED_DEADLINE policy");
	return check_names(&scheduler->flags, spec_scheduler_flag_names, "scheduler flag",
			   SITE(site, "flags"), err);
}

static int check_io_priority(const struct spec_io_priority *io, const struct site *site,
			     struct error *err)
{
	if (!io)
		return 0;
	if (!spec_name_known(spec_io_class_names, io->io_class))
		return refuse(err, SITE(site, "class"), "invalid ioPriority.Class: %s",
			      io->io_class);
	if (io->priority < 0 || io->priority > IO_PRIORITY_MOST)
		return refuse(err, SITE(site, "priority"), "invalid ioPriority.Priority: %d",
			      io->priority);
	return 0;
}

static int check_affinity(const struct spec_exec_cpu_affinity *affinity, const struct site *site,
			  struct error *err)
{
	if (!affinity)
		return 0;
	TRY(check_list(affinity->initial, true, SITE(site, "initial"), err));
	return check_list(affinity->final, true, SITE(site, "final"), err);
}

/* Without a terminal the size is to be ignored, whatever it is. */
static int check_console(const struct spec_process *process, const struct site *site,
			 struct error *err)
{
	const struct spec_console_size *size = process->console_size;

	if (!process->terminal || !size)
		return 0;
	if (size->height > WINDOW_MOST || size->width > WINDOW_MOST)
		return refuse(err, site, "a terminal has at most %d rows and columns", WINDOW_MOST);
	return 0;
}

int check_process(const struct spec_process *process, const struct site *site, struct error *err)
{
	if (!process)
		return refuse(err, site, "process property must not be empty");
	if (!process->cwd || process->cwd[0] == '\0')
		return refuse(err, SITE(site, "cwd"), "cwd property must not be empty");
	if (process->cwd[0] != '/')
		return refuse(err, SITE(site, "cwd"), "cwd must be an absolute path");
	if (process->args.count == 0)
		return refuse(err, SITE(site, "args"), "args must not be empty");
	TRY(check_environment(&process->env, SITE(site, "env"), err));
	TRY(check_user(process->user, SITE(site, "user"), err));
	TRY(check_capabilities(process->capabilities, SITE(site, "capabilities"), err));
	TRY(check_rlimits(process, SITE(site, "rlimits"), err));
	if (process->oom_score_adj)
		TRY(check_range(*process->oom_score_adj, OOM_LEAST, OOM_MOST,
				SITE(site, "oomScoreAdj"), err));
	TRY(check_scheduler(process->scheduler, SITE(site, "scheduler"), err));
	TRY(check_io_priority(process->io_priority, SITE(site, "ioPriority"), err));
	TRY(check_console(process, SITE(site, "consoleSize"), err));
	return check_affinity(process->exec_cpu_affinity, SITE(site, "execCPUAffinity"), err);
}

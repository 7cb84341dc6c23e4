/* names.c -- the tables of names that a config.json may use (see spec_names.h).
 * Constants that are newer than the build machine's headers stand here as numbers: which names a
 * coffer knows must not depend on where it was built. */
#include "runtime/spec_names.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <time.h>

enum {
	NEW_TIME = 0x00000080,         /* CLONE_NEWTIME, Linux 5.6 */
	POLICY_ISO = 4,                /* SCHED_ISO: reserved, the kernel has never had it */
	MODE_WEIGHTED_INTERLEAVE = 6,  /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */
	FLAG_NUMA_BALANCING = 1 << 13, /* MPOL_F_NUMA_BALANCING, Linux 5.12 */
	CAPABILITY_PERFMON = 38,       /* Linux 5.8 */
	CAPABILITY_BPF = 39,           /* Linux 5.8 */
	CAPABILITY_CHECKPOINT = 40,    /* CAP_CHECKPOINT_RESTORE, Linux 5.9 */
};

#define END                                                                                        \
	{                                                                                          \
		NULL, 0                                                                            \
	}
#define ROW(name)                                                                                  \
	{                                                                                          \
#name, name                                                                        \
	}

const struct spec_name spec_namespace_names[] = {
	{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mount", CLONE_NEWNS },
	{ "network", CLONE_NEWNET },   { "pid", CLONE_NEWPID }, { "time", NEW_TIME },
	{ "user", CLONE_NEWUSER },     { "uts", CLONE_NEWUTS }, END,
};

const struct spec_name spec_capability_names[] = {
	ROW(CAP_CHOWN),
	ROW(CAP_DAC_OVERRIDE),
	ROW(CAP_DAC_READ_SEARCH),
	ROW(CAP_FOWNER),
	ROW(CAP_FSETID),
	ROW(CAP_KILL),
	ROW(CAP_SETGID),
	ROW(CAP_SETUID),
	ROW(CAP_SETPCAP),
	ROW(CAP_LINUX_IMMUTABLE),
	ROW(CAP_NET_BIND_SERVICE),
	ROW(CAP_NET_BROADCAST),
	ROW(CAP_NET_ADMIN),
	ROW(CAP_NET_RAW),
	ROW(CAP_IPC_LOCK),
	ROW(CAP_IPC_OWNER),
	ROW(CAP_SYS_MODULE),
	ROW(CAP_SYS_RAWIO),
	ROW(CAP_SYS_CHROOT),
	ROW(CAP_SYS_PTRACE),
	ROW(CAP_SYS_PACCT),
	ROW(CAP_SYS_ADMIN),
	ROW(CAP_SYS_BOOT),
	ROW(CAP_SYS_NICE),
	ROW(CAP_SYS_RESOURCE),
	ROW(CAP_SYS_TIME),
	ROW(CAP_SYS_TTY_CONFIG),
	ROW(CAP_MKNOD),
	ROW(CAP_LEASE),
	ROW(CAP_AUDIT_WRITE),
	ROW(CAP_AUDIT_CONTROL),
	ROW(CAP_SETFCAP),
	ROW(CAP_MAC_OVERRIDE),
	ROW(CAP_MAC_ADMIN),
	ROW(CAP_SYSLOG),
	ROW(CAP_WAKE_ALARM),
	ROW(CAP_BLOCK_SUSPEND),
	ROW(CAP_AUDIT_READ),
	{ "CAP_PERFMON", CAPABILITY_PERFMON },
	{ "CAP_BPF", CAPABILITY_BPF },
	{ "CAP_CHECKPOINT_RESTORE", CAPABILITY_CHECKPOINT },
	END,
};

const struct spec_name spec_rlimit_names[] = {
	ROW(RLIMIT_CPU),
	ROW(RLIMIT_FSIZE),
	ROW(RLIMIT_DATA),
	ROW(RLIMIT_STACK),
	ROW(RLIMIT_CORE),
	ROW(RLIMIT_RSS),
	ROW(RLIMIT_NPROC),
	ROW(RLIMIT_NOFILE),
	ROW(RLIMIT_MEMLOCK),
	ROW(RLIMIT_AS),
	ROW(RLIMIT_LOCKS),
	ROW(RLIMIT_SIGPENDING),
	ROW(RLIMIT_MSGQUEUE),
	ROW(RLIMIT_NICE),
	ROW(RLIMIT_RTPRIO),
	ROW(RLIMIT_RTTIME),
	END,
};

const struct spec_name spec_scheduler_policy_names[] = {
	{ "SCHED_OTHER", SCHED_NORMAL }, ROW(SCHED_FIFO), ROW(SCHED_RR),       ROW(SCHED_BATCH),
	{ "SCHED_ISO", POLICY_ISO },     ROW(SCHED_IDLE), ROW(SCHED_DEADLINE), END,
};

const struct spec_name spec_scheduler_flag_names[] = {
	ROW(SCHED_FLAG_RESET_ON_FORK),  ROW(SCHED_FLAG_RECLAIM),
	ROW(SCHED_FLAG_DL_OVERRUN),     ROW(SCHED_FLAG_KEEP_POLICY),
	ROW(SCHED_FLAG_KEEP_PARAMS),    ROW(SCHED_FLAG_UTIL_CLAMP_MIN),
	ROW(SCHED_FLAG_UTIL_CLAMP_MAX), END,
};

const struct spec_name spec_io_class_names[] = {
	ROW(IOPRIO_CLASS_RT),
	ROW(IOPRIO_CLASS_BE),
	ROW(IOPRIO_CLASS_IDLE),
	END,
};

const struct spec_name spec_personality_names[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	END,
};

const struct spec_name spec_memory_mode_names[] = {
	ROW(MPOL_DEFAULT),    ROW(MPOL_BIND),
	ROW(MPOL_INTERLEAVE), { "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
	ROW(MPOL_PREFERRED),  ROW(MPOL_PREFERRED_MANY),
	ROW(MPOL_LOCAL),      END,
};

const struct spec_name spec_memory_flag_names[] = {
	{ "MPOL_F_NUMA_BALANCING", FLAG_NUMA_BALANCING },
	ROW(MPOL_F_RELATIVE_NODES),
	ROW(MPOL_F_STATIC_NODES),
	END,
};

/* The specification lists the four without r; runc and crun take all eight and engines use them. */
const struct spec_name spec_propagation_names[] = {
	{ "shared", MS_SHARED },
	{ "slave", MS_SLAVE },
	{ "private", MS_PRIVATE },
	{ "unbindable", MS_UNBINDABLE },
	{ "rshared", MS_SHARED | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	END,
};

const struct spec_name spec_clock_names[] = {
	{ "monotonic", CLOCK_MONOTONIC },
	{ "boottime", CLOCK_BOOTTIME },
	END,
};

const struct spec_name spec_hook_names[] = {
	{ "prestart", 0 },
	{ "createRuntime", 1 },
	{ "createContainer", 2 },
	{ "startContainer", 3 },
	{ "poststart", 4 },
	{ "poststop", 5 },
	END,
};

bool spec_name_value(const struct spec_name *names, const char *name, uint64_t *value)
{
	if (!name)
		return false;
	for (const struct spec_name *row = names; row->name; row++) {
		if (strcmp(row->name, name) != 0)
			continue;
		*value = row->value;
		return true;
	}
	return false;
}

bool spec_name_known(const struct spec_name *names, const char *name)
{
	uint64_t value;

	return spec_name_value(names, name, &value);
}

int spec_capability_number(const char *name)
{
	const char *bare = name && strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;

	if (!bare)
		return -1;
	for (const struct spec_name *row = spec_capability_names; row->name; row++)
		if (strcasecmp(row->name + 4, bare) == 0)
			return (int)row->value;
	return -1;
}

struct strings spec_name_list(const struct spec_name *names, struct arena *arena)
{
	struct strings list = { 0 };

	for (const struct spec_name *row = names; row->name; row++)
		strings_add(&list, arena_string(arena, row->name), arena);
	return list;
}

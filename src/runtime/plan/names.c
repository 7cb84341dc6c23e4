/* names.c -- numbers that have names. */
#include "names.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mount_flags.h"
#include "runtime/steps.h"

const struct name_row clone_names[] = {
	{ "user", CLONE_NEWUSER },     { "mount", CLONE_NEWNS },  { "pid", CLONE_NEWPID },
	{ "network", CLONE_NEWNET },   { "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { 0 },
};

const struct name_row mount_flag_names[] = {
	{ "remount", MS_REMOUNT },   { "bind", MS_BIND },
	{ "rec", MS_REC },           { "ro", MS_RDONLY },
	{ "nosuid", MS_NOSUID },     { "nodev", MS_NODEV },
	{ "noexec", MS_NOEXEC },     { "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },   { "mand", MS_MANDLOCK },
	{ "noatime", MS_NOATIME },   { "nodiratime", MS_NODIRATIME },
	{ "relatime", MS_RELATIME }, { "strictatime", MS_STRICTATIME },
	{ "lazytime", MS_LAZYTIME }, { "iversion", MS_I_VERSION },
	{ "silent", MS_SILENT },     { 0 },
};

const struct name_row attribute_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	{ "atime", MOUNT_ATTR__ATIME }, /* in a mask; the modes themselves: */
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ 0 },
};

const struct name_row propagation_names[] = {
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "rshared", MS_SHARED | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ "private", MS_PRIVATE },
	{ "slave", MS_SLAVE },
	{ "shared", MS_SHARED },
	{ "unbindable", MS_UNBINDABLE },
	{ 0 },
};

const struct name_row rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ 0 },
};

/* linux/capability.h, up to Linux 6.18: numbers here, since older headers know fewer. */
const struct name_row capability_rows[] = {
	{ "CAP_CHOWN", 0 },
	{ "CAP_DAC_OVERRIDE", 1 },
	{ "CAP_DAC_READ_SEARCH", 2 },
	{ "CAP_FOWNER", 3 },
	{ "CAP_FSETID", 4 },
	{ "CAP_KILL", 5 },
	{ "CAP_SETGID", 6 },
	{ "CAP_SETUID", 7 },
	{ "CAP_SETPCAP", 8 },
	{ "CAP_LINUX_IMMUTABLE", 9 },
	{ "CAP_NET_BIND_SERVICE", 10 },
	{ "CAP_NET_BROADCAST", 11 },
	{ "CAP_NET_ADMIN", 12 },
	{ "CAP_NET_RAW", 13 },
	{ "CAP_IPC_LOCK", 14 },
	{ "CAP_IPC_OWNER", 15 },
	{ "CAP_SYS_MODULE", 16 },
	{ "CAP_SYS_RAWIO", 17 },
	{ "CAP_SYS_CHROOT", 18 },
	{ "CAP_SYS_PTRACE", 19 },
	{ "CAP_SYS_PACCT", 20 },
	{ "CAP_SYS_ADMIN", 21 },
	{ "CAP_SYS_BOOT", 22 },
	{ "CAP_SYS_NICE", 23 },
	{ "CAP_SYS_RESOURCE", 24 },
	{ "CAP_SYS_TIME", 25 },
	{ "CAP_SYS_TTY_CONFIG", 26 },
	{ "CAP_MKNOD", 27 },
	{ "CAP_LEASE", 28 },
	{ "CAP_AUDIT_WRITE", 29 },
	{ "CAP_AUDIT_CONTROL", 30 },
	{ "CAP_SETFCAP", 31 },
	{ "CAP_MAC_OVERRIDE", 32 },
	{ "CAP_MAC_ADMIN", 33 },
	{ "CAP_SYSLOG", 34 },
	{ "CAP_WAKE_ALARM", 35 },
	{ "CAP_BLOCK_SUSPEND", 36 },
	{ "CAP_AUDIT_READ", 37 },
	{ "CAP_PERFMON", 38 },
	{ "CAP_BPF", 39 },
	{ "CAP_CHECKPOINT_RESTORE", 40 },
	{ 0 },
};

const struct name_row file_type_names[] = {
	{ "c", S_IFCHR }, { "u", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO }, { 0 },
};

const struct name_row phase_names[] = {
	{ "maps", PHASE_MAPS },
	{ "plan", PHASE_PLAN },
	{ "runtime-hooks", PHASE_RUNTIME_HOOKS },
	{ "created", PHASE_CREATED },
	{ "start", PHASE_START },
	{ "console", PHASE_CONSOLE },
	{ "listener", PHASE_LISTENER },
	{ 0 },
};

const struct name_row *name_find(const struct name_row *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

const struct name_row *name_of(const struct name_row *table, uint64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table;
	return NULL;
}

int capability_of_name(const char *name)
{
	bool prefixed = !strncasecmp(name, "CAP_", 4);

	for (const struct name_row *row = capability_rows; row->name; row++)
		if (!strcasecmp(row->name + (prefixed ? 0 : 4), name))
			return (int)row->value;
	return -1;
}

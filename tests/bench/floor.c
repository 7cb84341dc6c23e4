/* floor.c -- the kernel work of a docker-like start and nothing else, as a measure for runtimes.
 *
 *     floor run ROOTFS FILTER NAME CGROUP…   a container that runs /floor, until its end
 *     floor exec PID FILTER CGROUP…          /floor in the container whose first process is PID
 *     floor pause                            wait for a signal
 *     floor                                  end at once: what the containers run
 *
 * No configuration, no checks, no state: nothing can be quicker without doing less. One vfork-style
 * clone3 makes all namespaces, the child works in the parent's memory until it executes. CGROUP…
 * are the parents of the container's cgroup (of its own one for exec), the one of v2 first where
 * there is one. FILTER is a file with a seccomp program. Freestanding, linked with
 * tests/bench/run's flags. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/kernel_call.h"

#define CGROUP2_MAGIC 0x63677270
#define HIERARCHIES   16
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)
/* The fourteen of docker. */
#define CAPABILITIES 0xa80425fbu
#define HIDDEN       (MS_NOSUID | MS_NOEXEC | MS_NODEV)

struct job {
	const char *rootfs;
	const char *name;
	const void *filter;
	unsigned long filter_length; /* instructions */
	int joins[HIERARCHIES];      /* cgroup.procs of v1 */
	int join_count;
	int born_in; /* the v2 directory, or -1 */
	int target;  /* exec: pidfd of the container */
};

__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		kernel_call(__NR_exit_group, status);
}

static long must(long result)
{
	if (result < 0)
		leave((int)-result);
	return result;
}

__attribute__((used)) void *memset(void *to, int byte, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((volatile char *)to)[i] = (char)byte;
	return to;
}

__attribute__((used)) void *memcpy(void *to, const void *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

static int number_of(const char *digits)
{
	int number = 0;

	for (; *digits; digits++)
		number = number * 10 + *digits - '0';
	return number;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* "DIRECTORY/NAME" in `room`. */
static const char *join(char *room, const char *directory, const char *name)
{
	char *at = room;

	while (*directory)
		*at++ = *directory++;
	*at++ = '/';
	while ((*at++ = *name++))
		;
	return room;
}

static void mount_on(const char *source, const char *target, const char *type, unsigned long flags,
		     const char *data)
{
	must(kernel_call(__NR_mount, source, target, type, flags, data));
}

/* ---- devices ----------------------------------------------------------------------------------
 */

struct node {
	const char *path;
	unsigned device;
};

static const struct node nodes[] = {
	{ "dev/null", 0x103 },   { "dev/zero", 0x105 },    { "dev/full", 0x107 },
	{ "dev/random", 0x108 }, { "dev/urandom", 0x109 }, { "dev/tty", 0x500 },
};
static const char *const links[][2] = {
	{ "/proc/self/fd", "dev/fd" },       { "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
	{ "/proc/kcore", "dev/core" },       { "pts/ptmx", "dev/ptmx" },
};

static void make_devices(void)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		must(kernel_call(__NR_mknodat, AT_FDCWD, nodes[i].path, S_IFCHR | 0666,
				 nodes[i].device));
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		must(kernel_call(__NR_symlinkat, links[i][0], AT_FDCWD, links[i][1]));
}

#define INSTRUCTION(op, to, from, jump, value)                                                     \
	{                                                                                          \
		.code = (op), .dst_reg = (to), .src_reg = (from), .off = (jump), .imm = (value)    \
	}
#define ALLOW_DEVICE(major, minor)                                                                 \
	INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, 4, 0, 3, (major)),                                  \
		INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 2, (minor)),                          \
		INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),                              \
		INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Making nodes is free; using them is for the list and for pseudo-terminals. */
static const struct bpf_insn device_program[] = {
	INSTRUCTION(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0),
	INSTRUCTION(BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0),
	INSTRUCTION(BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0),
	INSTRUCTION(BPF_ALU64 | BPF_RSH | BPF_K, 2, 0, 0, 16),
	INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 2, BPF_DEVCG_ACC_MKNOD),
	INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
	INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	ALLOW_DEVICE(1, 3),
	ALLOW_DEVICE(1, 5),
	ALLOW_DEVICE(1, 7),
	ALLOW_DEVICE(1, 8),
	ALLOW_DEVICE(1, 9),
	ALLOW_DEVICE(5, 0),
	ALLOW_DEVICE(5, 2),
	INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
	INSTRUCTION(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1, 136),
	INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
	INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};

static void restrict_devices(int cgroup)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)device_program,
		.insn_cnt = sizeof(device_program) / sizeof(device_program[0]),
		.license = (uint64_t)(uintptr_t) "GPL",
	};
	union bpf_attr attach = { .target_fd = (uint32_t)cgroup,
				  .attach_type = BPF_CGROUP_DEVICE,
				  .attach_flags = BPF_F_ALLOW_MULTI };

	attach.attach_bpf_fd =
		(uint32_t)must(kernel_call(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load)));
	must(kernel_call(__NR_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)));
	kernel_call(__NR_close, attach.attach_bpf_fd);
}

/* ---- the container ----------------------------------------------------------------------------
 */

static void mount_all(const struct job *job)
{
	mount_on("", "/", "", MS_SLAVE | MS_REC, "");
	mount_on(job->rootfs, job->rootfs, "", MS_BIND | MS_REC, "");
	must(kernel_call(__NR_chdir, job->rootfs));
	mount_on("proc", "proc", "proc", HIDDEN, "");
	mount_on("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	must(kernel_call(__NR_mkdirat, AT_FDCWD, "dev/pts", 0755));
	must(kernel_call(__NR_mkdirat, AT_FDCWD, "dev/shm", 0755));
	must(kernel_call(__NR_mkdirat, AT_FDCWD, "dev/mqueue", 0755));
	mount_on("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_on("sysfs", "sys", "sysfs", HIDDEN | MS_RDONLY, "");
	if (job->born_in >= 0)
		mount_on("cgroup", "sys/fs/cgroup", "cgroup2", HIDDEN | MS_RDONLY, "");
	mount_on("mqueue", "dev/mqueue", "mqueue", HIDDEN, "");
	mount_on("shm", "dev/shm", "tmpfs", HIDDEN, "mode=1777,size=65536k");
	make_devices();
}

static void enter_root(void)
{
	must(kernel_call(__NR_pivot_root, ".", "."));
	must(kernel_call(__NR_umount2, ".", MNT_DETACH));
	must(kernel_call(__NR_chdir, "/"));
}

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
};
static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger" };

static void hide_paths(void)
{
	const char *empty = NULL;

	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		long result = kernel_call(__NR_mount, empty ? empty : "tmpfs", masked[i], "tmpfs",
					  empty ? MS_BIND : MS_RDONLY, "nr_inodes=1");

		if (result == 0 && !empty)
			empty = masked[i];
		else if (result == -20 /* ENOTDIR */)
			mount_on("/dev/null", masked[i], "", MS_BIND, "");
	}
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		if (kernel_call(__NR_mount, readonly[i], readonly[i], "", MS_BIND | MS_REC, "") ==
		    0)
			mount_on("", readonly[i], "", MS_REMOUNT | MS_BIND | MS_RDONLY | HIDDEN,
				 "");
}

static void bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = (int)must(kernel_call(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	must(kernel_call(__NR_ioctl, fd, SIOCSIFFLAGS, &request));
	kernel_call(__NR_close, fd);
}

static void drop_privilege(const struct job *job)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { CAPABILITIES, CAPABILITIES, 0 } };
	struct {
		unsigned short length;
		const void *instructions;
	} program = { (unsigned short)job->filter_length, job->filter };

	for (unsigned long capability = 0; capability < 64; capability++)
		if ((capability > 31 || !(CAPABILITIES >> capability & 1)) &&
		    kernel_call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			break;
	must(kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			 &program));
	must(kernel_call(__NR_capset, &header, data));
}

__attribute__((noreturn)) static void become(void)
{
	static const char *const argv[] = { "/floor", NULL };
	static const char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const uint64_t no_signals = 0;

	kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof(no_signals));
	must(kernel_call(__NR_execve, argv[0], argv, envp));
	leave(127);
}

__attribute__((noreturn, noinline)) static void be_container(const struct job *job)
{
	const struct rlimit files = { 1024, 1024 };

	for (int i = 0; i < job->join_count; i++)
		must(kernel_call(__NR_write, job->joins[i], "0", 1));
	kernel_call(__NR_setsid);
	bring_loopback_up();
	must(kernel_call(__NR_sethostname, "floor", 5));
	mount_all(job);
	enter_root();
	hide_paths();
	must(kernel_call(__NR_prlimit64, 0, RLIMIT_NOFILE, &files, NULL));
	drop_privilege(job);
	become();
}

__attribute__((noreturn, noinline)) static void be_visitor(const struct job *job)
{
	for (int i = 0; i < job->join_count; i++)
		must(kernel_call(__NR_write, job->joins[i], "0", 1));
	must(kernel_call(__NR_setns, job->target, NAMESPACES & ~CLONE_NEWPID));
	drop_privilege(job);
	become();
}

/* ---- the parent -------------------------------------------------------------------------------
 */

static void read_filter(struct job *job, const char *path)
{
	static char room[65536];
	int fd = (int)must(kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));

	job->filter = room;
	job->filter_length =
		(unsigned long)must(kernel_call(__NR_read, fd, room, sizeof(room))) / 8;
	kernel_call(__NR_close, fd);
}

static bool is_unified(int directory)
{
	struct statfs status;

	return kernel_call(__NR_fstatfs, directory, &status) == 0 && status.f_type == CGROUP2_MAGIC;
}

static void open_cgroup(struct job *job, const char *path, bool restrict_it)
{
	int directory = (int)must(
		kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));

	if (is_unified(directory)) {
		job->born_in = directory;
		if (restrict_it)
			restrict_devices(directory);
		return;
	}
	job->joins[job->join_count++] = (int)must(
		kernel_call(__NR_openat, directory, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0));
	kernel_call(__NR_close, directory);
}

/* Until it executes, the child has this memory and this stack: its function is not inlined. */
__attribute__((noinline)) static int give_birth(const struct job *job, uint64_t namespaces,
						void (*child)(const struct job *))
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | namespaces |
			 (job->born_in >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = job->born_in >= 0 ? (uint64_t)job->born_in : 0,
	};

	if (must(kernel_call(__NR_clone3, &args, sizeof(args))) == 0)
		child(job);
	return pidfd;
}

static int wait_for_end(int pidfd)
{
	siginfo_t info;

	must(kernel_call(__NR_waitid, P_PIDFD, pidfd, &info, WEXITED, NULL));
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static int run(int count, const char *const *words)
{
	static char paths[HIERARCHIES][4096];
	struct job job = { .rootfs = words[0], .name = words[2], .born_in = -1, .target = -1 };
	int status;

	read_filter(&job, words[1]);
	for (int i = 3; i < count; i++) {
		join(paths[i - 3], words[i], job.name);
		must(kernel_call(__NR_mkdirat, AT_FDCWD, paths[i - 3], 0755));
		open_cgroup(&job, paths[i - 3], true);
	}
	status = wait_for_end(give_birth(&job, NAMESPACES, be_container));
	for (int i = 3; i < count; i++)
		must(kernel_call(__NR_unlinkat, AT_FDCWD, paths[i - 3], AT_REMOVEDIR));
	return status;
}

static int exec(int count, const char *const *words)
{
	struct job job = { .born_in = -1 };

	job.target = (int)must(kernel_call(__NR_pidfd_open, number_of(words[0]), 0));
	read_filter(&job, words[1]);
	for (int i = 2; i < count; i++)
		open_cgroup(&job, words[i], false);
	must(kernel_call(__NR_setns, job.target, CLONE_NEWPID));
	return wait_for_end(give_birth(&job, 0, be_visitor));
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall floor_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tand sp, x0, #-16\n\tb floor_main\n");
#elif defined(__riscv)
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\ttail floor_main\n");
#endif

__attribute__((noreturn, used)) void floor_main(long *stack)
{
	int count = (int)stack[0];
	const char *const *words = (const char *const *)(stack + 1);

	if (count > 5 && count < 5 + HIERARCHIES && same(words[1], "run"))
		leave(run(count - 2, words + 2));
	if (count > 3 && count < 4 + HIERARCHIES && same(words[1], "exec"))
		leave(exec(count - 2, words + 2));
	if (count == 2 && same(words[1], "pause"))
		kernel_call(__NR_ppoll, NULL, 0, NULL, NULL, 0);
	leave(count == 1 ? 0 : 2);
}

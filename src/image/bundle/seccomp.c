/* seccomp.c -- the system calls that docker allows a container by default, by rows.
 *
 * An allow list: what is not named fails with EPERM. clone3 fails with ENOSYS instead, because its
 * flags lie in memory where a filter cannot look, and C libraries then fall back to clone, whose
 * flags it can see: no new namespaces. Names that a runtime's libseccomp does not know are skipped
 * by it. */
#include <errno.h>

#include "bundle_private.h"

/* clang-format off */

static const char *const allowed[] = {
	"accept accept4 access adjtimex alarm arch_prctl bind brk cacheflush cachestat capget capset",
	"chdir chmod chown chown32 chroot clock_adjtime clock_adjtime64 clock_getres",
	"clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64",
	"close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1",
	"epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2",
	"execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate",
	"fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64",
	"fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64",
	"fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait",
	"futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents",
	"getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32",
	"getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid",
	"getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid",
	"gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init",
	"inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents",
	"io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill",
	"landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr",
	"link linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek lsetxattr",
	"lstat lstat64 _llseek madvise map_shadow_stack membarrier memfd_create memfd_secret mincore",
	"mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect",
	"mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend",
	"mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock",
	"munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2",
	"pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll",
	"ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv",
	"process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead",
	"readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages",
	"removexattr removexattrat rename renameat renameat2 restart_syscall riscv_flush_icache",
	"riscv_hwprobe rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo",
	"rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo",
	"sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr",
	"sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64",
	"sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp",
	"select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg",
	"sendmsg sendto set_robust_list set_thread_area set_tid_address set_tls setfsgid setfsgid32",
	"setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority",
	"setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32",
	"setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget",
	"shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketpair splice stat stat64",
	"statfs statfs64 statmount statx symlink symlinkat sync sync_file_range sync_file_range2",
	"syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime",
	"timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime",
	"timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64",
	"ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes",
	"vfork vmsplice wait4 waitid waitpid write writev",
};

#define NEW_NAMESPACES 0x7e020000 /* CLONE_NEW*, but not CLONE_NEWTIME, which clone does not take */
#define VSOCK          40         /* AF_VSOCK leads to the hypervisor's host */

/* Allowed for some values of the first argument only. */
static const struct {
	const char *name, *operation;
	uint64_t value, value_two;
} conditions[] = {
	{ "clone",       "SCMP_CMP_MASKED_EQ", NEW_NAMESPACES, 0 },
	{ "personality", "SCMP_CMP_EQ",        0x0,            0 }, /* PER_LINUX */
	{ "personality", "SCMP_CMP_EQ",        0x8,            0 }, /* PER_LINUX32 */
	{ "personality", "SCMP_CMP_EQ",        0x20000,        0 }, /* UNAME26 */
	{ "personality", "SCMP_CMP_EQ",        0x20008,        0 },
	{ "personality", "SCMP_CMP_EQ",        0xffffffff,     0 }, /* ask */
	{ "socket",      "SCMP_CMP_NE",        VSOCK,          0 },
};

/* What runs on this machine's kernel, the 32-bit kin as well. */
static const char *const architectures[] = {
#if defined(__x86_64__)
	"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
#elif defined(__riscv)
	"SCMP_ARCH_RISCV64",
#endif
};

/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct spec_seccomp_syscall rule(const char *action, struct arena *arena)
{
	return (struct spec_seccomp_syscall){ .action = arena_string(arena, action) };
}

static struct spec_seccomp_syscall allow_list(struct arena *arena)
{
	struct spec_seccomp_syscall list = rule("SCMP_ACT_ALLOW", arena);

	for (size_t i = 0; i < COUNT(allowed); i++) {
		struct strings names = strings_split(allowed[i], ' ', arena);

		for (size_t j = 0; j < names.count; j++)
			strings_add(&list.names, names.items[j], arena);
	}
	return list;
}

static struct spec_seccomp_syscall condition(size_t row, struct arena *arena)
{
	struct spec_seccomp_syscall allowed_if = rule("SCMP_ACT_ALLOW", arena);

	strings_add(&allowed_if.names, arena_string(arena, conditions[row].name), arena);
	allowed_if.args.items = arena_array(arena, 1, sizeof(*allowed_if.args.items));
	allowed_if.args.items[0] = (struct spec_seccomp_arg){
		.op = arena_string(arena, conditions[row].operation),
		.value = conditions[row].value,
		.value_two = conditions[row].value_two,
	};
	allowed_if.args.count = 1;
	return allowed_if;
}

static struct spec_seccomp_syscall unknown(const char *name, struct arena *arena)
{
	struct spec_seccomp_syscall refused = rule("SCMP_ACT_ERRNO", arena);

	strings_add(&refused.names, arena_string(arena, name), arena);
	refused.errno_ret = arena_alloc(arena, sizeof(*refused.errno_ret));
	*refused.errno_ret = ENOSYS;
	return refused;
}

struct spec_seccomp *seccomp_compose(struct arena *arena)
{
	struct spec_seccomp *seccomp = arena_alloc(arena, sizeof(*seccomp));
	struct spec_seccomp_syscall *rules =
		arena_array(arena, COUNT(conditions) + 2, sizeof(*rules));

	seccomp->default_action = arena_string(arena, "SCMP_ACT_ERRNO");
	seccomp->default_errno_ret = arena_alloc(arena, sizeof(*seccomp->default_errno_ret));
	*seccomp->default_errno_ret = EPERM;
	for (size_t i = 0; i < COUNT(architectures); i++)
		strings_add(&seccomp->architectures, arena_string(arena, architectures[i]), arena);
	seccomp->syscalls.items = rules;
	rules[seccomp->syscalls.count++] = allow_list(arena);
	for (size_t i = 0; i < COUNT(conditions); i++)
		rules[seccomp->syscalls.count++] = condition(i, arena);
	rules[seccomp->syscalls.count++] = unknown("clone3", arena);
	return seccomp;
}

/* clone.c -- one vfork-style clone3 and an execveat of the init image.
 *
 * The child shares coffer's memory only until it executes the sealed memfd, on the caller's stack
 * as after vfork(2): nothing is copied, and nothing of coffer enters the container. It is born in
 * its v2 cgroup (CLONE_INTO_CGROUP: moving it later would wait for a grace period of the kernel).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../init/image.h"
#include "base/file.h"
#include "base/kernel_call.h"
#include "base/own.h"
#include "launch_private.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/libexec"
#endif

const struct step *plan_find(const struct plan *plan, unsigned kind)
{
	for (uint32_t i = 0; i < plan->header->step_count; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	return NULL;
}

int step_where(const struct plan *plan, const struct step *step, struct error *err)
{
	const char *where = plan_text(plan, step->where);

	return *where ? fail_where(err, "%s", where) : err ? -err->number : -EINVAL;
}

/* The image in a memfd that nobody can change any more (memfd_create(2)). Kernels before 6.3 do not
 * know MFD_EXEC: there every memfd is executable. */
static int make_init_image(struct error *err)
{
	const size_t size = (uintptr_t)init_image_end - (uintptr_t)init_image;
	auto_close int fd = memfd_create("coffer-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("coffer-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return fail_call(err, "memfd_create", "cannot make the init image");
	TRY(file_write_all(fd, init_image, size, "the init image", err));
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return fail_call(err, "fcntl F_ADD_SEALS", "cannot seal the init image");
	return take_fd(&fd);
}

/* Where vm.memfd_noexec forbids that: the installed copy. It is never writable from inside, since
 * it is executed through a read-only mount of its own. */
static int open_installed_image(struct error *err)
{
	auto_close int tree =
		(int)syscall(__NR_open_tree, AT_FDCWD, LIBEXECDIR "/coffer/init-image",
			     1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
	struct {
		uint64_t set, clear, propagation, userns_fd;
	} attributes = { .set = 1 /* MOUNT_ATTR_RDONLY */ };

	if (tree < 0)
		return fail_call(err, "open_tree", "cannot clone \"%s\"",
				 LIBEXECDIR "/coffer/init-image");
	if (syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)))
		return fail_call(err, "mount_setattr", "cannot make the init image read-only");
	return take_fd(&tree);
}

/* Joins that must precede the clone: the user namespace that owns what is made or joined next. They
 * are done by an intermediate process, since coffer itself must not leave its own. */
#define JOINS_MOST 16

struct joins {
	unsigned count;
	struct {
		int fd;
		uint64_t kinds;
	} item[JOINS_MOST];
};

/* What the intermediate process has to say; in memory that both processes share. */
struct answer {
	long pid;        /* of the child, or -errno */
	int failed_join; /* -errno */
	int pidfd;
};

struct birth {
	int image;
	int control; /* the child's end */
	const int *stdio;
	struct clone_args args;
	char control_text[16];
	bool born_inside; /* among the container's processes: nothing of it may be traced */
	const struct joins *joins;
	int failed_join; /* -errno */
	int pidfd;
};

/* Functions that a child runs on our stack and never returns from: AddressSanitizer would take what
 * they marked there for frames of ours. */
#define ON_SHARED_STACK __attribute__((noinline, no_sanitize("address")))

/* In a user namespace whose maps are not yet written nobody is root, and then only ambient
 * capabilities survive execve(2). CAPABILITIES sets them all anew at the end. */
ON_SHARED_STACK static void keep_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (kernel_call(__NR_capget, &header, data) < 0)
		return;
	data[0].inheritable = data[0].permitted;
	data[1].inheritable = data[1].permitted;
	kernel_call(__NR_capset, &header, data);
	for (unsigned long capability = 0; capability < 64; capability++)
		if (kernel_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability) ==
		    -EINVAL)
			return; /* behind the kernel's last one */
}

/* In the child, on the parent's stack and memory: raw system calls only, no errno. */
ON_SHARED_STACK static _Noreturn void become_init(const struct birth *birth)
{
	const uint64_t no_signals = 0;
	const char *const argv[] = { "coffer-init", birth->control_text,
				     birth->born_inside ? "inside" : NULL, NULL };
	const char *const envp[] = { NULL };

	for (int fd = 0; fd <= 2; fd++)
		if (birth->stdio[fd] >= 0 && birth->stdio[fd] != fd)
			kernel_call(__NR_dup3, birth->stdio[fd], fd, 0);
	kernel_call(__NR_fcntl, birth->control, F_SETFD, 0);
	if ((birth->args.flags & CLONE_NEWUSER) || birth->joins->count > 0)
		keep_capabilities();
	kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof(no_signals));
	kernel_call(__NR_execveat, birth->image, "", argv, envp, AT_EMPTY_PATH);
	for (;;)
		kernel_call(__NR_exit_group, IMAGE_NOT_EXECUTED);
}

ON_SHARED_STACK static long clone_init(struct birth *birth)
{
	long pid = kernel_call(__NR_clone3, &birth->args, sizeof(birth->args));

	if (pid == 0)
		become_init(birth);
	return pid;
}

/* In the intermediate process, which shares descriptors with coffer: join, make the child a sibling
 * (CLONE_PARENT), end. It has a copy of the memory, not coffer's own: the kernel lets nobody into
 * another time namespace who shares his memory (EUSERS). */
static _Noreturn void join_and_clone(struct birth *birth, struct answer *answer)
{
	long result = 0;

	for (unsigned i = 0; result == 0 && i < birth->joins->count; i++)
		result = kernel_call(__NR_setns, birth->joins->item[i].fd,
				     birth->joins->item[i].kinds);
	answer->failed_join = (int)result;
	if (result == 0)
		answer->pid = clone_init(birth);
	answer->pidfd = birth->pidfd;
	for (;;)
		kernel_call(__NR_exit_group, 0);
}

static long take_answer(struct birth *birth, const struct answer *answer)
{
	birth->failed_join = answer->failed_join;
	birth->pidfd = answer->pidfd;
	return birth->failed_join < 0 ? birth->failed_join : answer->pid;
}

static long clone_between(struct birth *birth)
{
	struct clone_args between = { .flags = CLONE_VFORK | CLONE_FILES, .exit_signal = SIGCHLD };
	struct answer *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long pid;

	if (answer == MAP_FAILED)
		return -errno;
	*answer = (struct answer){ .pid = -EAGAIN, .pidfd = -1 };
	birth->args.flags |= CLONE_PARENT;
	birth->args.exit_signal = 0; /* a sibling has its brother's */
	pid = kernel_call(__NR_clone3, &between, sizeof(between));
	if (pid == 0)
		join_and_clone(birth, answer);
	if (pid > 0) {
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = take_answer(birth, answer);
	}
	munmap(answer, sizeof(*answer));
	return pid;
}

/* Until it executes the image, the child has our memory and may already be seen by a container that
 * it was born into: nobody there may trace it (CVE-2016-9962). Not where id maps are still to be
 * written: the image's new memory begins with this mark, and the kernel gives the map files of a
 * non-dumpable process to the real root; but then its user namespace is new, and nobody is there.
 */
static int clone_child(struct birth *birth, bool maps_follow)
{
	int dumpable = maps_follow ? 0 : prctl(PR_GET_DUMPABLE);
	sigset_t all, before;
	long pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if (!maps_follow)
		prctl(PR_SET_DUMPABLE, 0);
	pid = birth->joins->count > 0 ? clone_between(birth) : clone_init(birth);
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return (int)pid;
}

static void close_joins(struct joins *joins)
{
	while (joins->count > 0)
		close_fd(&joins->item[--joins->count].fd);
}

static int add_join(struct joins *joins, int fd, uint64_t kinds, struct error *err)
{
	if (fd < 0)
		return fd;
	if (joins->count == JOINS_MOST) {
		close(fd);
		return fail(err, E2BIG, "too many namespaces to join");
	}
	joins->item[joins->count].fd = fd;
	joins->item[joins->count++].kinds = kinds;
	return 0;
}

static int collect_joins(const struct launch_request *request, struct joins *joins,
			 struct error *err)
{
	const struct plan *plan = request->plan;

	if (request->join_user)
		TRY(add_join(joins, fcntl(request->target_pidfd, F_DUPFD_CLOEXEC, 3),
			     CLONE_NEWUSER | (request->join_pid ? CLONE_NEWPID : 0), err));
	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];
		int fd;

		if (step->kind != STEP_JOIN_EARLY)
			continue;
		fd = host_open_namespace(plan_text(plan, step->text[0]), step->number[0], err);
		if (add_join(joins, fd, step->number[0], err) < 0)
			return step_where(plan, step, err);
	}
	return 0;
}

/* The container's pid namespace, or the one that the plan names. */
static int open_pid_namespace(const struct launch_request *request, const struct step *step,
			      struct error *err)
{
	int fd;

	if (!step) {
		fd = fcntl(request->target_pidfd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? fail_call(err, "fcntl F_DUPFD_CLOEXEC", "cannot copy a pidfd") : fd;
	}
	fd = host_open_namespace(plan_text(request->plan, step->text[0]), CLONE_NEWPID, err);
	return fd < 0 ? step_where(request->plan, step, err) : fd;
}

/* Children are born in the joined pid namespace until it is undone. In the user namespace of a
 * rootless engine there is no way back into a pid namespace that belongs to the host, which the
 * first setns finds out: then the intermediate process joins. */
static int join_pid_namespace(const struct launch_request *request, int *before,
			      struct joins *joins, struct error *err)
{
	const struct step *step = plan_find(request->plan, STEP_JOIN_PID);
	auto_close int namespace = -1;

	if (!step && (!request->join_pid || request->join_user))
		return 0;
	namespace = open_pid_namespace(request, step, err);
	if (namespace < 0)
		return namespace;
	*before = open("/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
	if (*before < 0)
		return fail_call(err, "open", "cannot open /proc/self/ns/pid_for_children");
	if (setns(*before, CLONE_NEWPID) < 0) {
		close_fd(before);
		return add_join(joins, take_fd(&namespace), CLONE_NEWPID, err);
	}
	if (setns(namespace, CLONE_NEWPID) == 0)
		return 0;
	if (!step)
		return fail_call(err, "setns", "cannot join the container's pid namespace");
	fail_call(err, "setns", "cannot join \"%s\"", plan_text(request->plan, step->text[0]));
	return step_where(request->plan, step, err);
}

static unsigned first_private_descriptor(const struct plan *plan)
{
	const struct step *close = plan_find(plan, STEP_CLOSE);

	return close ? (unsigned)close->number[0] : 3;
}

static int make_control(const struct plan *plan, int *ours, int *theirs, struct error *err)
{
	auto_close int low = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_call(err, "socketpair", "cannot make the control socket");
	*ours = pair[0];
	low = pair[1];
	/* Above the descriptors that are handed to the program. */
	*theirs = fcntl(low, F_DUPFD_CLOEXEC, first_private_descriptor(plan));
	if (*theirs < 0) {
		close_fd(ours);
		return fail_call(err, "fcntl F_DUPFD_CLOEXEC", "cannot move the control socket");
	}
	return 0;
}

static int execute_clone(const struct launch_request *request, struct birth *birth,
			 struct launched *launched, struct error *err)
{
	const struct step *step = plan_find(request->plan, STEP_CLONE);
	int pid;

	birth->pidfd = -1;
	birth->args = (struct clone_args){
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (step ? step->number[0] : 0) |
			 (request->cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&birth->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = request->cgroup_fd >= 0 ? (uint64_t)request->cgroup_fd : 0,
	};
	pid = clone_child(birth, plan_find(request->plan, STEP_MAP_USERS) != NULL);
	if (birth->failed_join < 0)
		return fail_number(err, pid, "setns", "cannot join the namespaces");
	if (pid < 0) {
		fail_number(err, pid, "clone3", "cannot create the container's process");
		if (pid == -ENOSPC)
			fail_hint(err, "raise /proc/sys/user/max_*_namespaces");
		if (pid == -EAGAIN)
			fail_hint(err, PROCESS_LIMIT_HINT);
		return step ? step_where(request->plan, step, err) : pid;
	}
	launched->pid = pid;
	launched->pidfd = birth->pidfd;
	return 0;
}

int launch_clone(const struct launch_request *request, struct launched *launched, struct error *err)
{
	auto_close int image = make_init_image(err);
	auto_close int theirs = -1;
	auto_close int before = -1;
	struct joins joins = { 0 };
	struct birth birth = { .stdio = request->stdio, .joins = &joins };
	struct affinity affinity = { .length = 0 };
	int result;

	*launched = (struct launched){ .pid = -1,
				       .pidfd = -1,
				       .control = -1,
				       .console = -1,
				       .listener = -1,
				       .plan = request->plan,
				       .start_socket = request->start_socket,
				       .target_pidfd = request->target_pidfd };
	if (image < 0 && (image = open_installed_image(err)) < 0)
		return image;
	TRY(make_control(request->plan, &launched->control, &theirs, err));
	birth.image = image;
	birth.control = theirs;
	birth.born_inside = request->join_pid;
	snprintf(birth.control_text, sizeof(birth.control_text), "%d", theirs);

	result = collect_joins(request, &joins, err);
	if (result == 0)
		result = join_pid_namespace(request, &before, &joins, err);
	if (result == 0)
		result = affinity_enter(request->plan, &affinity, err);
	if (result == 0)
		result = execute_clone(request, &birth, launched, err);
	affinity_leave(&affinity);
	/* Hooks and helpers of coffer's own stay in coffer's namespace. */
	if (before >= 0 && setns(before, CLONE_NEWPID) < 0 && result == 0)
		result = fail_call(err, "setns", "cannot return to the pid namespace");
	close_joins(&joins);
	if (result < 0)
		launch_abort(launched);
	return result;
}

void launch_close(struct launched *launched)
{
	close_fd(&launched->pidfd);
	close_fd(&launched->control);
	close_fd(&launched->console);
	close_fd(&launched->listener);
	launch_leave_net_devices(launched);
	free(launched->mounts);
	launched->mounts = NULL;
	launched->mount_count = 0;
}

void launch_abort(struct launched *launched)
{
	net_devices_give_back(launched);
	if (launched->pid > 0) {
		kill(launched->pid, SIGKILL); /* our child, not reaped: nobody else's pid */
		while (waitpid(launched->pid, NULL, 0) < 0 && errno == EINTR)
			;
		launched->pid = -1;
	}
	launch_close(launched);
}

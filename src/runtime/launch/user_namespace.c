/* user_namespace.c -- a user namespace for the id map of a mount (mount_setattr(2)).
 *
 * It is made by a process that does nothing but wait until its maps are written and its namespace
 * is opened; the end of the pipe it waits at ends it, also when coffer is killed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kernel_call.h"
#include "base/own.h"
#include "launch_private.h"

/* A copy of coffer: raw system calls only, since another thread may have held any lock. */
static _Noreturn void wait_for_end(int readable, int writable)
{
	char nothing;

	kernel_call(__NR_close, writable);
	kernel_call(__NR_read, readable, &nothing, 1);
	for (;;)
		kernel_call(__NR_exit_group, 0);
}

/* No signal tells of its end (exit_signal 0): the caller's own children are his matter. */
static pid_t start_holder(const int *ends, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER };
	long pid = kernel_call(__NR_clone3, &args, sizeof(args));

	if (pid == 0)
		wait_for_end(ends[0], ends[1]);
	if (pid < 0)
		fail_number(err, (int)pid, "clone3", "cannot make a user namespace for the id map");
	if (pid == -ENOSPC)
		fail_hint(err, "raise /proc/sys/user/max_user_namespaces");
	return (pid_t)pid;
}

int user_namespace_open(pid_t pid, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot open \"%s\"", path) : fd;
}

static int map_and_open(pid_t pid, const char *users, const char *groups, struct error *err)
{
	TRY(id_map_users(pid, users, err));
	TRY(id_map_groups(pid, groups, false, err));
	return user_namespace_open(pid, err);
}

int user_namespace_make(const char *users, const char *groups, struct error *err)
{
	auto_close int readable = -1, writable = -1;
	int ends[2], result;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_call(err, "pipe2", "cannot make a user namespace for the id map");
	readable = ends[0];
	writable = ends[1];
	pid = start_holder(ends, err);
	if (pid < 0)
		return pid;
	result = map_and_open(pid, users, groups, err);
	close_fd(&writable);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return result;
}

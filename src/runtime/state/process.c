/* process.c -- a container's process, never another one that has its pid by now.
 *
 * A pid is reused; a pidfd is not. What is kept on disk is therefore the pid with the time the
 * process started (proc_pid_stat(5), field 22) and, where pidfds are files of pidfs (Linux 6.9),
 * the inode, which the kernel gives to no other process until it reboots. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/number.h"
#include "base/own.h"
#include "base/process.h"
#include "directory.h"
#include "runtime/state.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif
enum { STAT_MOST = 4096, START_TIME_FIELD = 22 };

/* The second field, the name in parentheses, may hold blanks and parentheses itself. */
static int find_start_time(char *stat, uint64_t *start_time)
{
	char *field = strrchr(stat, ')');
	char *rest = NULL;

	if (!field)
		return -EINVAL;
	field = strtok_r(field + 1, " ", &rest);
	for (int number = 3; field && number < START_TIME_FIELD; number++)
		field = strtok_r(NULL, " ", &rest);
	return number_parse_unsigned(field ? field : "", UINT64_MAX, start_time) ? 0 : -EINVAL;
}

static int read_start_time(pid_t pid, uint64_t *start_time)
{
	auto_text struct text stat = { 0 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	TRY(file_read(AT_FDCWD, path, STAT_MOST, &stat, NULL));
	return find_start_time(stat.data, start_time);
}

/* 0 where the kernel's pidfds all have the same inode. */
static uint64_t inode_of(int pidfd)
{
	struct statfs filesystem;
	struct stat status;

	if (fstatfs(pidfd, &filesystem) < 0 || filesystem.f_type != PID_FS_MAGIC ||
	    fstat(pidfd, &status) < 0)
		return 0;
	return status.st_ino;
}

int state_identify(struct container_state *state, int pidfd, struct error *err)
{
	int result = read_start_time(state->pid, &state->start_time);

	if (result < 0)
		return fail_number(err, result, "open", "cannot read /proc/%d/stat", state->pid);
	state->pidfd_inode = inode_of(pidfd);
	return 0;
}

static bool is_recorded(const struct container_state *state, int pidfd)
{
	uint64_t start_time = 0;

	if (state->pidfd_inode != 0 && inode_of(pidfd) != state->pidfd_inode)
		return false;
	return read_start_time(state->pid, &start_time) == 0 && start_time == state->start_time &&
	       !process_has_ended(pidfd);
}

int state_pidfd(const struct container_state *state, struct error *err)
{
	auto_close int pidfd = -1;

	if (state->pid > 0)
		pidfd = (int)syscall(SYS_pidfd_open, state->pid, 0);
	if (state->pid > 0 && pidfd < 0 && errno != ESRCH && errno != EINVAL && errno != ENOENT)
		return fail_call(err, "pidfd_open", "cannot look at process %d", state->pid);
	if (pidfd < 0 || !is_recorded(state, pidfd))
		return fail(err, ESRCH, "container not running");
	return take_fd(&pidfd);
}

/* members.h -- the processes of a cgroup directory and of all below it. */
#ifndef CGROUP_MEMBERS_H
#define CGROUP_MEMBERS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct members {
	pid_t *pids;
	size_t count;
};

/* Their pids; those outside our pid namespace have none. A directory that is gone is empty. */
int members_read(int dir, struct arena *arena, struct members *members, struct error *err);

/* Send `signal` to all of them, and to those that were forked meanwhile. Sent by pidfd to processes
 * that were seen there after it was opened, so a reused pid is never signalled. */
int members_signal(int dir, int signal, struct error *err);

/* Wait until the processes that are there have exited. -EBUSY at the deadline. */
int members_await_exit(int dir, int64_t deadline, struct error *err);

#endif

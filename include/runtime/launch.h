/* launch.h -- give birth to a container's first process and talk with it until it is created.
 *
 * The process is the init image, executed from a sealed memfd by one vfork-style clone3; nothing of
 * coffer's memory or files enters the container. The lifecycle reads:
 *
 *     launch_clone      clone3 (born in its v2 cgroup), HOST steps before and of the clone
 *     (the caller joins v1 cgroups by pid)
 *     launch_hand_over  id maps, open trees, send plan and descriptors
 *     launch_await      PHASE_RUNTIME_HOOKS, then PHASE_CREATED
 *     launch_continue   after the runtime hooks
 *     launch_start      `run`: PHASE_START
 *     launch_executed   wait until the program was executed
 */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "runtime/plan.h"
#include "runtime/steps.h"

struct launch_request {
	const struct plan *plan;
	int cgroup_fd;    /* v2 cgroup directory to be born in, or -1 */
	int start_socket; /* listening socket for plan->start_slot, or -1 */
	int target_pidfd; /* exec, mounts: slot 0, the container's process; else -1 */
	bool join_pid;    /* mounts: be born in target_pidfd's pid namespace */
	bool join_user;   /* mounts without privilege: in its user namespace before everything */
	int stdio[3];     /* -1: inherit the caller's */
};

struct launched {
	pid_t pid;
	int pidfd;
	int control;  /* our end of the control socket */
	int console;  /* the pty's master once PHASE_CREATED was reached with a console; or -1 */
	bool born;    /* PHASE_BORN was reached: `pid` is the second child */
	int listener; /* the seccomp listener once PHASE_LISTENER was reached; or -1 */
	struct net_devices *net_devices; /* moved to it, to be given back by launch_abort */
	uint64_t *mounts;                /* ids told by PHASE_MOUNTED */
	size_t mount_count;
	const struct plan *plan;
	int start_socket; /* borrowed from the request until launch_hand_over */
	int target_pidfd;
};
#define LAUNCHED_NONE                                                                              \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .control = -1, .console = -1, .listener = -1               \
	}

/* Before: nothing runs. After success the process waits for its plan. */
int launch_clone(const struct launch_request *request, struct launched *launched,
		 struct error *err);

int launch_hand_over(struct launched *launched, struct error *err);

/* Of a process that others made (restore): move the plan's network devices into its network
 * namespace (config-linux.md, "Network Devices"), to be given back by launch_abort, or left to the
 * container. */
int launch_move_net_devices(const struct plan *plan, struct launched *launched, struct error *err);
void launch_leave_net_devices(struct launched *launched);

/* Wait until the child announces `phase` (descriptors that arrive before it are kept). Its failure,
 * or its death, is the error: `where` and words are those of the failing step. */
int launch_await(struct launched *launched, enum phase phase, struct error *err);

int launch_continue(struct launched *launched, struct error *err);

/* Tell the child to start. Where the filter has a listener, the caller takes it next
 * (PHASE_LISTENER): the child's own calls may wait for whoever answers there. */
int launch_start(struct launched *launched, struct error *err);

/* Wait until its program was executed (the control socket closes) or a step failed. */
int launch_executed(struct launched *launched, struct error *err);

/* Give back the network devices that were moved to it, unless it was started; kill and reap the
 * child and release everything; harmless after launch_close. */
void launch_abort(struct launched *launched);

/* Close descriptors only. */
void launch_close(struct launched *launched);

/* `start` of a created container: connect to its start socket in `state_dir`; launch_start,
 * launch_await and launch_executed then go over that. -EBUSY "cannot start an already running
 * container" when nobody listens. `launched` has no process; the steps' names and places come from
 * the message itself (the plan is not kept). */
int launch_reach(int state_dir, struct launched *launched, struct error *err);

/* Make the listening start socket in `state_dir`; returns the descriptor. */
int launch_listen(int state_dir, struct error *err);

/* Make the words of a step's failure: shared by the launcher and tests. */
int launch_step_failed(const struct plan *plan, const struct message *message, struct error *err);

#endif

/* launch_private.h -- what the chapters of launch share. */
#ifndef LAUNCH_PRIVATE_H
#define LAUNCH_PRIVATE_H

#include "runtime/launch.h"

/* A child ends with it when the kernel does not execute the init image: mostly no memory. */
#define IMAGE_NOT_EXECUTED 126

/* clone3 says EAGAIN. */
#define PROCESS_LIMIT_HINT "a limit of processes is reached: pids.max or ulimit -u"

/* id_maps.c: write /proc/PID/{uid,gid}_map; by newuidmap(1) and newgidmap(1) where the kernel does
 * not let this caller. */
int id_map_users(pid_t pid, const char *map, struct error *err);
int id_map_groups(pid_t pid, const char *map, bool deny_setgroups, struct error *err);

/* user_namespace.c: a new user namespace with these maps; that of a process. The descriptor. */
int user_namespace_make(const char *users, const char *groups, struct error *err);
int user_namespace_open(pid_t pid, struct error *err);

/* host_steps.c: steps of side HOST that come after the clone. `slots` has room for every slot. */
int host_steps_run(struct launched *launched, int *slots, struct error *err);

/* Open a namespace file and check that it is one of `kind` (CLONE_NEW*). */
int host_open_namespace(const char *path, uint64_t kind, struct error *err);

/* net_devices.c: move a device of the caller's network namespace into that at the path `namespace`
 * ("": the child's own), where it is called `inside` ("eth%d": the kernel fills in the number). */
int net_device_move(struct launched *launched, const char *namespace, const char *name,
		    const char *inside, struct error *err);
/* Undo every move, and release launched->net_devices. */
void net_devices_give_back(struct launched *launched);

/* affinity.c: take the CPUs that a child begins on, and go back to one's own. */
struct affinity {
	size_t length; /* bytes of the mask; 0: nothing was changed */
	unsigned long mask[8192 / 8 / sizeof(unsigned long)];
};
int affinity_enter(const struct plan *plan, struct affinity *before, struct error *err);
void affinity_leave(const struct affinity *before);

/* The first step of that kind, or NULL. */
const struct step *plan_find(const struct plan *plan, unsigned kind);

/* Set `where` to the step's JSON path. Returns -err->number. */
int step_where(const struct plan *plan, const struct step *step, struct error *err);

#endif

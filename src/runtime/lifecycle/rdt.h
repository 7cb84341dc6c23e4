/* rdt.h -- a container's resctrl group (linux.intelRdt), as state.json knows it. */
#ifndef LIFECYCLE_RDT_H
#define LIFECYCLE_RDT_H

#include "base/arena.h"
#include "base/error.h"
#include "runtime/resctrl.h"
#include "runtime/spec.h"
#include "runtime/state.h"

/* Make the group that the configuration asks for (rdt NULL: none), written down before: what a
 * killed `create` leaves is found by `delete --force`. */
int rdt_make(struct container *container, const struct spec_intel_rdt *rdt, struct arena *arena,
	     struct resctrl_group *group, struct error *err);

/* Put a process into the container's group; without one that is success. */
int rdt_enter(const struct container_state *state, pid_t pid, struct error *err);

/* `update`: write schemata of a container that is held exclusively (either may be NULL); one that
 * has no group gets its own. Errors are placed at linux.intelRdt. */
int rdt_update(struct container *container, const struct spec_intel_rdt *schemas,
	       struct arena *arena, struct error *err);

/* runc's "intel_rdt" of `events --stats`, in the arena; "{}" without a group. */
char *rdt_stats(const struct container_state *state, struct arena *arena);

/* What of it is the container's own. */
int rdt_remove(const struct container_state *state, struct error *err);

#endif

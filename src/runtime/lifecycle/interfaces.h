/* interfaces.h -- traffic of a container's network interfaces. */
#ifndef LIFECYCLE_INTERFACES_H
#define LIFECYCLE_INTERFACES_H

#include "base/arena.h"
#include "runtime/state.h"

/* The JSON list that runc's statistics have, in the arena: the interfaces of the container's own
 * network namespace but lo. NULL where there are none, or it shares the host's namespace. */
char *interfaces_list(const struct container_state *state, struct arena *arena);

#endif

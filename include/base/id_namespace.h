/* id_namespace.h -- a user namespace that is there for its id maps alone. */
#ifndef BASE_ID_NAMESPACE_H
#define BASE_ID_NAMESPACE_H

#include "base/error.h"
#include "base/id_ranges.h"

struct id_maps {
	struct id_ranges uids, gids;
};

/* A descriptor of a new user namespace with these maps, child of the caller's. Root writes any map;
 * a user's go through newuidmap(1) and newgidmap(1), who ask /etc/subuid and /etc/subgid. */
int id_namespace_make(const struct id_maps *maps, struct error *err);

/* Run `work` in a child process that is root in that user namespace, and hand on its result and its
 * error. The child has everything else of the caller's, but no threads. */
int id_namespace_run(const struct id_maps *maps, int (*work)(void *context, struct error *err),
		     void *context, struct error *err);

#endif

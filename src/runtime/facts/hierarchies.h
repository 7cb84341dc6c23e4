/* hierarchies.h -- which control group trees a mount table shows. */
#ifndef FACTS_HIERARCHIES_H
#define FACTS_HIERARCHIES_H

#include <stdint.h>

#include "base/arena.h"
#include "runtime/facts.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Fill the cgroup members of `facts` from the text of a mountinfo file (proc(5)). Only what is
 * mounted directly on the mount `root_id` (the one that is visible at /sys/fs/cgroup) counts: a
 * mount that another one hides is still listed. root_id 0: unknown, the last mount at
 * /sys/fs/cgroup is taken. Pure; `mountinfo` is cut up. */
void hierarchies_find(char *mountinfo, uint64_t root_id, struct arena *arena, struct facts *facts);

#endif

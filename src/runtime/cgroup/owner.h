/* owner.h -- give cgroup directories away. */
#ifndef CGROUP_OWNER_H
#define CGROUP_OWNER_H

#include "runtime/cgroup.h"

/* The v2 directory and its delegatable files become the user's. */
int cgroup_give_directory(int dir, uint32_t owner, struct error *err);

#endif

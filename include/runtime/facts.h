/* facts.h -- what the planner may know about the host: gathered once, before planning, so that
 * planning itself makes no system call and tests can invent hosts. */
#ifndef RUNTIME_FACTS_H
#define RUNTIME_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum cgroup_layout {
	CGROUP_NONE,    /* nothing mounted that could be used */
	CGROUP_UNIFIED, /* v2 at /sys/fs/cgroup */
	CGROUP_LEGACY,  /* v1 hierarchies below /sys/fs/cgroup */
	CGROUP_HYBRID,  /* v1 hierarchies and a v2 tree at /sys/fs/cgroup/unified */
};

/* One mounted v1 hierarchy: { "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct" }. */
struct cgroup_hierarchy {
	const char *mountpoint;
	const char *controllers; /* "memory", "cpu,cpuacct", "name=systemd" */
};

/* --rootless: may a cgroup that we are forbidden to make be left out when no limit needs it? */
enum rootless {
	ROOTLESS_AUTO, /* yes for who is not root, or only in a user namespace */
	ROOTLESS_TRUE,
	ROOTLESS_FALSE,
};

struct facts {
	uint32_t euid, egid;
	bool privileged;        /* may open_tree in its own mount namespace (CAP_SYS_ADMIN) */
	bool in_user_namespace; /* not the initial one: no mknod, no host devices */
	enum rootless rootless; /* the caller's wish, not the host's: facts_gather leaves it auto */
	uint64_t bounding;      /* capabilities in the bounding set, a bit each */
	enum cgroup_layout cgroup_layout;
	const char *cgroup_unified; /* mount point of the v2 tree, or NULL */
	const struct cgroup_hierarchy *hierarchies;
	unsigned hierarchy_count;
	bool selinux; /* enabled on this host */
	bool apparmor;
};

/* Ask the host. Strings live in the arena. */
int facts_gather(struct facts *facts, struct arena *arena, struct error *err);

/* Is the caller in another user namespace than the initial one? */
bool facts_in_user_namespace(void);

/* Only where the cgroups are, for verbs that find one and neither plan nor join. */
int facts_gather_cgroups(struct facts *facts, struct arena *arena, struct error *err);

#endif

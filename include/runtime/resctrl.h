/* resctrl.h -- a container's group in the kernel's resctrl filesystem: Intel RDT's classes of
 * service and monitoring (config-linux.md "IntelRdt"; the kernel's
 * Documentation/filesystems/resctrl.rst). */
#ifndef RUNTIME_RESCTRL_H
#define RUNTIME_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "runtime/spec.h"

/* Strings live in the arena that was given. */
struct resctrl_group {
	char *path;    /* of the class of service */
	char *monitor; /* of the monitoring group in it, or NULL */
	bool own;      /* the class is this container's alone (no closID was given, and it is new):
			  it goes with the container */
	bool made;     /* the class was made by resctrl_make */
};

/* Where a resctrl filesystem is mounted, by the text of mountinfo. -ENOENT: nowhere. */
int resctrl_find(const char *mountinfo, struct arena *arena, char **root, struct error *err);
/* The same, by the runtime's own mount namespace. */
int resctrl_root(struct arena *arena, char **root, struct error *err);

/* Decide where the container's group is; nothing is changed. Errors are placed at linux.intelRdt.
 */
int resctrl_place(const char *root, const struct spec_intel_rdt *rdt, const char *id,
		  struct arena *arena, struct resctrl_group *group, struct error *err);

/* Make what is missing of it and write its schemata. An existing class of a closID must have the
 * configured ones already; one without schemata must exist. On failure nothing is left that was
 * made. */
int resctrl_make(const char *root, const struct spec_intel_rdt *rdt, struct resctrl_group *group,
		 struct error *err);

/* Put a process (one thread) into the group. */
int resctrl_enter(const struct resctrl_group *group, pid_t pid, struct error *err);

/* `update`: either may be NULL. */
int resctrl_update(const struct resctrl_group *group, const char *l3_cache_schema,
		   const char *mem_bw_schema, struct error *err);

/* What the class allows and the group uses: the "intel_rdt" of runc's `events --stats`, JSON in the
 * arena. What cannot be read is left out. */
char *resctrl_stats(const char *root, const struct resctrl_group *group, struct arena *arena);

/* Remove the monitoring group, and the class if it is the container's own; what is gone already is
 * success. undo: the class also if resctrl_make made it, and nobody else is in it by now. */
int resctrl_remove(const struct resctrl_group *group, bool undo, struct error *err);

#endif

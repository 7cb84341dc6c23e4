/* unit.h -- a container's unit: its name, and what is asked of systemd about it. */
#ifndef SYSTEMD_UNIT_H
#define SYSTEMD_UNIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "property.h"

/* Where a unit is, from cgroupsPath "SLICE:PREFIX:NAME" (runc) or "SLICE:NAME" (crun). */
struct unit_name {
	const char *slice; /* "machine.slice" */
	const char *unit;  /* "PREFIX-NAME.scope", or NAME when that ends in ".slice" */
	const char *path;  /* "/machine.slice/PREFIX-NAME.scope", below the manager's own cgroup */
};

/* name.c, pure. cgroups_path NULL or "": default_slice and coffer-ID.scope. Characters that no unit
 * has in its name are escaped as systemd-escape(1) does. */
int unit_name_parse(const char *cgroups_path, const char *id, const char *default_slice,
		    struct arena *arena, struct unit_name *name, struct error *err);
bool unit_is_slice(const char *unit);

struct bus;

/* Start it, with these properties and processes (a slice has none), and wait until it is up. A
 * failed one of that name is forgotten first; one that is not is -EEXIST. Optional properties that
 * this systemd does not know are left out. */
int unit_start(struct bus *bus, const char *unit, const struct properties *properties,
	       struct error *err);

/* Change properties until the unit ends; what follows from it in the kernel is done when this
 * returns. */
int unit_set(struct bus *bus, const char *unit, const struct properties *properties,
	     struct error *err);

/* Move a process into it, where the caller himself may not. */
int unit_attach(struct bus *bus, const char *unit, const char *below, pid_t pid, struct error *err);

/* Stop it, wait until it is down, forget that it failed. Absent is success. */
int unit_stop(struct bus *bus, const char *unit, struct error *err);

#endif

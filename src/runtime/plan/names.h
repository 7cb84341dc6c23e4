/* names.h -- numbers that have names: one table serves the planner, which reads names, and the
 * printer, which writes them. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct name_row {
	const char *name; /* NULL ends a table */
	uint64_t value;
};

extern const struct name_row clone_names[];      /* CLONE_NEW*: "pid" */
extern const struct name_row mount_flag_names[]; /* MS_* of a mount or its file system: "ro" */
extern const struct name_row attribute_names[];  /* MOUNT_ATTR_*: "ro" */
extern const struct name_row
	propagation_names[];                    /* MS_PRIVATE: "private"; with MS_REC "rprivate" */
extern const struct name_row rlimit_names[];    /* "RLIMIT_CPU" */
extern const struct name_row capability_rows[]; /* "CAP_CHOWN", by number */
extern const struct name_row file_type_names[]; /* S_IFCHR: "c" */
extern const struct name_row phase_names[];

/* "CAP_CHOWN", "cap_chown", "chown": the capability's number, or -1. */
int capability_of_name(const char *name);

/* The row of that name, or of that value; NULL when there is none. */
const struct name_row *name_find(const struct name_row *table, const char *name);
const struct name_row *name_of(const struct name_row *table, uint64_t value);

#endif

/* names.h -- numbers that have names, beside those of config.json itself (spec_names.h): what the
 * printer writes, and the planner reads. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include <stdint.h>

#include "runtime/spec_names.h"

extern const struct spec_name mount_flag_names[]; /* MS_* of a mount or its file system: "ro" */
extern const struct spec_name attribute_names[];  /* MOUNT_ATTR_*: "ro" */
extern const struct spec_name file_type_names[];  /* S_IFCHR: "c" */
extern const struct spec_name phase_names[];

/* The first name of that value, or NULL. */
const char *name_of(const struct spec_name *table, uint64_t value);

#endif

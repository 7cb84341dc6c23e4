/* spec_names.h -- the names a config.json may use, with the kernel's value of each: one row is what
 * the checker accepts, the planner translates and `features` lists. Tables end with a NULL name and
 * are in the order of the specification or of the kernel's numbers. */
#ifndef RUNTIME_SPEC_NAMES_H
#define RUNTIME_SPEC_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct spec_name {
	const char *name;
	uint64_t value;
};

extern const struct spec_name spec_namespace_names[];        /* "pid": CLONE_NEWPID */
extern const struct spec_name spec_capability_names[];       /* "CAP_CHOWN": CAP_CHOWN */
extern const struct spec_name spec_rlimit_names[];           /* "RLIMIT_CORE": RLIMIT_CORE */
extern const struct spec_name spec_scheduler_policy_names[]; /* "SCHED_FIFO": SCHED_FIFO */
extern const struct spec_name spec_scheduler_flag_names[];   /* SCHED_FLAG_* */
extern const struct spec_name spec_io_class_names[];         /* "IOPRIO_CLASS_RT": 1 */
extern const struct spec_name spec_personality_names[];      /* "LINUX32": PER_LINUX32 */
extern const struct spec_name spec_memory_mode_names[];      /* "MPOL_BIND": MPOL_BIND */
extern const struct spec_name spec_memory_flag_names[];      /* MPOL_F_* mode flags */
extern const struct spec_name spec_propagation_names[];      /* "rslave": MS_SLAVE | MS_REC */
extern const struct spec_name spec_clock_names[];            /* "monotonic": CLOCK_MONOTONIC */
extern const struct spec_name spec_hook_names[];             /* "prestart": its place, from 0 */

/* The row's value; false: no such name. NULL is no name. Case counts. */
bool spec_name_value(const struct spec_name *names, const char *name, uint64_t *value);
bool spec_name_known(const struct spec_name *names, const char *name);

/* The number of a capability as configs of crun and runc name it ("CAP_CHOWN", in any case, the
 * prefix may be missing), or -1. */
int spec_capability_number(const char *name);

/* All names of a table, for `features`. */
struct strings spec_name_list(const struct spec_name *names, struct arena *arena);

#endif

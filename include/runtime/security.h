/* security.h -- seccomp filters, capability names, LSM facts. */
#ifndef RUNTIME_SECURITY_H
#define RUNTIME_SECURITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/plan.h"
#include "runtime/spec.h"

/* Compile linux.seccomp to BPF with libseccomp (opened by dlopen, only on a cache miss), or take it
 * from the cache below `cache_dir` (-1: no cache). The program is in the arena.
 * NULL or an empty profile gives length 0. Unknown system calls are warned of, unknown actions,
 * architectures, flags are errors with their JSON path. */
int seccomp_compile(const struct spec_seccomp *seccomp, int cache_dir, struct arena *arena,
		    struct plan_filter *filter, struct error *err);

/* The libseccomp version of this host, "2.5.4", or NULL. */
const char *seccomp_library_version(void);

/* All capability names of this build ("CAP_CHOWN"), in number order; NULL-terminated. */
extern const char *const capability_names[];
/* The number of "CAP_CHOWN" (any case, prefix optional), or -1. */
int capability_number(const char *name);

bool selinux_enabled(void);
bool apparmor_enabled(void);

#endif

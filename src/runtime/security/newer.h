/* newer.h -- system calls that are newer than the profile. Private to security/. */
#ifndef SECURITY_NEWER_H
#define SECURITY_NEWER_H

#include "base/arena.h"
#include "library.h"
#include "runtime/spec.h"
#include "verdicts.h"

/* Numbers that a filter is to answer with ENOSYS. */
struct absent {
	uint32_t architecture; /* AUDIT_ARCH_* as the kernel says it */
	uint32_t first, last;
};

struct absences {
	struct absent *items;
	size_t count;
};

/* What is newer than everything that the profile names, for each architecture of the filter; none
 * where the profile's default lets calls through. */
struct absences newer_find(const struct library *library, scmp_filter_ctx filter,
			   const struct spec_seccomp *profile, struct arena *arena);

/* The program with those answers before it. */
struct bpf newer_prepend(const struct bpf *bpf, const struct absences *absences,
			 struct arena *arena);

#endif

/* program.h -- a checked profile compiled by libseccomp. Private to security/. */
#ifndef SECURITY_PROGRAM_H
#define SECURITY_PROGRAM_H

#include "base/arena.h"
#include "base/error.h"
#include "library.h"
#include "runtime/plan.h"
#include "runtime/security.h"

/* Instructions the kernel takes (BPF_MAXINSNS), 8 bytes each. */
#define PROGRAM_MOST (4096 * 8)

/* Fill filter->program and length. */
int program_compile(const struct library *library, const struct seccomp_request *request,
		    struct arena *arena, struct plan_filter *filter, struct error *err);

#endif

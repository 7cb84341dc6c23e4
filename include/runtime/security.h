/* security.h -- seccomp filters: linux.seccomp compiled to BPF, and a cache of what was compiled.
 */
#ifndef RUNTIME_SECURITY_H
#define RUNTIME_SECURITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "runtime/plan.h"
#include "runtime/spec.h"
#include "runtime/spec_names.h"

/* What a filter is made of. */
struct seccomp_request {
	const struct spec_seccomp *profile; /* linux.seccomp, which passed spec_check; or NULL */
	const char *raw; /* base64 of a program that is taken as it is, instead of rules; or NULL */
	bool unknown_fails; /* a system call that libseccomp does not know is an error */
	/* A directory that nobody else can write to, else it is not used; -1: none. Its files are
	 * coffer's own, at most 64. */
	int cache_dir;
};

/* Compile a profile to BPF with libseccomp (opened by dlopen, only on a cache miss), or take it
 * from the cache. The program is in the arena.
 * NULL, or a profile without default action and rules, gives length 0. Unknown actions, operators,
 * architectures and flags are errors with their JSON path; names of system calls that this
 * libseccomp does not know are skipped, as runc does (log_debug). Where the default denies, calls
 * that are newer than all that are named get ENOSYS, as runc does.
 * filter->flags: those asked for that matter to the one thread that is filtered (no TSYNC), and
 * never NEW_LISTENER (filter->notify says it); SPEC_ALLOW where a profile has no flags, as runc.
 * A filter with a listener that does not allow sendmsg(2) is an error: the listener leaves the
 * container that way. */
int seccomp_compile(const struct seccomp_request *request, struct arena *arena,
		    struct plan_filter *filter, struct error *err);

/* The libseccomp version of this host, "2.5.4", or NULL when it has none. Loads the library. */
const char *seccomp_library_version(void);

/* What linux.seccomp may say (spec_name_list() for `features`). */
extern const struct spec_name seccomp_action_names[];       /* SCMP_ACT_*, without errno */
extern const struct spec_name seccomp_operator_names[];     /* SCMP_CMP_* */
extern const struct spec_name seccomp_architecture_names[]; /* SCMP_ARCH_*: AUDIT_ARCH_* */
extern const struct spec_name seccomp_flag_names[];         /* SECCOMP_FILTER_FLAG_* */

/* Does the running kernel take the flag (a value of seccomp_flag_names)? */
bool seccomp_flag_supported(uint64_t flag);

#endif

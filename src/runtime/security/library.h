/* library.h -- libseccomp, opened when a filter must be compiled. */
#ifndef SECURITY_LIBRARY_H
#define SECURITY_LIBRARY_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Its functions that are used; types come from its own header. */
#define LIBRARY_ROWS(ROW)                                                                          \
	ROW(seccomp_version)                                                                       \
	ROW(seccomp_init)                                                                          \
	ROW(seccomp_release)                                                                       \
	ROW(seccomp_arch_add)                                                                      \
	ROW(seccomp_arch_exist)                                                                    \
	ROW(seccomp_attr_set)                                                                      \
	ROW(seccomp_syscall_resolve_name)                                                          \
	ROW(seccomp_syscall_resolve_name_arch)                                                     \
	ROW(seccomp_rule_add_array)                                                                \
	ROW(seccomp_export_bpf)

struct library {
	void *handle;
#define LIBRARY_MEMBER(function) __typeof__(function) *function;
	LIBRARY_ROWS(LIBRARY_MEMBER)
#undef LIBRARY_MEMBER
};

int library_open(struct library *library, struct error *err);
void library_close(struct library *library);
#define auto_library __attribute__((cleanup(library_close)))

/* Which file a filter was compiled by: while the same file is still there, so is the filter good.
 */
#define LIBRARY_PATH_MOST 256
struct library_stamp {
	char path[LIBRARY_PATH_MOST];
	uint64_t device, inode, size, changed; /* ns */
};

/* False when that cannot be told. */
bool library_stamp(const struct library *library, struct library_stamp *stamp);
/* Is that file as it was? Loads nothing. */
bool library_unchanged(const struct library_stamp *stamp);

#endif

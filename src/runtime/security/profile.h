/* profile.h -- linux.seccomp, checked and taken apart. Private to security/. */
#ifndef SECURITY_PROFILE_H
#define SECURITY_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/plan.h"
#include "runtime/security.h"
#include "runtime/spec.h"

/* Nothing is asked for: no default action and no rules. */
bool profile_is_empty(const struct spec_seccomp *profile);

/* Every name is one of names.c, every argument index below 6. */
int profile_check_flags(const struct spec_seccomp *profile, struct error *err);
int profile_check(const struct spec_seccomp *profile, struct error *err);

/* Does a rule hand calls to an agent? */
bool profile_notifies(const struct spec_seccomp *profile);

/* SECCOMP_FILTER_FLAG_* as seccomp_compile promises them. */
int profile_flags(const struct spec_seccomp *profile, bool notifies, uint32_t *flags,
		  struct error *err);

/* The value of a known action with its errno in it. */
uint32_t profile_action(const char *action, const uint32_t *errno_ret);

/* The name of its cache file: SHA-256 of everything that decides what libseccomp makes of it. */
#define PROFILE_NAME_SIZE 65
void profile_name(const struct seccomp_request *request, uint32_t flags, char *name);

#endif

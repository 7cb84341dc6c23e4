/* raw.h -- a filter that somebody else compiled. Private to security/. */
#ifndef SECURITY_RAW_H
#define SECURITY_RAW_H

#include "base/arena.h"
#include "base/error.h"
#include "runtime/plan.h"

/* Fill filter->program, length and notify from the base64 text of a program. The kernel checks the
 * program itself when it is loaded. */
int raw_take(const char *base64, struct arena *arena, struct plan_filter *filter,
	     struct error *err);

#endif

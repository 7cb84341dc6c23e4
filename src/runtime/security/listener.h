/* listener.h -- can the listener of a filter be handed over? Private to security/. */
#ifndef SECURITY_LISTENER_H
#define SECURITY_LISTENER_H

#include "base/error.h"
#include "runtime/plan.h"

int listener_check(const struct plan_filter *filter, struct error *err);

#endif

/* cancel.h -- long work that somebody may want to stop. */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include "base/error.h"

/* -ECANCELED when cancel_fd > 0 is readable; nothing is read from it. */
int cancel_check(int cancel_fd, struct error *err);

/* Wait until `fd` has one of the events of poll(2). -ECANCELED when cancel_fd > 0 is readable
 * meanwhile, or is already. */
int cancel_wait(int cancel_fd, int fd, short events, struct error *err);

#endif

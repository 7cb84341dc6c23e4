/* cancel.h -- long work that somebody may want to stop. */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include "base/error.h"

/* -ECANCELED when cancel_fd > 0 is readable; nothing is read from it. */
int cancel_check(int cancel_fd, struct error *err);

#endif

/* window.h -- the size of a terminal from its first moment. */
#ifndef LIFECYCLE_WINDOW_H
#define LIFECYCLE_WINDOW_H

#include "base/arena.h"
#include "runtime/spec.h"

/* A process whose terminal is relayed to the caller's: let it have the size of that. *process is
 * replaced by a changed copy; without a terminal on either side it stays. */
void window_give_size(struct spec_process **process, struct arena *arena);

#endif

/* standard.h -- the three standard descriptors of a program. */
#ifndef BASE_STANDARD_H
#define BASE_STANDARD_H

#include <stddef.h>

#include "base/error.h"

/* Occupy those that the caller closed, so that no file opened from now on takes their numbers and
 * gets what was meant for them. Reading and writing them fails, as if they were still closed. */
void standard_occupy(void);

/* Print and flush: an output that is full or closed is an error. */
int standard_print(const char *text, size_t length, struct error *err);

/* The same for what was printed into stdout before. */
int standard_flush(struct error *err);

#endif

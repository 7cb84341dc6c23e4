/* process.h -- a process by its pidfd (pidfd_open(2)). */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

/* Does not wait. What was read or opened by the number of a process was that one's if it has not
 * ended afterwards: until then nobody else gets the number. False for -1. */
bool process_has_ended(int pidfd);

#endif

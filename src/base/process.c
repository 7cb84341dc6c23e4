/* process.c -- a process by its pidfd. */
#include "base/process.h"

#include <poll.h>

bool process_has_ended(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, 0) > 0;
}

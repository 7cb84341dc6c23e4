/* cancel.c -- does somebody want this to stop? */
#include "base/cancel.h"

#include <errno.h>
#include <poll.h>

int cancel_check(int cancel_fd, struct error *err)
{
	struct pollfd wait = { .fd = cancel_fd, .events = POLLIN };

	if (cancel_fd > 0 && poll(&wait, 1, 0) > 0)
		return fail(err, ECANCELED, "interrupted");
	return 0;
}

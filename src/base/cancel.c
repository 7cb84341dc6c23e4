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

int cancel_wait(int cancel_fd, int fd, short events, struct error *err)
{
	struct pollfd waits[] = { { fd, events, 0 },
				  { cancel_fd > 0 ? cancel_fd : -1, POLLIN, 0 } };

	while (poll(waits, 2, -1) < 0)
		if (errno != EINTR) /* the signal, perhaps, that cancel_fd tells of */
			return fail_call(err, "poll", "cannot wait");
	return waits[1].revents ? fail(err, ECANCELED, "interrupted") : 0;
}

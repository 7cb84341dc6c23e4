/* notify.h -- sd_notify(3) from inside a container to the service manager that started coffer. */
#ifndef LIFECYCLE_NOTIFY_H
#define LIFECYCLE_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "runtime/state.h"

struct notify {
	int socket; /* what the container sends to; -1: nothing is relayed */
	pid_t main; /* told along with READY=1; 0: coffer stays the service's main process */
	bool ready; /* READY=1 was passed on */
};

#define NOTIFY_NONE                                                                                \
	{                                                                                          \
		.socket = -1                                                                       \
	}

/* The address in $NOTIFY_SOCKET, or NULL: nobody wants to know. */
const char *notify_address(void);

/* Make the directory that the container sees at /run/notify; its absolute path is in the arena. */
int notify_make(const struct container *container, struct arena *arena, const char **directory,
		struct error *err);

/* Listen there, if the container was made so and somebody wants to know: before its program runs.
 */
int notify_listen(const struct container *container, struct notify *notify, struct error *err);

/* Pass on what is there (a callback of `struct foreground`). */
void notify_relay(void *notify);

/* Pass on everything until READY=1 or the end of the process, and wait until the manager has
 * understood: afterwards this process may end. */
int notify_until_ready(struct notify *notify, int pidfd, struct error *err);

void notify_close(struct notify *notify);

#endif

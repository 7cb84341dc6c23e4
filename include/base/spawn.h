/* spawn.h -- run a host program and wait for it (hooks, newuidmap, credential helpers). */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

struct spawn_request {
	const char *path;      /* executed as it is, no PATH search */
	char *const *argv;     /* NULL-terminated; NULL: { path, NULL } */
	char *const *envp;     /* exactly this environment; NULL: an empty one */
	const char *directory; /* NULL: the caller's */
	const char *input;     /* written to its standard input, then closed */
	size_t input_length;
	int timeout_ms;      /* < 0: none; on expiry its whole process group is killed */
	int while_alive;     /* a pidfd: when that process ends, the group is killed; 0: none */
	int output;          /* > 0: its standard output goes there … */
	int errors;          /* … and its standard error there */
	size_t output_limit; /* bytes of stdout and stderr together kept in `output`; 0: both
				are inherited */
};

struct spawn_result {
	int status; /* as wait(2) */
	bool timed_out;
	bool outlived;      /* killed, since the process of while_alive ended */
	struct text output; /* owned by the caller */
};

/* The program is in a process group of its own, with no signal blocked or ignored and no descriptor
 * but the three. 0 when it ran to its end (whatever its status) or was killed here; -errno when it
 * could not be started. A program that does not read its input is no failure (EPIPE is ignored, no
 * SIGPIPE).
 */
int spawn_run(const struct spawn_request *request, struct spawn_result *result, struct error *err);

/* What is searched where PATH is not set. */
#define SPAWN_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The executable regular file of that name in the folders of PATH, then of SPAWN_PATH; a name with
 * a
 * '/' is a path already. NULL where there is none. In the arena. */
const char *spawn_find(const char *name, struct arena *arena);

#endif

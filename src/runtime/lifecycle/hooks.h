/* hooks.h -- hooks that run in the runtime's namespaces (config.md "POSIX-platform Hooks"). */
#ifndef LIFECYCLE_HOOKS_H
#define LIFECYCLE_HOOKS_H

#include "base/arena.h"
#include "base/error.h"
#include "runtime/state.h"

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
};

/* Run them in order, the state document on their standard input; the first that fails ends it:
 * "hooks.prestart[0]: error running hook …: exit status 1, output: …". while_alive: the container's
 * pidfd, with whose end a hook ends too, so that `delete --force` need not wait for it; 0: none. */
int hooks_run(enum hook_kind kind, const struct container_state *state,
	      enum container_status status, int while_alive, struct error *err);
/* config.md: a failing poststop hook is logged and the rest goes on. */
void hooks_run_poststop(const struct container_state *state);

/* The state document for hooks inside the container, cut where the pid goes. */
struct hooks_template {
	const char *head, *tail;
};
struct hooks_template hooks_state_template(const struct container_state *state,
					   enum container_status status, struct arena *arena);

#endif

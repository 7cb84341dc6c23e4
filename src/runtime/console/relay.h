/* relay.h -- the caller's terminal (or pipes) and a container's pty. Private to console/. */
#ifndef CONSOLE_RELAY_H
#define CONSOLE_RELAY_H

#include <poll.h>

#include "base/error.h"
#include "channel.h"
#include "runtime/console.h"

enum { RELAY_EVENTS = 3 };

struct relay {
	int master;         /* the caller's; -1: there is nothing to relay */
	int output;         /* standard output, not blocking */
	int slave;          /* held, see relay.c */
	int window;         /* whichever of the standard files is a terminal, or -1 */
	bool process_ended; /* nothing is written to the pty any more */
	struct terminal terminal;
	struct channel in, out;
};

/* The caller's terminal is set for it; the pty gets the window's size. */
int relay_open(struct relay *relay, int master, struct error *err);
void relay_close(struct relay *relay);
#define auto_relay __attribute__((cleanup(relay_close)))

/* What to poll for, and what to do when poll returned. */
void relay_expect(const struct relay *relay, struct pollfd events[RELAY_EVENTS]);
void relay_move(struct relay *relay, const struct pollfd events[RELAY_EVENTS]);

/* The process has ended: what it wrote is taken now, and only has to be written out. */
void relay_end(struct relay *relay);
bool relay_is_done(const struct relay *relay);
/* Stop waiting for a reader that does not read. */
void relay_give_up(struct relay *relay);

void relay_resize(struct relay *relay);
/* The caller was stopped and goes on: somebody else may have had the terminal. */
void relay_continue(struct relay *relay);

#endif

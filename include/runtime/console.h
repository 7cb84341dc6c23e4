/* console.h -- terminals and the foreground: what stands between the caller's terminal and the
 * container's pty while `run` and `exec` wait for the process. */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"

/* Connect to whoever listens on a socket (AF_UNIX, SOCK_STREAM; the path may be longer than 108
 * bytes); returns the connection. */
int console_connect(const char *socket_path, struct error *err);

/* Pass a descriptor over a connection, as SCM_RIGHTS of the text's first byte. All of the text is
 * sent; the caller keeps its own descriptor. */
int console_pass(int connection, const char *text, int fd, struct error *err);

/* Hand a descriptor to whoever listens on --console-socket (the pty's master) or
 * --pidfd-socket: one message, its text "/dev/ptmx" or "pidfd", as runc does it. */
int console_send(const char *socket_path, int fd, struct error *err);

/* The caller's terminal: whichever of the standard files is one, input first; or -1. */
int console_window(void);

/* Give `to` (a master) the window size of the terminal `from`; no terminal: nothing. */
void console_copy_size(int from, int to);

/* A terminal whose settings were changed, put back by terminal_restore. */
struct terminal {
	int fd; /* -1: nothing to restore */
	struct termios before, during;
};

/* Raw: what is typed goes on as it is. A descriptor that is no terminal is left alone by both
 * (terminal->fd is -1 then). */
int terminal_set_raw(int fd, struct terminal *terminal, struct error *err);
/* What is written comes out as it is; what is typed remains the terminal's: Control-C interrupts.
 */
int terminal_set_verbatim(int fd, struct terminal *terminal, struct error *err);
/* Somebody else had the terminal: as it was set once more. */
void terminal_set_again(const struct terminal *terminal);
void terminal_restore(struct terminal *terminal);
#define auto_terminal __attribute__((cleanup(terminal_restore)))

/* The caller's side of a process in the foreground: `run` and `exec` that are not detached. */
struct foreground {
	pid_t pid;
	int pidfd;      /* of a child of the caller */
	int master;     /* the container's pty, relayed to standard input and output; or -1 */
	bool subreaper; /* orphans of the container come to the caller, and are reaped */
	const int *
		also; /* a descriptor (or -1): `ready` is called whenever it can be read; or NULL */
	void (*ready)(void *context);
	void *context;

	/* Filled by foreground_open. */
	bool is_open;
	int signals; /* signalfd */
	sigset_t mask_before;
};

/* Become a subreaper if asked to, and hold the signals that will be forwarded: from then on none of
 * them can end the caller and leave the container behind. Best before the process is started; pid,
 * pidfd and master may be filled in later. The process must not inherit the blocked signals
 * (launch_clone starts it with none blocked). */
int foreground_open(struct foreground *foreground, struct error *err);

/* Stay until the process has ended and its last output is written: forward every catchable signal
 * to it (SIGWINCH resizes the pty instead, where there is one), relay the pty, reap. *exit_code is
 * the process's, or 128+N when signal N killed it. On every path the terminal and the caller's
 * signals are as before afterwards; `pidfd` and `master` stay the caller's. Opens by itself what is
 * not open. subreaper: every child of the caller is reaped. */
int foreground_wait(struct foreground *foreground, int *exit_code, struct error *err);

/* Undo foreground_open when foreground_wait is not reached; harmless otherwise. */
void foreground_close(struct foreground *foreground);

#endif

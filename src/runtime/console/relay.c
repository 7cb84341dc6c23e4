/* relay.c -- between the caller's terminal (or pipes) and a container's pty.
 *
 * No byte is lost at the end: what a process wrote before it ended is in the pty when its pidfd
 * says so (a read of the master takes everything that is on its way), so after that the master is
 * read until it is empty. It need not come to EIO: other processes may still hold the slave.
 * The relay holds a slave itself, so that the master does not end either when the process closes
 * its terminal and opens it again later (as systemd does with /dev/console). */
#include "relay.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { FROM_INPUT, AT_MASTER, TO_OUTPUT };

/* A terminal that is not read (a stopped emulator) must not stop us. Its open file is shared with
 * the caller's shell, so that O_NONBLOCK is set on one of our own, not there. */
static int open_output(void)
{
	struct stat status;
	int fd = -1;

	if (fstat(STDOUT_FILENO, &status) == 0 &&
	    (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static int set_terminal(struct relay *relay, struct error *err)
{
	if (relay->window == STDIN_FILENO)
		return terminal_set_raw(relay->window, &relay->terminal, err);
	return terminal_set_verbatim(relay->window, &relay->terminal, err);
}

int relay_open(struct relay *relay, int master, struct error *err)
{
	int flags;

	relay->master = master;
	relay->output = relay->slave = relay->window = -1;
	relay->process_ended = false;
	relay->terminal.fd = -1;
	channel_open(&relay->in, -1, -1);
	channel_open(&relay->out, -1, -1);
	if (master < 0)
		return 0;
	flags = fcntl(master, F_GETFL);
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail_call(err, "fcntl", "cannot relay the terminal");
	relay->output = open_output();
	relay->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	relay->window = console_window();
	channel_open(&relay->in, STDIN_FILENO, master);
	channel_open(&relay->out, master, relay->output);
	relay->out.broken = relay->output < 0;
	relay_resize(relay);
	return set_terminal(relay, err);
}

void relay_close(struct relay *relay)
{
	terminal_restore(&relay->terminal);
	close_fd(&relay->output);
	close_fd(&relay->slave);
}

static struct pollfd expect(int fd, short events)
{
	return (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

/* A descriptor without expected events is left out: poll would tell of its end for ever. */
void relay_expect(const struct relay *relay, struct pollfd events[RELAY_EVENTS])
{
	bool lives = relay->master >= 0 && !relay->process_ended;
	short read = lives && channel_wants_input(&relay->out) ? POLLIN : 0;
	short write = lives && channel_has_output(&relay->in) ? POLLOUT : 0;

	events[FROM_INPUT] =
		expect(STDIN_FILENO, lives && channel_wants_input(&relay->in) ? POLLIN : 0);
	events[AT_MASTER] = expect(relay->master, read | write);
	events[TO_OUTPUT] = expect(relay->output, channel_has_output(&relay->out) ? POLLOUT : 0);
}

void relay_move(struct relay *relay, const struct pollfd events[RELAY_EVENTS])
{
	if (events[FROM_INPUT].revents)
		channel_fill(&relay->in);
	if (events[AT_MASTER].revents & ~POLLOUT)
		channel_fill(&relay->out);
	if (events[AT_MASTER].revents & ~POLLIN)
		channel_drain(&relay->in);
	if (events[TO_OUTPUT].revents || relay->out.broken)
		channel_drain(&relay->out);
	if (relay->process_ended)
		relay_end(relay);
}

void relay_end(struct relay *relay)
{
	relay->process_ended = true;
	while (relay->master >= 0 && channel_wants_input(&relay->out))
		if (!channel_fill(&relay->out))
			relay->out.ended = true;
}

bool relay_is_done(const struct relay *relay)
{
	return relay->master < 0 ||
	       (relay->process_ended && relay->out.ended && !channel_has_output(&relay->out));
}

void relay_give_up(struct relay *relay)
{
	relay->out.ended = relay->out.broken = true;
	channel_drain(&relay->out);
}

void relay_resize(struct relay *relay)
{
	if (relay->master >= 0 && relay->window >= 0)
		console_copy_size(relay->window, relay->master);
}

void relay_continue(struct relay *relay)
{
	terminal_set_again(&relay->terminal);
	relay_resize(relay);
}

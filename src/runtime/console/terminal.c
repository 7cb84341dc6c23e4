/* terminal.c -- the caller's own terminal (termios(3), ioctl_tty(2)). */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/console.h"

void console_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
}

int terminal_set_raw(int fd, struct terminal *terminal, struct error *err)
{
	struct termios raw;

	terminal->fd = -1;
	if (tcgetattr(fd, &terminal->before) < 0)
		return 0;
	raw = terminal->before;
	cfmakeraw(&raw);
	/* TCSADRAIN: what was typed ahead is the container's. */
	while (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		if (errno != EINTR)
			return fail_call(err, "tcsetattr", "cannot make the terminal raw");
	terminal->fd = fd;
	return 0;
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->fd >= 0)
		while (tcsetattr(terminal->fd, TCSADRAIN, &terminal->before) < 0 && errno == EINTR)
			;
	terminal->fd = -1;
}

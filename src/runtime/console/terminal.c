/* terminal.c -- the caller's own terminal (termios(3), ioctl_tty(2)). */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/console.h"

int console_window(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

void console_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
}

/* TCSADRAIN: what was typed ahead is the container's. */
static int set(int fd, const struct termios *settings)
{
	int result;

	do
		result = tcsetattr(fd, TCSADRAIN, settings);
	while (result < 0 && errno == EINTR);
	return result;
}

static int change(int fd, struct terminal *terminal, struct error *err)
{
	if (set(fd, &terminal->during) < 0)
		return fail_call(err, "tcsetattr", "cannot change the terminal's settings");
	terminal->fd = fd;
	return 0;
}

int terminal_set_raw(int fd, struct terminal *terminal, struct error *err)
{
	terminal->fd = -1;
	if (tcgetattr(fd, &terminal->before) < 0)
		return 0;
	terminal->during = terminal->before;
	cfmakeraw(&terminal->during);
	return change(fd, terminal, err);
}

/* The container's own terminal has made carriage returns of its newlines already. */
int terminal_set_verbatim(int fd, struct terminal *terminal, struct error *err)
{
	terminal->fd = -1;
	if (tcgetattr(fd, &terminal->before) < 0)
		return 0;
	terminal->during = terminal->before;
	terminal->during.c_oflag &= ~(tcflag_t)OPOST;
	return change(fd, terminal, err);
}

void terminal_set_again(const struct terminal *terminal)
{
	if (terminal->fd >= 0)
		set(terminal->fd, &terminal->during);
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->fd >= 0)
		set(terminal->fd, &terminal->before);
	terminal->fd = -1;
}

/* start_socket.c -- how `start` reaches a created container: a listening socket in its state
 * directory, held by the init image. A socket, not a fifo: the answer comes back on it, so that
 * `start` can say why the program could not be executed, and its end says that it was. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"
#include "launch_private.h"

#define START_SOCKET "start.sock"

/* A state directory's path may be longer than a socket address: go through its descriptor. */
static struct sockaddr_un address_in(int directory)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" START_SOCKET,
		 directory);
	return address;
}

static int make_socket(struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd < 0 ? fail_call(err, "socket", "cannot make the start socket") : fd;
}

int launch_listen(int state_dir, struct error *err)
{
	const struct sockaddr_un address = address_in(state_dir);
	auto_close int fd = make_socket(err);

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_call(err, "bind", "cannot make the start socket");
	if (listen(fd, 8) < 0)
		return fail_call(err, "listen", "cannot make the start socket");
	return take_fd(&fd);
}

int launch_reach(int state_dir, struct launched *launched, struct error *err)
{
	const struct sockaddr_un address = address_in(state_dir);
	auto_close int fd = make_socket(err);

	*launched = (struct launched)LAUNCHED_NONE;
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return fail(err, EBUSY, "cannot start an already running container");
		return fail_call(err, "connect", "cannot reach the created container");
	}
	launched->control = take_fd(&fd);
	return 0;
}

/* send.c -- a descriptor for whoever listens on a socket (runc's docs/terminals.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/console.h"

/* A path that does not fit into an address is reached through a descriptor of the socket's file. */
static int address_of(const char *path, struct sockaddr_un *address, int *file)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(address->sun_path)) {
		strcpy(address->sun_path, path);
		return 0;
	}
	*file = open(path, O_PATH | O_CLOEXEC);
	if (*file < 0)
		return -1;
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d", *file);
	return 0;
}

int console_connect(const char *path, struct error *err)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	auto_close int file = -1;
	struct sockaddr_un address;

	if (fd < 0)
		return fail_call(err, "socket", "cannot connect to \"%s\"", path);
	if (address_of(path, &address, &file) < 0)
		return fail_call(err, "open", "cannot connect to \"%s\"", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail_call(err, "connect", "cannot connect to \"%s\"", path);
	return take_fd(&fd);
}

static const char *name_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) ? "/dev/ptmx" : "pidfd";
}

int console_pass(int connection, const char *text, int fd, struct error *err)
{
	const size_t length = strlen(text);
	struct iovec bytes = { (void *)text, length };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	sent = sendmsg(connection, &message, MSG_NOSIGNAL);
	for (size_t done = 0; sent >= 0 && (done += (size_t)sent) < length;)
		sent = send(connection, text + done, length - done, MSG_NOSIGNAL);
	return sent < 0 ? fail_call(err, "sendmsg", "cannot send a descriptor") : 0;
}

int console_send(const char *socket_path, int fd, struct error *err)
{
	auto_close int to = console_connect(socket_path, err);

	if (to < 0)
		return to;
	if (console_pass(to, name_of(fd), fd, err) < 0)
		return fail_where(err, "%s", socket_path);
	return 0;
}

/* notify.c -- relay sd_notify(3).
 *
 * The manager's socket itself must not be in the container: messages over it count as ours, and
 * with it come descriptors (FDSTORE) and the right to name another main process. So the container
 * gets a socket of its own, in a directory that is mounted read-only at /run/notify, and of what
 * arrives the lines of harmless variables are passed on: all of them, as long as coffer lives. That
 * is until READY=1 for `start` and `run --detach`, which then name the container's process as the
 * service's (MAINPID), and to the end for `run`, which stays the main process itself. */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "base/text.h"

#define DIRECTORY    "notify"
#define SOCKET       DIRECTORY "/notify.sock"
#define MESSAGE_MOST 4096  /* PIPE_BUF: what systemd takes */
#define AT_ONCE      64    /* messages: one that never stops must not keep us from the rest */
#define BARRIER_MS   30000 /* as sd_notify_barrier(3)'s callers wait */

/* Not MAINPID, FDSTORE…, NOTIFYACCESS, BARRIER. */
static const char *const passed_on[] = {
	"READY=1",   "RELOADING=1",    "STOPPING=1",      "STATUS=",
	"ERRNO=",    "BUSERROR=",      "VARLINKERROR=",   "EXIT_STATUS=",
	"WATCHDOG=", "WATCHDOG_USEC=", "MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC=",
};

const char *notify_address(void)
{
	const char *address = getenv("NOTIFY_SOCKET");
	const struct sockaddr_un limits;

	if (!address || (address[0] != '/' && address[0] != '@') || !address[1])
		return NULL;
	return strlen(address) < sizeof(limits.sun_path) ? address : NULL;
}

int notify_make(const struct container *container, struct arena *arena, const char **directory,
		struct error *err)
{
	auto_free char *resolved = NULL;

	if (mkdirat(container->dir, DIRECTORY, 0755) < 0)
		return fail_call(err, "mkdir", "cannot make the directory of the notify socket");
	resolved = realpath(arena_format(arena, "%s/%s/" DIRECTORY, container->root, container->id),
			    NULL);
	if (!resolved)
		return fail_call(err, "realpath", "cannot find the directory of the notify socket");
	*directory = arena_string(arena, resolved);
	return 0;
}

/* A state directory's path may be longer than a socket address: go through its descriptor. The
 * program may be anybody, and sending needs the right to write. */
static int bind_in(int directory, int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET, directory);
	unlinkat(directory, SOCKET, 0); /* of a start that was killed */
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fchmodat(directory, SOCKET, 0777, 0);
}

int notify_listen(const struct container *container, struct notify *notify, struct error *err)
{
	auto_close int fd = -1;

	if (!container->state.notify || !notify_address())
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind_in(container->dir, fd) < 0)
		return fail_call(err, fd < 0 ? "socket" : "bind", "cannot make the notify socket");
	notify->socket = take_fd(&fd);
	return 0;
}

/* ---- to the manager -------------------------------------------------------------------------- */

static socklen_t manager_address(struct sockaddr_un *address)
{
	const char *name = notify_address();
	size_t length = strlen(name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, length);
	if (name[0] != '@')
		return sizeof(*address);
	address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* With descriptor `fd`, unless it is -1. */
static int tell(const char *text, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { 0 };
	struct sockaddr_un address;
	struct iovec data = { (void *)text, strlen(text) };
	struct msghdr message = {
		.msg_name = &address,
		.msg_namelen = manager_address(&address),
		.msg_iov = &data,
		.msg_iovlen = 1,
	};
	auto_close int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = 1 };

	/* A manager that does not read must not hold whoever waits for the container. */
	setsockopt(sender, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));

	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.aligned = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						    .cmsg_level = SOL_SOCKET,
						    .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.aligned), &fd, sizeof(fd));
	}
	return sender < 0 || sendmsg(sender, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* The manager closes its end when it has handled everything before (sd_notify_barrier(3)). */
static void wait_for_barrier(void)
{
	struct pollfd event = { .fd = -1 };
	int ends[2], told;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	told = tell("BARRIER=1", ends[1]);
	close(ends[1]);
	event.fd = ends[0];
	while (told == 0 && poll(&event, 1, BARRIER_MS) < 0 && errno == EINTR)
		;
	close(ends[0]);
}

/* ---- from the container ---------------------------------------------------------------------- */

static bool may_pass(const char *line)
{
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		if (text_ends(passed_on[i], "=") ? text_starts(line, passed_on[i])
						 : text_equal(line, passed_on[i]))
			return true;
	return false;
}

static void pass_on(struct notify *notify, char *message)
{
	auto_text struct text out = { 0 };
	bool ready = false;

	for (char *line = strsep(&message, "\n"); line; line = strsep(&message, "\n")) {
		if (!may_pass(line))
			continue;
		text_format(&out, "%s%s", out.length ? "\n" : "", line);
		ready |= text_equal(line, "READY=1");
	}
	if (ready && notify->main > 0)
		text_format(&out, "\nMAINPID=%d", notify->main);
	if (out.length > 0 && tell(out.data, -1) < 0)
		log_warning("cannot notify \"%s\": %s", notify_address(), strerror(errno));
	notify->ready |= ready;
}

static bool relay_one(struct notify *notify)
{
	char message[MESSAGE_MOST + 1];
	ssize_t length = recv(notify->socket, message, MESSAGE_MOST, MSG_DONTWAIT | MSG_TRUNC);

	if (length < 0)
		return false;
	if (length > 0 && length <= MESSAGE_MOST) {
		message[length] = '\0';
		pass_on(notify, message);
	}
	return true;
}

void notify_relay(void *notify)
{
	for (int i = 0; i < AT_ONCE && relay_one(notify); i++)
		;
}

/* What it said before its end counts. */
static int relay_until_ready(struct notify *notify, int pidfd, struct error *err)
{
	struct pollfd events[] = { { .fd = notify->socket, .events = POLLIN },
				   { .fd = pidfd, .events = POLLIN } };

	while (!notify->ready) {
		if (poll(events, 2, -1) < 0 && errno != EINTR)
			return fail_call(err, "poll", "cannot wait for READY=1");
		if (events[0].revents)
			notify_relay(notify);
		if (events[1].revents)
			return 0;
	}
	return 0;
}

int notify_until_ready(struct notify *notify, int pidfd, struct error *err)
{
	if (notify->socket < 0)
		return 0;
	TRY(relay_until_ready(notify, pidfd, err));
	if (notify->ready)
		wait_for_barrier();
	return 0;
}

void notify_close(struct notify *notify)
{
	close_fd(&notify->socket);
}

/* loopback.c -- a restored network namespace is an empty one, whose loopback device is down; create
 * has it up. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/checkpoint.h"

/* A socket belongs to the namespace it is made in. */
static int socket_inside(int namespace, struct error *err)
{
	auto_close int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	auto_close int fd = -1;
	int result;

	if (own < 0)
		return fail_call(err, "open", "cannot open the network namespace");
	if (setns(namespace, CLONE_NEWNET) < 0)
		return fail_call(err, "setns", "cannot enter the network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	result = fd < 0 ? fail_call(err, "socket", "cannot reach the loopback device") : 0;
	if (setns(own, CLONE_NEWNET) < 0)
		return fail_call(err, "setns", "cannot return to the network namespace");
	return result < 0 ? result : take_fd(&fd);
}

int loopback_up(pid_t pid, struct error *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	auto_close int namespace = -1;
	auto_close int fd = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return fail_call(err, "open", "cannot open the container's network namespace");
	fd = socket_inside(namespace, err);
	if (fd < 0)
		return fd;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail_call(err, "ioctl", "cannot bring up the loopback device");
	return 0;
}

/* await.c -- listen to the child: phases, descriptors, failures, death. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "base/own.h"
#include "launch_private.h"

/* 1: a message; 0: the other end is closed; -ECONNRESET: so it is, and has not read what we sent
 * (unix_release_sock of the kernel), or has not accepted the connection. A descriptor that came
 * along goes to *fd. */
static int receive(int socket, struct message *message, int *fd, struct error *err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control;
	struct iovec data = { message, sizeof(*message) };
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	const struct cmsghdr *rights;
	ssize_t length;

	*fd = -1;
	do
		length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length == 0)
		return 0;
	if (length < 0 && errno == ECONNRESET)
		return fail(err, ECONNRESET, "the container's process ended before it was started");
	if (length < 0)
		return fail_call(err, "recvmsg", "cannot hear the container's process");
	if ((size_t)length != sizeof(*message))
		return fail(err, EPROTO, "the container's process sent %zd bytes of a message",
			    length);
	rights = CMSG_FIRSTHDR(&header);
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(rights), sizeof(*fd));
	message->call[sizeof(message->call) - 1] = '\0';
	message->where[sizeof(message->where) - 1] = '\0';
	message->detail[sizeof(message->detail) - 1] = '\0';
	return 1;
}

static void reap(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
}

static int child_died(struct launched *launched, struct error *err)
{
	int status = 0;

	if (launched->pid < 0) /* not a child of ours: `start` */
		return fail(err, ECHILD,
			    "the container's process ended before its program was "
			    "executed");
	reap(launched->pid, &status);
	launched->pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == IMAGE_NOT_EXECUTED) {
		fail(err, ECHILD, "the container's process could not execute the init image");
		return fail_hint(err, "is the memory limit too low?");
	}
	if (!WIFSIGNALED(status))
		return fail(err, ECHILD, "the container's process ended with status %d",
			    WEXITSTATUS(status));
	fail(err, ECHILD, "the container's process was killed by signal %d (%s)", WTERMSIG(status),
	     strsignal(WTERMSIG(status)));
	return WTERMSIG(status) == SIGKILL ? fail_hint(err, "is the memory limit too low?")
					   : -ECHILD;
}

static void keep(int *place, int *fd)
{
	close_fd(place);
	*place = take_fd(fd);
}

static void note_mount(struct launched *launched, const char *id)
{
	size_t size = (launched->mount_count + 1) * sizeof(*launched->mounts);
	uint64_t *mounts = realloc(launched->mounts, size);

	if (!mounts)
		abort();
	launched->mounts = mounts;
	number_parse_unsigned(id, UINT64_MAX, &mounts[launched->mount_count]);
	launched->mount_count++;
}

/* Another child of ours, not reaped: its pid is its own until we do. */
static bool is_child(pid_t pid)
{
	siginfo_t state;

	return pid > 0 && waitid(P_PID, (id_t)pid, &state, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* From here on the container may trace who speaks, and have him say what it likes: it is believed
 * once, and of a child of ours. */
static int take_child(struct launched *launched, pid_t pid, struct error *err)
{
	if (launched->pid <= 0 || !launched->plan || !plan_find(launched->plan, STEP_FORK) ||
	    pid == launched->pid || !is_child(pid))
		return fail(err, EPROTO, "the container's process names a child that is none");
	launched->born = true;
	reap(launched->pid, NULL);
	close_fd(&launched->pidfd);
	launched->pid = pid;
	launched->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (launched->pidfd < 0)
		return fail_call(err, "pidfd_open", "cannot look at the process");
	return launch_continue(launched, err);
}

/* Of a second child nothing but the listener is still to come. */
static int take_message(struct launched *launched, const struct message *message, int *fd,
			bool awaited, struct error *err)
{
	const bool first = !launched->born;

	if (message->phase == PHASE_LISTENER)
		keep(&launched->listener, fd);
	else if (first && message->phase == PHASE_CONSOLE)
		keep(&launched->console, fd);
	else if (first && message->phase == PHASE_MOUNTED)
		note_mount(launched, message->detail);
	else if (first && message->phase == PHASE_BORN)
		return take_child(launched, message->number, err);
	else if (!first || !awaited)
		return fail(err, EPROTO, "the container's process announced phase %u",
			    message->phase);
	return 0;
}

static int listen_until_reset(struct launched *launched, enum phase phase, struct error *err)
{
	for (;;) {
		struct message message = { 0 };
		auto_close int fd = -1;
		int result = receive(launched->control, &message, &fd, err);

		if (result <= 0)
			return result;
		if (message.phase == PHASE_FAILED)
			return launch_step_failed(launched->plan, &message, err);
		TRY(take_message(launched, &message, &fd, message.phase == (uint32_t)phase, err));
		if (message.phase == (uint32_t)phase)
			return 1;
	}
}

/* Take messages until `phase` (1), the end of the connection (0), or a failure. Of one's own child
 * the wait status says why it ended. */
static int listen_until(struct launched *launched, enum phase phase, struct error *err)
{
	int result = listen_until_reset(launched, phase, err);

	if (result != -ECONNRESET || launched->pid < 0)
		return result;
	if (err)
		*err = (struct error){ 0 };
	return 0;
}

int launch_await(struct launched *launched, enum phase phase, struct error *err)
{
	int result = listen_until(launched, phase, err);

	return result < 0 ? result : result == 0 ? child_died(launched, err) : 0;
}

int launch_start(struct launched *launched, struct error *err)
{
	const struct message start = { .phase = PHASE_START };

	if (send(launched->control, &start, sizeof(start), MSG_NOSIGNAL) < 0)
		return fail_call(err, "send", "cannot start the container's process");
	return 0;
}

int launch_executed(struct launched *launched, struct error *err)
{
	int result = listen_until(launched, PHASE_NONE, err);

	if (result == 0)
		launch_leave_net_devices(launched);
	return result < 0 ? result : 0;
}

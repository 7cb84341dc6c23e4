/* phases.c -- where the child meets its parent, and later whoever starts it. */
#include <linux/sched.h>
#include <sys/socket.h>

#include "calls.h"
#include "init.h"

static int await_continue(struct init *init)
{
	struct message message;
	int result = channel_receive(init->control, &message);

	if (result == 0 && message.phase != PHASE_CONTINUE)
		result = -EPROTO;
	return result < 0 ? init_failed(init, "recvmsg", result) : 0;
}

int init_step_PHASE(struct init *init, const struct step *step)
{
	struct message message = { .phase = (uint32_t)step->number[0] };
	int result = channel_send(init->control, &message, -1);

	if (result < 0)
		return init_failed(init, "sendmsg", result);
	if (message.phase == PHASE_CREATED) /* the parent writes the state and may be gone */
		return 0;
	return await_continue(init);
}

/* A process cannot change its own pid namespace. Until here it was outside of the container's,
 * where nobody can see it, hence trace it; its child has nothing of the host's but the control
 * socket. */
int init_step_FORK(struct init *init, const struct step *step)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	struct message message = { .phase = PHASE_BORN };
	long pid = kernel_call(__NR_clone3, &args, sizeof(args));

	if (pid == 0)
		return await_continue(init);
	if (pid < 0)
		return init_failed(init, "clone3", pid);
	message.number = (int32_t)pid;
	channel_send(init->control, &message,
		     -1); /* who cannot hear it is gone, and the child too */
	for (;;)
		kernel_call(__NR_exit_group, 0);
}

/* One start request counts: the connection that asked becomes the control socket, so that a failure
 * behind this point reaches `start`; it closes when the program is executed. */
static int accept_start(int listening)
{
	for (;;) {
		struct message message;
		int fd = (int)kernel_call(__NR_accept4, listening, 0, 0, SOCK_CLOEXEC);

		if (fd == -EINTR || fd == -ECONNABORTED)
			continue;
		if (fd < 0)
			return fd;
		if (channel_receive(fd, &message) == 0 && message.phase == PHASE_START)
			return fd;
		call_close(fd); /* a prober, or a start that died: wait for the next */
	}
}

static int wait_for_parent(int control)
{
	struct message message;
	int result = channel_receive(control, &message);

	return result == 0 && message.phase != PHASE_START ? -EPROTO : result;
}

int init_step_WAIT_START(struct init *init, const struct step *step)
{
	int listening = step->slot == STEP_NO_SLOT ? -1 : init->slots[step->slot];
	int result = listening < 0 ? wait_for_parent(init->control) : accept_start(listening);

	if (result < 0)
		return init_failed(init, "recvmsg", result);
	if (listening >= 0) {
		call_close(listening); /* the next start is refused: nobody listens */
		call_close(init->control);
		init->control = result;
	}
	return 0;
}

/* hand_over.c -- id maps, open trees, then the plan and its descriptors over the control socket. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/process.h"
#include "launch_private.h"

static int send_message(int socket, const struct message *message, const int *fds, size_t count,
			struct error *err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
		struct cmsghdr aligned;
	} control = { 0 };
	struct iovec data = { (void *)message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };

	if (count > 0) {
		struct cmsghdr *rights;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
	}
	if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0)
		return fail_call(err, "sendmsg", "cannot talk to the container's process");
	return 0;
}

/* The plan as the child maps it: in a memfd of its own, sealed. */
static int plan_memfd(const struct plan *plan, struct error *err)
{
	auto_close int fd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return fail_call(err, "memfd_create", "cannot hand over the plan");
	TRY(file_write_all(fd, plan->header, plan->header->size, "the plan", err));
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return fail_call(err, "fcntl F_ADD_SEALS", "cannot seal the plan");
	return take_fd(&fd);
}

/* First the plan's memfd, then the filled slots in rising order, as many messages as it takes. */
static int send_plan(const struct launched *launched, const int *slots, struct error *err)
{
	struct message message = { .phase = PHASE_PLAN, .size = launched->plan->header->size };
	auto_close int memory = plan_memfd(launched->plan, err);
	int fds[MESSAGE_FDS];
	size_t count = 1;

	if (memory < 0)
		return memory;
	fds[0] = memory;
	for (uint32_t slot = 0; slot < launched->plan->header->slot_count; slot++) {
		if (slots[slot] < 0)
			continue;
		if (count == MESSAGE_FDS) {
			TRY(send_message(launched->control, &message, fds, count, err));
			count = 0;
		}
		fds[count++] = slots[slot];
	}
	return count > 0 ? send_message(launched->control, &message, fds, count, err) : 0;
}

/* A slot that stays empty here is one that the child waits for without end. */
static int fill_slot(int *slot, int fd, struct error *err)
{
	*slot = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *slot < 0 ? fail_call(err, "fcntl F_DUPFD_CLOEXEC", "cannot hand over the plan") : 0;
}

/* Files were opened by the target's pid. */
static int check_target(const struct launched *launched, struct error *err)
{
	return process_has_ended(launched->target_pidfd) ? fail(err, ESRCH, "container not running")
							 : 0;
}

static int fill_and_send(struct launched *launched, int *slots, struct error *err)
{
	const struct message maps_written = { .phase = PHASE_MAPS };

	TRY(host_steps_run(launched, slots, err));
	TRY(check_target(launched, err));
	if (launched->plan->start_slot >= 0 && launched->start_socket >= 0)
		TRY(fill_slot(&slots[launched->plan->start_slot], launched->start_socket, err));
	if (launched->target_pidfd >= 0)
		TRY(fill_slot(&slots[0], launched->target_pidfd, err));
	TRY(send_message(launched->control, &maps_written, NULL, 0, err));
	return send_plan(launched, slots, err);
}

/* It closes its end of the socket only by ending. */
static bool has_ended(const struct launched *launched, const struct error *failure)
{
	return failure->number == EPIPE || failure->number == ECONNRESET ||
	       process_has_ended(launched->pidfd);
}

int launch_hand_over(struct launched *launched, struct error *err)
{
	struct error failure = { 0 };
	int slots[PLAN_SLOTS_MOST];
	int result;

	for (int i = 0; i < PLAN_SLOTS_MOST; i++)
		slots[i] = -1;
	result = fill_and_send(launched, slots, &failure);
	for (int i = 0; i < PLAN_SLOTS_MOST; i++)
		own_close(&slots[i]);
	/* Why it ended says more: the kernel killed it for want of memory, or its own last words;
	 * unless it ended with the container. */
	if (result < 0 && failure.number != ESRCH && has_ended(launched, &failure))
		return launch_await(launched, PHASE_CREATED, err);
	if (result < 0 && err)
		*err = failure;
	return result;
}

int launch_continue(struct launched *launched, struct error *err)
{
	const struct message go_on = { .phase = PHASE_CONTINUE };

	return send_message(launched->control, &go_on, NULL, 0, err);
}

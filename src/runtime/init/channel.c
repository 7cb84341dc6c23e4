/* channel.c -- the control socket: SOCK_SEQPACKET, one struct message a packet, descriptors as
 * SCM_RIGHTS. Whoever is at the other end may die at any time: no SIGPIPE, an end is -ECONNRESET.
 */
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "calls.h"
#include "init.h"

struct rights { /* struct cmsghdr with room behind it */
	size_t length;
	int level;
	int type;
	int fds[MESSAGE_FDS];
	int padding;
};

int channel_send(int socket, const struct message *message, int fd)
{
	struct iovec data = { (void *)message, sizeof(*message) };
	struct rights rights = {
		.length = offsetof(struct rights, fds) + sizeof(int),
		.level = SOL_SOCKET,
		.type = SCM_RIGHTS,
		.fds = { fd },
	};
	struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		header.msg_control = &rights;
		header.msg_controllen = offsetof(struct rights, fds) + 2 * sizeof(int);
	}
	return (int)kernel_call(__NR_sendmsg, socket, &header, MSG_NOSIGNAL);
}

/* Receive one message; descriptors go to fds[0..*count). */
static int receive(int socket, struct message *message, int *fds, unsigned *count)
{
	struct iovec data = { message, sizeof(*message) };
	struct rights rights;
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights),
	};
	long length;

	do
		length = kernel_call(__NR_recvmsg, socket, &header, MSG_CMSG_CLOEXEC);
	while (length == -EINTR);
	if (length < 0)
		return (int)length;
	if (length == 0)
		return -ECONNRESET;
	if (length != sizeof(*message) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;

	*count = 0;
	if (header.msg_controllen > offsetof(struct rights, fds) && rights.type == SCM_RIGHTS) {
		*count = (unsigned)((rights.length - offsetof(struct rights, fds)) / sizeof(int));
		for (unsigned i = 0; i < *count; i++)
			fds[i] = rights.fds[i];
	}
	return 0;
}

int channel_receive(int socket, struct message *message)
{
	int fds[MESSAGE_FDS];
	unsigned count;
	int result = receive(socket, message, fds, &count);

	for (unsigned i = 0; result == 0 && i < count; i++)
		call_close(fds[i]); /* none are expected here */
	return result;
}

/* Is this slot filled by the parent? The launcher sends them in rising order. */
static bool filled_by_parent(const struct init *init, int slot)
{
	for (uint32_t i = 0; i < init->plan->step_count; i++) {
		const struct step *step = &init->steps[i];

		if (step->slot != slot)
			continue;
		switch (step->kind) {
		case STEP_OPEN_TREE:
		case STEP_NEW_TREE:
		case STEP_OPEN_NAMESPACE:
		case STEP_OPEN_PATH:
		case STEP_OPEN_APPEND:
		case STEP_WAIT_START:
		case STEP_JOIN_PROCESS:
			return true;
		}
	}
	return false;
}

static int map_plan(struct init *init, int fd, uint32_t size)
{
	long address = kernel_call(__NR_mmap, 0, size, PROT_READ, MAP_SHARED, fd, 0);
	const struct plan_header *plan;

	call_close(fd);
	if ((unsigned long)address > -4096UL) /* -errno */
		return (int)address;
	plan = (const void *)address;
	if (plan->magic != PLAN_MAGIC || plan->version != PLAN_VERSION || plan->size != size ||
	    plan->slot_count > PLAN_SLOTS_MOST)
		return -EPROTO;
	init->plan = plan;
	init->steps = (const void *)((const char *)plan + plan->steps);
	init->data = (const char *)plan + plan->data;
	return 0;
}

/* Put received descriptors into the slots that the parent fills, going on behind *slot. */
static int fill_slots(struct init *init, const int *fds, unsigned count, int *slot)
{
	for (unsigned i = 0; i < count; i++) {
		while (*slot < (int)init->plan->slot_count && !filled_by_parent(init, *slot))
			(*slot)++;
		if (*slot >= (int)init->plan->slot_count)
			return -EPROTO;
		init->slots[(*slot)++] = fds[i];
	}
	return 0;
}

static unsigned slots_of_parent(const struct init *init)
{
	unsigned count = 0;

	for (int slot = 0; slot < (int)init->plan->slot_count; slot++)
		count += filled_by_parent(init, slot);
	return count;
}

static int receive_plan_and_slots(struct init *init)
{
	struct message message;
	int fds[MESSAGE_FDS];
	unsigned count, wanted;
	int slot = 0;
	int result = receive(init->control, &message, fds, &count);

	if (result < 0)
		return result;
	if (message.phase != PHASE_PLAN || count < 1)
		return -EPROTO;
	result = map_plan(init, fds[0], message.size);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < PLAN_SLOTS_MOST; i++)
		init->slots[i] = -EBADF;

	wanted = slots_of_parent(init);
	result = fill_slots(init, fds + 1, count - 1, &slot);
	for (unsigned got = count - 1; result == 0 && got < wanted; got += count) {
		result = receive(init->control, &message, fds, &count);
		if (result == 0 && (message.phase != PHASE_PLAN || count == 0))
			result = -EPROTO;
		if (result == 0)
			result = fill_slots(init, fds, count, &slot);
	}
	return result;
}

/* The id maps come first: until they are written this process must stay dumpable (the kernel gives
 * the map files of a non-dumpable process to the real root). From then on nobody in the container
 * may trace it, and only then does it get descriptors (CVE-2016-9962). */
int channel_receive_plan(struct init *init)
{
	struct message message;
	int result = channel_receive(init->control, &message);

	if (result == 0 && message.phase != PHASE_MAPS)
		result = -EPROTO;
	if (result == 0) {
		call_prctl(PR_SET_DUMPABLE, 0, 0);
		result = receive_plan_and_slots(init);
	}
	if (result < 0) {
		init->report.step = UINT32_MAX;
		init_failed(init, "recvmsg", result);
	}
	return result;
}

/* netlink.c -- talk rtnetlink(7) with the kernel.
 *
 * Every request asks for an acknowledgement, so that each ends with a verdict: NLMSG_ERROR (0 is
 * success), or NLMSG_DONE behind a dump. With NETLINK_EXT_ACK a refusal comes with the kernel's own
 * words behind the verdict; NETLINK_CAP_ACK keeps our request out of it. */
#include "netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/own.h"

#define ANSWER_MOST 32768 /* what the kernel puts into one packet of a dump (netlink(7)) */

int netlink_open(struct netlink *link, struct error *err)
{
	const int on = 1;

	*link = (struct netlink)NETLINK_NONE;
	link->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (link->fd < 0)
		return fail_call(err, "socket AF_NETLINK", "cannot talk to the network devices");
	/* Kernels before 4.12 have neither: then there are just no words. */
	setsockopt(link->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(link->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return 0;
}

void netlink_close(struct netlink *link)
{
	close_fd(&link->fd);
}

void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
		   size_t length)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
	memcpy(NLMSG_DATA(&request->header), body, length);
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *value, size_t length)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = { .rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type };

	if (at + RTA_LENGTH(length) > sizeof(request->bytes))
		return;
	memcpy(request->bytes + at, &attribute, sizeof(attribute));
	memcpy(request->bytes + at + RTA_LENGTH(0), value, length);
	request->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(length));
}

/* Keep the kernel's words, which stand behind the verdict. */
static void read_reason(struct netlink *link, const struct nlmsghdr *verdict)
{
	const size_t behind = NLMSG_ALIGN(sizeof(struct nlmsgerr));
	const char *start = (const char *)NLMSG_DATA(verdict) + behind;
	const struct rtattr *attribute = (const void *)start;
	size_t left = verdict->nlmsg_len - NLMSG_LENGTH(0);

	if (!(verdict->nlmsg_flags & NLM_F_ACK_TLVS) || left < behind)
		return;
	for (left -= behind; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == NLMSGERR_ATTR_MSG)
			snprintf(link->reason, sizeof(link->reason), "%.*s",
				 (int)RTA_PAYLOAD(attribute), (const char *)RTA_DATA(attribute));
}

/* 1: this was the verdict, *result says what it is. */
static bool is_verdict(struct netlink *link, const struct nlmsghdr *answer, int *result)
{
	struct nlmsgerr verdict = { 0 };

	if (answer->nlmsg_type != NLMSG_ERROR && answer->nlmsg_type != NLMSG_DONE)
		return false;
	if (answer->nlmsg_len >= NLMSG_LENGTH(sizeof(verdict.error)))
		memcpy(&verdict.error, NLMSG_DATA(answer), sizeof(verdict.error));
	*result = verdict.error < 0 ? verdict.error : 0;
	if (answer->nlmsg_type == NLMSG_ERROR && *result < 0)
		read_reason(link, answer);
	return true;
}

/* One packet of answers; 1 when the verdict was among them. */
static int take_packet(struct netlink *link, netlink_take *take, void *context, int *result)
{
	_Alignas(struct nlmsghdr) char packet[ANSWER_MOST];
	const struct nlmsghdr *answer = (const void *)packet;
	ssize_t length;
	size_t left;

	do
		length = recv(link->fd, packet, sizeof(packet), 0);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	for (left = (size_t)length; NLMSG_OK(answer, left); answer = NLMSG_NEXT(answer, left)) {
		if (answer->nlmsg_seq != link->sequence)
			continue;
		if (is_verdict(link, answer, result))
			return 1;
		if (take)
			take(answer, context);
	}
	return 0;
}

int netlink_ask(struct netlink *link, struct netlink_request *request, netlink_take *take,
		void *context)
{
	int result = 0, done = 0;

	link->reason[0] = '\0';
	request->header.nlmsg_flags |= NLM_F_ACK;
	request->header.nlmsg_seq = ++link->sequence;
	if (send(link->fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	while (done == 0)
		done = take_packet(link, take, context, &result);
	return done < 0 ? done : result;
}

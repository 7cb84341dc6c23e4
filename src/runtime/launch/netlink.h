/* netlink.h -- rtnetlink(7): requests made of a header, a body and attributes, and their answers.
 */
#ifndef LAUNCH_NETLINK_H
#define LAUNCH_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A socket belongs to the network namespace that it was made in, wherever its owner goes. */
struct netlink {
	int fd;
	uint32_t sequence;
	char reason[128]; /* what the kernel said of the last request that failed, or "" */
};

#define NETLINK_NONE                                                                               \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int netlink_open(struct netlink *link, struct error *err);
void netlink_close(struct netlink *link);

#define NETLINK_REQUEST_MOST 1024

struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_REQUEST_MOST];
	};
};

/* flags: NLM_F_*, beside NLM_F_REQUEST. What does not fit is left out, and the kernel complains. */
void netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, const void *body,
		   size_t length);
void netlink_add(struct netlink_request *request, uint16_t type, const void *value, size_t length);

/* Gets every answer but the last, which is the kernel's verdict. */
typedef void netlink_take(const struct nlmsghdr *answer, void *context);

/* Send and wait for the verdict: 0, or -errno with link->reason set. `take` may be NULL. */
int netlink_ask(struct netlink *link, struct netlink_request *request, netlink_take *take,
		void *context);

#endif

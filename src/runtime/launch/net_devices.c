/* net_devices.c -- move network devices of the runtime's network namespace into the container's
 * (config-linux.md "Network Devices").
 *
 * A device is moved under a name that nobody has, and gets its own there: so a name that is taken
 * is found out while the way back is still open, and a template ("eth%d"), whose result nobody
 * tells us, needs no guessing. Its permanent addresses of global scope are read before (the kernel
 * drops them on the way), given to it again, and it is set up.
 *
 * What the container leaves is the kernel's: physical devices go to the initial namespace, virtual
 * ones end, and no runtime may interfere (same chapter, "Namespace Lifecycle"). But a creation that
 * fails must leave no trace, so until the container is started everything can be given back, name,
 * addresses and state. Routes that the device took along are lost, as with any device set down. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "launch_private.h"
#include "netlink.h"

/* Where a device is and where it is going. */
struct side {
	struct netlink link;
	int namespace;
};

struct net_device {
	struct net_device *next; /* moved before this one */
	struct side inside;      /* where it went */
	char name[IFNAMSIZ];     /* outside */
	uint32_t index;
	bool away;             /* inside, under that index */
	unsigned flags;        /* IFF_*, outside */
	struct text addresses; /* RTM_NEWADDR messages, each aligned, as the kernel told them */
};

struct net_devices {
	struct side outside;
	struct net_device *moved; /* the last one first */
};

/* ---- one request each ------------------------------------------------------------------------ */

struct found {
	uint32_t index;
	unsigned flags;
	char name[IFNAMSIZ];
};

static const struct rtattr *find_attribute(const struct nlmsghdr *message, size_t body,
					   unsigned short type)
{
	const char *start = (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(body);
	const struct rtattr *attribute = (const void *)start;
	size_t left = message->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(body));

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == type)
			return attribute;
	return NULL;
}

static void take_link(const struct nlmsghdr *answer, void *context)
{
	const struct ifinfomsg *body = NLMSG_DATA(answer);
	const struct rtattr *name = find_attribute(answer, sizeof(*body), IFLA_IFNAME);
	struct found *found = context;

	found->index = (uint32_t)body->ifi_index;
	found->flags = body->ifi_flags;
	if (name)
		snprintf(found->name, sizeof(found->name), "%s", (const char *)RTA_DATA(name));
}

/* By name, or by index where `name` is NULL. */
static int find_link(struct netlink *link, const char *name, uint32_t index, struct found *found)
{
	const struct ifinfomsg body = { .ifi_index = (int)index };
	struct netlink_request request;

	netlink_begin(&request, RTM_GETLINK, 0, &body, sizeof(body));
	if (name)
		netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(link, &request, take_link, found);
}

static int rename_link(struct netlink *link, uint32_t index, const char *name)
{
	const struct ifinfomsg body = { .ifi_index = (int)index };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(link, &request, NULL, NULL);
}

static int move_link(struct netlink *link, uint32_t index, int namespace, const char *name)
{
	const struct ifinfomsg body = { .ifi_index = (int)index };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &body, sizeof(body));
	netlink_add(&request, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(link, &request, NULL, NULL);
}

static int set_link_up(struct netlink *link, uint32_t index)
{
	const struct ifinfomsg body = { .ifi_index = (int)index,
					.ifi_flags = IFF_UP,
					.ifi_change = IFF_UP };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &body, sizeof(body));
	return netlink_ask(link, &request, NULL, NULL);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static uint32_t address_flags(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *body = NLMSG_DATA(message);
	const struct rtattr *flags = find_attribute(message, sizeof(*body), IFA_FLAGS);
	uint32_t value = body->ifa_flags;

	if (flags && RTA_PAYLOAD(flags) == sizeof(value))
		memcpy(&value, RTA_DATA(flags), sizeof(value));
	return value;
}

/* "all permanent IP addresses (IFA_F_PERMANENT) of any family with global scope" */
static void take_address(const struct nlmsghdr *answer, void *context)
{
	const struct ifaddrmsg *body = NLMSG_DATA(answer);
	const char padding[NLMSG_ALIGNTO] = { 0 };
	struct net_device *device = context;

	if (body->ifa_index != device->index || body->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(address_flags(answer) & IFA_F_PERMANENT))
		return;
	text_add_bytes(&device->addresses, answer, answer->nlmsg_len);
	text_add_bytes(&device->addresses, padding,
		       NLMSG_ALIGN(answer->nlmsg_len) - answer->nlmsg_len);
}

static int read_addresses(struct netlink *link, struct net_device *device)
{
	const struct ifaddrmsg body = { .ifa_family = AF_UNSPEC, .ifa_index = device->index };
	struct netlink_request request;

	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	return netlink_ask(link, &request, take_address, device);
}

/* What an address is asked to be; what it has become (tentative, deprecated …) is the kernel's. */
#define ADDRESS_FLAGS                                                                              \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |            \
	 IFA_F_MCAUTOJOIN)

#ifndef IFA_PROTO
#define IFA_PROTO 11 /* Linux 5.18 */
#endif

/* A label begins with the device's name (ip-address(8)): so does the new one. */
static void add_label(struct netlink_request *request, const struct nlmsghdr *address,
		      const char *before, const char *now)
{
	const struct rtattr *label = find_attribute(address, sizeof(struct ifaddrmsg), IFA_LABEL);
	const char *rest = label ? text_after(RTA_DATA(label), before) : NULL;
	char text[2 * IFNAMSIZ];

	if (!rest || (*rest != '\0' && *rest != ':'))
		return;
	if (snprintf(text, sizeof(text), "%s%s", now, rest) < IFNAMSIZ)
		netlink_add(request, IFA_LABEL, text, strlen(text) + 1);
}

static int add_address(struct netlink *link, const struct net_device *device,
		       const struct nlmsghdr *address, const struct found *now)
{
	static const unsigned short kept[] = { IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST,
					       IFA_RT_PRIORITY, IFA_PROTO };
	struct ifaddrmsg body = *(const struct ifaddrmsg *)NLMSG_DATA(address);
	uint32_t flags = address_flags(address) & ADDRESS_FLAGS;
	struct netlink_request request;

	body.ifa_index = now->index;
	body.ifa_flags = (unsigned char)flags;
	netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body, sizeof(body));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct rtattr *attribute = find_attribute(address, sizeof(body), kept[i]);

		if (attribute)
			netlink_add(&request, kept[i], RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	}
	netlink_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	add_label(&request, address, device->name, now->name);
	return netlink_ask(link, &request, NULL, NULL);
}

static int add_addresses(struct netlink *link, const struct net_device *device,
			 const struct found *now)
{
	const struct nlmsghdr *address = (const void *)device->addresses.data;
	size_t left = device->addresses.length;
	int result = 0;

	for (; result == 0 && NLMSG_OK(address, left); address = NLMSG_NEXT(address, left))
		result = add_address(link, device, address, now);
	return result;
}

/* ---- the move -------------------------------------------------------------------------------- */

/* A name of the length that fits, which no device has. */
static void make_temporary_name(char name[IFNAMSIZ])
{
	unsigned char random[6];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		memset(random, getpid() & 0xff, sizeof(random));
	snprintf(name, IFNAMSIZ, "mv-%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2],
		 random[3], random[4], random[5]);
}

/* What failed, for the error's call. */
struct attempt {
	const char *call;
	const struct netlink *link;
	int result;
};

static bool went_well(struct attempt *attempt, const char *call, const struct netlink *link,
		      int result)
{
	*attempt = (struct attempt){ call, link, result };
	return result == 0;
}

/* Down, gone from `from`, complete but not yet up in `to`; device->index and device->away tell of
 * its present place even when this fails. */
static struct attempt carry(struct net_device *device, struct side *from, struct side *to,
			    const char *name)
{
	struct found now = { 0 };
	struct attempt attempt;
	char temporary[IFNAMSIZ];

	make_temporary_name(temporary);
	if (!went_well(&attempt, "netlink IFLA_NET_NS_FD", &from->link,
		       move_link(&from->link, device->index, to->namespace, temporary)) ||
	    !went_well(&attempt, "netlink RTM_GETLINK", &to->link,
		       find_link(&to->link, temporary, 0, &now)))
		return attempt;
	device->index = now.index;
	device->away = !device->away;
	if (went_well(&attempt, "netlink IFLA_IFNAME", &to->link,
		      rename_link(&to->link, now.index, name)) &&
	    went_well(&attempt, "netlink RTM_GETLINK", &to->link,
		      find_link(&to->link, NULL, now.index, &now)))
		went_well(&attempt, "netlink RTM_NEWADDR", &to->link,
			  add_addresses(&to->link, device, &now));
	return attempt;
}

static void give_back(struct net_devices *devices, struct net_device *device)
{
	struct attempt attempt = carry(device, &device->inside, &devices->outside, device->name);

	if (attempt.result == 0 && device->flags & IFF_UP)
		set_link_up(&devices->outside.link, device->index);
}

static void close_side(struct side *side)
{
	netlink_close(&side->link);
	close_fd(&side->namespace);
}

static void forget(struct net_device *device)
{
	close_side(&device->inside);
	text_free(&device->addresses);
	free(device);
}

/* ---- the two namespaces ---------------------------------------------------------------------- */

static int open_outside(struct side *outside, struct error *err)
{
	outside->namespace = host_open_namespace("/proc/thread-self/ns/net", CLONE_NEWNET, err);
	return outside->namespace < 0 ? outside->namespace : netlink_open(&outside->link, err);
}

/* A socket of another namespace is made by going there, and coming back. */
static int open_inside(struct side *inside, const struct side *outside, struct error *err)
{
	int result;

	if (setns(inside->namespace, CLONE_NEWNET) < 0)
		return fail_call(err, "setns", "cannot enter the container's network namespace");
	result = netlink_open(&inside->link, err);
	if (setns(outside->namespace, CLONE_NEWNET) < 0)
		return fail_call(err, "setns", "cannot return to the runtime's network namespace");
	return result;
}

static struct net_devices *devices_of(struct launched *launched, struct error *err)
{
	struct net_devices *devices = launched->net_devices;

	if (devices)
		return devices;
	devices = calloc(1, sizeof(*devices));
	if (!devices) {
		fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	devices->outside = (struct side){ .link = NETLINK_NONE, .namespace = -1 };
	launched->net_devices = devices; /* released with it, whatever was opened */
	return open_outside(&devices->outside, err) < 0 ? NULL : devices;
}

/* ---- front ----------------------------------------------------------------------------------- */

static int explain(const struct attempt *attempt, const char *name, const char *inside,
		   struct error *err)
{
	if (attempt->result == -EEXIST)
		return fail(err, EEXIST,
			    "the container's network namespace already has a device \"%s\"",
			    inside);
	if (attempt->link->reason[0])
		return fail_number(err, attempt->result, attempt->call,
				   "cannot move the network device \"%s\" (%s)", name,
				   attempt->link->reason);
	return fail_number(err, attempt->result, attempt->call,
			   "cannot move the network device \"%s\"", name);
}

static struct attempt look_up(struct net_devices *devices, struct net_device *device,
			      const char *inside)
{
	struct netlink *here = &devices->outside.link, *there = &device->inside.link;
	struct found found = { 0 }, taken = { 0 };
	struct attempt attempt;

	if (!went_well(&attempt, "netlink RTM_GETLINK", here,
		       find_link(here, device->name, 0, &found)))
		return attempt;
	device->index = found.index;
	device->flags = found.flags;
	/* The kernel finds a name for a template. */
	if (!strchr(inside, '%') && find_link(there, inside, 0, &taken) == 0)
		return (struct attempt){ "", there, -EEXIST };
	went_well(&attempt, "netlink RTM_GETADDR", here, read_addresses(here, device));
	return attempt;
}

static int move_device(struct net_devices *devices, struct net_device *device, const char *inside,
		       struct error *err)
{
	struct attempt attempt = look_up(devices, device, inside);

	if (attempt.result < 0)
		return explain(&attempt, device->name, inside, err);
	attempt = carry(device, &devices->outside, &device->inside, inside);
	if (attempt.result == 0)
		went_well(&attempt, "netlink IFF_UP", &device->inside.link,
			  set_link_up(&device->inside.link, device->index));
	if (attempt.result < 0) {
		/* Where it never left, its index is another's in there. */
		if (device->away)
			give_back(devices, device);
		return explain(&attempt, device->name, inside, err);
	}
	return 0;
}

int net_device_move(struct launched *launched, const char *namespace, const char *name,
		    const char *inside, struct error *err)
{
	struct net_devices *devices = devices_of(launched, err);
	struct net_device *device = devices ? calloc(1, sizeof(*device)) : NULL;
	char of_process[64];
	int result;

	if (!devices)
		return err && err->number ? -err->number : -ENOMEM;
	if (!device)
		return fail(err, ENOMEM, "out of memory");
	device->inside = (struct side){ .link = NETLINK_NONE, .namespace = -1 };
	snprintf(device->name, sizeof(device->name), "%s", name);
	snprintf(of_process, sizeof(of_process), "/proc/%d/ns/net", launched->pid);
	device->inside.namespace =
		host_open_namespace(*namespace ? namespace : of_process, CLONE_NEWNET, err);
	result = device->inside.namespace < 0
			 ? device->inside.namespace
			 : open_inside(&device->inside, &devices->outside, err);
	if (result == 0)
		result = move_device(devices, device, inside, err);
	if (result < 0) {
		forget(device);
		return result;
	}
	device->next = devices->moved;
	devices->moved = device;
	return 0;
}

static void release(struct launched *launched, bool back)
{
	struct net_devices *devices = launched->net_devices;

	if (!devices)
		return;
	while (devices->moved) {
		struct net_device *device = devices->moved;

		devices->moved = device->next;
		if (back)
			give_back(devices, device);
		forget(device);
	}
	close_side(&devices->outside);
	free(devices);
	launched->net_devices = NULL;
}

void net_devices_give_back(struct launched *launched)
{
	release(launched, true);
}

void launch_leave_net_devices(struct launched *launched)
{
	release(launched, false);
}

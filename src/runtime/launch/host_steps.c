/* host_steps.c -- steps of side HOST: what is done in coffer's own namespaces for the child.
 * They run while the child boots. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "launch_private.h"

#define MS_REC 16384 /* <sys/mount.h> clashes with <linux/mount.h> */

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

struct host {
	const struct plan *plan;
	struct launched *launched;
	pid_t pid;
	int *slots;
};

typedef int host_function(const struct host *host, const struct step *step, struct error *err);

static const char *text(const struct host *host, const struct step *step, unsigned index)
{
	return plan_text(host->plan, step->text[index]);
}

static int map_users(const struct host *host, const struct step *step, struct error *err)
{
	return id_map_users(host->pid, text(host, step, 0), err);
}

static int map_groups(const struct host *host, const struct step *step, struct error *err)
{
	return id_map_groups(host->pid, text(host, step, 0), step->number[0], err);
}

static int oom_score(const struct host *host, const struct step *step, struct error *err)
{
	char path[64], value[16];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", host->pid);
	snprintf(value, sizeof(value), "%d", (int)(int64_t)step->number[0]);
	return file_write(AT_FDCWD, path, value, err);
}

static int set_tree(int tree, unsigned flags, struct mount_attr attributes)
{
	if (!attributes.attr_set && !attributes.attr_clr && !attributes.propagation)
		return 0;
	return (int)syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes,
			    sizeof(attributes));
}

/* Propagation with MS_REC concerns the whole tree, whatever the attributes do. */
static int set_attributes(int tree, const struct step *step)
{
	bool recursive = step->number[4];
	struct mount_attr attributes = { .attr_set = step->number[1], .attr_clr = step->number[2] };
	struct mount_attr propagation = { .propagation = step->number[3] & ~(uint64_t)MS_REC };
	bool whole_tree = recursive || step->number[3] & MS_REC;

	if (set_tree(tree, recursive ? AT_RECURSIVE : 0, attributes) < 0)
		return -1;
	return set_tree(tree, whole_tree ? AT_RECURSIVE : 0, propagation);
}

/* A detached copy of the source with all its attributes set: what the container gets is complete
 * before it can be seen. */
static int open_tree_at(const struct host *host, const struct step *step, struct error *err)
{
	const char *source = text(host, step, 0);
	unsigned recursive = step->number[0] ? AT_RECURSIVE : 0;
	unsigned nofollow = step->number[5] ? AT_SYMLINK_NOFOLLOW : 0;
	auto_close int tree =
		(int)syscall(__NR_open_tree, AT_FDCWD, source,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive | nofollow);

	if (tree < 0)
		return fail_call(err, "open_tree", "cannot clone the mount \"%s\"", source);
	if (set_attributes(tree, step) < 0)
		return fail_call(err, "mount_setattr", "cannot set the attributes of \"%s\"",
				 source);
	host->slots[step->slot] = take_fd(&tree);
	return 0;
}

int host_open_namespace(const char *path, uint64_t kind, struct error *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int type;

	if (fd < 0)
		return fail_call(err, "open", "cannot open the namespace \"%s\"", path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return fail(err, EINVAL, "\"%s\" is not a namespace", path);
	if ((uint64_t)type != kind)
		return fail(err, EINVAL, "\"%s\" is a namespace of another type", path);
	return take_fd(&fd);
}

static int open_namespace(const struct host *host, const struct step *step, struct error *err)
{
	int fd = host_open_namespace(text(host, step, 0), step->number[0], err);

	if (fd < 0)
		return fd;
	host->slots[step->slot] = fd;
	return 0;
}

static int open_path(const struct host *host, const struct step *step, struct error *err)
{
	int fd = open(text(host, step, 0), O_PATH | O_CLOEXEC);

	if (fd < 0)
		return fail_call(err, "open", "cannot open \"%s\"", text(host, step, 0));
	host->slots[step->slot] = fd;
	return 0;
}

static int net_device(const struct host *host, const struct step *step, struct error *err)
{
	return net_device_move(host->launched, text(host, step, 2), text(host, step, 0),
			       text(host, step, 1), err);
}

/* JOIN_PID and CLONE are launch_clone's own. */
static host_function *const host_functions[STEP_KINDS] = {
	[STEP_MAP_USERS] = map_users,           [STEP_MAP_GROUPS] = map_groups,
	[STEP_OOM_SCORE] = oom_score,           [STEP_OPEN_TREE] = open_tree_at,
	[STEP_OPEN_NAMESPACE] = open_namespace, [STEP_OPEN_PATH] = open_path,
	[STEP_NET_DEVICE] = net_device,
};

int host_steps_run(struct launched *launched, int *slots, struct error *err)
{
	const struct plan *plan = launched->plan;
	struct host host = { plan, launched, launched->pid, slots };

	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (host_functions[step->kind] && host_functions[step->kind](&host, step, err) < 0)
			return step_where(plan, step, err);
	}
	return 0;
}

/* host_steps.c -- steps of side HOST: what is done in coffer's own namespaces for the child.
 * They run while the child boots. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "host_steps.h"

typedef int host_function(struct host *host, const struct step *step, struct error *err);

static int map_users(struct host *host, const struct step *step, struct error *err)
{
	return id_map_users(host->pid, host_text(host, step, 0), err);
}

static int map_groups(struct host *host, const struct step *step, struct error *err)
{
	return id_map_groups(host->pid, host_text(host, step, 0), step->number[0], err);
}

static int oom_score(struct host *host, const struct step *step, struct error *err)
{
	char path[64], value[16];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", host->pid);
	snprintf(value, sizeof(value), "%d", (int)(int64_t)step->number[0]);
	return file_write(AT_FDCWD, path, value, err);
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

static int open_namespace(struct host *host, const struct step *step, struct error *err)
{
	int fd = host_open_namespace(host_text(host, step, 0), step->number[0], err);

	if (fd < 0)
		return fd;
	host->slots[step->slot] = fd;
	return 0;
}

static int open_path(struct host *host, const struct step *step, struct error *err)
{
	int fd = open(host_text(host, step, 0), O_PATH | O_CLOEXEC);

	if (fd < 0)
		return fail_call(err, "open", "cannot open \"%s\"", host_text(host, step, 0));
	host->slots[step->slot] = fd;
	return 0;
}

static int open_append(struct host *host, const struct step *step, struct error *err)
{
	const char *path = host_text(host, step, 0);
	int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);

	/* A FIFO that nobody reads is an error, nothing to wait for. */
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
		return fail_call(err, "open", "cannot write to \"%s\"", path);
	host->slots[step->slot] = fd;
	return 0;
}

static int net_device(struct host *host, const struct step *step, struct error *err)
{
	return net_device_move(host->launched, host_text(host, step, 2), host_text(host, step, 0),
			       host_text(host, step, 1), err);
}

/* JOIN_PID and CLONE are launch_clone's own. */
static host_function *const host_functions[STEP_KINDS] = {
	[STEP_MAP_USERS] = map_users,           [STEP_MAP_GROUPS] = map_groups,
	[STEP_OOM_SCORE] = oom_score,           [STEP_OPEN_TREE] = host_open_tree,
	[STEP_NEW_TREE] = host_new_tree,        [STEP_MAP_TREE] = host_map_tree,
	[STEP_OPEN_NAMESPACE] = open_namespace, [STEP_OPEN_PATH] = open_path,
	[STEP_OPEN_APPEND] = open_append,       [STEP_NET_DEVICE] = net_device,
};

static int run_steps(struct host *host, struct error *err)
{
	const struct plan *plan = host->plan;

	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (host_functions[step->kind] && host_functions[step->kind](host, step, err) < 0)
			return step_where(plan, step, err);
	}
	return 0;
}

int host_steps_run(struct launched *launched, int *slots, struct error *err)
{
	struct host host = {
		.plan = launched->plan,
		.launched = launched,
		.pid = launched->pid,
		.slots = slots,
		.mapping = -1,
	};
	int result = run_steps(&host, err);

	own_close(&host.mapping);
	return result;
}

int launch_move_net_devices(const struct plan *plan, struct launched *launched, struct error *err)
{
	struct host host = { .plan = plan, .launched = launched, .pid = launched->pid };

	for (uint32_t i = 0; i < plan->header->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind == STEP_NET_DEVICE && net_device(&host, step, err) < 0)
			return step_where(plan, step, err);
	}
	return 0;
}

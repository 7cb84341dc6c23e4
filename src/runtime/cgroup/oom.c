/* oom.c -- be told when a cgroup was out of memory.
 *
 * v2: memory.events changes, which inotify tells, and its number oom_kill has grown. v1: an eventfd
 * that was named in cgroup.event_control together with memory.oom_control. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "stats.h"
#include "tree.h"

#define EVENTS_MOST 4096

static uint64_t count_kills(int dir)
{
	auto_text struct text text = { 0 };
	uint64_t kills = 0;

	if (file_read(dir, "memory.events", EVENTS_MOST, &text, NULL) == 0)
		stats_number(text.data, "oom_kill", &kills);
	return kills;
}

static int watch_v2(int dir, struct cgroup_oom *oom, struct error *err)
{
	char path[64];

	if (faccessat(dir, "memory.events", F_OK, 0) < 0)
		return 0; /* no memory controller */
	oom->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (oom->fd < 0)
		return fail_call(err, "inotify_init1", "cannot watch memory.events");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/memory.events", dir);
	if (inotify_add_watch(oom->fd, path, IN_MODIFY) < 0)
		return fail_call(err, "inotify_add_watch", "cannot watch memory.events");
	oom->count = count_kills(dir);
	return 0;
}

static int watch_v1(int dir, struct cgroup_oom *oom, struct error *err)
{
	auto_close int control = openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char words[32];

	if (control < 0)
		return fail_call(err, "open", "cannot watch memory.oom_control");
	oom->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (oom->fd < 0)
		return fail_call(err, "eventfd", "cannot watch memory.oom_control");
	snprintf(words, sizeof(words), "%d %d", oom->fd, control);
	return file_write(dir, "cgroup.event_control", words, err);
}

int cgroup_oom_watch(const struct cgroup *cgroup, struct cgroup_oom *oom, struct error *err)
{
	int dir, result;

	*oom = (struct cgroup_oom){ .fd = -1, .dir = -1 };
	dir = cgroup->path ? stats_dir(cgroup, "memory", &oom->unified) : -1;
	if (dir < 0)
		return 0;
	oom->dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = oom->unified ? watch_v2(dir, oom, err) : watch_v1(dir, oom, err);
	if (result < 0)
		cgroup_oom_close(oom);
	return result;
}

static bool drained(int fd)
{
	char events[4096];
	bool any = false;

	while (read(fd, events, sizeof(events)) > 0)
		any = true;
	return any;
}

bool cgroup_oom_happened(struct cgroup_oom *oom)
{
	uint64_t before = oom->count;
	bool told = oom->fd >= 0 && drained(oom->fd);

	if (oom->dir < 0)
		return false;
	if (!oom->unified) /* the eventfd tells of the cgroup's end, too */
		return told && faccessat(oom->dir, "cgroup.event_control", F_OK, 0) == 0;
	oom->count = count_kills(oom->dir);
	return oom->count > before;
}

void cgroup_oom_close(struct cgroup_oom *oom)
{
	close_fd(&oom->fd);
	close_fd(&oom->dir);
}

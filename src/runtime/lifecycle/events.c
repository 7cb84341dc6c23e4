/* events.c -- what a container uses, once or again and again, and when it is out of memory.
 *
 * One loop waits for three things: the clock, the kernel's word that memory ran out, and the end of
 * the container's process. What was told before the end is still passed on. */
#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "interfaces.h"
#include "place.h"
#include "rdt.h"
#include "runtime/cgroup_stats.h"
#include "runtime/lifecycle.h"
#include "status.h"

#define EVENT_ROWS(ROW, T)                                                                         \
	ROW(T, string, type, "type", none, always)                                                 \
	ROW(T, string, id, "id", none, always)                                                     \
	ROW(T, object, data, "data", cgroup_stats, optional)
JSON_STRUCT(container_event, EVENT_ROWS);
JSON_SHAPE(container_event, EVENT_ROWS);

struct vigil {
	const char *id;
	struct arena arena;
	struct container container;
	struct facts facts;
	struct cgroup cgroup;
	struct cgroup_oom oom;
	int process; /* pidfd */
	int clock;   /* timerfd */
};

static void write_event(const struct vigil *vigil, const char *type, struct cgroup_stats *data,
			struct text *line)
{
	struct container_event event = { (char *)type, vigil->container.state.id, data };

	json_write(&container_event_shape, &event, false, line);
	text_add(line, "\n");
}

static int write_stats(const struct vigil *vigil, struct text *line, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct cgroup_stats stats;

	TRY(cgroup_stats_read(&vigil->cgroup, &arena, &stats, err));
	stats.intel_rdt = rdt_stats(&vigil->container.state, &arena);
	stats.network_interfaces = interfaces_list(&vigil->container.state, &arena);
	write_event(vigil, "stats", &stats, line);
	return 0;
}

static int open_container(struct vigil *vigil, const char *root, struct error *err)
{
	enum container_status status;

	TRY(state_open(root, vigil->id, false, &vigil->arena, &vigil->container, err));
	TRY(facts_gather_cgroups(&vigil->facts, &vigil->arena, err));
	TRY(container_look_now(&vigil->container, &vigil->facts, &status, &vigil->process, err));
	if (status == STATUS_STOPPED)
		return fail(err, ESRCH, "container with id %s is not running", vigil->id);
	return container_open_cgroup(&vigil->container.state, &vigil->facts, &vigil->cgroup, err);
}

static int start_clock(struct vigil *vigil, int64_t interval, struct error *err)
{
	const struct timespec every = { interval / 1000000000, interval % 1000000000 };
	const struct itimerspec setting = { every, every };

	vigil->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (vigil->clock < 0 || timerfd_settime(vigil->clock, 0, &setting, NULL) < 0)
		return fail_call(err, "timerfd", "cannot set a timer");
	return 0;
}

enum { AT_PROCESS, AT_OOM, AT_CLOCK, WATCHED };

static int tell_of_oom(struct vigil *vigil, event_tell *tell, struct error *err)
{
	auto_text struct text line = { 0 };

	if (!cgroup_oom_happened(&vigil->oom))
		return 0;
	write_event(vigil, "oom", NULL, &line);
	return tell(line.data, line.length, err);
}

/* Intervals that were missed are not made up for. */
static int tell_of_interval(struct vigil *vigil, event_tell *tell, struct error *err)
{
	auto_text struct text line = { 0 };
	uint64_t expirations;

	if (read(vigil->clock, &expirations, sizeof(expirations)) < 0)
		return 0;
	TRY(write_stats(vigil, &line, err));
	return tell(line.data, line.length, err);
}

static int watch(struct vigil *vigil, event_tell *tell, struct error *err)
{
	struct pollfd watched[WATCHED] = {
		[AT_PROCESS] = { .fd = vigil->process, .events = POLLIN },
		[AT_OOM] = { .fd = vigil->oom.fd, .events = POLLIN },
		[AT_CLOCK] = { .fd = vigil->clock, .events = POLLIN },
	};

	for (;;) {
		if (poll(watched, WATCHED, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail_call(err, "poll", "cannot wait for events");
		}
		TRY(tell_of_oom(vigil, tell, err));
		if (watched[AT_PROCESS].revents)
			return 0;
		if (watched[AT_CLOCK].revents)
			TRY(tell_of_interval(vigil, tell, err));
	}
}

static void end_vigil(struct vigil *vigil)
{
	cgroup_oom_close(&vigil->oom);
	cgroup_close(&vigil->cgroup);
	state_close(&vigil->container);
	close_fd(&vigil->clock);
	close_fd(&vigil->process);
	arena_free(&vigil->arena);
}

#define VIGIL_OF(name)                                                                             \
	{                                                                                          \
		.id = (name), .container = { .dir = -1, .lock = -1 },                              \
		.cgroup = { .unified_fd = -1 }, .oom = { .fd = -1, .dir = -1 }, .process = -1,     \
		.clock = -1,                                                                       \
	}

static int keep_vigil(struct vigil *vigil, const struct events_request *request, struct error *err)
{
	TRY(open_container(vigil, request->root, err));
	TRY(cgroup_oom_watch(&vigil->cgroup, &vigil->oom, err));
	TRY(start_clock(vigil, request->interval, err));
	return watch(vigil, request->tell, err);
}

int container_events(const struct events_request *request, struct error *err)
{
	struct vigil vigil = VIGIL_OF(request->id);
	int result = keep_vigil(&vigil, request, err);

	if (result < 0)
		fail_where(err, "%s", request->id);
	end_vigil(&vigil);
	return result;
}

int container_stats(const char *root, const char *id, struct text *line, struct error *err)
{
	struct vigil vigil = VIGIL_OF(id);
	int result = open_container(&vigil, root, err);

	if (result == 0)
		result = write_stats(&vigil, line, err);
	if (result < 0)
		fail_where(err, "%s", id);
	end_vigil(&vigil);
	return result;
}

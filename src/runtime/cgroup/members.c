/* members.c -- who is in a cgroup, and signals to all of them. */
#include "members.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/own.h"
#include "tree.h"

#define PROCS_MOST  (64u << 20)
#define CHUNK       256 /* pidfds open at once */
#define PASSES_MOST 64
#define SHOWN       40 /* of a name that a container gave */

static bool is_gone(int number)
{
	return number == -ENOENT || number == -ENODEV;
}

static void add_pids(char *text, struct arena *arena, struct members *members, size_t *room)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid <= 0)
			continue;
		if (members->count == *room) {
			pid_t *pids = arena_array(arena, *room ? 2 * *room : 64, sizeof(*pids));

			if (members->count)
				memcpy(pids, members->pids, members->count * sizeof(*pids));
			members->pids = pids;
			*room = *room ? 2 * *room : 64;
		}
		members->pids[members->count++] = pid;
	}
}

static int read_own(int dir, struct arena *arena, struct members *members, size_t *room,
		    struct error *err)
{
	auto_text struct text text = { 0 };
	int result = file_read(dir, "cgroup.procs", PROCS_MOST, &text, err);

	/* EOPNOTSUPP: a threaded cgroup; its processes are its domain's. */
	if (is_gone(result) || result == -EOPNOTSUPP)
		return 0;
	TRY(result);
	add_pids(text.data, arena, members, room);
	return 0;
}

/* One directory on the way from the top to where a walk is. */
struct level {
	struct level *above;
	struct strings children;
	size_t visited; /* so many of them */
};

static struct level *enter_level(int dir, struct level *above, struct arena *arena)
{
	struct level *level = arena_alloc(arena, sizeof(*level));
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	*level = (struct level){ .above = above };
	while (list && (entry = readdir(list)) != NULL)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			strings_add(&level->children, arena_string(arena, entry->d_name), arena);
	return level;
}

static const char *next_child(struct level *level)
{
	return level->visited < level->children.count ? level->children.items[level->visited++]
						      : NULL;
}

static int step(int *at, const char *name, struct error *err)
{
	int next = openat(*at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (next < 0)
		return fail_call(err, "open",
				 "cannot read the cgroup \"%.*s%s\" in the container's", SHOWN,
				 name, strlen(name) > SHOWN ? "..." : "");
	close_fd(at);
	*at = next;
	return 0;
}

/* Depth first, and back by "..", which leads up from a removed directory too: whoever may make
 * cgroups in the container nests them deeper than a path may be long, or than descriptors or a
 * stack would last. */
int members_read(int dir, struct arena *arena, struct members *members, struct error *err)
{
	auto_close int at = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct level *level;
	size_t room = 0;

	*members = (struct members){ 0 };
	if (at < 0)
		return is_gone(-errno) ? 0 : fail_call(err, "open", "cannot read the cgroup");
	TRY(read_own(at, arena, members, &room, err));
	level = enter_level(at, NULL, arena);
	while (level) {
		const char *child = next_child(level);
		int result;

		if (!child && !level->above)
			break;
		result = step(&at, child ? child : "..", err);
		if (child && is_gone(result))
			continue;
		TRY(result);
		if (child)
			TRY(read_own(at, arena, members, &room, err));
		level = child ? enter_level(at, level, arena) : level->above;
	}
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

	return (left > right) - (left < right);
}

static void sort(struct members *members)
{
	if (members->count)
		qsort(members->pids, members->count, sizeof(pid_t), compare_pids);
}

static bool has(const struct members *members, pid_t pid)
{
	return members->count &&
	       bsearch(&pid, members->pids, members->count, sizeof(pid_t), compare_pids) != NULL;
}

/* pidfds of at most CHUNK members from `start`; -1 for one that is gone. */
static size_t open_chunk(const struct members *members, size_t start, int pidfds[CHUNK])
{
	size_t count = members->count - start < CHUNK ? members->count - start : CHUNK;

	for (size_t i = 0; i < count; i++)
		pidfds[i] = (int)syscall(SYS_pidfd_open, members->pids[start + i], 0);
	return count;
}

static void close_chunk(int pidfds[CHUNK], size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_fd(&pidfds[i]);
}

static int send_to(int pidfd, pid_t pid, int signal, struct error *err)
{
	if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0 ||
	    errno == ESRCH)
		return 0;
	return fail_call(err, "pidfd_send_signal", "cannot signal process %d", pid);
}

/* Signal the new members. */
static int signal_chunk(int dir, const struct members *members, size_t start, int signal,
			struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct members now;
	int pidfds[CHUNK], result;
	size_t count = open_chunk(members, start, pidfds);

	result = members_read(dir, &arena, &now, err);
	sort(&now);
	for (size_t i = 0; i < count && result == 0; i++)
		if (has(&now, members->pids[start + i]))
			result = send_to(pidfds[i], members->pids[start + i], signal, err);
	close_chunk(pidfds, count);
	return result;
}

static struct members new_among(const struct members *members, const struct members *known,
				struct arena *arena)
{
	struct members fresh = { arena_array(arena, members->count, sizeof(pid_t)), 0 };

	for (size_t i = 0; i < members->count; i++)
		if (!has(known, members->pids[i]))
			fresh.pids[fresh.count++] = members->pids[i];
	return fresh;
}

int members_signal(int dir, int signal, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct members known = { 0 };

	for (unsigned pass = 0; pass < PASSES_MOST; pass++) {
		struct members members, fresh;

		TRY(members_read(dir, &arena, &members, err));
		fresh = new_among(&members, &known, &arena);
		if (fresh.count == 0)
			return 0;
		for (size_t start = 0; start < fresh.count; start += CHUNK)
			TRY(signal_chunk(dir, &fresh, start, signal, err));
		known = members;
		sort(&known);
	}
	return 0;
}

static int await_chunk(const struct members *members, int64_t deadline, struct error *err)
{
	int pidfds[CHUNK], result = 0;
	size_t count = open_chunk(members, 0, pidfds);

	for (size_t i = 0; i < count && result == 0; i++) {
		struct pollfd wait = { .fd = pidfds[i], .events = POLLIN };
		int64_t left = deadline - clock_now();

		if (pidfds[i] >= 0 && poll(&wait, 1, left > 0 ? (int)left : 0) == 0)
			result = fail(err, EBUSY, "process %d does not end", members->pids[i]);
	}
	close_chunk(pidfds, count);
	return result;
}

int members_await_exit(int dir, int64_t deadline, struct error *err)
{
	for (;;) {
		auto_arena struct arena arena = { 0 };
		struct members members;

		TRY(members_read(dir, &arena, &members, err));
		if (members.count == 0)
			return 0;
		TRY(await_chunk(&members, deadline, err));
	}
}

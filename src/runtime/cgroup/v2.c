/* v2.c -- what is particular to the cgroup v2 tree.
 *
 * A controller is there in a cgroup when all its ancestors enable it in cgroup.subtree_control.
 * Enabled are those that engines read (statistics, OOM events) and those that limits need; what
 * cannot be enabled is left, and a limit that needs it finds its file missing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "controllers.h"
#include "tree.h"

#define LIST_MOST   4096
#define FREEZE_WAIT 10000 /* ms */

static const char *const always_wanted[] = { "cpu", "cpuset", "io", "memory", "pids" };

static void want(struct strings *wanted, char *name, struct arena *arena)
{
	if (!strings_have(wanted, name))
		strings_add(wanted, name, arena);
}

static struct strings list_wanted(const struct cgroup_writes *writes, struct arena *arena)
{
	struct strings wanted = { 0 };

	for (size_t i = 0; i < sizeof(always_wanted) / sizeof(*always_wanted); i++)
		want(&wanted, arena_string(arena, always_wanted[i]), arena);
	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];

		if (!*write->controller && !text_starts(write->file, "cgroup."))
			want(&wanted, arena_copy(arena, write->file, strcspn(write->file, ".")),
			     arena);
	}
	return wanted;
}

/* Those of `wanted` that are in `have` and not in `enabled`, as "+name". */
static struct strings missing_among(const struct strings *wanted, const char *have,
				    const char *enabled, struct arena *arena)
{
	struct strings missing = { 0 };

	for (size_t i = 0; i < wanted->count; i++)
		if (controllers_have(have, ' ', wanted->items[i]) &&
		    !controllers_have(enabled, ' ', wanted->items[i]))
			strings_add(&missing, arena_format(arena, "+%s", wanted->items[i]), arena);
	return missing;
}

static int read_list(int root, const char *prefix, const char *file, struct text *list,
		     struct error *err)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", prefix, file) >= sizeof(path))
		return fail(err, ENAMETOOLONG, "the cgroup's path is too long");
	return file_read(root, path, LIST_MOST, list, err);
}

/* All at once, or where the kernel refuses that, each that can be. */
static void write_control(int root, const char *prefix, const struct strings *requests,
			  struct arena *arena)
{
	const char *control = arena_format(arena, "%s/cgroup.subtree_control", prefix);
	auto_text struct text all = { 0 };

	for (size_t i = 0; i < requests->count; i++)
		text_format(&all, "%s%s", i ? " " : "", requests->items[i]);
	if (file_write(root, control, all.data, NULL) == 0)
		return;
	for (size_t i = 0; i < requests->count; i++)
		file_write(root, control, requests->items[i], NULL);
}

/* A cgroup with processes of its own passes nothing on; the kernel would let it have threaded
 * controllers, and make the ones below unfit for processes (cgroup-v2.rst, "Threads"). The root of
 * all is free of that, and has no type. */
static bool is_populated(int root, const char *prefix)
{
	auto_text struct text type = { 0 }, processes = { 0 };

	return read_list(root, prefix, "cgroup.type", &type, NULL) == 0 &&
	       read_list(root, prefix, "cgroup.procs", &processes, NULL) != -ENOENT &&
	       processes.length > 0;
}

/* Enable in the cgroup `prefix` ("./a/b") those of `wanted` that it has and does not enable yet. */
static int enable(int root, const char *prefix, const struct strings *wanted, struct arena *arena,
		  struct error *err)
{
	auto_text struct text have = { 0 }, enabled = { 0 };
	struct strings missing;

	TRY(read_list(root, prefix, "cgroup.controllers", &have, err));
	TRY(read_list(root, prefix, "cgroup.subtree_control", &enabled, err));
	missing = missing_among(wanted, have.data, enabled.data, arena);
	if (missing.count > 0 && !is_populated(root, prefix))
		write_control(root, prefix, &missing, arena);
	return 0;
}

/* Mostly another container has been there before, and all ancestors pass on what there is. */
static bool is_enabled(int root, const char *parent, const struct strings *wanted,
		       struct arena *arena)
{
	auto_text struct text have = { 0 }, enabled = { 0 };

	return read_list(root, ".", "cgroup.controllers", &have, NULL) == 0 &&
	       read_list(root, parent, "cgroup.subtree_control", &enabled, NULL) == 0 &&
	       missing_among(wanted, have.data, enabled.data, arena).count == 0;
}

static int v2_prepare(const struct cgroup_tree *tree, const char *path,
		      const struct cgroup_writes *writes, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings wanted = list_wanted(writes, &arena);
	int length = (int)(strrchr(path, '/') - path);

	if (is_enabled(tree->root, arena_format(&arena, ".%.*s", length, path), &wanted, &arena))
		return 0;
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		const char *prefix = arena_format(&arena, ".%.*s", (int)(slash - path), path);

		TRY(enable(tree->root, prefix, &wanted, &arena, err));
	}
	return 0;
}

/* Wait for a line of cgroup.events, whose changes the kernel announces. */
static int await_event(int dir, const char *line, int64_t deadline, struct error *err)
{
	auto_close int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char events[256];

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : fail_call(err, "open", "cannot read cgroup.events");
	for (;;) {
		struct pollfd change = { .fd = fd, .events = POLLPRI };
		int64_t left = deadline - clock_now();
		ssize_t length = pread(fd, events, sizeof(events) - 1, 0);

		if (length < 0)
			return errno == ENODEV
				       ? 0
				       : fail_call(err, "read", "cannot read cgroup.events");
		events[length] = '\0';
		if (strstr(events, line))
			return 0;
		if (left <= 0 || poll(&change, 1, (int)left) == 0)
			return -ETIMEDOUT;
	}
}

static int v2_thaw(int dir, struct error *err)
{
	return file_write(dir, "cgroup.freeze", "0", err);
}

static int v2_freeze(int dir, bool freeze, struct error *err)
{
	int result = freeze ? file_write(dir, "cgroup.freeze", "1", err) : v2_thaw(dir, err);

	if (result == -ENOENT)
		return fail(err, ENOTSUP, "there is no freezer");
	TRY(result);
	if (!freeze)
		return 0;
	result = await_event(dir, "frozen 1", clock_now() + FREEZE_WAIT, err);
	if (result == -ETIMEDOUT) {
		v2_thaw(dir, NULL);
		return fail(err, EBUSY, "unable to freeze");
	}
	return result;
}

static bool v2_frozen(int dir)
{
	auto_text struct text events = { 0 };

	return file_read(dir, "cgroup.events", 256, &events, NULL) == 0 &&
	       strstr(events.data, "frozen 1");
}

static int v2_kill(int dir)
{
	return file_write(dir, "cgroup.kill", "1", NULL);
}

static int v2_await_empty(int dir, int64_t deadline, struct error *err)
{
	int result = await_event(dir, "populated 0", deadline, err);

	if (result == -ETIMEDOUT)
		return fail(err, EBUSY, "the cgroup still has processes");
	return result;
}

const struct tree_kind tree_v2 = {
	.unified = true,
	.prepare = v2_prepare,
	.freeze = v2_freeze,
	.frozen = v2_frozen,
	.kill = v2_kill,
	.await_empty = v2_await_empty,
};

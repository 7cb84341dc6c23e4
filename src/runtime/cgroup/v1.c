/* v1.c -- what is particular to a cgroup v1 hierarchy. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "controllers.h"
#include "members.h"
#include "tree.h"

#define VALUE_MOST   65536
#define FREEZE_READS 20000 /* some 20 ms of an idle machine */
#define THAW_EVERY   1000

static bool is_blank(const struct text *text)
{
	return text->length == strspn(text->data, "\n ");
}

/* Give `prefix` (a path below the root; "." is the root) its parent's value of `file` where it has
 * none yet, and that one its own parent's first. The value is left in *value. */
static int inherit(int root, const char *prefix, const char *file, struct text *value,
		   struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *path = arena_format(&arena, "%s/%s", prefix, file);
	const char *slash = strrchr(prefix, '/');
	const char *parent = slash ? arena_copy(&arena, prefix, (size_t)(slash - prefix)) : ".";

	TRY(file_read(root, path, VALUE_MOST, value, err));
	if (!is_blank(value) || text_equal(prefix, "."))
		return 0;
	TRY(inherit(root, parent, file, value, err));
	return file_write(root, path, value->data, err);
}

/* A new cpuset has no processors and no memory, and takes no processes until it has. */
static int v1_prepare(const struct cgroup_tree *tree, const char *path,
		      const struct cgroup_writes *writes, struct error *err)
{
	auto_text struct text value = { 0 };

	if (!controllers_have(tree->controllers, ',', "cpuset"))
		return 0;
	TRY(inherit(tree->root, path + 1, "cpuset.cpus", &value, err));
	return inherit(tree->root, path + 1, "cpuset.mems", &value, err);
}

static int read_state(int dir, struct text *state, struct error *err)
{
	return file_read(dir, "freezer.state", 64, state, err);
}

static int set_state(int dir, const char *state, struct error *err)
{
	return file_write(dir, "freezer.state", state, err);
}

static int v1_thaw(int dir, struct error *err)
{
	return set_state(dir, "THAWED", err);
}

/* The kernel goes from FREEZING to FROZEN when freezer.state is read and all tasks have stopped; it
 * tells nobody, so reading is the only way to learn of it. A task that was forked meanwhile can
 * keep it at FREEZING for ever: freezing anew catches that one too. */
static int await_frozen(int dir, struct error *err)
{
	auto_text struct text state = { 0 };

	for (unsigned i = 1; i <= FREEZE_READS; i++) {
		TRY(read_state(dir, &state, err));
		if (text_starts(state.data, "FROZEN"))
			return 0;
		if (i % THAW_EVERY == 0)
			TRY(v1_thaw(dir, err));
		if (i % THAW_EVERY == 0)
			TRY(set_state(dir, "FROZEN", err));
		sched_yield();
	}
	v1_thaw(dir, NULL);
	return fail(err, EBUSY, "unable to freeze");
}

static int v1_freeze(int dir, bool freeze, struct error *err)
{
	int result;

	if (!freeze)
		return v1_thaw(dir, err);
	result = set_state(dir, "FROZEN", err);
	if (result == -ENOENT)
		return fail(err, ENOTSUP, "there is no freezer");
	TRY(result);
	return await_frozen(dir, err);
}

static bool v1_frozen(int dir)
{
	auto_text struct text state = { 0 };

	return read_state(dir, &state, NULL) == 0 && text_starts(state.data, "FROZEN");
}

static int v1_kill(int dir)
{
	return -ENOENT;
}

const struct tree_kind tree_v1 = {
	.unified = false,
	.prepare = v1_prepare,
	.freeze = v1_freeze,
	.frozen = v1_frozen,
	.kill = v1_kill,
	.await_empty = members_await_exit,
};

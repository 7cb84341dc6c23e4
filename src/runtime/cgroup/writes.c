/* writes.c -- make planned writes: the only place that sets a limit.
 *
 * The kernel refuses some values as long as others stand (EINVAL): a memory limit above the present
 * memory+swap limit, a burst above the present quota, a weight of an idle cgroup. Which of two must
 * come first depends on what is there, so a write refused like that is made once more after all
 * others. */
#include "writes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "driver.h"
#include "tree.h"

#define OLD_MOST (1u << 20)

enum outcome { MADE, MISSING }; /* what making a write returns besides errors */

static int read_old(int dir, const char *file, struct text *old)
{
	if (file_read(dir, file, OLD_MOST, old, NULL) < 0)
		text_free(old);
	return 0;
}

/* The file is not there: why? */
static int fail_missing(const struct cgroup_tree *tree, const struct cgroup *cgroup,
			const struct cgroup_write *write, struct error *err)
{
	auto_text struct text have = { 0 };
	int length = (int)strcspn(write->file, ".");

	fail_number(err, ENOENT, "open", "cannot set %s of the cgroup \"%s%s\"", write->file,
		    tree->mountpoint, cgroup->path);
	if (!tree->kind->unified ||
	    file_read(tree->dir, "cgroup.controllers", OLD_MOST, &have, NULL) < 0)
		return -ENOENT;
	have.data[strcspn(have.data, "\n")] = '\0';
	if (cgroup_is_rootless(cgroup->facts))
		return fail_hint(err, "the controller %.*s was not delegated to you, only: %s",
				 length, write->file, *have.data ? have.data : "none");
	return fail_hint(err, "no controller %.*s there, only: %s", length, write->file,
			 *have.data ? have.data : "none");
}

static int fail_without_tree(const struct cgroup_write *write, struct error *err)
{
	if (!*write->controller)
		return fail(err, ENOENT, "cannot set %s: cgroup v2 is not there", write->file);
	return fail(err, ENOENT, "cannot set %s: this host has no cgroup controller \"%s\"",
		    write->file, write->controller);
}

static int write_value(int dir, const char *file, const char *value)
{
	/* A write of nothing would not reach the kernel's file. */
	return file_write(dir, file, *value ? value : "\n", NULL);
}

/* What checkBeforeUpdate asks for. */
static int check(const struct cgroup_tree *tree, const struct cgroup_write *write,
		 struct error *err)
{
	auto_text struct text text = { 0 };
	uint64_t now, most = strtoull(write->value, NULL, 10);

	TRY(file_read(tree->dir, write->file, 64, &text, err));
	now = strtoull(text.data, NULL, 10);
	if (now > most)
		return fail(err, EBUSY,
			    "unable to set memory limit to %" PRIu64 " (current usage: %" PRIu64
			    ")",
			    most, now);
	return MADE;
}

/* v1 refuses a limit below what is in use, when that cannot be reclaimed; runc's words. */
static int fail_in_use(const struct cgroup_tree *tree, const struct cgroup_write *write,
		       struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text usage = { 0 };
	size_t stem = strlen(write->file) - strlen("limit_in_bytes");
	const char *file = arena_format(&arena, "%.*susage_in_bytes", (int)stem, write->file);

	if (file_read(tree->dir, file, 64, &usage, NULL) < 0)
		text_add(&usage, "unknown");
	return fail(err, EBUSY, "unable to set %s to %s (current usage: %.*s)", write->file,
		    write->value, (int)strcspn(usage.data, "\n"), usage.data);
}

static int make(const struct cgroup *cgroup, const struct cgroup_write *write, struct text *old,
		struct error *err)
{
	struct cgroup_tree *tree = tree_find(cgroup, write->controller);
	int result;

	if (!tree || tree->left_out)
		return write->optional ? MISSING : fail_without_tree(write, err);
	TRY(tree_open(tree, cgroup->path, err));
	if (tree->dir < 0)
		return fail(err, ENOENT, "the cgroup \"%s%s\" is gone", tree->mountpoint,
			    cgroup->path);
	if (write->check)
		return check(tree, write, err);
	if (old)
		TRY(read_old(tree->dir, write->file, old));
	result = write_value(tree->dir, write->file, write->value);
	if (result == -ENOENT && (write->optional || write->or_next))
		return MISSING;
	if (result == -ENOENT)
		return fail_missing(tree, cgroup, write, err);
	if (result == -EBUSY && text_ends(write->file, "limit_in_bytes"))
		return fail_in_use(tree, write, err);
	if (result < 0)
		return fail_number(err, result, "write", "cannot write \"%s\" to \"%s%s/%s\"",
				   write->value, tree->mountpoint, cgroup->path, write->file);
	return MADE;
}

/* Which line of the old content is about this write's key? In the arena. */
static const char *old_line(const struct cgroup_write *write, struct strings lines,
			    struct arena *arena)
{
	size_t length = strcspn(write->value, " ");
	const char *key = arena_format(arena, "%.*s ", (int)length, write->value);

	for (size_t i = 0; i < lines.count; i++)
		if (text_starts(lines.items[i], key))
			return lines.items[i];
	return write->reset;
}

static void restore(const struct cgroup *cgroup, const struct cgroup_write *write,
		    const struct text *old)
{
	auto_arena struct arena arena = { 0 };
	const struct cgroup_tree *tree = tree_find(cgroup, write->controller);
	struct strings lines;

	if (!old->data || !tree || tree->dir < 0)
		return;
	lines = strings_split(old->data, '\n', &arena);
	if (write->reset) {
		write_value(tree->dir, write->file, old_line(write, lines, &arena));
		return;
	}
	for (size_t i = 0; i < lines.count; i++) {
		/* memory.oom_control says more than it takes. */
		const char *value = text_after(lines.items[i], "oom_kill_disable ");

		if (i == 0 || *lines.items[i])
			write_value(tree->dir, write->file, value ? value : lines.items[i]);
	}
}

static int fail_at(const struct cgroup_write *write, int result, struct error *err)
{
	fail_where(err, "%s", write->where);
	return result;
}

struct progress {
	bool *made, *refused;
	struct text *old; /* NULL: nothing is taken back */
};

static int make_all(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		    struct progress *progress, struct error *err)
{
	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];
		struct error failure = { 0 };
		int result =
			make(cgroup, write, progress->old ? &progress->old[i] : NULL, &failure);

		progress->made[i] = result == MADE;
		progress->refused[i] = result == -EINVAL;
		if (result < 0 && result != -EINVAL) {
			if (err)
				*err = failure;
			return fail_at(write, result, err);
		}
		if (result == MADE && write->or_next)
			i++;
	}
	return 0;
}

static int make_refused(const struct cgroup *cgroup, const struct cgroup_writes *writes,
			struct progress *progress, struct error *err)
{
	for (size_t i = 0; i < writes->count; i++) {
		int result;

		if (!progress->refused[i])
			continue;
		result = make(cgroup, &writes->items[i], NULL, err);
		if (result < 0)
			return fail_at(&writes->items[i], result, err);
		progress->made[i] = true;
	}
	return 0;
}

static void take_back(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		      const struct progress *progress)
{
	for (size_t i = writes->count; i-- > 0;)
		if (progress->made[i] && !writes->items[i].check)
			restore(cgroup, &writes->items[i], &progress->old[i]);
}

static struct progress progress_of(const struct cgroup_writes *writes, bool undo,
				   struct arena *arena)
{
	const size_t room = writes->count + 1;

	return (struct progress){
		.made = arena_array(arena, room, sizeof(bool)),
		.refused = arena_array(arena, room, sizeof(bool)),
		.old = undo ? arena_array(arena, room, sizeof(struct text)) : NULL,
	};
}

static int apply(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		 struct progress *progress, struct error *err)
{
	TRY(make_all(cgroup, writes, progress, err));
	return make_refused(cgroup, writes, progress, err);
}

int writes_apply(const struct cgroup *cgroup, const struct cgroup_writes *writes, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct progress progress = progress_of(writes, false, &arena);

	return apply(cgroup, writes, &progress, err);
}

int writes_change(const struct cgroup *cgroup, const struct cgroup_writes *writes,
		  const struct cgroup_rest *rest, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct progress progress = progress_of(writes, true, &arena);
	int result = apply(cgroup, writes, &progress, err);

	if (result == 0 && rest->change)
		result = rest->change(rest->context, err);
	if (result < 0)
		take_back(cgroup, writes, &progress);
	for (size_t i = 0; i < writes->count; i++)
		text_free(&progress.old[i]);
	return result;
}

/* seen.c -- which hierarchies have a container's cgroup, and whether they can be seen from here.
 *
 * What is not mounted where we are (somebody hid /sys/fs/cgroup, or a part of it) looks like what
 * was removed. So the hierarchies are written down when the cgroup is made. One that the kernel no
 * longer has at all, since it was started anew, has nothing that could be left. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "tree.h"

#define TABLE_MOST 65536

struct strings cgroup_hierarchies(const struct facts *facts, const struct cgroup *cgroup,
				  struct arena *arena)
{
	struct cgroup all = { .tree_count = 0 };
	struct strings names = { 0 };

	if (!cgroup)
		trees_list(facts, &all);
	else
		all = *cgroup;
	for (unsigned i = 0; i < all.tree_count; i++)
		if (!all.trees[i].left_out)
			strings_add(&names, arena_string(arena, all.trees[i].controllers), arena);
	if (!cgroup)
		cgroup_close(&all);
	return names;
}

static bool is_seen(const char *name, const struct facts *facts)
{
	if (!*name)
		return facts->cgroup_unified != NULL;
	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		if (text_equal(facts->hierarchies[i].controllers, name))
			return true;
	return false;
}

/* A line "4:cpu,cpuacct:/path", or "0::/path" of v2, mounted or not. What cannot be read counts as
 * there. */
static bool kernel_has(const char *name, struct arena *arena)
{
	auto_text struct text table = { 0 };
	const char *wanted = arena_format(arena, ":%s:", name);

	if (file_read(AT_FDCWD, "/proc/self/cgroup", TABLE_MOST, &table, NULL) < 0)
		return true;
	for (const char *line = table.data; *line; line++) {
		line += strcspn(line, ":");
		if (text_starts(line, wanted))
			return true;
		line += strcspn(line, "\n");
		if (!*line)
			break;
	}
	return false;
}

int cgroup_check_seen(const struct strings *names, const struct facts *facts, struct error *err)
{
	auto_arena struct arena arena = { 0 };

	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];

		if (is_seen(name, facts) || !kernel_has(name, &arena))
			continue;
		fail(err, ENODEV,
		     "cannot see the cgroup hierarchy %s, which has the container's cgroup",
		     *name ? name : "of v2");
		return fail_hint(
			err, "it is not mounted at \"/sys/fs/cgroup\" here, as it was at create");
	}
	return 0;
}

/* path.c -- where a container's cgroup is: cgroupsPath, made an absolute path below the mount
 * points of all hierarchies.
 *
 * Root's relative paths start at the mount points too, so that the same value always means the same
 * place (config-linux.md "Cgroups Path"). A rootless caller can write only what was delegated to
 * it: its relative paths, and the default, start at the parent of its own v2 cgroup, which has no
 * processes and so can pass on controllers, or at its own. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "driver.h"

#define OWN_MOST   65536
#define PATH_LIMIT (PATH_MAX - 512) /* room for the mount point and a file name */

static int check_name(const char *name, struct error *err)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return fail(err, EINVAL, "a control character is in the path");
	if (strlen(name) > NAME_MAX)
		return fail(err, ENAMETOOLONG, "a name in the path is longer than %d", NAME_MAX);
	return 0;
}

/* "/a//b/../c" -> "/a/c"; ".." at the top stays there. */
static int clean(const char *raw, struct arena *arena, char **path, struct error *err)
{
	struct strings names = strings_split(raw, '/', arena);
	char *end;

	*path = arena_alloc(arena, strlen(raw) + 2);
	end = *path;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];

		TRY(check_name(name, err));
		if (!*name || text_equal(name, "."))
			continue;
		if (text_equal(name, "..")) {
			char *slash = strrchr(*path, '/');

			end = slash ? slash : *path;
			*end = '\0';
			continue;
		}
		*end++ = '/';
		end = stpcpy(end, name);
	}
	return end == *path ? fail(err, EINVAL, "\"%s\" is the root of all cgroups", raw) : 0;
}

static bool is_writable(const char *mountpoint, const char *path, struct arena *arena)
{
	const char *directory = arena_format(arena, "%s%s", mountpoint, path);
	const char *processes = arena_format(arena, "%s/cgroup.procs", directory);

	return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(AT_FDCWD, processes, W_OK, AT_EACCESS) == 0;
}

/* The path of our own v2 cgroup: the line "0::/path" of /proc/self/cgroup. */
static char *own_cgroup(struct arena *arena)
{
	auto_text struct text text = { 0 };
	struct strings lines;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", OWN_MOST, &text, NULL) < 0)
		return NULL;
	lines = strings_split(text.data, '\n', arena);
	for (size_t i = 0; i < lines.count; i++)
		if (text_starts(lines.items[i], "0::/"))
			return lines.items[i] + strlen("0::");
	return NULL;
}

char *cgroup_delegated_place(const struct facts *facts, struct arena *arena)
{
	char *own = facts->cgroup_layout == CGROUP_UNIFIED ? own_cgroup(arena) : NULL;
	char *parent;

	if (!own || text_starts(own, "/.."))
		return NULL;
	parent = arena_copy(arena, own, (size_t)(strrchr(own, '/') - own));
	if (is_writable(facts->cgroup_unified, parent, arena))
		return parent;
	return is_writable(facts->cgroup_unified, own, arena) ? own : NULL;
}

int cgroupfs_place(const struct cgroup_wish *wish, const struct facts *facts, struct arena *arena,
		   struct cgroup_place *place, struct error *err)
{
	const char *raw = wish->cgroups_path, *above = "";
	char *path;

	if (!raw || !*raw)
		raw = arena_format(arena, "coffer/%s", wish->id);
	if (*raw != '/' && cgroup_is_rootless(facts)) {
		above = cgroup_delegated_place(facts, arena);
		if (!above)
			return 0;
	}
	if (clean(raw, arena, &path, err) < 0)
		return fail_where(err, "linux.cgroupsPath");
	place->path = *above ? arena_format(arena, "%s%s", above, path) : path;
	if (strlen(place->path) > PATH_LIMIT) {
		fail(err, ENAMETOOLONG, "the path is longer than %d bytes", PATH_LIMIT);
		return fail_where(err, "linux.cgroupsPath");
	}
	return 0;
}

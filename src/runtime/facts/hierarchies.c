/* hierarchies.c -- find the control group trees in a mount table.
 *
 * A line of mountinfo:
 *
 *     35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
 *     id parent dev root mountpoint options [optional fields] - type source super-options
 *
 * Names of directories say nothing (other programs leave stray ones behind), the super-options do:
 * among them are the controllers of a v1 hierarchy. Blanks in a mount point are written as octal
 * escapes; nobody mounts a hierarchy there, and such a line is simply not found. */
#include "hierarchies.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct mount_line {
	uint64_t id, parent;
	const char *mountpoint, *type, *options;
};

/* Super-options of a v1 hierarchy that are no controllers (cgroup-v1/cgroups.rst). */
static const char *const not_controllers[] = {
	"rw",           "ro",   "xattr", "noprefix", "clone_children", "cpuset_v2_mode",
	"favordynmods", "none", "all",
};

static bool is_controller(const char *option)
{
	for (size_t i = 0; i < sizeof(not_controllers) / sizeof(*not_controllers); i++)
		if (text_equal(option, not_controllers[i]))
			return false;
	return !text_starts(option, "release_agent=") && *option != '\0';
}

/* "rw,xattr,name=systemd" -> "name=systemd" */
static const char *controllers_among(const char *options, struct arena *arena)
{
	struct strings list = strings_split(options, ',', arena);
	const char *found = "";

	for (size_t i = 0; i < list.count; i++)
		if (is_controller(list.items[i]))
			found = arena_format(arena, "%s%s%s", found, *found ? "," : "",
					     list.items[i]);
	return found;
}

static bool parse_line(char *line, struct mount_line *mount)
{
	char *rest = line, *field;

	for (unsigned i = 0; (field = strsep(&rest, " ")) != NULL; i++) {
		if (i == 0)
			mount->id = strtoull(field, NULL, 10);
		else if (i == 1)
			mount->parent = strtoull(field, NULL, 10);
		else if (i == 4)
			mount->mountpoint = field;
		else if (i > 5 && text_equal(field, "-"))
			break;
	}
	mount->type = strsep(&rest, " ");
	strsep(&rest, " ");
	mount->options = rest;
	return mount->mountpoint && mount->type && mount->options;
}

static struct cgroup_hierarchy *hierarchy_at(struct facts *facts, const char *mountpoint)
{
	struct cgroup_hierarchy *all = (struct cgroup_hierarchy *)facts->hierarchies;

	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		if (text_equal(all[i].mountpoint, mountpoint))
			return &all[i];
	return &all[facts->hierarchy_count++];
}

static void take_mount(const struct mount_line *mount, struct arena *arena, struct facts *facts)
{
	if (text_equal(mount->type, "cgroup2")) {
		facts->cgroup_unified = arena_string(arena, mount->mountpoint);
	} else if (text_equal(mount->type, "cgroup")) {
		struct cgroup_hierarchy *hierarchy = hierarchy_at(facts, mount->mountpoint);

		hierarchy->mountpoint = arena_string(arena, mount->mountpoint);
		hierarchy->controllers = controllers_among(mount->options, arena);
	}
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static enum cgroup_layout layout_of(const struct facts *facts)
{
	if (facts->hierarchy_count > 0)
		return facts->cgroup_unified ? CGROUP_HYBRID : CGROUP_LEGACY;
	return facts->cgroup_unified ? CGROUP_UNIFIED : CGROUP_NONE;
}

void hierarchies_find(char *mountinfo, uint64_t root_id, struct arena *arena, struct facts *facts)
{
	size_t most = count_lines(mountinfo), count = 0;
	struct mount_line *mounts = arena_array(arena, most, sizeof(*mounts));
	char *rest = mountinfo, *line;
	bool known = root_id != 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		struct mount_line *mount = &mounts[count];

		if (!strstr(line, CGROUP_ROOT) || !parse_line(line, mount))
			continue;
		if (!known && text_equal(mount->mountpoint, CGROUP_ROOT))
			root_id = mount->id;
		count++;
	}
	facts->hierarchies = arena_array(arena, count + 1, sizeof(*facts->hierarchies));
	for (size_t i = 0; i < count; i++)
		if (mounts[i].parent == root_id &&
		    text_starts(mounts[i].mountpoint, CGROUP_ROOT "/"))
			take_mount(&mounts[i], arena, facts);
	facts->cgroup_layout = layout_of(facts);
}

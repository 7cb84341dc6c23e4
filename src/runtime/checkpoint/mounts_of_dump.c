/* mounts_of_dump.c -- which of a container's mounts are the host's.
 *
 * What is mounted is asked of the kernel, not of config.json: that way nothing is missed that a
 * recursive bind brought along, and nothing is said about what the container has unmounted.
 * criu makes file systems of these kinds again and fills them; everything else it must find. */
#include <string.h>

#include "checkpoint_private.h"

enum remaking {
	MADE_AGAIN,        /* unless it is a part of one that only the host has whole */
	MADE_IF_OWN,       /* unless the host has it too */
	MADE_IN_NAMESPACE, /* where the container has a cgroup namespace */
};

static const struct {
	const char *type;
	enum remaking remaking;
} kinds[] = {
	{ "proc", MADE_AGAIN },          { "sysfs", MADE_AGAIN },
	{ "mqueue", MADE_AGAIN },        { "cgroup2", MADE_IN_NAMESPACE },
	{ "cgroup", MADE_IN_NAMESPACE }, { "devpts", MADE_IF_OWN },
	{ "tmpfs", MADE_IF_OWN },
};

static bool has_device(const struct mount_table *table, const char *device)
{
	for (size_t i = 0; i < table->count; i++)
		if (text_equal(table->items[i].device, device))
			return true;
	return false;
}

static bool has_whole(const struct mount_table *table, const char *device)
{
	for (size_t i = 0; i < table->count; i++)
		if (text_equal(table->items[i].device, device) &&
		    text_equal(table->items[i].root, "/"))
			return true;
	return false;
}

struct tables {
	struct mount_table container, host;
	bool own_cgroup_namespace;
};

static bool is_external(const struct tables *tables, const struct mount_line *mount)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!text_equal(kinds[i].type, mount->type))
			continue;
		if (kinds[i].remaking == MADE_IN_NAMESPACE)
			return !tables->own_cgroup_namespace;
		if (!has_device(&tables->host, mount->device))
			return false;
		return kinds[i].remaking == MADE_IF_OWN ||
		       !has_whole(&tables->container, mount->device);
	}
	return true;
}

static bool is_null_device(const struct mount_table *host, const struct mount_line *mount)
{
	for (size_t i = 0; i < host->count; i++) {
		const struct mount_line *other = &host->items[i];
		const char *rest = text_equal(other->device, mount->device)
					   ? path_behind(mount->root, other->root)
					   : NULL;
		const char *behind = rest ? path_behind("/dev/null", other->place) : NULL;

		if (behind && text_equal(behind, rest))
			return true;
	}
	return false;
}

void external_mounts(const char *container_mountinfo, const char *host_mountinfo,
		     bool own_cgroup_namespace, struct arena *arena, struct strings *external)
{
	struct tables tables = { .own_cgroup_namespace = own_cgroup_namespace };

	mountinfo_read(container_mountinfo, arena, &tables.container);
	mountinfo_read(host_mountinfo, arena, &tables.host);
	for (size_t i = 0; i < tables.container.count; i++) {
		const struct mount_line *mount = &tables.container.items[i];

		if (text_equal(mount->place, "/") || !is_external(&tables, mount))
			continue;
		strings_add(external,
			    arena_format(arena, "mnt[%s]:%s", mount->place,
					 is_null_device(&tables.host, mount) ? "/dev/null"
									     : mount->place),
			    arena);
	}
}

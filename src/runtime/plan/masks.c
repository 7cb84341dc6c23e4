/* masks.c -- plan what of the kernel's interfaces is written, made read-only and hidden
 * (linux.sysctl, readonlyPaths, maskedPaths), in this order: a sysctl's file may lie below a path
 * that is then read-only. Comes after all mounts, which would uncover what was hidden. */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; where the first separator is a dot,
 * a slash is a dot of the name (sysctl.d(5): an interface "eth0.1"). */
static const char *sysctl_path(struct arena *arena, const char *key)
{
	char *path = arena_string(arena, key);

	if (key[strcspn(key, "./")] == '.')
		for (char *at = path; *at; at++)
			*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	return path;
}

/* The path is below /proc/sys and names no other file than it says. */
static bool is_plain_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
		if (!*path)
			return true;
		path++;
	}
}

int plan_sysctls(struct draft *draft)
{
	const struct string_map *map = &draft->spec->linux_->sysctl;

	for (size_t i = 0; i < map->count; i++) {
		const char *key = map->items[i].key;
		const char *path = sysctl_path(draft->arena, key);
		const char *where = place(draft, "linux.sysctl[\"%s\"]", key);

		if (!is_plain_path(path)) {
			fail(draft->err, EINVAL, "\"%s\" is not the name of a sysctl", key);
			return fail_where(draft->err, "%s", where);
		}
		ADD(draft, SYSCTL, where, .text = { path, map->items[i].value });
	}
	return 0;
}

static int check_absolute(struct draft *draft, const char *path, const char *where)
{
	if (*path == '/')
		return 0;
	fail(draft->err, EINVAL, "\"%s\" is not an absolute path", path);
	return fail_where(draft->err, "%s", where);
}

static int plan_readonly_paths(struct draft *draft)
{
	const struct strings *paths = &draft->spec->linux_->readonly_paths;

	for (size_t i = 0; i < paths->count; i++) {
		const char *where = place(draft, "linux.readonlyPaths[%zu]", i);

		TRY(check_absolute(draft, paths->items[i], where));
		ADD(draft, READONLY, where, .text = { paths->items[i] });
	}
	return 0;
}

static int plan_masked_paths(struct draft *draft)
{
	const struct strings *paths = &draft->spec->linux_->masked_paths;
	int null;

	if (paths->count == 0)
		return 0;
	null = builder_slot(&draft->build);
	ADD(draft, CLONE_TREE, "linux.maskedPaths", .text = { "/dev/null" },
	    .number = { false, 0, 0, MS_PRIVATE })
		->slot = null;
	for (size_t i = 0; i < paths->count; i++) {
		const char *where = place(draft, "linux.maskedPaths[%zu]", i);

		TRY(check_absolute(draft, paths->items[i], where));
		ADD(draft, MASK, where, .text = { paths->items[i] })->slot = null;
	}
	return 0;
}

int plan_masks(struct draft *draft)
{
	TRY(plan_readonly_paths(draft));
	return plan_masked_paths(draft);
}

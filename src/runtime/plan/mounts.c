/* mounts.c -- plan the mounts of config.json, in its order: what may be mounted where, and whose
 * matter each is (binds.c, filesystems.c, cgroup_mounts.c). */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"

/* mount(2) copies one page. */
#define MOUNT_DATA_MOST 4095

static int refuse(struct draft *draft, const struct mount_draft *mount, const char *member,
		  const char *reason)
{
	fail(draft->err, EINVAL, "%s", reason);
	return fail_where(draft->err, "%s.%s", mount->where, member);
}

/* ---- what may be mounted where --------------------------------------------------------------- */

/* Single files that lxcfs emulates, and two that engines hide: nothing else goes below /proc, or
 * labels and sysctls would be written into files of the image's (CVE-2019-16884). */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

static bool is_proc_file(const char *target)
{
	for (size_t i = 0; i < sizeof(proc_files) / sizeof(proc_files[0]); i++)
		if (!strcmp(proc_files[i], target))
			return true;
	return false;
}

static int check_proc(struct draft *draft, const struct mount_draft *mount)
{
	const char *target = mount->target;
	const char *source = mount->mount->source;
	bool bind = mount->options->flags & MS_BIND;

	if (mount->options->flags & MS_REMOUNT)
		return 0;
	if (path_below(target, "/proc") && !is_proc_file(target)) {
		fail(draft->err, EINVAL, "\"%s\" cannot be mounted because it is inside /proc",
		     target);
		return fail_where(draft->err, "%s.destination", mount->where);
	}
	if (strcmp(target, "/proc") != 0)
		return 0;
	if (bind ? source && !strcmp(path_clean(draft->arena, source), "/proc")
		 : !strcmp(mount->mount->type, "proc"))
		return 0;
	fail(draft->err, EINVAL, "\"/proc\" cannot be mounted because it is not of type proc");
	return fail_where(draft->err, "%s.destination", mount->where);
}

static int check_mount(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	const struct spec_mount *entry = mount->mount;
	const char *type = entry->type ? entry->type : "";
	bool bind = options->flags & MS_BIND, remount = options->flags & MS_REMOUNT;

	if (!strcmp(mount->target, "/") && !remount)
		return refuse(draft, mount, "destination", "nothing can be mounted on \"/\"");
	if (remount && draft->live)
		return refuse(draft, mount, "options",
			      "a running container's mounts cannot be changed");
	if (!bind && !remount && !*type)
		return refuse(draft, mount, "type", "the mount has no type");
	if (bind && !remount && !(entry->source && *entry->source))
		return refuse(draft, mount, "source", "a bind mount needs a source");
	if (options->marks & MARK_COPY_UP && strcmp(type, "tmpfs") != 0)
		return refuse(draft, mount, "options", "tmpcopyup is for tmpfs alone");
	if (strlen(options->data) > MOUNT_DATA_MOST)
		return refuse(draft, mount, "options",
			      "the options are longer than the kernel takes");
	return check_proc(draft, mount);
}

/* ---- each mount ------------------------------------------------------------------------------ */

static int plan_checked_mount(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	const char *type = mount->mount->type ? mount->mount->type : "";

	if (options->flags & MS_REMOUNT) {
		plan_remount(draft, mount);
	} else if (options->flags & MS_BIND) {
		bool recursive = (options->flags & MS_REC) || !strcmp(type, "rbind");

		plan_bind(draft, mount,
			  path_from(draft->arena, draft->options->bundle, mount->mount->source),
			  recursive);
	} else {
		return plan_filesystem(draft, mount);
	}
	return 0;
}

static bool is_bind_type(const char *type)
{
	return type && (!strcmp(type, "bind") || !strcmp(type, "rbind"));
}

static int plan_mount(struct draft *draft, size_t index)
{
	const struct spec_mount *entry = &draft->spec->mounts.items[index];
	struct mount_options options;
	struct id_map id_map;
	struct mount_draft mount = {
		.mount = entry,
		.where = place(draft, "mounts[%zu]", index),
		.target = path_clean(draft->arena, entry->destination),
		.options = &options,
	};

	TRY(mount_options_read(&entry->options, is_bind_type(entry->type), mount.where,
			       draft->arena, &options, draft->err));
	TRY(check_mount(draft, &mount));
	if (wants_id_map(&mount)) {
		TRY(id_map_read(draft, &mount, &id_map));
		mount.id_map = &id_map;
	}
	return plan_checked_mount(draft, &mount);
}

int plan_mounts(struct draft *draft)
{
	TRY(check_label(draft));
	for (size_t i = spec_root_mount(draft->spec) ? 1 : 0; i < draft->spec->mounts.count; i++)
		TRY(plan_mount(draft, i));
	return 0;
}

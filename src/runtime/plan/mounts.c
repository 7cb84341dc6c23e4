/* mounts.c -- plan the mounts of config.json, in its order.
 *
 * A tmpfs stays writable until everything below it has its place: later mounts need directories in
 * it (plan_late_readonly). */
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
	if (options->marks & MARK_IDMAP || entry->uid_mappings.count || entry->gid_mappings.count)
		return refuse(draft, mount,
			      options->marks & MARK_IDMAP ? "options"
			      : entry->uid_mappings.count ? "uidMappings"
							  : "gidMappings",
			      "id-mapped mounts are not supported");
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

/* ---- new file systems ------------------------------------------------------------------------ */

/* They show what a namespace has, so its owner must allow the mount; where he does not, the host's
 * is bound, as crun does. */
static const struct {
	const char *type;
	uint64_t namespace_kind;
	const char *host;
} owned_filesystems[] = {
	{ "proc", CLONE_NEWPID, "/proc" },
	{ "sysfs", CLONE_NEWNET, "/sys" },
	{ "mqueue", CLONE_NEWIPC, "/dev/mqueue" },
};

bool may_mount_new(const struct draft *draft, uint64_t namespace_kind)
{
	if (!in_user_namespace(draft) || (draft->created & namespace_kind))
		return true;
	return (draft->joined & namespace_kind) && !(draft->created & CLONE_NEWUSER);
}

static const char *host_instead(const struct draft *draft, const char *type)
{
	for (size_t i = 0; i < sizeof(owned_filesystems) / sizeof(owned_filesystems[0]); i++)
		if (!strcmp(owned_filesystems[i].type, type) &&
		    !may_mount_new(draft, owned_filesystems[i].namespace_kind))
			return owned_filesystems[i].host;
	return NULL;
}

/* With everything below it, and restricted with everything below it (CVE-2023-25809). */
static void bind_host_instead(struct draft *draft, const struct mount_draft *mount,
			      const char *source)
{
	struct mount_options options = *mount->options;
	struct mount_draft bind = *mount;

	options.recursive.set |= options.own.set;
	options.own = (struct mount_attributes){ 0 };
	options.recursive.clear = options.recursive.set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0;
	options.marks |= MARK_TARGET_LINK;
	bind.options = &options;
	plan_bind(draft, &bind, source, true);
}

/* These take no label of their own (runc). */
static bool takes_label(const char *type)
{
	return strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0 &&
	       strcmp(type, "mqueue") != 0;
}

static const char *labelled(const struct draft *draft, const char *type, const char *data)
{
	const char *label = draft->spec->linux_->mount_label;

	if (!draft->facts->selinux || !label || !*label || !takes_label(type))
		return data;
	return arena_format(draft->arena, "%s%scontext=\"%s\"", data, *data ? "," : "", label);
}

static bool names_mode(const char *data)
{
	for (const char *at = data; at; at = strchr(at, ','), at = at ? at + 1 : NULL)
		if (text_starts(at, "mode="))
			return true;
	return false;
}

static bool is_readonly_later(const struct mount_draft *mount)
{
	return (mount->options->flags & MS_RDONLY) &&
	       (!strcmp(mount->mount->type, "tmpfs") || !strcmp(mount->target, "/dev"));
}

static void remember_readonly(struct draft *draft, const struct mount_draft *mount)
{
	struct late_readonly *late = arena_alloc(draft->arena, sizeof(*late));

	late->target = mount->target;
	late->where = place(draft, "%s.options", mount->where);
	*draft->late_end = late;
	draft->late_end = &late->next;
}

void plan_late_readonly(struct draft *draft)
{
	for (const struct late_readonly *late = draft->late; late; late = late->next)
		ADD(draft, REMOUNT, late->where, .text = { late->target },
		    .number = { MS_BIND, MOUNT_ATTR_RDONLY });
}

static void plan_new_filesystem(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	const char *type = mount->mount->type;
	const char *source = mount->mount->source;
	const char *data = labelled(draft, type, options->data);
	uint64_t flags = options->flags, attributes = options->own.set | options->recursive.set;
	bool strict = !strcmp(type, "proc") || !strcmp(type, "sysfs") ||
		      (options->marks & MARK_TARGET_LINK);
	bool inherit_mode = !strcmp(type, "tmpfs") && !names_mode(options->data);

	if (is_readonly_later(mount)) {
		flags &= ~(uint64_t)MS_RDONLY;
		remember_readonly(draft, mount);
	}
	ADD(draft, MOUNT, mount->where,
	    .text = { mount->target, type, source ? source : type, data },
	    .number = { flags, attributes & MOUNT_ATTR_NOSYMFOLLOW /* no MS_ before 5.10 */,
			options->propagation & ~(uint64_t)MS_REC,
			(options->marks & MARK_COPY_UP) != 0, strict, inherit_mode });
}

/* ---- each mount ------------------------------------------------------------------------------ */

static void plan_checked_mount(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	const char *type = mount->mount->type ? mount->mount->type : "";
	const char *instead;

	if (options->flags & MS_REMOUNT) {
		plan_remount(draft, mount);
	} else if (options->flags & MS_BIND) {
		bool recursive = (options->flags & MS_REC) || !strcmp(type, "rbind");

		plan_bind(draft, mount,
			  path_from(draft->arena, draft->options->bundle, mount->mount->source),
			  recursive);
	} else if (!strcmp(type, "cgroup")) {
		plan_cgroup_mount(draft, mount);
	} else if ((instead = host_instead(draft, type))) {
		bind_host_instead(draft, mount, instead);
	} else {
		plan_new_filesystem(draft, mount);
	}
}

static bool is_bind_type(const char *type)
{
	return type && (!strcmp(type, "bind") || !strcmp(type, "rbind"));
}

int plan_mounts(struct draft *draft)
{
	for (size_t i = 0; i < draft->spec->mounts.count; i++) {
		const struct spec_mount *entry = &draft->spec->mounts.items[i];
		struct mount_options options;
		struct mount_draft mount = {
			.mount = entry,
			.where = place(draft, "mounts[%zu]", i),
			.target = path_clean(draft->arena, entry->destination),
			.options = &options,
		};

		TRY(mount_options_read(&entry->options, is_bind_type(entry->type), mount.where,
				       draft->arena, &options, draft->err));
		TRY(check_mount(draft, &mount));
		plan_checked_mount(draft, &mount);
	}
	return 0;
}

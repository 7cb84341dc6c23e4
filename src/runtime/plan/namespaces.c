/* namespaces.c -- plan how the container's namespaces are joined, made and named.
 *
 * All new ones come with the clone, except two: a cgroup namespace has its root where the process
 * is when it is made, so it waits until the cgroup is entered; a time namespace takes its offsets
 * before anybody is in it.
 *
 * A namespace with a path is joined by the init image, unless a user namespace is involved. What
 * the clone makes must belong to a joined user namespace; and from inside a new one nothing that
 * belongs to its parent can be joined. Then an intermediate process joins first and clones
 * (JOIN_EARLY): the others while it still has the caller's privilege, the user namespace last, or
 * first when only that gives privilege. */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "runtime/spec_names.h"

#define MADE_LATER (CLONE_NEWCGROUP | CLONE_NEWTIME)

static int read_namespace(struct draft *draft, size_t index)
{
	const struct spec_namespace *entry = &draft->spec->linux_->namespaces.items[index];
	uint64_t kind;

	if (!spec_name_value(spec_namespace_names, entry->type, &kind)) {
		fail(draft->err, EINVAL, "unknown namespace type \"%s\"", entry->type);
		return fail_where(draft->err, "linux.namespaces[%zu].type", index);
	}
	if (has_namespace(draft, kind)) {
		fail(draft->err, EINVAL, "the namespace \"%s\" is there twice", entry->type);
		return fail_where(draft->err, "linux.namespaces[%zu].type", index);
	}
	if (entry->path && *entry->path)
		draft->joined |= kind;
	else
		draft->created |= kind;
	return 0;
}

int namespaces_read(struct draft *draft)
{
	for (size_t i = 0; i < draft->spec->linux_->namespaces.count; i++)
		TRY(read_namespace(draft, i));
	return 0;
}

/* ---- joining --------------------------------------------------------------------------------- */

static void join_pid(struct draft *draft, const char *path, const char *where)
{
	ADD(draft, JOIN_PID, where, .text = { path });
}

static void join_early(struct draft *draft, const char *path, uint64_t kind, const char *where)
{
	ADD(draft, JOIN_EARLY, where, .text = { path }, .number = { kind });
}

static void join_by_init(struct draft *draft, const char *path, uint64_t kind, const char *where)
{
	int slot = builder_slot(&draft->build);

	ADD(draft, OPEN_NAMESPACE, where, .text = { path }, .number = { kind })->slot = slot;
	ADD(draft, JOIN_NAMESPACE, where, .number = { kind })->slot = slot;
}

static void join_other(struct draft *draft, const struct spec_namespace *entry, const char *where)
{
	bool user = has_namespace(draft, CLONE_NEWUSER);
	uint64_t kind = 0;

	spec_name_value(spec_namespace_names, entry->type, &kind);
	if (user && (draft->facts->privileged || kind == CLONE_NEWPID))
		join_early(draft, entry->path, kind, where);
	else if (kind == CLONE_NEWPID)
		join_pid(draft, entry->path, where);
	else
		join_by_init(draft, entry->path, kind, where);
}

static void join_user(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	if (!(draft->joined & CLONE_NEWUSER))
		return;
	for (size_t i = 0; i < linux_->namespaces.count; i++)
		if (!strcmp(linux_->namespaces.items[i].type, "user"))
			join_early(draft, linux_->namespaces.items[i].path, CLONE_NEWUSER,
				   place(draft, "linux.namespaces[%zu].path", i));
}

static void join_others(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	for (size_t i = 0; i < linux_->namespaces.count; i++) {
		const struct spec_namespace *entry = &linux_->namespaces.items[i];

		if (entry->path && *entry->path && strcmp(entry->type, "user") != 0)
			join_other(draft, entry, place(draft, "linux.namespaces[%zu].path", i));
	}
}

static void plan_joins(struct draft *draft)
{
	if (draft->facts->privileged) {
		join_others(draft);
		join_user(draft);
	} else {
		join_user(draft);
		join_others(draft);
	}
}

/* ---- id maps --------------------------------------------------------------------------------- */

struct id_mappings {
	const struct spec_id_mapping *items;
	size_t count;
};

const char *id_map_text(struct draft *draft, const struct spec_id_mapping *items, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_format(draft->arena, "%s%u %u %u\n", text, items[i].container_id,
				    items[i].host_id, items[i].size);
	return text;
}

/* The one map that the kernel takes from everybody, if setgroups(2) is given up for it. */
static bool needs_deny_setgroups(const struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	return draft->facts->euid != 0 && linux_->gid_mappings.count == 1 &&
	       linux_->gid_mappings.items[0].size == 1 &&
	       linux_->gid_mappings.items[0].host_id == draft->facts->egid;
}

bool setgroups_denied(const struct draft *draft)
{
	return draft->spec && (draft->created & CLONE_NEWUSER) && needs_deny_setgroups(draft);
}

bool id_is_mapped(const struct spec_id_mapping *items, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= items[i].container_id && id - items[i].container_id < items[i].size)
			return true;
	return false;
}

static int plan_id_maps(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;
	struct id_mappings users = { linux_->uid_mappings.items, linux_->uid_mappings.count };
	struct id_mappings groups = { linux_->gid_mappings.items, linux_->gid_mappings.count };

	if (!(draft->created & CLONE_NEWUSER)) {
		if (users.count == 0 && groups.count == 0)
			return 0;
		if (draft->joined & CLONE_NEWUSER)
			return 0; /* the map of whoever made it: engines repeat it here */
		fail(draft->err, EINVAL, "id mappings need a new user namespace");
		return fail_where(draft->err,
				  users.count ? "linux.uidMappings" : "linux.gidMappings");
	}
	if (users.count == 0 || groups.count == 0) {
		fail(draft->err, EINVAL, "a new user namespace needs %s mappings",
		     users.count ? "gid" : "uid");
		return fail_where(draft->err,
				  users.count ? "linux.gidMappings" : "linux.uidMappings");
	}
	if (users.count > ID_MAPPINGS_MOST || groups.count > ID_MAPPINGS_MOST) {
		fail(draft->err, E2BIG, "more than %d mappings", ID_MAPPINGS_MOST);
		return fail_where(draft->err, users.count > ID_MAPPINGS_MOST ? "linux.uidMappings"
									     : "linux.gidMappings");
	}
	ADD(draft, MAP_USERS, "linux.uidMappings",
	    .text = { id_map_text(draft, users.items, users.count) });
	ADD(draft, MAP_GROUPS, "linux.gidMappings",
	    .text = { id_map_text(draft, groups.items, groups.count) },
	    .number = { needs_deny_setgroups(draft) });
	return 0;
}

/* Files made from here on belong to the container's root, if it has one. */
static void plan_become_root(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;
	bool mapped = id_is_mapped(linux_->uid_mappings.items, linux_->uid_mappings.count, 0) &&
		      id_is_mapped(linux_->gid_mappings.items, linux_->gid_mappings.count, 0);

	if ((draft->joined & CLONE_NEWUSER) || ((draft->created & CLONE_NEWUSER) && mapped))
		ADD(draft, BECOME_ROOT, "linux.uidMappings",
		    .number = { 0, 0, draft->keep_groups });
}

/* ---- time, names ----------------------------------------------------------------------------- */

static int plan_time(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;
	const char *offsets = "";

	if (!(draft->created & CLONE_NEWTIME)) {
		if (linux_->time_offsets.count == 0)
			return 0;
		fail(draft->err, EINVAL, "time offsets need a new time namespace");
		return fail_where(draft->err, "linux.timeOffsets");
	}
	for (size_t i = 0; i < linux_->time_offsets.count; i++) {
		const char *clock = linux_->time_offsets.keys[i];

		if (!spec_name_known(spec_clock_names, clock)) {
			fail(draft->err, EINVAL, "unknown clock \"%s\"", clock);
			return fail_where(draft->err, "linux.timeOffsets");
		}
		offsets = arena_format(draft->arena, "%s%s %lld %u\n", offsets, clock,
				       (long long)linux_->time_offsets.items[i].secs,
				       linux_->time_offsets.items[i].nanosecs);
	}
	ADD(draft, TIME_NAMESPACE, "linux.timeOffsets", .text = { offsets });
	return 0;
}

static int plan_host_names(struct draft *draft)
{
	const char *hostname = draft->spec->hostname, *domainname = draft->spec->domainname;

	if (hostname && *hostname) {
		if (!has_namespace(draft, CLONE_NEWUTS)) {
			fail(draft->err, EINVAL,
			     "unable to set hostname without a private UTS "
			     "namespace");
			return fail_where(draft->err, "hostname");
		}
		ADD(draft, HOSTNAME, "hostname", .text = { hostname });
	}
	if (domainname && *domainname) {
		if (!has_namespace(draft, CLONE_NEWUTS)) {
			fail(draft->err, EINVAL,
			     "unable to set domainname without a private UTS "
			     "namespace");
			return fail_where(draft->err, "domainname");
		}
		ADD(draft, DOMAINNAME, "domainname", .text = { domainname });
	}
	return 0;
}

static void plan_keyring(struct draft *draft)
{
	const char *label = draft->facts->selinux ? draft->process->selinux_label : NULL;

	if (!draft->options->no_new_keyring)
		ADD(draft, KEYRING, label ? "process.selinuxLabel" : NULL,
		    .text = { place(draft, "_ses.%s", draft->options->id), label });
}

int plan_namespaces(struct draft *draft)
{
	plan_joins(draft);
	ADD(draft, CLONE, "linux.namespaces", .number = { draft->created & ~(uint64_t)MADE_LATER });
	TRY(plan_id_maps(draft));
	plan_oom_score(draft);
	plan_become_root(draft);
	ADD(draft, SESSION, NULL);
	plan_keyring(draft);
	if (draft->created & CLONE_NEWCGROUP)
		ADD(draft, UNSHARE, "linux.namespaces", .number = { CLONE_NEWCGROUP });
	TRY(plan_time(draft));
	if (draft->created & CLONE_NEWNET)
		ADD(draft, LOOPBACK_UP, "linux.namespaces");
	return plan_host_names(draft);
}

/* ---- network devices ------------------------------------------------------------------------- */

static const char *joined_path(const struct draft *draft, const char *type)
{
	const struct spec_namespace *entry = spec_namespace_find(draft->spec, type);

	return entry && entry->path ? entry->path : "";
}

/* Last of what the launcher does: everything else that can fail has its turn before. */
int plan_net_devices(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	if (linux_->net_devices.count && !has_namespace(draft, CLONE_NEWNET)) {
		fail(draft->err, EINVAL,
		     "unable to move network devices without a private NET namespace");
		return fail_where(draft->err, "linux.netDevices");
	}
	for (size_t i = 0; i < linux_->net_devices.count; i++) {
		const char *name = linux_->net_devices.keys[i];
		const char *inside = linux_->net_devices.items[i].name;

		ADD(draft, NET_DEVICE, place(draft, "linux.netDevices[\"%s\"]", name),
		    .text = { name, inside && *inside ? inside : name,
			      joined_path(draft, "network") });
	}
	return 0;
}

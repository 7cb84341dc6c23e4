/* filesystems.c -- plan mounts of new file systems.
 *
 * Mostly by mount(2) inside the container. A detached tree instead (fsopen(2), fsmount(2)) is made
 * of one whose ids are mapped, since only those can be mapped, and of what is added to a running
 * container, where nothing may be looked up twice.
 *
 * A tmpfs stays writable until everything below it has its place: later mounts need directories in
 * it (plan_late_readonly). */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"
#include "runtime/spec_annotations.h"

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

/* ---- labels ------------------------------------------------------------------------------------
 */

/* crun's annotation: which of SELinux's mount options takes linux.mountLabel. */
static const char *const context_types[] = { "context", "fscontext", "defcontext", "rootcontext" };

static const char *context_type(const struct draft *draft)
{
	const char *type = string_map_get(&draft->spec->annotations, ANNOTATION_MOUNT_CONTEXT);

	return type ? type : context_types[0];
}

int check_label(struct draft *draft)
{
	const char *type = context_type(draft);

	for (size_t i = 0; i < sizeof(context_types) / sizeof(context_types[0]); i++)
		if (!strcmp(context_types[i], type))
			return 0;
	fail(draft->err, EINVAL,
	     "unknown mount context type \"%s\": context, fscontext, defcontext, rootcontext",
	     type);
	return fail_where(draft->err, "annotations");
}

/* These take no label of their own (runc). */
static bool takes_label(const char *type)
{
	return strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0 &&
	       strcmp(type, "mqueue") != 0;
}

const char *labelled_data(const struct draft *draft, const char *type, const char *data)
{
	const char *label = draft->spec->linux_->mount_label;

	if (!draft->facts->selinux || !label || !*label || !takes_label(type))
		return data;
	return arena_format(draft->arena, "%s%s%s=\"%s\"", data, *data ? "," : "",
			    context_type(draft), label);
}

/* ---- by mount(2) --------------------------------------------------------------------------------
 */

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

static bool is_tmpfs_without_mode(const struct mount_draft *mount)
{
	return !strcmp(mount->mount->type, "tmpfs") && !names_mode(mount->options->data);
}

static void plan_new_filesystem(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;
	const char *type = mount->mount->type;
	const char *source = mount->mount->source;
	const char *data = labelled_data(draft, type, options->data);
	uint64_t flags = options->flags, attributes = options->own.set | options->recursive.set;
	bool strict = !strcmp(type, "proc") || !strcmp(type, "sysfs") ||
		      (options->marks & MARK_TARGET_LINK);

	if (is_readonly_later(mount)) {
		flags &= ~(uint64_t)MS_RDONLY;
		remember_readonly(draft, mount);
	}
	ADD(draft, MOUNT, mount->where,
	    .text = { mount->target, type, source ? source : type, data },
	    .number = { flags, attributes & MOUNT_ATTR_NOSYMFOLLOW /* no MS_ before 5.10 */,
			options->propagation & ~(uint64_t)MS_REC,
			(options->marks & MARK_COPY_UP) != 0, strict,
			is_tmpfs_without_mode(mount) });
}

/* ---- as a detached tree -------------------------------------------------------------------------
 */

/* What such a file system shows, or whose it is, depends on the namespaces of who makes it. */
static bool belongs_to_namespaces(const char *type)
{
	static const char *const types[] = { "proc",   "sysfs",   "mqueue",
					     "cgroup", "cgroup2", "devpts" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i], type))
			return true;
	return false;
}

static void attach_filesystem(struct draft *draft, const struct mount_draft *mount, int slot)
{
	const char *type = mount->mount->type;
	bool strict = !strcmp(type, "proc") || !strcmp(type, "sysfs") ||
		      (mount->options->marks & MARK_TARGET_LINK);

	ADD(draft, ATTACH, place(draft, "%s.destination", mount->where), .text = { mount->target },
	    .number = { strict, false, (mount->options->marks & MARK_COPY_UP) != 0,
			is_tmpfs_without_mode(mount) })
		->slot = slot;
}

static void plan_detached(struct draft *draft, const struct mount_draft *mount, enum step_kind kind)
{
	const struct mount_options *options = mount->options;
	const char *type = mount->mount->type, *source = mount->mount->source;
	bool readonly_later = is_readonly_later(mount);
	struct step_values values = {
		.kind = kind,
		.where = mount->where,
		.text = { type, source ? source : type, labelled_data(draft, type, options->data) },
		.number = { options->flags & FILESYSTEM_FLAGS,
			    options->own.set | options->recursive.set,
			    options->propagation & ~(uint64_t)MS_REC },
	};
	int slot = builder_slot(&draft->build);

	if (readonly_later) {
		values.number[0] &= ~(uint64_t)MS_RDONLY;
		values.number[1] &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	builder_add(&draft->build, &values)->slot = slot;
	plan_id_map(draft, mount, slot);
	attach_filesystem(draft, mount, slot);
	plan_report(draft, slot);
	if (readonly_later && draft->live)
		ADD(draft, TREE_ATTRIBUTES, place(draft, "%s.options", mount->where),
		    .number = { MOUNT_ATTR_RDONLY })
			->slot = slot;
	else if (readonly_later)
		remember_readonly(draft, mount);
}

static int plan_mapped_filesystem(struct draft *draft, const struct mount_draft *mount)
{
	const char *type = mount->mount->type;

	if (belongs_to_namespaces(type)) {
		fail(draft->err, EINVAL, "the ids of a filesystem of type %s cannot be mapped",
		     type);
		return fail_where(draft->err, "%s.type", mount->where);
	}
	plan_detached(draft, mount, STEP_NEW_TREE);
	return 0;
}

/* ---- in a running container ---------------------------------------------------------------------
 */

static int refuse_live(struct draft *draft, const struct mount_draft *mount, int number,
		       const char *reason)
{
	fail(draft->err, number, "a filesystem of type %s cannot be added to a running container%s",
	     mount->mount->type, reason);
	return fail_where(draft->err, "%s.type", mount->where);
}

static int plan_live_cgroup(struct draft *draft, const struct mount_draft *mount)
{
	struct spec_mount unified = *mount->mount;
	struct mount_draft own = *mount;

	if (draft->facts->cgroup_layout != CGROUP_UNIFIED || !has_namespace(draft, CLONE_NEWCGROUP))
		return refuse_live(draft, mount, ENOTSUP,
				   " without cgroup v2 and a cgroup namespace");
	unified.type = (char *)"cgroup2";
	own.mount = &unified;
	plan_detached(draft, &own, STEP_MAKE_TREE);
	return 0;
}

/* Inside: what belongs to the container's namespaces. Outside: whose source or data are paths,
 * which in the container would be the container's to choose. */
static int plan_live_filesystem(struct draft *draft, const struct mount_draft *mount)
{
	const char *type = mount->mount->type;
	bool inside =
		belongs_to_namespaces(type) || !strcmp(type, "tmpfs") || !strcmp(type, "ramfs");

	if (!strcmp(type, "cgroup"))
		return plan_live_cgroup(draft, mount);
	if (!inside && !draft->facts->privileged)
		return refuse_live(draft, mount, EPERM, " by an ordinary user");
	plan_detached(draft, mount, inside ? STEP_MAKE_TREE : STEP_NEW_TREE);
	return 0;
}

int plan_filesystem(struct draft *draft, const struct mount_draft *mount)
{
	const char *instead = host_instead(draft, mount->mount->type);

	if (mount->id_map)
		return plan_mapped_filesystem(draft, mount);
	if (instead)
		bind_host_instead(draft, mount, instead);
	else if (draft->live)
		return plan_live_filesystem(draft, mount);
	else if (!strcmp(mount->mount->type, "cgroup"))
		plan_cgroup_mount(draft, mount);
	else
		plan_new_filesystem(draft, mount);
	return 0;
}

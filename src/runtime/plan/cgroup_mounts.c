/* cgroup_mounts.c -- plan mounts of type "cgroup".
 *
 * With a cgroup namespace the container mounts the hierarchies itself and sees its own part of
 * them. Without one it gets binds of the host's; whoever does not own those may not write there,
 * which has to be said, since the bind would let him (CVE-2023-25809).
 *
 * The v1 layout is the host's: a tmpfs, a directory for each hierarchy, and a link for each
 * controller that shares one (cpu -> cpu,cpuacct). */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"
#include "runtime/spec_annotations.h"

#define HIERARCHY_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define FORCE_V1        ANNOTATION_SYSTEMD_V1

static void bind_cgroup(struct draft *draft, const struct mount_draft *mount, const char *target,
			const char *source)
{
	struct mount_options options = *mount->options;
	struct mount_draft bind = *mount;

	if (in_user_namespace(draft) || !draft->facts->privileged)
		options.own.set |= MOUNT_ATTR_RDONLY;
	bind.target = target;
	bind.options = &options;
	plan_bind(draft, &bind, source, false);
}

/* The container's part of a hierarchy on the host. */
static const char *own_part(const struct draft *draft, const char *mountpoint)
{
	const char *path = draft->options->cgroup_path;

	return path && *path ? path_clean(draft->arena,
					  arena_format(draft->arena, "%s/%s", mountpoint, path))
			     : mountpoint;
}

static bool mounts_itself(const struct draft *draft)
{
	return has_namespace(draft, CLONE_NEWCGROUP) && may_mount_new(draft, CLONE_NEWCGROUP);
}

static void plan_unified(struct draft *draft, const struct mount_draft *mount)
{
	const char *host =
		draft->facts->cgroup_unified ? draft->facts->cgroup_unified : "/sys/fs/cgroup";
	const char *source = mount->mount->source;

	if (mounts_itself(draft))
		ADD(draft, MOUNT, mount->where,
		    .text = { mount->target, "cgroup2", source ? source : "cgroup",
			      mount->options->data },
		    .number = { mount->options->flags, 0,
				mount->options->propagation & ~(uint64_t)MS_REC });
	else if (has_namespace(draft, CLONE_NEWCGROUP))
		bind_cgroup(draft, mount, mount->target, own_part(draft, host));
	else
		bind_cgroup(draft, mount, mount->target, host);
}

/* ---- v1 -------------------------------------------------------------------------------------- */

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void plan_hierarchy(struct draft *draft, const struct mount_draft *mount,
			   const struct cgroup_hierarchy *hierarchy)
{
	const char *name = last_component(hierarchy->mountpoint);
	const char *target = place(draft, "%s/%s", mount->target, name);
	uint64_t readonly = mount->options->flags & MS_RDONLY;

	if (mounts_itself(draft))
		ADD(draft, MOUNT, mount->where,
		    .text = { target, "cgroup", "cgroup", hierarchy->controllers },
		    .number = { HIERARCHY_FLAGS | readonly });
	else
		bind_cgroup(draft, mount, target, own_part(draft, hierarchy->mountpoint));
}

static void link_controllers(struct draft *draft, const struct mount_draft *mount,
			     const struct cgroup_hierarchy *hierarchy)
{
	const char *directory = last_component(hierarchy->mountpoint);
	struct strings names = strings_split(hierarchy->controllers, ',', draft->arena);

	for (size_t i = 0; names.count > 1 && i < names.count; i++)
		if (*names.items[i] && !strchr(names.items[i], '=') &&
		    strcmp(names.items[i], directory) != 0)
			ADD(draft, SYMLINK, mount->where,
			    .text = { place(draft, "%s/%s", mount->target, names.items[i]),
				      directory });
}

static void plan_legacy(struct draft *draft, const struct mount_draft *mount)
{
	const struct facts *facts = draft->facts;

	ADD(draft, MOUNT, mount->where, .text = { mount->target, "tmpfs", "tmpfs", "mode=755" },
	    .number = { HIERARCHY_FLAGS, 0, mount->options->propagation & ~(uint64_t)MS_REC });
	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		plan_hierarchy(draft, mount, &facts->hierarchies[i]);
	for (unsigned i = 0; i < facts->hierarchy_count; i++)
		link_controllers(draft, mount, &facts->hierarchies[i]);
	if (mount->options->flags & MS_RDONLY)
		ADD(draft, REMOUNT, place(draft, "%s.options", mount->where),
		    .text = { mount->target }, .number = { MS_BIND, MOUNT_ATTR_RDONLY });
}

/* An annotation as crun has it, for images whose systemd knows no cgroup v2: the hierarchy that it
 * keeps its units in, and no controllers. */
static bool wants_systemds_alone(const struct draft *draft, const struct mount_draft *mount)
{
	const char *destination =
		draft->spec ? string_map_get(&draft->spec->annotations, FORCE_V1) : NULL;

	return destination && text_equal(destination, mount->mount->destination) &&
	       draft->facts->cgroup_layout == CGROUP_UNIFIED;
}

static void plan_systemds_alone(struct draft *draft, const struct mount_draft *mount)
{
	ADD(draft, MOUNT, mount->where, .text = { mount->target, "tmpfs", "tmpfs", "mode=755" },
	    .number = { HIERARCHY_FLAGS, 0, mount->options->propagation & ~(uint64_t)MS_REC });
	ADD(draft, MOUNT, mount->where,
	    .text = { place(draft, "%s/systemd", mount->target), "cgroup", "cgroup",
		      "none,name=systemd" },
	    .number = { HIERARCHY_FLAGS | (mount->options->flags & MS_RDONLY) });
}

void plan_cgroup_mount(struct draft *draft, const struct mount_draft *mount)
{
	if (wants_systemds_alone(draft, mount))
		plan_systemds_alone(draft, mount);
	else if (draft->facts->cgroup_layout == CGROUP_UNIFIED)
		plan_unified(draft, mount);
	else
		plan_legacy(draft, mount);
}

/* owner.c -- whose a container's cgroup is (config-linux.md "Cgroup ownership").
 *
 * A container that sees its own cgroup as the root and may write there gets it: the directory and
 * the files that the kernel names as safe to delegate, so that a service manager in it can make
 * cgroups of its own. On v1 delegation is not safe, and nothing changes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "owner.h"
#include "tree.h"

#define DELEGATE      "/sys/kernel/cgroup/delegate"
#define DELEGATE_MOST 4096

static bool is_writable_mount(const struct spec_mount *mount)
{
	return text_equal(mount->source, "cgroup") &&
	       text_equal(mount->destination, "/sys/fs/cgroup") &&
	       !strings_have(&mount->options, "ro");
}

static bool mounts_writable(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts.count; i++)
		if (is_writable_mount(&spec->mounts.items[i]))
			return true;
	return false;
}

static bool is_new(const struct spec_namespace *namespace)
{
	return namespace && !(namespace->path && *namespace->path);
}

/* The host's id of a user of the container's; false: there is none that we know of. */
static bool host_uid(const struct spec *spec, uint32_t uid, uint32_t *owner)
{
	const struct spec_linux *linux_ = spec->linux_;

	*owner = uid;
	if (!spec_namespace_find(spec, "user"))
		return true;
	for (size_t i = 0; i < linux_->uid_mappings.count; i++) {
		const struct spec_id_mapping *map = &linux_->uid_mappings.items[i];

		if (uid >= map->container_id && uid - map->container_id < map->size) {
			*owner = map->host_id + (uid - map->container_id);
			return true;
		}
	}
	return false;
}

bool cgroup_owner(const struct spec *spec, const struct facts *facts, uint32_t *owner)
{
	return facts->cgroup_layout == CGROUP_UNIFIED &&
	       is_new(spec_namespace_find(spec, "cgroup")) && mounts_writable(spec) &&
	       spec->process && host_uid(spec, spec->process->user->uid, owner);
}

static struct strings delegated_files(struct arena *arena)
{
	auto_text struct text names = { 0 };

	if (file_read(AT_FDCWD, DELEGATE, DELEGATE_MOST, &names, NULL) < 0)
		text_add(&names, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads");
	return strings_split(names.data, '\n', arena);
}

static int give(int dir, const char *name, uint32_t owner)
{
	if (fchownat(dir, name, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0)
		return 0;
	return errno == ENOENT ? 0 : -errno;
}

/* Whoever is not the host's root mostly may not give away, and owns what was delegated to him. */
static bool may_fail(const struct facts *facts)
{
	return facts->euid != 0 || facts->in_user_namespace;
}

int cgroup_give_directory(int dir, uint32_t owner, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings names = delegated_files(&arena);
	int result = give(dir, "", owner);

	for (size_t i = 0; result == 0 && i < names.count; i++)
		if (*names.items[i] && !strchr(names.items[i], '/'))
			result = give(dir, names.items[i], owner);
	if (result < 0)
		return fail_number(err, result, "fchownat", "cannot give the cgroup to user %u",
				   owner);
	return 0;
}

int cgroup_give(const struct cgroup *cgroup, const struct spec *spec, struct error *err)
{
	struct cgroup_tree *tree = tree_unified(cgroup);
	struct error reason = { 0 };
	uint32_t owner;
	int result;

	if (!tree || !cgroup_owner(spec, cgroup->facts, &owner) || owner == geteuid())
		return 0;
	TRY(tree_open(tree, cgroup->path, err)); /* a service manager may have made it */
	if (tree->dir < 0)
		return 0;
	result = cgroup_give_directory(tree->dir, owner, &reason);
	if (result == 0 || (result == -EPERM && may_fail(cgroup->facts)))
		return 0;
	if (err)
		*err = reason;
	fail_where(err, "%s", cgroup->path);
	return result;
}

/* rootfs.c -- plan the container's root: attach it, enter it, and what becomes of it at the end.
 *
 * A clone of the root filesystem is attached where the bundle has it, so that hooks find it there;
 * its parent is a slave or private by then, or the host would see it too (rootfsPropagation
 * "shared" concerns the container's "/" and the host's mounts bound below it, never our way
 * there). */
#include "chapters.h"
#include "mount_flags.h"
#include "runtime/spec_names.h"

uint64_t rootfs_propagation(const struct draft *draft)
{
	uint64_t propagation = 0;

	spec_name_value(spec_propagation_names, draft->spec->linux_->rootfs_propagation,
			&propagation);
	return propagation;
}

static int check_propagation(struct draft *draft)
{
	const char *name = draft->spec->linux_->rootfs_propagation;

	if (!name || !*name || rootfs_propagation(draft))
		return 0;
	fail(draft->err, EINVAL, "unknown propagation \"%s\"", name);
	return fail_where(draft->err, "linux.rootfsPropagation");
}

/* A clone of the tree at root.path. */
static int clone_root(struct draft *draft)
{
	bool private = rootfs_propagation(draft) & MS_PRIVATE;
	struct tree tree = {
		.source = draft->options->rootfs,
		.where = "root.path",
		.recursive = true,
		.propagation = private ? MS_PRIVATE | MS_REC : MS_SLAVE | MS_REC,
	};

	return plan_tree(draft, &tree);
}

static int attach_root(struct draft *draft)
{
	const struct spec_mount *mount = spec_root_mount(draft->spec);
	bool private = rootfs_propagation(draft) & MS_PRIVATE;
	int slot;

	ADD(draft, PROPAGATION, "linux.rootfsPropagation", .text = { "/" },
	    .number = { private ? MS_PRIVATE : MS_SLAVE, true });
	draft->build.stage = STAGE_CONTAINER;
	if (mount)
		TRY(plan_overlay_root(draft, mount, &slot));
	else
		slot = clone_root(draft);
	ADD(draft, ROOT, "root.path", .text = { draft->options->rootfs })->slot = slot;
	return 0;
}

/* Without a mount namespace nothing may be mounted: it would be on the host. */
static int refuse_mounts(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;
	const char *where = draft->spec->mounts.count      ? "mounts"
			    : linux_->masked_paths.count   ? "linux.maskedPaths"
			    : linux_->readonly_paths.count ? "linux.readonlyPaths"
			    : draft->spec->root && draft->spec->root->readonly ? "root.readonly"
									       : NULL;

	if (!where)
		return 0;
	fail(draft->err, EINVAL, "impossible without a mount namespace: it would change the host");
	return fail_where(draft->err, "%s", where);
}

static void use_directory(struct draft *draft)
{
	int slot = builder_slot(&draft->build);

	draft->build.stage = STAGE_CONTAINER;
	ADD(draft, OPEN_PATH, "root.path", .text = { draft->options->rootfs })->slot = slot;
	ADD(draft, ROOT_DIRECTORY, "root.path")->slot = slot;
}

int plan_rootfs(struct draft *draft)
{
	TRY(check_propagation(draft));
	if (has_namespace(draft, CLONE_NEWNS))
		return attach_root(draft);
	TRY(refuse_mounts(draft));
	use_directory(draft);
	return 0;
}

void plan_enter_root(struct draft *draft)
{
	if (!has_namespace(draft, CLONE_NEWNS))
		ADD(draft, CHROOT, "root.path");
	else if (draft->options->no_pivot)
		ADD(draft, MOVE_ROOT, "root.path");
	else
		ADD(draft, PIVOT, "root.path");
}

/* Private is what it is already; the rest becomes so only when the host's mounts are gone, and
 * unbindable only when nothing is to be bound any more. */
void plan_root_attributes(struct draft *draft)
{
	bool readonly = draft->spec->root && draft->spec->root->readonly;
	uint64_t propagation = rootfs_propagation(draft);

	if (!has_namespace(draft, CLONE_NEWNS))
		return;
	if (!(propagation & MS_SHARED))
		propagation = 0;
	if (readonly || propagation)
		ADD(draft, ROOT_ATTRIBUTES, readonly ? "root.readonly" : "linux.rootfsPropagation",
		    .number = { readonly ? MOUNT_ATTR_RDONLY : 0, propagation });
}

void plan_root_unbindable(struct draft *draft)
{
	uint64_t propagation = rootfs_propagation(draft);

	if (has_namespace(draft, CLONE_NEWNS) && propagation & MS_UNBINDABLE)
		ADD(draft, ROOT_ATTRIBUTES, "linux.rootfsPropagation",
		    .number = { 0, propagation });
}

/* trees.c -- clones of mounts on the host: the root filesystem, sources of binds, devices.
 *
 * The launcher clones in the host's mount namespace, where a shared mount's clone is a peer of the
 * host's. A copied mount namespace would have made it a slave when "/" is changed, so the same is
 * done to the clone here. The init image clones after "/" was changed. */
#include "chapters.h"
#include "mount_flags.h"

bool shares_with_host(const struct draft *draft)
{
	return (rootfs_propagation(draft) & MS_SHARED) && !in_user_namespace(draft);
}

uint64_t default_propagation(const struct draft *draft)
{
	if (!draft->facts->privileged || shares_with_host(draft))
		return 0;
	return rootfs_propagation(draft) & MS_PRIVATE ? MS_PRIVATE | MS_REC : MS_SLAVE | MS_REC;
}

int plan_tree(struct draft *draft, const struct tree *tree)
{
	int slot = builder_slot(&draft->build);
	struct step_values values = {
		.kind = draft->facts->privileged ? STEP_OPEN_TREE : STEP_CLONE_TREE,
		.where = tree->where,
		.text = { tree->source },
		.number = { tree->recursive, tree->set, tree->clear, tree->propagation,
			    tree->recursive_attributes, tree->nofollow },
	};

	builder_add(&draft->build, &values)->slot = slot;
	return slot;
}

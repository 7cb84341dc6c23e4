/* unpack.c -- the tree of a layer that is made here: unpacked from its blob as any other is. */
#include <unistd.h>

#include "derive_private.h"
#include "image/rootfs.h"

int draft_unpack(const struct draft *draft, const char *name, struct staging *staging,
		 struct layer_result *result, struct error *err)
{
	const struct layer_options options = {
		.form = LAYER_OVERLAY,
		.user_xattrs = rootfs_user_xattrs(),
		.single_id = rootfs_single_id(),
		.name = name,
	};

	TRY(staging_open(draft->store, staging, err));
	if (lseek(draft->fd, 0, SEEK_SET) < 0)
		return fail_call(err, "lseek", "cannot read the layer again");
	return layer_apply_fd(draft->fd, staging->dir, &options, result, err);
}

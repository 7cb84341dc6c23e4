/* ids.c -- which ids of the image the ids on the disk are.
 *
 * A user's bundle is made of files of his own; what its container makes has the ids that its user
 * namespace gives. Root's bundles have the image's ids as they are, or mapped by --uidmap; the
 * trees they were made of have the image's in any case. */
#include <errno.h>

#include "derive_private.h"
#include "image/rootfs.h"

static void ranges_from(const struct spec_id_mapping *items, size_t count, struct arena *arena,
			struct id_ranges *ranges)
{
	struct id_range *copy = arena_array(arena, count + 1, sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] =
			(struct id_range){ items[i].container_id, items[i].host_id, items[i].size };
	*ranges = (struct id_ranges){ copy, count };
}

int bundle_id_maps(const struct store_bundle *record, struct arena *arena,
		   struct layer_changes *changes, struct error *err)
{
	struct spec_document document;
	const struct spec_linux *linux_;

	changes->lower_as_image = record->mapped;
	if (!rootfs_single_id() && !record->mapped)
		return 0;
	TRY(spec_load(record->path, NULL, arena, &document, err));
	linux_ = document.spec.linux_;
	if (!linux_)
		return 0;
	ranges_from(linux_->uid_mappings.items, linux_->uid_mappings.count, arena, &changes->uids);
	ranges_from(linux_->gid_mappings.items, linux_->gid_mappings.count, arena, &changes->gids);
	return 0;
}

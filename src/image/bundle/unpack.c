/* unpack.c -- an image's files as an ordinary directory, of which the store keeps no record. */
#include "base/own.h"
#include "bundle_private.h"
#include "image/rootfs.h"

int bundle_unpack(struct store *store, const struct bundle_unpacking *order, struct arena *arena,
		  struct error *err)
{
	struct layer_stack layers;
	struct claim claim;
	struct rootfs_request request = { .state = -1,
					  .owners = order->owners,
					  .keep_dirlinks = order->keep_dirlinks,
					  .cancel_fd = order->cancel_fd };
	int result;

	request.owners.single_id |= rootfs_single_id();
	TRY(layer_stack_find(store, order->image, arena, &layers, err));
	TRY(claim_directory(order->directory, arena, &claim, err));
	request.layers = layers.paths;
	request.target = claim.path;
	result = rootfs_driver_find("copy")->make(&request, err);
	if (result < 0)
		claim_undo(&claim);
	close_fd(&claim.fd);
	return result;
}

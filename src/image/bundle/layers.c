/* layers.c -- the unpacked trees of an image in the store. */
#include <errno.h>
#include <string.h>

#include "bundle_private.h"

int layer_stack_find(const struct store *store, const struct bundle_image *image,
		     struct arena *arena, struct layer_stack *stack, struct error *err)
{
	const struct strings *diff_ids = &image->config.rootfs->diff_ids;

	*stack = (struct layer_stack){ 0 };
	for (size_t i = 0; i < diff_ids->count; i++) {
		char *path = store_layer_path(store, diff_ids, i, arena);

		if (!path) {
			fail(err, ENOENT, "layer %zu of %s is not unpacked in the store", i + 1,
			     image->stored.name ? image->stored.name : image->stored.digest);
			return fail_hint(err, "lade pull it again");
		}
		strings_add(&stack->paths, path, arena);
		strings_add(&stack->keys, arena_format(arena, "sha256:%s", strrchr(path, '/') + 1),
			    arena);
	}
	return 0;
}

/* restore.c -- what the store lost of an image, from the repository that its name tells. */
#include <errno.h>

#include "transfer_private.h"

int transfer_restore(struct store *store, const struct store_image *image,
		     const struct transfer_options *options, struct arena *arena, struct error *err)
{
	struct transfer_options own = *options;
	struct store_image found;
	struct reference reference;

	if (!image->name)
		return fail(err, ENOTSUP, "the image has no name that tells where it came from");
	TRY(reference_parse_name(image->name, arena, &reference, err));
	if (text_equal(reference.domain, "localhost"))
		return fail(err, ENOTSUP, "%s is of no registry: pull or load it again",
			    image->name);
	reference.tag = NULL;
	reference.digest = (char *)store_image_key(image);
	own.nameless = true;
	own.all_platforms = image->index != NULL;
	return pull_reference(store, &reference, &own, arena, &found, err);
}

/* root_mount.c -- a root that is mounted for the container alone. */
#include <string.h>

#include "runtime/spec.h"

const struct spec_mount *spec_root_mount(const struct spec *spec)
{
	const struct spec_mount *first = spec->mounts.count ? &spec->mounts.items[0] : NULL;

	if (!first || !text_equal(first->type, "overlay") || first->destination[0] != '/' ||
	    first->destination[strspn(first->destination, "/")])
		return NULL;
	return first;
}

/* image.h -- a checkpoint's directory, and what both sides of it tell criu. */
#ifndef LIFECYCLE_IMAGE_H
#define LIFECYCLE_IMAGE_H

#include "runtime/checkpoint.h"
#include "runtime/lifecycle.h"

/* "[\"pipe:[7]\",\"pipe:[8]\",\"/dev/null\"]": what the standard files were, as runc and crun write
 * and read it. */
#define IMAGE_DESCRIPTORS "descriptors.json"

struct image {
	const char *path; /* absolute, links resolved */
	const char *work; /* --work-path's, or NULL */
	int dir;          /* of path */
};

/* make: the image directory is made where it is missing; the work directory always is. */
int image_open(const struct image_request *request, bool make, struct arena *arena,
	       struct image *image, struct error *err);
void image_close(struct image *image);
#define auto_image __attribute__((cleanup(image_close)))

/* Let a group read it. */
void image_give_to_group(const struct image *image, uint32_t gid);

/* What the request and the annotations say. */
int image_options(const struct image_request *request, const struct string_map *annotations,
		  const struct image *image, struct criu_options *options, struct error *err);

#endif

/* images.h -- the forms in which lade images lists the store. */
#ifndef LADE_IMAGES_H
#define LADE_IMAGES_H

#include "commands.h"

struct images_options {
	char *format;
	bool all, digests, no_trunc, noheading, quiet;
};

/* podman's columns. */
void images_table(const struct store_images *images, const struct images_options *options,
		  struct arena *arena, struct text *out);
/* Each ID once. */
void images_ids(const struct store_images *images, const struct images_options *options,
		struct arena *arena, struct text *out);
/* podman's fields, an object for each image with all its names. */
int images_json(const struct store *store, const struct store_images *images, struct arena *arena,
		struct text *out, struct error *err);

/* Is the image of that entry in the list already, by another name? */
bool images_listed_before(const struct store_images *images, size_t index);

#endif

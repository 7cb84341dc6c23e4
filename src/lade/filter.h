/* filter.h -- podman's --filter KEY=VALUE on images. */
#ifndef LADE_FILTER_H
#define LADE_FILTER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "image/store.h"

struct filter;

/* What filters look at beside the image itself. */
struct filter_context {
	const struct store_images *images;   /* all of them: `before=IMAGE` */
	const struct store_bundles *bundles; /* `containers=` */
	int64_t now;                         /* seconds since 1970: `until=24h` */
	struct arena *arena;
};

struct filters {
	struct filter *items;
	size_t count;
	const struct filter_context *context;
};

/* Read KEY=VALUE or KEY!=VALUE texts. `only`: "until|label": the keys that make sense; NULL: all.
 * -EINVAL: no such key, or a value that makes no sense; -ENOENT: an image that is not there. */
int filters_read(const struct strings *typed, const char *only,
		 const struct filter_context *context, struct filters *filters, struct error *err);

/* Filters of one key that can only be true one at a time (id, digest, reference) are alternatives;
 * all others must hold. */
bool filters_match(const struct filters *filters, const struct store_image *image);

/* The images that match stay. */
void filters_apply(const struct filters *filters, struct store_images *images);

/* "2024-01-01", "2024-01-01T10:00:00Z", "1704067200", or a duration before `now`: "24h", "1h30m".
 */
bool filter_parse_time(const char *text, int64_t now, int64_t *seconds);

#endif

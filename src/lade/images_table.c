/* images_table.c -- lade images for people: podman's table is a template like any other; or the IDs
 * alone. */
#include <stdlib.h>
#include <string.h>

#include "base/template.h"
#include "image/reference.h"
#include "images.h"

JSON_SHAPE(image_row, IMAGE_ROW_ROWS);

static char nothing[] = "", none[] = "<none>";

/* ---- one image ------------------------------------------------------------------------------- */

static char *short_id(const char *id, const struct images_options *options, struct arena *arena)
{
	if (!id)
		return arena_string(arena, "<damaged>");
	if (options->no_trunc)
		return arena_string(arena, id);
	return arena_format(arena, "%.12s", digest_hex(id));
}

void images_split_name(const struct store_image *image, struct arena *arena, char **repository,
		       char **tag)
{
	struct reference reference;

	*repository = *tag = none;
	if (!image->name || reference_parse_name(image->name, arena, &reference, NULL) < 0)
		return;
	*repository = reference_repository(&reference, arena);
	if (reference.tag)
		*tag = reference.tag;
}

static char *join(const struct strings *list, struct arena *arena)
{
	char *joined = nothing;

	for (size_t i = 0; i < list->count; i++)
		joined = arena_format(arena, "%s%s%s", joined, i ? ", " : "", list->items[i]);
	return joined;
}

static void fill_row(const struct store_images *images, const struct store_image *image,
		     const struct images_options *options, struct arena *arena,
		     struct image_row *row)
{
	struct image_names names = images_names(images, store_image_key(image), arena);

	*row = (struct image_row){
		.id = short_id(image->id, options, arena),
		.digest = (char *)store_image_key(image),
		.created = human_since(image->created, arena),
		.created_since = human_since(image->created, arena),
		.created_at = image->created ? image->created : nothing,
		.size = human_size(image->total, arena),
		.virtual_size = image->total,
		.labels = image->labels,
		.read_only = image->read_only,
		.dangling = !image->name,
		.names = names.all,
		.repo_tags = names.tags,
		.repo_digests = names.digests,
		.history = join(&names.all, arena),
		.os = image->os ? image->os : nothing,
		.architecture = image->architecture ? image->architecture : nothing,
		.parent = nothing,
	};
	images_split_name(image, arena, &row->repository, &row->tag);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const char *usual_format(const struct images_options *options, struct arena *arena)
{
	return arena_format(arena,
			    "table {{.Repository}}\\t{{.Tag}}\\t%s{{.ID}}\\t{{.Created}}\\t"
			    "{{.Size}}%s",
			    options->digests ? "{{.Digest}}\\t" : "",
			    options->history ? "\\t{{.History}}" : "");
}

int images_print(const struct store_images *images, const struct store_bundles *bundles,
		 const struct images_options *options, struct arena *arena, struct text *out,
		 struct error *err)
{
	static const struct template_heading headings[] = { { "ID", "IMAGE ID" },
							    { "ReadOnly", "R/O" },
							    { 0 } };
	static const char *const times[] = { "CreatedAt", NULL };
	struct image_row *items = arena_array(arena, images->count + 1, sizeof(*items));
	const struct template_rows rows = {
		.shape = &image_row_shape,
		.items = items,
		.count = images->count,
		.headings = headings,
		.no_headings = options->noheading,
		.times = times,
	};
	const char *format = options->format;

	for (size_t i = 0; i < images->count; i++) {
		fill_row(images, &images->items[i], options, arena, &items[i]);
		items[i].containers = store_count_bundles(bundles, &images->items[i]);
	}
	if (!format || text_equal(format, "table"))
		format = usual_format(options, arena);
	return template_print(format, &rows, arena, out, err);
}

/* ---- IDs ------------------------------------------------------------------------------------- */

bool images_listed_before(const struct store_images *images, size_t index)
{
	const struct store_image *image = &images->items[index];

	for (size_t i = 0; i < index; i++)
		if (text_equal(images->items[i].id, image->id) &&
		    text_equal(store_image_key(&images->items[i]), store_image_key(image)))
			return true;
	return false;
}

void images_ids(const struct store_images *images, const struct images_options *options,
		struct arena *arena, struct text *out)
{
	for (size_t i = 0; i < images->count; i++)
		if (!images_listed_before(images, i))
			text_format(out, "%s\n", short_id(images->items[i].id, options, arena));
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_id(const void *a, const void *b)
{
	const struct store_image *left = a, *right = b;

	return strcmp(left->id ? left->id : "", right->id ? right->id : "");
}

static int compare_size(const void *a, const void *b)
{
	const struct store_image *left = a, *right = b;

	return (left->total > right->total) - (left->total < right->total);
}

/* Names are full, so a name without its tag is what stands before the last ':'. */
static int compare_repository(const void *a, const void *b)
{
	const struct store_image *left = a, *right = b;

	return strcmp(left->name ? left->name : none, right->name ? right->name : none);
}

static const char *tag_of(const struct store_image *image)
{
	const char *colon = image->name ? strrchr(image->name, ':') : NULL;

	return colon ? colon + 1 : none;
}

static int compare_tag(const void *a, const void *b)
{
	int order = strcmp(tag_of(a), tag_of(b));

	return order ? order : compare_repository(a, b);
}

/* The store lists by creation, newest first. */
void images_sort(struct store_images *images, const char *key)
{
	static const struct {
		const char *key;
		int (*compare)(const void *a, const void *b);
	} orders[] = { { "id", compare_id },
		       { "repository", compare_repository },
		       { "size", compare_size },
		       { "tag", compare_tag } };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (text_equal(key, orders[i].key) && images->count)
			qsort(images->items, images->count, sizeof(*images->items),
			      orders[i].compare);
}

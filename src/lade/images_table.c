/* images_table.c -- lade images for people: podman's table, or the IDs alone. */
#include <string.h>
#include <time.h>

#include "image/reference.h"
#include "images.h"
#include "table.h"

/* ---- one image ------------------------------------------------------------------------------- */

static char *short_id(const char *id, const struct images_options *options, struct arena *arena)
{
	if (!id)
		return arena_string(arena, "<damaged>");
	if (options->no_trunc)
		return arena_string(arena, id);
	return arena_format(arena, "%.12s", strchr(id, ':') ? strchr(id, ':') + 1 : id);
}

static void split_name(const struct store_image *image, struct arena *arena,
		       const char **repository, const char **tag)
{
	struct reference reference;

	*repository = *tag = "<none>";
	if (!image->name || reference_parse_name(image->name, arena, &reference, NULL) < 0)
		return;
	*repository = reference_repository(&reference, arena);
	if (reference.tag)
		*tag = reference.tag;
}

static char *age_of(const struct store_image *image, struct arena *arena)
{
	int64_t created;

	if (!human_parse_time(image->created, &created))
		return arena_string(arena, "");
	return human_age(time(NULL) - created, arena);
}

/* ---- table ----------------------------------------------------------------------------------- */

void images_table(const struct store_images *images, const struct images_options *options,
		  struct arena *arena, struct text *out)
{
	static const char *const heading[] = { "REPOSITORY", "TAG",     "DIGEST",
					       "IMAGE ID",   "CREATED", "SIZE" };
	static const char *const heading_short[] = { "REPOSITORY", "TAG", "IMAGE ID", "CREATED",
						     "SIZE" };
	struct table table = { .columns = options->digests ? 6 : 5, .arena = arena };

	if (!options->noheading)
		table_add(&table, options->digests ? heading : heading_short);
	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];
		const char *cells[TABLE_COLUMNS_MOST];
		size_t at = 2;

		split_name(image, arena, &cells[0], &cells[1]);
		if (options->digests)
			cells[at++] = image->digest;
		cells[at++] = short_id(image->id, options, arena);
		cells[at++] = age_of(image, arena);
		cells[at++] = human_size(image->total, arena);
		table_add(&table, cells);
	}
	table_print(&table, out);
}

/* ---- IDs ------------------------------------------------------------------------------------ */

bool images_listed_before(const struct store_images *images, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (text_equal(images->items[i].id, images->items[index].id) &&
		    text_equal(images->items[i].digest, images->items[index].digest))
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

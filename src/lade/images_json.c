/* images_json.c -- lade images --format json: podman's fields. */
#include <string.h>

#include "image/reference.h"
#include "images.h"

/* clang-format off */

#define IMAGE_ROWS(ROW, T) \
	ROW(T, string,  id,           "Id",          none, always) \
	ROW(T, strings, repo_tags,    "RepoTags",    none, always) \
	ROW(T, strings, repo_digests, "RepoDigests", none, always) \
	ROW(T, strings, names,        "Names",       none, always) \
	ROW(T, string,  digest,       "Digest",      none, always) \
	ROW(T, int64,   created,      "Created",     none, always) \
	ROW(T, string,  created_at,   "CreatedAt",   none, always) \
	ROW(T, int64,   size,         "Size",        none, always) \
	ROW(T, int64,   virtual_size, "VirtualSize", none, always) \
	ROW(T, boolean, dangling,     "Dangling",    none, optional) \
	ROW(T, uint64,  containers,   "Containers",  none, always)
JSON_STRUCT(listed_image, IMAGE_ROWS);
JSON_SHAPE(listed_image, IMAGE_ROWS);

/* clang-format on */

static void add_names(const struct store_images *images, size_t index, struct listed_image *listed,
		      struct arena *arena)
{
	for (size_t i = index; i < images->count; i++) {
		const struct store_image *image = &images->items[i];
		struct reference reference;

		if (!text_equal(image->digest, listed->digest) || !image->name ||
		    reference_parse_name(image->name, arena, &reference, NULL) < 0)
			continue;
		strings_add(&listed->names, image->name, arena);
		if (reference.tag)
			strings_add(&listed->repo_tags, image->name, arena);
		strings_add(&listed->repo_digests,
			    arena_format(arena, "%s@%s", reference_repository(&reference, arena),
					 image->digest),
			    arena);
	}
}

static void count_bundles(const struct store_bundles *bundles, struct listed_image *listed)
{
	for (size_t i = 0; i < bundles->count; i++)
		listed->containers += text_equal(bundles->items[i].digest, listed->digest);
}

int images_json(const struct store *store, const struct store_images *images, struct arena *arena,
		struct text *out, struct error *err)
{
	struct store_bundles bundles;
	const char *before = "";

	TRY(store_list_bundles(store, arena, &bundles, err));
	text_add(out, "[");
	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];
		struct listed_image listed = {
			.digest = image->digest,
			.created_at = image->created,
			.size = image->total,
			.virtual_size = image->total,
		};

		if (images_listed_before(images, i))
			continue;
		listed.id = image->id && strchr(image->id, ':') ? strchr(image->id, ':') + 1 : NULL;
		human_parse_time(image->created, &listed.created);
		add_names(images, i, &listed, arena);
		listed.dangling = !listed.names.count;
		count_bundles(&bundles, &listed);
		text_format(out, "%s\n", before);
		json_write(&listed_image_shape, &listed, true, out);
		before = ",";
	}
	text_add(out, "]\n");
	return 0;
}

/* images_json.c -- lade images --format json: podman's fields. */
#include <string.h>

#include "image/reference.h"
#include "images.h"

/* clang-format off */

#define IMAGE_ROWS(ROW, T) \
	ROW(T, string,     id,           "Id",          none, always) \
	ROW(T, string,     parent,       "ParentId",    none, always) \
	ROW(T, strings,    repo_tags,    "RepoTags",    none, always) \
	ROW(T, strings,    repo_digests, "RepoDigests", none, always) \
	ROW(T, strings,    names,        "Names",       none, always) \
	ROW(T, string,     digest,       "Digest",      none, always) \
	ROW(T, int64,      created,      "Created",     none, always) \
	ROW(T, string,     created_at,   "CreatedAt",   none, always) \
	ROW(T, int64,      size,         "Size",        none, always) \
	ROW(T, int64,      virtual_size, "VirtualSize", none, always) \
	ROW(T, boolean,    dangling,     "Dangling",    none, optional) \
	ROW(T, boolean,    read_only,    "ReadOnly",    none, optional) \
	ROW(T, int64,      shared_size,  "SharedSize",  none, always) \
	ROW(T, string_map, labels,       "Labels",      none, always) \
	ROW(T, strings,    history,      "History",     none, always) \
	ROW(T, string,     os,           "Os",          none, optional) \
	ROW(T, string,     architecture, "Arch",        none, optional) \
	ROW(T, uint64,     containers,   "Containers",  none, always)
JSON_STRUCT(listed_image, IMAGE_ROWS);
JSON_SHAPE(listed_image, IMAGE_ROWS);

/* clang-format on */

static char nothing[] = "";

struct image_names images_names(const struct store_images *images, const char *digest,
				struct arena *arena)
{
	struct image_names names = { 0 };

	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];
		struct reference reference;

		if (!text_equal(store_image_key(image), digest) || !image->name ||
		    reference_parse_name(image->name, arena, &reference, NULL) < 0)
			continue;
		strings_add(&names.all, image->name, arena);
		if (reference.tag)
			strings_add(&names.tags, image->name, arena);
		strings_add(&names.digests,
			    arena_format(arena, "%s@%s", reference_repository(&reference, arena),
					 digest),
			    arena);
	}
	return names;
}

void images_json(const struct store_images *images, const struct store_bundles *bundles,
		 struct arena *arena, struct text *out)
{
	const char *before = "";

	text_add(out, "[");
	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];
		struct image_names names = images_names(images, store_image_key(image), arena);
		struct listed_image listed = {
			.parent = nothing,
			.digest = (char *)store_image_key(image),
			.names = names.all,
			.history = names.all,
			.repo_tags = names.tags,
			.repo_digests = names.digests,
			.created_at = image->created,
			.size = image->total,
			.virtual_size = image->total,
			.labels = image->labels,
			.read_only = image->read_only,
			.os = image->os,
			.architecture = image->architecture,
			.dangling = !names.all.count,
			.containers = store_count_bundles(bundles, image),
		};

		if (images_listed_before(images, i))
			continue;
		listed.id = image->id ? (char *)digest_hex(image->id) : NULL;
		human_parse_time(image->created, &listed.created);
		text_format(out, "%s\n", before);
		json_write(&listed_image_shape, &listed, true, out);
		before = ",";
	}
	text_add(out, "]\n");
}

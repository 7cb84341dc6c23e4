/* images.h -- the forms in which lade images lists the store. */
#ifndef LADE_IMAGES_H
#define LADE_IMAGES_H

#include "base/json.h"
#include "commands.h"

struct images_options {
	char *format, *sort;
	struct strings filters;
	bool all, digests, no_trunc, noheading, quiet, history;
};

/* clang-format off */
/* What a template may ask of an image: podman's names. */
#define IMAGE_ROW_ROWS(ROW, T) \
	ROW(T, string,     id,            "ID",           none, always) \
	ROW(T, string,     repository,    "Repository",   none, always) \
	ROW(T, string,     tag,           "Tag",          none, always) \
	ROW(T, string,     digest,        "Digest",       none, always) \
	ROW(T, string,     created,       "Created",      none, always) \
	ROW(T, string,     created_since, "CreatedSince", none, always) \
	ROW(T, string,     created_at,    "CreatedAt",    none, always) \
	ROW(T, string,     size,          "Size",         none, always) \
	ROW(T, int64,      virtual_size,  "VirtualSize",  none, always) \
	ROW(T, int64,      shared_size,   "SharedSize",   none, always) \
	ROW(T, string_map, labels,        "Labels",       none, always) \
	ROW(T, boolean,    read_only,     "ReadOnly",     none, always) \
	ROW(T, boolean,    dangling,      "Dangling",     none, always) \
	ROW(T, uint64,     containers,    "Containers",   none, always) \
	ROW(T, strings,    names,         "Names",        none, always) \
	ROW(T, strings,    repo_tags,     "RepoTags",     none, always) \
	ROW(T, strings,    repo_digests,  "RepoDigests",  none, always) \
	ROW(T, string,     history,       "History",      none, always) \
	ROW(T, string,     os,            "Os",           none, always) \
	ROW(T, string,     architecture,  "Arch",         none, always) \
	ROW(T, string,     parent,        "ParentId",     none, always)
JSON_STRUCT(image_row, IMAGE_ROW_ROWS);
/* clang-format on */

/* The store's images as a template sees them, and that template's rows. */
int images_print(const struct store_images *images, const struct store_bundles *bundles,
		 const struct images_options *options, struct arena *arena, struct text *out,
		 struct error *err);
/* Each ID once. */
void images_ids(const struct store_images *images, const struct images_options *options,
		struct arena *arena, struct text *out);
/* podman's fields, an object for each image with all its names. */
void images_json(const struct store_images *images, const struct store_bundles *bundles,
		 struct arena *arena, struct text *out);

/* All names of the image `digest`, its tags, and names with its digest. */
struct image_names {
	struct strings all, tags, digests;
};
struct image_names images_names(const struct store_images *images, const char *digest,
				struct arena *arena);

/* "docker.io/library/alpine" and "3"; "<none>" where there is none. */
void images_split_name(const struct store_image *image, struct arena *arena, char **repository,
		       char **tag);

/* Is the image of that entry in the list already, by another name? */
bool images_listed_before(const struct store_images *images, size_t index);

/* By "created" (NULL: newest first), "id", "repository", "size" or "tag". */
void images_sort(struct store_images *images, const char *key);

#endif

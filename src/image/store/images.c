/* images.c -- list and find images. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "image/configuration.h"
#include "image/reference.h"
#include "store_private.h"

#define PREFIX_LEAST 3

static int document_read(const struct store *store, const struct oci_descriptor *descriptor,
			 struct oci_document *document, struct text *text, struct error *err)
{
	TRY(store_read_blob(store, descriptor->digest, OCI_DOCUMENT_LIMIT, text, err));
	*document = (struct oci_document){
		.bytes = text->data,
		.length = text->length,
		.name = descriptor->digest,
		.media_type = descriptor->media_type,
	};
	return 0;
}

int store_read_documents(const struct store *store, const char *digest, struct arena *arena,
			 struct store_documents *documents, struct error *err)
{
	const struct oci_descriptor descriptor = { .digest = (char *)digest };
	auto_text struct text manifest = { 0 }, config = { 0 };
	struct oci_document document;

	*documents = (struct store_documents){ 0 };
	TRY(document_read(store, &descriptor, &document, &manifest, err));
	TRY(oci_manifest_read(&document, &documents->manifest, arena, err));
	if (oci_media_type(documents->manifest.config->media_type)->kind != OCI_CONFIG)
		return 0;
	TRY(document_read(store, documents->manifest.config, &document, &config, err));
	TRY(oci_image_config_read(&document, &documents->config, arena, err));
	documents->image = true;
	return 0;
}

static void fill_documents(const struct store *store, const struct oci_descriptor *manifest,
			   struct arena *arena, struct store_image *image)
{
	struct store_documents documents;

	if (store_read_documents(store, manifest->digest, arena, &documents, NULL) < 0)
		return;
	image->id = documents.manifest.config->digest;
	image->created = documents.config.created;
	image->os = documents.config.os;
	image->architecture = documents.config.architecture;
	image->variant = documents.config.variant;
	if (documents.config.config)
		image->labels = documents.config.config->labels;
	image->layers = documents.manifest.layers.count;
	image->total = documents.manifest.config->size;
	for (size_t i = 0; i < documents.manifest.layers.count; i++)
		image->total += documents.manifest.layers.items[i].size;
}

void image_set_manifest(const struct store *store, const struct oci_descriptor *manifest,
			struct arena *arena, struct store_image *image)
{
	image->digest = manifest->digest;
	image->media_type = manifest->media_type;
	image->size = manifest->size;
	image->id = NULL;
	fill_documents(store, manifest, arena, image);
}

/* What is wrong with an image shows when it is used; a list is a list. */
static void image_fill(const struct store *store, struct oci_descriptor *descriptor,
		       struct arena *arena, struct store_image *image)
{
	*image = (struct store_image){
		.name = (char *)index_name_of(descriptor),
		.index_digest =
			(char *)string_map_get(&descriptor->annotations, STORE_INDEX_DIGEST),
	};
	if (oci_media_type(descriptor->media_type)->kind != OCI_INDEX) {
		image_set_manifest(store, descriptor, arena, image);
		return;
	}
	image->index = descriptor;
	image->index_digest = descriptor->digest;
	image_fill_index(store, arena, image);
}

const char *store_image_key(const struct store_image *image)
{
	return image->index ? image->index->digest : image->digest;
}

bool store_image_repeats(const struct store_images *images, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (text_equal(store_image_key(&images->items[i]),
			       store_image_key(&images->items[place])))
			return true;
	return false;
}

bool store_image_has(const struct store_image *image, const char *manifest)
{
	return text_equal(image->digest, manifest) || strings_have(&image->manifests, manifest);
}

/* Newest first, then by name. */
static int image_compare(const void *left, const void *right)
{
	const struct store_image *a = left, *b = right;
	int order = strcmp(b->created ? b->created : "", a->created ? a->created : "");

	return order ? order : strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static void list_add(struct store_images *images, const struct store_image *image,
		     struct arena *arena)
{
	struct store_image *items = images->items;

	if ((images->count & (images->count - 1)) == 0) {
		items = arena_array(arena, images->count ? 2 * images->count : 1, sizeof(*items));
		if (images->count > 0)
			memcpy(items, images->items, images->count * sizeof(*items));
	}
	items[images->count++] = *image;
	images->items = items;
}

/* A name has its first meaning; what has none is listed once. */
static bool is_shadowed(const struct store_images *images, const struct oci_descriptor *descriptor)
{
	const char *name = index_name_of(descriptor);

	for (size_t i = 0; i < images->count; i++)
		if (name ? text_equal(images->items[i].name, name)
			 : text_equal(store_image_key(&images->items[i]), descriptor->digest))
			return true;
	return false;
}

static void list_index(const struct store *store, struct oci_index *index, bool read_only,
		       struct arena *arena, struct store_images *images)
{
	for (size_t i = 0; i < index->manifests.count; i++) {
		struct store_image image;

		if (read_only && is_shadowed(images, &index->manifests.items[i]))
			continue;
		image_fill(store, &index->manifests.items[i], arena, &image);
		image.read_only = read_only;
		list_add(images, &image, arena);
	}
}

int store_list_images(const struct store *store, struct arena *arena, struct store_images *images,
		      struct error *err)
{
	struct oci_index index;

	*images = (struct store_images){ 0 };
	TRY(index_read(store, arena, &index, err));
	list_index(store, &index, false, arena, images);
	for (size_t i = 0; i < store->additional_count; i++) {
		const struct store_additional *other = &store->additional[i];

		TRY(index_read_at(other->dir, other->path, arena, &index, err));
		list_index(store, &index, true, arena, images);
	}
	if (images->count > 0)
		qsort(images->items, images->count, sizeof(*images->items), image_compare);
	return 0;
}

/* ---- finding ---- */

static const struct store_image *find_name(const struct store_images *images, const char *name)
{
	for (size_t i = 0; i < images->count; i++)
		if (text_equal(images->items[i].name, name))
			return &images->items[i];
	return NULL;
}

static bool same_repository(const struct store_image *image, const struct reference *wanted,
			    struct arena *arena)
{
	struct reference reference;

	return image->name && reference_parse_name(image->name, arena, &reference, NULL) == 0 &&
	       text_equal(reference.domain, wanted->domain) &&
	       text_equal(reference.path, wanted->path);
}

static const struct store_image *find_reference(const struct store_images *images, const char *what,
						struct arena *arena)
{
	struct reference wanted;

	if (reference_parse_name(what, arena, &wanted, NULL) < 0)
		return NULL;
	for (size_t i = 0; wanted.digest && i < images->count; i++) {
		const struct store_image *image = &images->items[i];

		if ((text_equal(image->digest, wanted.digest) ||
		     text_equal(image->index_digest, wanted.digest)) &&
		    same_repository(image, &wanted, arena))
			return image;
	}
	return find_name(images, reference_format(&wanted, arena));
}

static bool is_hex_prefix(const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	return text[length] == '\0' && length >= PREFIX_LEAST && length <= 128;
}

static bool digest_begins(const char *digest, const char *what, bool whole)
{
	if (!digest)
		return false;
	return whole ? strcmp(digest, what) == 0 : text_starts(digest_hex(digest), what);
}

/* Two entries of one image are one find; of two images, an ambiguity. */
static int find_id(const struct store_images *images, const char *what,
		   const struct store_image **found, struct error *err)
{
	bool whole = digest_valid(what);

	*found = NULL;
	if (!whole && !is_hex_prefix(what))
		return 0;
	for (size_t i = 0; i < images->count; i++) {
		const struct store_image *image = &images->items[i];

		if (!digest_begins(image->id, what, whole) &&
		    !digest_begins(image->digest, what, whole) &&
		    !(whole && text_equal(image->index_digest, what)))
			continue;
		if (*found && !text_equal((*found)->digest, image->digest))
			return fail(err, EEXIST,
				    "\"%s\" is ambiguous: more than one image begins so", what);
		*found = image;
	}
	return 0;
}

/* A short name is what registries.conf(5) makes of it, as for a pull; else of this host: "demo" for
 * "localhost/demo:latest"; else docker.io's. A configuration that cannot be read says nothing. */
static const struct store_image *find_short(const struct store_images *images, const char *what,
					    struct arena *arena)
{
	const struct store_image *found = NULL;
	struct registries *registries = NULL;
	struct reference reference;
	struct strings names = { 0 };

	if (reference_parse_name(what, arena, &reference, NULL) < 0 || !reference.typed)
		return find_reference(images, what, arena);
	if (registries_load(arena, &registries, NULL) == 0)
		registries_names(registries, &reference, arena, &names, NULL);
	for (size_t i = 0; i < names.count && !found; i++)
		found = find_reference(images, names.items[i], arena);
	if (!found)
		found = find_reference(images, arena_format(arena, "localhost/%s", what), arena);
	return found ? found : find_reference(images, what, arena);
}

int image_match(const struct store_images *images, const char *what, struct arena *arena,
		const struct store_image **found, enum image_match *match, struct error *err)
{
	*match = MATCH_NAME;
	*found = find_name(images, what);
	if (!*found)
		*found = find_short(images, what, arena);
	if (*found)
		return 0;
	*match = MATCH_ID;
	TRY(find_id(images, what, found, err));
	if (!*found)
		return fail(err, ENOENT, "%s: no such image", what);
	return 0;
}

int store_choose_image(const struct store_images *images, const char *what, struct arena *arena,
		       const struct store_image **found, struct error *err)
{
	enum image_match match;

	return image_match(images, what, arena, found, &match, err);
}

int store_find_image(const struct store *store, const char *what, struct arena *arena,
		     struct store_image *image, struct error *err)
{
	struct store_images images;
	const struct store_image *found;

	TRY(store_list_images(store, arena, &images, err));
	TRY(store_choose_image(&images, what, arena, &found, err));
	*image = *found;
	return 0;
}

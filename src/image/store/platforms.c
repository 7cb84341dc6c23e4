/* platforms.c -- images for several platforms: an index whose manifests are here, or some of them.
 */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "store_private.h"

static int index_document(const struct store *store, const char *digest, struct arena *arena,
			  struct oci_index *index, struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document document = { .name = digest };

	TRY(store_read_blob(store, digest, OCI_DOCUMENT_LIMIT, &text, err));
	document.bytes = text.data ? text.data : "";
	document.length = text.length;
	return oci_index_read(&document, index, arena, err);
}

static bool is_index(const struct oci_descriptor *descriptor)
{
	return oci_media_type(descriptor->media_type)->kind == OCI_INDEX;
}

/* The manifest for the platform, whether it is here or not. */
static int choose(const struct store *store, const char *digest,
		  const struct oci_platform *platform, struct arena *arena,
		  const struct oci_descriptor **manifest, struct error *err)
{
	struct oci_index *index = arena_alloc(arena, sizeof(*index));

	for (int depth = 0; depth <= OCI_INDEX_DEPTH; depth++) {
		TRY(index_document(store, digest, arena, index, err));
		TRY(oci_index_select(index, platform, manifest, err));
		if (!is_index(*manifest))
			return 0;
		digest = (*manifest)->digest;
	}
	return fail(err, EBADMSG, "the index %s leads to indexes only", digest);
}

/* Every manifest that is here, and the first image of them. */
static void gather(const struct store *store, const char *digest, unsigned depth,
		   struct arena *arena, struct store_image *image,
		   const struct oci_descriptor **first)
{
	struct oci_index *index = arena_alloc(arena, sizeof(*index));

	if (depth > OCI_INDEX_DEPTH || index_document(store, digest, arena, index, NULL) < 0)
		return;
	for (size_t i = 0; i < index->manifests.count; i++) {
		const struct oci_descriptor *entry = &index->manifests.items[i];

		if (!store_have_blob(store, entry->digest)) {
			strings_add(&image->absent, entry->digest, arena);
			continue;
		}
		if (is_index(entry)) {
			gather(store, entry->digest, depth + 1, arena, image, first);
			continue;
		}
		strings_add(&image->manifests, entry->digest, arena);
		if (!*first && (!entry->platform || !text_equal(entry->platform->os, "unknown")))
			*first = entry;
	}
}

void image_fill_index(const struct store *store, struct arena *arena, struct store_image *image)
{
	const struct oci_descriptor *first = NULL, *chosen;
	struct oci_platform host;
	int64_t total = 0;

	gather(store, image->index->digest, 0, arena, image, &first);
	oci_platform_host(&host, arena);
	if (choose(store, image->index->digest, &host, arena, &chosen, NULL) < 0 ||
	    !store_have_blob(store, chosen->digest))
		chosen = first ? first : image->index;
	for (size_t i = 0; i < image->manifests.count; i++) {
		const struct oci_descriptor other = { .digest = image->manifests.items[i] };
		struct store_image one = { 0 };

		image_set_manifest(store, &other, arena, &one);
		total += one.total;
	}
	image_set_manifest(store, chosen, arena, image);
	image->total = total;
}

static int fail_platform(const struct store_image *image, const struct oci_platform *platform,
			 struct arena *arena, struct error *err)
{
	const struct oci_platform have = { .os = image->os,
					   .architecture = image->architecture,
					   .variant = image->variant };
	const char *name = image->name ? image->name : image->digest;
	const char *wanted = oci_platform_format(platform, arena);

	fail(err, ENOENT, "the store has %s for %s, not for %s", name,
	     have.os && have.architecture ? oci_platform_format(&have, arena) : "no platform",
	     wanted);
	return fail_hint(err, "lade pull --platform %s %s", wanted, name);
}

int store_select_platform(const struct store *store, const struct oci_platform *platform,
			  struct arena *arena, struct store_image *image, struct error *err)
{
	const struct oci_platform have = { .os = image->os,
					   .architecture = image->architecture,
					   .variant = image->variant };
	const struct oci_descriptor *chosen;

	if (!platform)
		return 0;
	if (image->index_digest && store_have_blob(store, image->index_digest) &&
	    choose(store, image->index_digest, platform, arena, &chosen, NULL) == 0 &&
	    store_have_blob(store, chosen->digest)) {
		image_set_manifest(store, chosen, arena, image);
		return 0;
	}
	if (have.os && have.architecture && oci_platform_rank(platform, &have))
		return 0;
	return fail_platform(image, platform, arena, err);
}

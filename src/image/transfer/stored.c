/* stored.c -- the source that is the local store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "source.h"

static int open_stored(struct source *source, const struct transfer_options *options,
		       struct error *err)
{
	return source->store ? 0 : fail(err, EINVAL, "there is no store to take an image from");
}

static int read_document(const struct source *source, const char *digest, struct arena *arena,
			 struct registry_manifest *document, struct error *err)
{
	auto_text struct text text = { 0 };

	TRY(store_read_blob(source->store, digest, OCI_DOCUMENT_LIMIT, &text, err));
	document->bytes = arena_copy(arena, text.data ? text.data : "", text.length);
	document->length = text.length;
	snprintf(document->digest, sizeof(document->digest), "%s", digest);
	return 0;
}

/* Where the image was pulled from, or was pushed to before: registries mount from there. */
static int find_names(struct source *source, const char *digest, struct arena *arena,
		      struct error *err)
{
	struct store_images images;

	source->names = (struct strings){ 0 };
	TRY(store_list_images(source->store, arena, &images, err));
	for (size_t i = 0; i < images.count; i++)
		if (images.items[i].name && store_image_has(&images.items[i], digest))
			strings_add(&source->names, images.items[i].name, arena);
	return 0;
}

/* The index, where the whole of it is wanted and there; else the image that was chosen from it. */
static int resolve_stored(struct source *source, struct arena *arena,
			  struct registry_manifest *document, struct error *err)
{
	struct store_image image;

	TRY(store_find_image(source->store, source->reference->name, arena, &image, err));
	if (image.index)
		TRY(store_select_platform(source->store, source->platform, arena, &image, err));
	source->entry_name = image.name;
	source->index_digest = image.index_digest;
	document->media_type = image.media_type;
	TRY(find_names(source, image.digest, arena, err));
	return read_document(source, image.digest, arena, document, err);
}

static int fetch_stored(struct source *source, const struct oci_descriptor *descriptor,
			struct arena *arena, struct registry_manifest *document, struct error *err)
{
	document->media_type = descriptor->media_type;
	if (!store_have_blob(source->store, descriptor->digest)) {
		fail(err, ENOENT, "the store has not all of the index: %s is missing",
		     descriptor->digest);
		return fail_hint(err, "fetch the other platforms: lade pull --all-platforms");
	}
	return read_document(source, descriptor->digest, arena, document, err);
}

static int fetch_stored_document(struct source *source, const struct oci_descriptor *descriptor,
				 struct arena *arena, char **bytes, struct error *err)
{
	auto_text struct text text = { 0 };

	TRY(store_read_blob(source->store, descriptor->digest, OCI_DOCUMENT_LIMIT, &text, err));
	if (text.length != (size_t)descriptor->size)
		return fail(err, EBADMSG, "blob %s has %zu bytes, not %lld", descriptor->digest,
			    text.length, (long long)descriptor->size);
	*bytes = arena_copy(arena, text.data ? text.data : "", text.length);
	return 0;
}

static int open_stored_blob(struct source *source, const struct oci_descriptor *descriptor,
			    struct error *err)
{
	return store_open_blob(source->store, descriptor->digest, descriptor->size, err);
}

static int fetch_stored_blob(struct source *source, const struct oci_descriptor *descriptor,
			     const struct registry_sink *sink, struct error *err)
{
	return fail(err, ENOTSUP, "%s is in the store already", descriptor->digest);
}

static int fork_stored(struct source *source, struct source *forked, struct error *err)
{
	*forked = *source;
	return 0;
}

static void close_stored(struct source *source)
{
}

static char *name_stored(const struct source *source, struct arena *arena)
{
	return source->entry_name ? arena_string(arena, source->entry_name) : NULL;
}

void note_origin(const struct store *store, const struct reference *repository,
		 const struct oci_manifest *manifest, struct arena *arena)
{
	struct strings digests = { 0 };

	for (size_t i = 0; i < manifest->layers.count; i++)
		strings_add(&digests, manifest->layers.items[i].digest, arena);
	strings_add(&digests, manifest->config->digest, arena);
	store_note_origin(store, reference_repository(repository, arena), &digests, NULL);
}

const struct source_kind source_stored = {
	.open = open_stored,
	.resolve = resolve_stored,
	.fetch_described = fetch_stored,
	.fetch_document = fetch_stored_document,
	.fetch_blob = fetch_stored_blob,
	.open_blob = open_stored_blob,
	.fork = fork_stored,
	.close = close_stored,
	.name = name_stored,
};

/* copy.c -- the story of a copy: the content first, what refers to it after, the name last.
 *
 * Nothing is understood that need not be: a manifest is its config, its layers and its bytes, so
 * artifacts of any type go the same way. Digests never change. */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "copy_private.h"
#include "pool.h"

/* ---- one manifest ---------------------------------------------------------------------------- */

/* The type it is pushed as is the one it says itself, else what it was served as. */
static void settle_type(struct registry_manifest *document, char *own, enum oci_kind kind)
{
	static char manifest[] = OCI_TYPE_MANIFEST, index[] = OCI_TYPE_INDEX;

	if (own && *own)
		document->media_type = own;
	else if (!document->media_type || !*document->media_type)
		document->media_type = kind == OCI_INDEX ? index : manifest;
}

static int copy_manifest(struct copy *copy, struct registry_manifest *document, const char *name,
			 struct error *err)
{
	struct oci_document read = registry_document(document);
	struct oci_manifest manifest;
	int changed;

	TRY(source_check(&copy->source, document, err));
	TRY(oci_manifest_read(&read, &manifest, copy->arena, err));
	settle_type(document, manifest.media_type, OCI_MANIFEST);
	TRY(changed = copy_blobs(copy, &manifest, err));
	if (changed)
		pack_document(document, &oci_manifest_shape, &manifest, copy->arena);
	TRY(copy->destination->kind->put_document(copy->destination, document, name, err));
	if (copy->options->store && copy->destination->reference->transport == REFERENCE_REGISTRY)
		note_origin(copy->options->store, copy->destination->reference, &manifest,
			    copy->arena);
	return 0;
}

/* ---- indexes --------------------------------------------------------------------------------- */

static int copy_document(struct copy *copy, struct registry_manifest *document, const char *name,
			 int depth, struct error *err);

static int copy_all(struct copy *copy, struct oci_index *index, struct registry_manifest *document,
		    const char *name, int depth, struct error *err)
{
	bool changed = false;

	TRY(source_check(&copy->source, document, err));
	for (size_t i = 0; i < index->manifests.count; i++) {
		struct oci_descriptor *entry = &index->manifests.items[i];
		struct registry_manifest part = { 0 };

		TRY(source_fetch_described(&copy->source, entry, copy->arena, &part, err));
		TRY(copy_document(copy, &part, NULL, depth + 1, err));
		if (strcmp(part.digest, entry->digest) == 0)
			continue;
		changed = true;
		entry->digest = arena_string(copy->arena, part.digest);
		entry->size = (int64_t)part.length;
	}
	settle_type(document, index->media_type, OCI_INDEX);
	if (changed)
		pack_document(document, &oci_index_shape, index, copy->arena);
	return copy->destination->kind->put_document(copy->destination, document, name, err);
}

static int copy_index(struct copy *copy, struct registry_manifest *document, const char *name,
		      int depth, struct error *err)
{
	struct oci_document read = registry_document(document);
	const struct oci_descriptor *chosen;
	struct oci_index index;

	TRY(oci_index_read(&read, &index, copy->arena, err));
	if (copy->options->all_platforms)
		return copy_all(copy, &index, document, name, depth, err);
	TRY(oci_index_select(&index, copy->source.platform, &chosen, err));
	TRY(source_fetch_described(&copy->source, chosen, copy->arena, document, err));
	return copy_document(copy, document, name, depth + 1, err);
}

static int copy_document(struct copy *copy, struct registry_manifest *document, const char *name,
			 int depth, struct error *err)
{
	struct oci_document read = registry_document(document);
	enum oci_kind kind;

	if (depth > OCI_INDEX_DEPTH)
		return fail(err, EINVAL, "%s: indexes are nested too deep", document->digest);
	TRY(oci_document_kind(&read, &kind, err));
	return kind == OCI_INDEX ? copy_index(copy, document, name, depth, err)
				 : copy_manifest(copy, document, name, err);
}

/* ---- the copy -------------------------------------------------------------------------------- */

/* What the image is called at the destination; "" for nothing. */
static const char *name_there(const struct copy *copy, bool keep)
{
	const char *name = copy->destination->reference->name;

	if (!name && keep)
		name = copy->source.kind->name(&copy->source, copy->arena);
	return name ? name : "";
}

static int copy_image(struct copy *copy, bool keep_name, char digest[DIGEST_SIZE],
		      struct error *err)
{
	struct registry_manifest document = { 0 };
	const char *name;

	TRY(copy->source.kind->resolve(&copy->source, copy->arena, &document, err));
	if (copy->options->all_platforms && copy->source.index_digest) {
		const struct oci_descriptor index = { .digest = (char *)copy->source.index_digest,
						      .size = -1 };

		TRY(source_fetch_described(&copy->source, &index, copy->arena, &document, err));
	}
	name = name_there(copy, keep_name);
	TRY(copy_document(copy, &document, name, 0, err));
	memcpy(digest, document.digest, DIGEST_SIZE);
	return 0;
}

static int copy_from(const char *text, bool keep_name, struct copy *copy, char digest[DIGEST_SIZE],
		     struct error *err)
{
	const struct transfer_options *options = copy->options;
	struct oci_platform platform = { 0 };
	struct reference reference;
	int result;

	if (!options->platform)
		oci_platform_host(&platform, copy->arena);
	TRY(reference_parse(text, copy->arena, &reference, err));
	result = source_open(&reference, options->platform ? options->platform : &platform, options,
			     &copy->source, err);
	copy->destination->source = &copy->source;
	if (result >= 0)
		result = copy_image(copy, keep_name, digest, err);
	source_close(&copy->source);
	return result;
}

static int copy_images(struct copy *copy, const struct strings *sources, const char *text,
		       char digest[DIGEST_SIZE], struct error *err)
{
	struct destination *destination = copy->destination;
	bool keep_names = copy->options->keep_names || sources->count > 1;

	if (copy->options->packing && destination->reference->transport == REFERENCE_DOCKER_ARCHIVE)
		return fail(err, EINVAL, "%s: such an archive holds layers uncompressed", text);
	if (sources->count > 1 && (!destination->kind->several || destination->reference->name))
		return fail(err, EINVAL, "%s can hold one image only", text);
	for (size_t i = 0; i < sources->count; i++)
		TRY(copy_from(sources->items[i], keep_names, copy, digest, err));
	return destination->kind->finish(destination, err);
}

int transfer_copy(const struct strings *sources, const char *destination_text,
		  const struct transfer_options *options, struct arena *arena,
		  char digest[DIGEST_SIZE], struct error *err)
{
	struct reference reference;
	struct destination destination;
	struct transfer_options own = *options;
	struct registry_options there = options->there ? *options->there : options->registry;
	struct copy copy = { .options = &own,
			     .destination = &destination,
			     .arena = arena,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .stop = -1 };
	auto_close int cancel = pool_open_stop(options->registry.cancel_fd, &copy.stop, err);
	auto_close int stop = copy.stop;
	int result;

	if (cancel < 0)
		return cancel;
	own.registry.cancel_fd = there.cancel_fd = cancel;
	own.there = &there;
	TRY(reference_parse(destination_text, arena, &reference, err));
	result = destination_open(&reference, &own, arena, &destination, err);
	if (result >= 0)
		result = copy_images(&copy, sources, destination_text, digest, err);
	destination_close(&destination);
	return result;
}

/* copy.c -- the story of a copy: the content first, what refers to it after, the name last.
 *
 * Nothing is understood that need not be: a manifest is its config, its layers and its bytes, so
 * artifacts of any type go the same way. Digests never change. */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "destination.h"

struct copy {
	const struct transfer_options *options;
	struct source source;
	struct destination *destination;
	struct arena *arena;
	size_t blob, blobs; /* progress: which of how many */
	const struct oci_descriptor *moving;
};

/* ---- progress -------------------------------------------------------------------------------- */

static void report(const struct copy *copy, enum transfer_event_kind kind, int64_t done)
{
	struct transfer_event event = {
		.kind = kind, .layer = copy->blob, .layers = copy->blobs, .done = done
	};

	if (!copy->options->progress.report)
		return;
	if (copy->moving) {
		event.digest = copy->moving->digest;
		event.total = copy->moving->size;
	}
	copy->options->progress.report(copy->options->progress.context, &event);
}

static void moved(void *context, int64_t done)
{
	report(context, TRANSFER_MOVED, done);
}

/* ---- one blob -------------------------------------------------------------------------------- */

/* "Foreign" layers are fetched from the URLs that the image names, by whoever may (image-spec
 * layer.md, "Non-Distributable Layers"). */
static bool is_foreign(const struct oci_descriptor *descriptor)
{
	return oci_media_type(descriptor->media_type)->kind == OCI_FOREIGN_LAYER &&
	       descriptor->urls.count > 0;
}

static int bring(struct copy *copy, const struct oci_descriptor *descriptor, struct error *err)
{
	auto_close int fd = copy->source.kind->open_blob(&copy->source, descriptor, err);
	struct parcel parcel = {
		.descriptor = descriptor, .fd = fd, .moved = moved, .context = copy
	};

	return fd < 0 ? fd : copy->destination->kind->put_blob(copy->destination, &parcel, err);
}

static int copy_blob(struct copy *copy, const struct oci_descriptor *descriptor, struct error *err)
{
	int there;

	TRY(digest_check(descriptor->digest, "blob", err));
	copy->moving = descriptor;
	if (is_foreign(descriptor) && copy->blob < copy->blobs - 1) /* never the config, the last */
		return 0;
	TRY(there = copy->destination->kind->have_blob(copy->destination, descriptor, err));
	if (there) {
		report(copy, TRANSFER_EXISTS, descriptor->size);
		return 0;
	}
	report(copy, TRANSFER_STARTED, 0);
	TRY(bring(copy, descriptor, err));
	report(copy, TRANSFER_VERIFIED, descriptor->size);
	return 0;
}

/* ---- one manifest ---------------------------------------------------------------------------- */

static struct oci_document document_of(const struct registry_manifest *document)
{
	return (struct oci_document){ document->bytes, document->length, document->digest,
				      document->media_type };
}

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
	struct oci_document read = document_of(document);
	struct oci_manifest manifest;

	TRY(source_check(&copy->source, document, err));
	TRY(oci_manifest_read(&read, &manifest, copy->arena, err));
	settle_type(document, manifest.media_type, OCI_MANIFEST);
	copy->blobs = manifest.layers.count + 1;
	copy->moving = NULL;
	report(copy, TRANSFER_RESOLVED, 0);
	for (copy->blob = 0; copy->blob < manifest.layers.count; copy->blob++)
		TRY(copy_blob(copy, &manifest.layers.items[copy->blob], err));
	TRY(copy_blob(copy, manifest.config, err));
	return copy->destination->kind->put_document(copy->destination, document, name, err);
}

/* ---- indexes --------------------------------------------------------------------------------- */

static int copy_document(struct copy *copy, struct registry_manifest *document, const char *name,
			 int depth, struct error *err);

static int copy_all(struct copy *copy, const struct oci_index *index,
		    struct registry_manifest *document, const char *name, int depth,
		    struct error *err)
{
	TRY(source_check(&copy->source, document, err));
	for (size_t i = 0; i < index->manifests.count; i++) {
		struct registry_manifest part = { 0 };

		TRY(source_fetch_described(&copy->source, &index->manifests.items[i], copy->arena,
					   &part, err));
		TRY(copy_document(copy, &part, NULL, depth + 1, err));
	}
	settle_type(document, index->media_type, OCI_INDEX);
	return copy->destination->kind->put_document(copy->destination, document, name, err);
}

static int copy_index(struct copy *copy, struct registry_manifest *document, const char *name,
		      int depth, struct error *err)
{
	struct oci_document read = document_of(document);
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
	struct oci_document read = document_of(document);
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

int transfer_copy(const struct strings *sources, const char *destination_text,
		  const struct transfer_options *options, struct arena *arena,
		  char digest[DIGEST_SIZE], struct error *err)
{
	struct reference reference;
	struct destination destination;
	struct copy copy = { .options = options, .destination = &destination, .arena = arena };
	bool keep_names = options->keep_names || sources->count > 1;
	int result;

	TRY(reference_parse(destination_text, arena, &reference, err));
	result = destination_open(&reference, options, arena, &destination, err);
	if (result >= 0 && sources->count > 1 && (!destination.kind->several || reference.name))
		result = fail(err, EINVAL, "%s can hold one image only", destination_text);
	for (size_t i = 0; result >= 0 && i < sources->count; i++)
		result = copy_from(sources->items[i], keep_names, &copy, digest, err);
	if (result >= 0)
		result = destination.kind->finish(&destination, err);
	destination_close(&destination);
	return result;
}

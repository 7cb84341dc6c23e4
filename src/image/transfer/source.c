/* source.c -- the kinds of sources. */
#include "source.h"

#include <errno.h>

#define LISTED_MOST       4096
#define LISTED_BYTES_MOST (256U << 20)

static const struct source_kind *const kinds[] = {
	[REFERENCE_REGISTRY] = &source_registry,
	[REFERENCE_LAYOUT] = &source_layout,
	[REFERENCE_OCI_ARCHIVE] = &source_oci_archive,
	[REFERENCE_DOCKER_ARCHIVE] = &source_docker_archive,
	[REFERENCE_DIRECTORY] = &source_directory,
	[REFERENCE_STORE] = &source_stored,
};

int source_open(const struct reference *reference, const struct oci_platform *platform,
		const struct transfer_options *options, struct source *source, struct error *err)
{
	*source = (struct source){
		.kind = kinds[reference->transport],
		.reference = reference,
		.platform = platform,
		.cancel_fd = options->registry.cancel_fd,
		.layout = -1,
		.store = options->store,
		.trust = options->trust,
		.origin = options->origin,
	};
	return source->kind->open(source, options, err);
}

int source_fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err)
{
	TRY(source->kind->fetch_described(source, descriptor, arena, document, err));
	source->listed++;
	source->listed_bytes += document->length;
	if (source->listed > LISTED_MOST || source->listed_bytes > LISTED_BYTES_MOST)
		return fail(err, EFBIG, "the indexes list more than %d documents or %u bytes",
			    LISTED_MOST, LISTED_BYTES_MOST);
	return 0;
}

struct reference source_origin(const struct source *source)
{
	struct reference origin = source->origin ? *source->origin : *source->reference;

	if (source->holds_layout)
		origin.transport = REFERENCE_OCI_ARCHIVE;
	return origin;
}

int source_check(const struct source *source, const struct registry_manifest *document,
		 struct error *err)
{
	const struct reference origin = source_origin(source);
	const struct trust_image image = {
		.name = &origin,
		.manifest = document->bytes,
		.length = document->length,
		.registry = source->registry,
		.place = source->place,
		.cancel_fd = source->cancel_fd,
	};

	return source->kind == &source_stored ? 0 : trust_check(source->trust, &image, err);
}

void source_close(struct source *source)
{
	if (source->kind)
		source->kind->close(source);
	source->kind = NULL;
}

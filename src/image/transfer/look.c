/* look.c -- the documents of an image, without its layers. */
#include <errno.h>
#include <string.h>

#include "source.h"

static int choose_manifest(struct source *source, struct arena *arena, struct transfer_look *look,
			   struct error *err)
{
	enum oci_kind kind = OCI_UNKNOWN;

	look->manifest = look->top;
	for (int depth = 0; depth <= OCI_INDEX_DEPTH; depth++) {
		struct oci_document document = registry_document(&look->manifest);
		const struct oci_descriptor *chosen;
		struct oci_index index;

		TRY(oci_document_kind(&document, &kind, err));
		if (kind != OCI_INDEX)
			return oci_manifest_read(&document, &look->read, arena, err);
		TRY(oci_index_read(&document, &index, arena, err));
		TRY(oci_index_select(&index, source->platform, &chosen, err));
		TRY(source_fetch_described(source, chosen, arena, &look->manifest, err));
	}
	return fail(err, EINVAL, "%s leads to indexes only", look->top.digest);
}

static int read_config(struct source *source, struct arena *arena, struct transfer_look *look,
		       struct error *err)
{
	const struct oci_descriptor *descriptor = look->read.config;
	struct oci_document document = { .length = (size_t)descriptor->size,
					 .name = descriptor->digest,
					 .media_type = descriptor->media_type };

	if (oci_media_type(descriptor->media_type)->kind != OCI_CONFIG)
		return 0;
	TRY(source->kind->fetch_document(source, descriptor, arena, &look->config, err));
	document.bytes = look->config;
	return oci_image_config_read(&document, &look->image, arena, err);
}

static int look_at(struct source *source, struct arena *arena, struct transfer_look *look,
		   struct error *err)
{
	TRY(source->kind->resolve(source, arena, &look->top, err));
	look->name = reference_format(source->reference, arena);
	TRY(choose_manifest(source, arena, look, err));
	return read_config(source, arena, look, err);
}

int transfer_look(const char *text, const struct transfer_options *options, struct arena *arena,
		  struct transfer_look *look, struct error *err)
{
	struct oci_platform platform = { 0 };
	struct reference reference;
	struct source source = { .layout = -1 };
	int result;

	*look = (struct transfer_look){ 0 };
	if (!options->platform)
		oci_platform_host(&platform, arena);
	TRY(reference_parse(text, arena, &reference, err));
	result = source_open(&reference, options->platform ? options->platform : &platform, options,
			     &source, err);
	if (result >= 0)
		result = look_at(&source, arena, look, err);
	source_close(&source);
	return result;
}

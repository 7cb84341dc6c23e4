/* source.c -- the kinds of sources, and the one that is a registry. */
#include <unistd.h>

#include "source.h"

static const struct source_kind *const kinds[] = {
	[REFERENCE_REGISTRY] = &source_registry,
	[REFERENCE_LAYOUT] = &source_layout,
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
	};
	return source->kind->open(source, options, err);
}

void source_close(struct source *source)
{
	if (source->kind)
		source->kind->close(source);
	source->kind = NULL;
}

/* ---- a registry ------------------------------------------------------------------------------ */

static int open_registry(struct source *source, const struct transfer_options *options,
			 struct error *err)
{
	return registry_open(source->reference, &options->registry, &source->registry, err);
}

static int resolve(struct source *source, struct arena *arena, struct registry_manifest *document,
		   struct error *err)
{
	return registry_fetch_manifest(source->registry, reference_target(source->reference), arena,
				       document, err);
}

static int fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err)
{
	return registry_fetch_described(source->registry, descriptor, arena, document, err);
}

static int fetch_document(struct source *source, const struct oci_descriptor *descriptor,
			  struct arena *arena, char **bytes, struct error *err)
{
	return registry_fetch_document(source->registry, descriptor, arena, bytes, err);
}

static int fetch_blob(struct source *source, const struct oci_descriptor *descriptor,
		      const struct registry_sink *sink, struct error *err)
{
	return registry_fetch_blob(source->registry, descriptor, sink, err);
}

static int fork_registry(struct source *source, struct source *forked, struct error *err)
{
	*forked = *source;
	forked->registry = NULL;
	return registry_fork(source->registry, &forked->registry, err);
}

static void close_registry(struct source *source)
{
	registry_close(source->registry);
	source->registry = NULL;
}

static char *name(const struct source *source, struct arena *arena)
{
	return reference_format(source->reference, arena);
}

const struct source_kind source_registry = {
	.open = open_registry,
	.resolve = resolve,
	.fetch_described = fetch_described,
	.fetch_document = fetch_document,
	.fetch_blob = fetch_blob,
	.fork = fork_registry,
	.close = close_registry,
	.name = name,
};

/* destination.c -- the kinds of destinations, and the one that is a registry. */
#include "destination.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"

static const struct destination_kind *const kinds[] = {
	[REFERENCE_REGISTRY] = &to_registry,       [REFERENCE_LAYOUT] = &to_layout,
	[REFERENCE_OCI_ARCHIVE] = &to_oci_archive, [REFERENCE_DOCKER_ARCHIVE] = &to_docker_archive,
	[REFERENCE_DIRECTORY] = &to_directory,     [REFERENCE_STORE] = NULL,
};

int destination_open(const struct reference *reference, const struct transfer_options *options,
		     struct arena *arena, struct destination *destination, struct error *err)
{
	*destination = (struct destination){
		.kind = kinds[reference->transport],
		.reference = reference,
		.arena = arena,
		.dir = -1,
	};
	if (!destination->kind)
		return fail(err, EINVAL, "images come into the store by lade pull and lade load");
	if (reference->entry >= 0)
		return fail(err, EINVAL, "%s: a place in the index cannot be written to",
			    reference_format(reference, arena));
	return destination->kind->open(destination, options, err);
}

void destination_close(struct destination *destination)
{
	if (destination->kind)
		destination->kind->close(destination);
	destination->kind = NULL;
}

/* ---- a registry ------------------------------------------------------------------------------ */

static int open_registry(struct destination *destination, const struct transfer_options *options,
			 struct error *err)
{
	struct registry_options writing = options->there ? *options->there : options->registry;

	writing.push = true;
	return registry_open(destination->reference, &writing, &destination->registry, err);
}

/* Another repository of the same registry. */
static bool is_origin(const struct destination *destination, const struct reference *name)
{
	return text_equal(name->domain, destination->reference->domain) &&
	       !text_equal(name->path, destination->reference->path);
}

/* Where the blob comes from now, or came from when it was pulled, in the same registry; or NULL. */
static const char *origin_of(const struct destination *destination)
{
	const struct source *source = destination->source;
	struct reference name;

	if (source->reference->transport == REFERENCE_REGISTRY)
		return is_origin(destination, source->reference) ? source->reference->path : NULL;
	for (size_t i = 0; i < source->names.count; i++)
		if (reference_parse_name(source->names.items[i], destination->arena, &name, NULL) ==
			    0 &&
		    is_origin(destination, &name))
			return name.path;
	return NULL;
}

static int have_blob(struct destination *destination, const struct oci_descriptor *descriptor,
		     struct error *err)
{
	int there = registry_have_blob(destination->registry, descriptor, err);
	const char *origin = there == 0 ? origin_of(destination) : NULL;

	return origin ? registry_mount_blob(destination->registry, descriptor, origin, err) : there;
}

static int put_blob(struct destination *destination, const struct parcel *parcel, struct error *err)
{
	const struct registry_upload upload = {
		.descriptor = parcel->descriptor,
		.fd = parcel->fd,
		.sent = parcel->moved,
		.context = parcel->context,
	};

	return registry_push_blob(destination->registry, &upload, err);
}

static int put_document(struct destination *destination, const struct registry_manifest *document,
			const char *name, struct error *err)
{
	const struct reference *reference = destination->reference;

	if (name && reference->digest && strcmp(reference->digest, document->digest) != 0)
		return fail(err, EINVAL, "%s cannot become %s: its digest is another one",
			    document->digest, reference_format(reference, destination->arena));
	return registry_push_manifest(destination->registry,
				      name ? reference_target(reference) : document->digest,
				      document, err);
}

static int finish(struct destination *destination, struct error *err)
{
	return 0;
}

static void close_registry(struct destination *destination)
{
	registry_close(destination->registry);
	destination->registry = NULL;
}

const struct destination_kind to_registry = {
	.open = open_registry,
	.have_blob = have_blob,
	.put_blob = put_blob,
	.put_document = put_document,
	.finish = finish,
	.close = close_registry,
};

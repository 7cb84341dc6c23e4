/* destination.c -- the kinds of destinations, and the one that is a registry. */
#include "destination.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"

#define ORIGINS_MOST 3 /* asked to mount from, for one blob */

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
		.cancel_fd = options->registry.cancel_fd,
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

/* Another repository of the same registry: its path is added. */
static void add_origin(const struct destination *destination, const char *name,
		       struct strings *origins)
{
	struct reference origin;

	if (reference_parse_name(name, destination->arena, &origin, NULL) < 0 ||
	    !text_equal(origin.domain, destination->reference->domain) ||
	    text_equal(origin.path, destination->reference->path))
		return;
	if (!strings_have(origins, origin.path))
		strings_add(origins, origin.path, destination->arena);
}

/* Where the blob comes from now, where its image was pulled from, and what the store remembers. */
static void find_origins(const struct destination *destination,
			 const struct oci_descriptor *descriptor, struct strings *origins)
{
	const struct source *source = destination->source;
	struct strings remembered = { 0 };

	if (source->reference->transport == REFERENCE_REGISTRY)
		add_origin(destination, reference_repository(source->reference, destination->arena),
			   origins);
	for (size_t i = 0; i < source->names.count; i++)
		add_origin(destination, source->names.items[i], origins);
	if (source->store)
		store_find_origins(source->store, descriptor->digest, destination->arena,
				   &remembered);
	for (size_t i = 0; i < remembered.count; i++)
		add_origin(destination, remembered.items[i], origins);
}

static int mount_blob(struct destination *destination, const struct oci_descriptor *descriptor,
		      struct error *err)
{
	struct strings origins = { 0 };
	int there = 0;

	find_origins(destination, descriptor, &origins);
	for (size_t i = 0; !there && i < origins.count && i < ORIGINS_MOST; i++)
		there = registry_mount_blob(destination->registry, descriptor, origins.items[i],
					    err);
	return there;
}

static int have_blob(struct destination *destination, const struct oci_descriptor *descriptor,
		     struct error *err)
{
	int there = registry_have_blob(destination->registry, descriptor, err);

	return there ? there : mount_blob(destination, descriptor, err);
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

static int fork_registry(struct destination *destination, struct destination *forked,
			 struct error *err)
{
	return registry_fork(destination->registry, &forked->registry, err);
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
	.fork = fork_registry,
	.leave = close_registry,
};

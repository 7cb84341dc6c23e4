/* source.c -- the kinds of sources, and the one that is a registry. */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "source.h"
#include "temporary.h"

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

static int write_to_file(void *context, const void *bytes, size_t length, struct error *err)
{
	return file_write_all(*(int *)context, bytes, length, "a temporary file", err);
}

/* Through a file without a name: an upload must be able to begin again. */
static int open_fetched(struct source *source, const struct oci_descriptor *descriptor,
			struct error *err)
{
	auto_close int fd = temporary_file(err);
	struct registry_sink sink = { .write = write_to_file, .context = &fd };

	if (fd < 0)
		return fd;
	TRY(registry_fetch_blob(source->registry, descriptor, &sink, err));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail_call(err, "lseek", "cannot read blob %s again", descriptor->digest);
	return take_fd(&fd);
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
	.open_blob = open_fetched,
	.fork = fork_registry,
	.close = close_registry,
	.name = name,
};

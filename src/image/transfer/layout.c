/* layout.c -- the source that is an OCI image layout on disk (image-spec image-layout.md).
 *
 * The directory may be anybody's: files in it are found below it, must be regular, and are read no
 * further than the descriptor or a limit says. Everything is verified as if it came by network. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/below.h"
#include "base/cancel.h"
#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "source.h"

#define CHUNK (256 * 1024)

/* ---- files ----------------------------------------------------------------------------------- */

static int open_file(const struct source *source, const char *path, struct stat *stat,
		     struct error *err)
{
	auto_close int found = below_open(source->layout, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (found < 0)
		return fail_number(err, found, "openat2", "cannot open %s/%s",
				   source->reference->directory, path);
	if (fstat(found, stat) < 0)
		return fail_call(err, "fstat", "cannot look at %s/%s", source->reference->directory,
				 path);
	if (!S_ISREG(stat->st_mode))
		return fail(err, EINVAL, "%s/%s is not a regular file",
			    source->reference->directory, path);
	return take_fd(&found);
}

int layout_read(const struct source *source, const char *path, struct text *text, struct error *err)
{
	struct stat stat;
	auto_close int fd = open_file(source, path, &stat, err);

	return fd < 0 ? fd : file_read_fd(fd, path, OCI_DOCUMENT_LIMIT, text, err);
}

/* A layout's blobs are below blobs/, a directory's beside the manifest. */
static char *blob_path(const struct source *source, const char *digest, struct arena *arena)
{
	if (source->reference->transport == REFERENCE_DIRECTORY)
		return arena_string(arena, digest_hex(digest));
	return arena_format(arena, "blobs/%s/%s", digest_algorithm_name(digest_algorithm(digest)),
			    digest_hex(digest));
}

int layout_open_blob(struct source *source, const struct oci_descriptor *descriptor,
		     struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct stat stat;
	auto_close int fd = -1;
	const char *path;

	TRY(digest_check(descriptor->digest, "blob", err));
	path = blob_path(source, descriptor->digest, &arena);
	fd = open_file(source, path, &stat, err);
	if (fd < 0)
		return fd;
	if (stat.st_size != descriptor->size)
		return fail(err, EBADMSG, "%s/%s has %lld bytes, not the %lld it should have",
			    source->reference->directory, path, (long long)stat.st_size,
			    (long long)descriptor->size);
	return take_fd(&fd);
}

/* ---- the entry of index.json ----------------------------------------------------------------- */

static const char *name_of(const struct oci_descriptor *descriptor)
{
	return string_map_get(&descriptor->annotations, OCI_REF_NAME);
}

static int fail_choice(const struct oci_index *index, const struct reference *reference,
		       struct error *err)
{
	auto_text struct text names = { 0 };

	for (size_t i = 0; i < index->manifests.count && names.length < 512; i++) {
		const char *name = name_of(&index->manifests.items[i]);

		text_format(&names, "%s%s", i ? ", " : "", name ? name : "one without a name");
	}
	if (reference->name)
		fail(err, ENOENT, "%s has no image \"%s\"", reference->directory, reference->name);
	else if (reference->entry >= 0)
		fail(err, ENOENT, "%s has no image @%d", reference->directory, reference->entry);
	else
		fail(err, EINVAL, "%s has %zu images: name one", reference->directory,
		     index->manifests.count);
	return fail_hint(err, "there is: %s", names.length ? names.data : "none");
}

static int choose(const struct source *source, const struct oci_index *index, struct arena *arena,
		  const struct oci_descriptor **chosen, struct error *err)
{
	const struct reference *reference = source->reference;
	struct oci_index *fitting = arena_alloc(arena, sizeof(*fitting));

	fitting->manifests.items =
		arena_array(arena, index->manifests.count + 1, sizeof(*fitting->manifests.items));
	for (size_t i = 0; i < index->manifests.count; i++) {
		const struct oci_descriptor *entry = &index->manifests.items[i];

		if (reference->name ? text_equal(reference->name, name_of(entry))
				    : reference->entry < 0 || (size_t)reference->entry == i)
			fitting->manifests.items[fitting->manifests.count++] = *entry;
	}
	if (!fitting->manifests.count || (!reference->name && fitting->manifests.count > 1))
		return fail_choice(index, reference, err);
	*chosen = &fitting->manifests.items[0];
	return fitting->manifests.count == 1
		       ? 0
		       : oci_index_select(fitting, source->platform, chosen, err);
}

/* ---- the calls of a source ------------------------------------------------------------------- */

int layout_open_at(struct source *source, const char *directory, struct error *err)
{
	source->layout = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (source->layout < 0)
		return fail_call(err, "open", "cannot open %s %s",
				 source->reference->transport == REFERENCE_DIRECTORY
					 ? "the directory"
					 : "the image layout",
				 directory);
	return 0;
}

static int open_layout(struct source *source, const struct transfer_options *options,
		       struct error *err)
{
	auto_text struct text text = { 0 };
	auto_arena struct arena arena = { 0 };
	struct oci_document document = { .name = "oci-layout" };
	struct oci_layout layout;

	if (!source->temporary)
		TRY(layout_open_at(source, source->reference->directory, err));
	TRY(layout_read(source, "oci-layout", &text, err));
	document.bytes = text.data ? text.data : "";
	document.length = text.length;
	return oci_layout_read(&document, &layout, &arena, err);
}

int layout_fetch_document(struct source *source, const struct oci_descriptor *descriptor,
			  struct arena *arena, char **bytes, struct error *err)
{
	auto_close int fd = -1;
	auto_text struct text text = { 0 };
	char digest[DIGEST_SIZE];

	if (descriptor->size > OCI_DOCUMENT_LIMIT)
		return fail(err, EFBIG, "%s is too large (%lld bytes)", descriptor->digest,
			    (long long)descriptor->size);
	fd = layout_open_blob(source, descriptor, err);
	if (fd < 0)
		return fd;
	TRY(file_read_fd(fd, descriptor->digest, OCI_DOCUMENT_LIMIT, &text, err));
	if (text.length != (size_t)descriptor->size) /* it is being written to */
		return fail(err, EBADMSG, "blob %s has %zu bytes, not %lld", descriptor->digest,
			    text.length, (long long)descriptor->size);
	digest_of(digest_algorithm(descriptor->digest), text.data, text.length, digest);
	if (!text_equal(digest, descriptor->digest))
		return fail(err, EBADMSG, "blob %s is damaged: its digest is %s",
			    descriptor->digest, digest);
	*bytes = arena_copy(arena, text.data, text.length);
	return 0;
}

int layout_fetch_described(struct source *source, const struct oci_descriptor *descriptor,
			   struct arena *arena, struct registry_manifest *document,
			   struct error *err)
{
	TRY(layout_fetch_document(source, descriptor, arena, &document->bytes, err));
	document->length = (size_t)descriptor->size;
	document->media_type = descriptor->media_type;
	snprintf(document->digest, sizeof(document->digest), "%s", descriptor->digest);
	return 0;
}

int layout_resolve(struct source *source, struct arena *arena, struct registry_manifest *document,
		   struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document file = { .name = "index.json" };
	struct oci_index index;
	const struct oci_descriptor *chosen;

	TRY(layout_read(source, "index.json", &text, err));
	file.bytes = text.data ? text.data : "";
	file.length = text.length;
	TRY(oci_index_read(&file, &index, arena, err));
	TRY(choose(source, &index, arena, &chosen, err));
	source->entry_name = name_of(chosen);
	return layout_fetch_described(source, chosen, arena, document, err);
}

/* The bytes from the sink's offset on, hashed behind those that it has. */
static int pour(const struct source *source, int fd, const struct registry_sink *sink,
		struct digest_hash *hash, struct error *err)
{
	auto_free char *buffer = malloc(CHUNK);
	int64_t offset = (int64_t)sink->offset;
	ssize_t got;

	if (!buffer)
		return fail(err, ENOMEM, "out of memory");
	while ((got = pread(fd, buffer, CHUNK, offset)) > 0) {
		TRY(cancel_check(source->cancel_fd, err));
		digest_update(hash, buffer, (size_t)got);
		TRY(sink->write(sink->context, buffer, (size_t)got, err));
		offset += got;
	}
	return got < 0 ? fail_call(err, "read", "cannot read a blob of the layout") : 0;
}

int layout_fetch_blob(struct source *source, const struct oci_descriptor *descriptor,
		      const struct registry_sink *sink, struct error *err)
{
	auto_digest struct digest_hash own = { 0 };
	struct digest_hash *hash = sink->hash ? sink->hash : &own;
	auto_close int fd = layout_open_blob(source, descriptor, err);

	if (fd < 0)
		return fd;
	if (!sink->hash)
		TRY(digest_begin(&own, digest_algorithm(descriptor->digest), err));
	TRY(pour(source, fd, sink, hash, err));
	if (digest_verify(hash, descriptor->digest, descriptor->size, err) < 0)
		return fail_where(err, "%s", source->reference->directory);
	return 0;
}

int layout_fork(struct source *source, struct source *forked, struct error *err)
{
	*forked = *source;
	forked->temporary = NULL;
	forked->layout = fcntl(source->layout, F_DUPFD_CLOEXEC, 3);
	return forked->layout < 0 ? fail_call(err, "fcntl", "cannot open the layout again") : 0;
}

void layout_close(struct source *source)
{
	close_fd(&source->layout);
	if (source->temporary)
		file_remove_tree(AT_FDCWD, source->temporary, NULL);
	free(take_pointer(source->temporary));
}

/* The directory's own name, as far as it can be a repository's. */
static char *name_of_directory(const char *directory, struct arena *arena)
{
	const char *slash = strrchr(directory, '/');
	char *name = arena_string(arena, slash && slash[1] ? slash + 1 : directory);

	for (char *letter = name; *letter; letter++)
		*letter = isalnum((unsigned char)*letter) ? (char)tolower((unsigned char)*letter)
							  : '-';
	return name;
}

static bool has_domain(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash &&
	       (text_starts(name, "localhost/") || strcspn(name, ".:") < (size_t)(slash - name));
}

/* Podman's habit: a name without a domain is of this host, "localhost/NAME:latest". */
char *layout_name(const struct source *source, struct arena *arena)
{
	const char *wanted = source->reference->name ? source->reference->name : source->entry_name;
	struct reference parsed;

	if (!wanted)
		wanted = name_of_directory(source->reference->directory, arena);
	if (!has_domain(wanted))
		wanted = arena_format(arena, "localhost/%s", wanted);
	if (reference_parse_name(wanted, arena, &parsed, NULL) < 0)
		return NULL;
	return reference_format(&parsed, arena);
}

/* ---- archives: the same, from a directory that they were unpacked to ----------------------------
 */

static int open_archive(struct source *source, const struct transfer_options *options,
			struct error *err)
{
	TRY(archive_stage(source, err));
	return open_layout(source, options, err);
}

/* ---- dir: the manifest and the blobs in one directory, as skopeo writes it
 * ----------------------- */

static int open_directory(struct source *source, const struct transfer_options *options,
			  struct error *err)
{
	return layout_open_at(source, source->reference->directory, err);
}

static int resolve_directory(struct source *source, struct arena *arena,
			     struct registry_manifest *document, struct error *err)
{
	auto_text struct text text = { 0 };

	TRY(layout_read(source, "manifest.json", &text, err));
	document->bytes = arena_copy(arena, text.data ? text.data : "", text.length);
	document->length = text.length;
	document->media_type = arena_string(arena, "");
	digest_of(DIGEST_SHA256, document->bytes, document->length, document->digest);
	return 0;
}

/* An index's manifests are HEX.manifest.json there. */
static int fetch_from_directory(struct source *source, const struct oci_descriptor *descriptor,
				struct arena *arena, struct registry_manifest *document,
				struct error *err)
{
	auto_text struct text text = { 0 };

	TRY(digest_check(descriptor->digest, "manifest", err));
	TRY(layout_read(source,
			arena_format(arena, "%s.manifest.json", digest_hex(descriptor->digest)),
			&text, err));
	document->bytes = arena_copy(arena, text.data ? text.data : "", text.length);
	document->length = text.length;
	document->media_type = descriptor->media_type;
	digest_of(digest_algorithm(descriptor->digest), document->bytes, document->length,
		  document->digest);
	if (!text_equal(document->digest, descriptor->digest))
		return fail(err, EBADMSG, "manifest %s is damaged: its digest is %s",
			    descriptor->digest, document->digest);
	return 0;
}

/* clang-format off */
#define FILES_CALLS \
	.fetch_document = layout_fetch_document, \
	.fetch_blob = layout_fetch_blob, \
	.open_blob = layout_open_blob, \
	.fork = layout_fork, \
	.close = layout_close, \
	.name = layout_name
/* clang-format on */

const struct source_kind source_layout = {
	.open = open_layout,
	.resolve = layout_resolve,
	.fetch_described = layout_fetch_described,
	FILES_CALLS,
};

const struct source_kind source_oci_archive = {
	.open = open_archive,
	.resolve = layout_resolve,
	.fetch_described = layout_fetch_described,
	FILES_CALLS,
};

const struct source_kind source_docker_archive = {
	.open = open_archive,
	.resolve = layout_resolve,
	.fetch_described = layout_fetch_described,
	FILES_CALLS,
};

const struct source_kind source_directory = {
	.open = open_directory,
	.resolve = resolve_directory,
	.fetch_described = fetch_from_directory,
	FILES_CALLS,
};

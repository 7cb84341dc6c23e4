/* to_files.c -- the destinations that are directories: an OCI image layout (oci:), and the flat
 * form of skopeo's (dir:). A file has its name only when it is whole; names come last. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/own.h"
#include "destination.h"

#define CHUNK      (256 * 1024)
#define INDEX_MOST (16U << 20)

static bool is_flat(const struct destination *destination)
{
	return destination->reference->transport == REFERENCE_DIRECTORY ||
	       destination->reference->transport == REFERENCE_DOCKER_ARCHIVE;
}

static const char *blob_path(const struct destination *destination, const char *digest)
{
	struct arena *arena = destination->arena;

	if (is_flat(destination))
		return arena_string(arena, digest_hex(digest));
	return arena_format(arena, "blobs/%s/%s", digest_algorithm_name(digest_algorithm(digest)),
			    digest_hex(digest));
}

/* ---- the directory --------------------------------------------------------------------------- */

static int make_directory(int dir, const char *name, struct error *err)
{
	return mkdirat(dir, name, 0755) < 0 && errno != EEXIST
		       ? fail_call(err, "mkdirat", "cannot make %s", name)
		       : 0;
}

static int put_file(const struct destination *destination, const char *name, const void *bytes,
		    size_t length, struct error *err)
{
	return file_replace(destination->dir, name,
			    &(struct file_content){ bytes, length, 0644, false }, err);
}

static int open_directory(struct destination *destination, struct error *err)
{
	const char *path = destination->reference->directory;

	TRY(file_make_directories(path, 0755, err));
	destination->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return destination->dir < 0 ? fail_call(err, "open", "cannot open the directory %s", path)
				    : 0;
}

static const char empty_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_INDEX "\",\"manifests\":[]}";

int files_begin_layout(struct destination *destination, struct error *err)
{
	static const char layout[] = "{\"imageLayoutVersion\": \"1.0.0\"}";
	int dir = destination->dir;

	TRY(make_directory(dir, "blobs", err));
	TRY(make_directory(dir, "blobs/sha256", err));
	TRY(make_directory(dir, "blobs/sha512", err));
	if (faccessat(dir, "oci-layout", F_OK, 0) < 0)
		TRY(put_file(destination, "oci-layout", layout, strlen(layout), err));
	if (faccessat(dir, "index.json", F_OK, 0) < 0)
		TRY(put_file(destination, "index.json", empty_index, strlen(empty_index), err));
	return 0;
}

static int open_layout(struct destination *destination, const struct transfer_options *options,
		       struct error *err)
{
	TRY(open_directory(destination, err));
	return files_begin_layout(destination, err);
}

static int open_flat(struct destination *destination, const struct transfer_options *options,
		     struct error *err)
{
	static const char version[] = "Directory Transport Version: 1.1\n";

	TRY(open_directory(destination, err));
	return put_file(destination, "version", version, strlen(version), err);
}

/* ---- blobs ----------------------------------------------------------------------------------- */

int files_have_blob(struct destination *destination, const struct oci_descriptor *descriptor,
		    struct error *err)
{
	struct stat status;

	TRY(digest_check(descriptor->digest, "blob", err));
	return fstatat(destination->dir, blob_path(destination, descriptor->digest), &status,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && status.st_size == descriptor->size;
}

static int pour(const struct destination *destination, const struct parcel *parcel, int out,
		struct error *err)
{
	const struct oci_descriptor *descriptor = parcel->descriptor;
	auto_digest struct digest_hash hash = { 0 };
	auto_free char *buffer = malloc(CHUNK);
	int64_t done = 0;
	ssize_t got;

	if (!buffer)
		return fail(err, ENOMEM, "out of memory");
	TRY(digest_begin(&hash, digest_algorithm(descriptor->digest), err));
	while ((got = pread(parcel->fd, buffer, CHUNK, done)) > 0) {
		TRY(cancel_check(destination->cancel_fd, err));
		digest_update(&hash, buffer, (size_t)got);
		TRY(file_write_all(out, buffer, (size_t)got, "a blob", err));
		done += got;
		if (parcel->moved)
			parcel->moved(parcel->context, done);
	}
	if (got < 0)
		return fail_call(err, "read", "cannot read blob %s", descriptor->digest);
	return digest_verify(&hash, descriptor->digest, descriptor->size, err);
}

/* Others may write to the same layout: each has a part of its own. */
static int part_name(const struct destination *destination, char **name, struct error *err)
{
	unsigned long long random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return fail_call(err, "getrandom", "cannot make a temporary name");
	*name = arena_format(destination->arena, FILE_TEMPORARY_PREFIX "blob-%016llx", random);
	return 0;
}

int files_put_blob(struct destination *destination, const struct parcel *parcel, struct error *err)
{
	int dir = destination->dir, result;
	const char *path = blob_path(destination, parcel->descriptor->digest);
	auto_close int out = -1;
	char *part = NULL;

	TRY(part_name(destination, &part, err));
	out = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (out < 0)
		return fail_call(err, "openat", "cannot write to %s",
				 destination->reference->directory);
	result = pour(destination, parcel, out, err);
	if (result == 0 && renameat(dir, part, dir, path) < 0)
		result = fail_call(err, "renameat", "cannot write %s", path);
	if (result < 0)
		unlinkat(dir, part, 0);
	return result;
}

/* The directory is the same for all. */
int files_fork(struct destination *destination, struct destination *forked, struct error *err)
{
	return 0;
}

void files_leave(struct destination *forked)
{
}

/* ---- documents ------------------------------------------------------------------------------- */

static const char *ref_name(const struct oci_descriptor *descriptor)
{
	return string_map_get(&descriptor->annotations, OCI_REF_NAME);
}

/* The entry takes the place of what has its name, or of itself. */
static void replace_entry(struct oci_index *index, const struct oci_descriptor *entry,
			  struct arena *arena)
{
	struct oci_descriptor *items =
		arena_array(arena, index->manifests.count + 1, sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; i < index->manifests.count; i++) {
		const struct oci_descriptor *old = &index->manifests.items[i];

		if (!text_equal(ref_name(old), ref_name(entry)) ||
		    (!ref_name(entry) && strcmp(old->digest, entry->digest) != 0))
			items[count++] = *old;
	}
	items[count++] = *entry;
	index->manifests.items = items;
	index->manifests.count = count;
}

/* Others may write to the layout at the same time; those who know the habit lock its index. */
static int add_to_index(struct destination *destination, const struct oci_descriptor *entry,
			struct error *err)
{
	auto_text struct text text = { 0 };
	struct oci_document document = { .name = "index.json", .media_type = OCI_TYPE_INDEX };
	auto_close int lock = openat(destination->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_index index;

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return fail_call(err, "flock", "cannot lock %s", destination->reference->directory);
	TRY(file_read(destination->dir, "index.json", INDEX_MOST, &text, err));
	document.bytes = text.data;
	document.length = text.length;
	TRY(oci_index_read(&document, &index, destination->arena, err));
	replace_entry(&index, entry, destination->arena);
	text_clear(&text);
	json_write(&oci_index_shape, &index, false, &text);
	return put_file(destination, "index.json", text.data, text.length, err);
}

int files_put_document(struct destination *destination, const struct registry_manifest *document,
		       const char *name, struct error *err)
{
	struct oci_descriptor entry = {
		.media_type = document->media_type,
		.digest = arena_string(destination->arena, document->digest),
		.size = (int64_t)document->length,
	};

	TRY(put_file(destination, blob_path(destination, document->digest), document->bytes,
		     document->length, err));
	if (!name)
		return 0;
	if (*name)
		string_map_set(&entry.annotations, (char *)OCI_REF_NAME,
			       arena_string(destination->arena, name), destination->arena);
	return add_to_index(destination, &entry, err);
}

static int put_flat_document(struct destination *destination,
			     const struct registry_manifest *document, const char *name,
			     struct error *err)
{
	const char *file = name ? "manifest.json"
				: arena_format(destination->arena, "%s.manifest.json",
					       digest_hex(document->digest));

	return put_file(destination, file, document->bytes, document->length, err);
}

/* ---- the end --------------------------------------------------------------------------------- */

static int finish_files(struct destination *destination, struct error *err)
{
	return syncfs(destination->dir) < 0 ? fail_call(err, "syncfs", "cannot write %s to disk",
							destination->reference->directory)
					    : 0;
}

static void close_files(struct destination *destination)
{
	close_fd(&destination->dir);
}

const struct destination_kind to_layout = {
	.several = true,
	.open = open_layout,
	.have_blob = files_have_blob,
	.put_blob = files_put_blob,
	.put_document = files_put_document,
	.finish = finish_files,
	.close = close_files,
	.fork = files_fork,
	.leave = files_leave,
};

const struct destination_kind to_directory = {
	.open = open_flat,
	.have_blob = files_have_blob,
	.put_blob = files_put_blob,
	.put_document = put_flat_document,
	.finish = finish_files,
	.close = close_files,
	.fork = files_fork,
	.leave = files_leave,
};

/* to_archive.c -- the destinations that are tar files: a layout in an archive (oci-archive:), and
 * what `docker load` reads (docker-archive:).
 *
 * Everything is collected in a temporary directory; the archive is written at the end, under a
 * temporary name unless it is no regular file (a pipe, /dev/stdout), and renamed. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/json.h"
#include "base/own.h"
#include "base/temporary.h"
#include "destination.h"
#include "image/layer.h"

#define CHUNK (256 * 1024)

/* clang-format off */
#define SAVED_ROWS(ROW, T) \
	ROW(T, string,  config,    "Config",   none, always) \
	ROW(T, strings, repo_tags, "RepoTags", none, always) \
	ROW(T, strings, layers,    "Layers",   none, always)
JSON_STRUCT(docker_image, SAVED_ROWS);
JSON_SHAPE(docker_image, SAVED_ROWS);
/* clang-format on */

struct kept {
	const char *digest; /* of the blob that came */
	const char *file;   /* what it is called in the archive */
};

struct docker_archive {
	struct docker_image *images;
	struct kept *kept;
	size_t image_count, kept_count, kept_room;
};

/* ---- one tar file ---------------------------------------------------------------------------- */

struct tar {
	const struct destination *destination;
	struct archive *archive;
	const char *path;
	char temporary[PATH_MAX]; /* "" where it is written in place */
	int fd;
};

static int fail_tar(const struct tar *tar, struct error *err)
{
	if (archive_errno(tar->archive) == ECANCELED)
		return fail(err, ECANCELED, "interrupted");
	return fail(err, EIO, "cannot write the archive %s: %s", tar->path,
		    archive_error_string(tar->archive));
}

/* A reader of a pipe may take its time: a wait that cancelling ends. */
static la_ssize_t write_tar(struct archive *archive, void *context, const void *bytes,
			    size_t length)
{
	const struct tar *tar = context;
	int result;

	while ((result = cancel_wait(tar->destination->cancel_fd, tar->fd, POLLOUT, NULL)) >= 0) {
		/* What a pipe takes without a wait, once it takes anything (pipe(7)). */
		const size_t most = *tar->temporary || length < PIPE_BUF ? length : PIPE_BUF;
		ssize_t done = write(tar->fd, bytes, most);

		if (done >= 0)
			return done;
		result = -errno;
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	archive_set_error(archive, -result, "%s", error_reason(-result));
	return -1;
}

static int open_tar(struct tar *tar, struct error *err)
{
	struct stat status;

	/* /dev/stdout is a link, perhaps to a file: that one is meant, not its name in /dev. */
	if (lstat(tar->path, &status) == 0 && !S_ISREG(status.st_mode)) {
		tar->fd = open(tar->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	} else {
		snprintf(tar->temporary, sizeof(tar->temporary), "%s.XXXXXX", tar->path);
		tar->fd = mkostemp(tar->temporary, O_CLOEXEC);
	}
	if (tar->fd < 0)
		return fail_call(err, "open", "cannot write %s", tar->path);
	tar->archive = archive_write_new();
	archive_write_set_format_pax_restricted(tar->archive);
	archive_write_set_bytes_in_last_block(tar->archive, 1);
	if (archive_write_open(tar->archive, tar, NULL, write_tar, NULL) != ARCHIVE_OK)
		return fail_tar(tar, err);
	return 0;
}

/* No times, no owners: the same image is the same archive. */
static int add_header(struct tar *tar, const char *name, unsigned type, int64_t size,
		      struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int result;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, 0, 0);
	result = archive_write_header(tar->archive, entry);
	archive_entry_free(entry);
	return result == ARCHIVE_OK ? 0 : fail_tar(tar, err);
}

static int add_data(struct tar *tar, int fd, struct error *err)
{
	auto_free char *buffer = malloc(CHUNK);
	ssize_t got;

	if (!buffer)
		return fail(err, ENOMEM, "out of memory");
	while ((got = read(fd, buffer, CHUNK)) > 0) {
		TRY(cancel_check(tar->destination->cancel_fd, err));
		if (archive_write_data(tar->archive, buffer, (size_t)got) != got)
			return fail_tar(tar, err);
	}
	return got < 0 ? fail_call(err, "read", "cannot read what %s is to hold", tar->path) : 0;
}

static int add_file(struct tar *tar, int dir, const char *name, struct error *err)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return fail_call(err, "openat", "cannot open %s", name);
	TRY(add_header(tar, name, AE_IFREG, status.st_size, err));
	return add_data(tar, fd, err);
}

static mode_t own_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}

static int close_tar(struct tar *tar, struct error *err)
{
	if (archive_write_close(tar->archive) != ARCHIVE_OK)
		return fail_tar(tar, err);
	if (!*tar->temporary)
		return 0;
	fchmod(tar->fd, 0666 & ~own_umask());
	if (fsync(tar->fd) < 0 || rename(tar->temporary, tar->path) < 0)
		return fail_call(err, "rename", "cannot write %s", tar->path);
	*tar->temporary = '\0';
	return 0;
}

static void drop_tar(struct tar *tar)
{
	archive_write_free(tar->archive);
	close_fd(&tar->fd);
	if (*tar->temporary)
		unlink(tar->temporary);
}

/* ---- the directory behind it ------------------------------------------------------------------
 */

static int open_staging(struct destination *destination, struct error *err)
{
	TRY(temporary_directory(&destination->temporary, err));
	destination->dir = open(destination->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return destination->dir < 0
		       ? fail_call(err, "open", "cannot open %s", destination->temporary)
		       : 0;
}

static void close_staging(struct destination *destination)
{
	close_fd(&destination->dir);
	if (destination->temporary)
		file_remove_tree(AT_FDCWD, destination->temporary, NULL);
	free(take_pointer(destination->temporary));
}

/* ---- oci-archive ------------------------------------------------------------------------------
 */

static int open_oci_archive(struct destination *destination, const struct transfer_options *options,
			    struct error *err)
{
	TRY(open_staging(destination, err));
	return files_begin_layout(destination, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_blobs(struct tar *tar, const struct destination *destination, const char *folder,
		     struct error *err)
{
	auto_close int fd = openat(destination->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct strings names = { 0 };
	const struct dirent *entry;

	if (!stream)
		return fail_call(err, "opendir", "cannot read %s", folder);
	fd = -1;
	while ((entry = readdir(stream)))
		if (*entry->d_name != '.')
			strings_add(
				&names,
				arena_format(destination->arena, "%s/%s", folder, entry->d_name),
				destination->arena);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_name);
	for (size_t i = 0; i < names.count; i++)
		TRY(add_file(tar, destination->dir, names.items[i], err));
	return 0;
}

static int write_layout(struct tar *tar, const struct destination *destination, struct error *err)
{
	TRY(add_header(tar, "blobs", AE_IFDIR, 0, err));
	TRY(add_header(tar, "blobs/sha256", AE_IFDIR, 0, err));
	TRY(add_blobs(tar, destination, "blobs/sha256", err));
	TRY(add_blobs(tar, destination, "blobs/sha512", err));
	TRY(add_file(tar, destination->dir, "index.json", err));
	return add_file(tar, destination->dir, "oci-layout", err);
}

/* ---- docker-archive ---------------------------------------------------------------------------
 */

static int open_docker_archive(struct destination *destination,
			       const struct transfer_options *options, struct error *err)
{
	destination->archive = arena_alloc(destination->arena, sizeof(*destination->archive));
	return open_staging(destination, err);
}

static const char *kept_file(const struct docker_archive *archive, const char *digest)
{
	for (size_t i = 0; i < archive->kept_count; i++)
		if (!strcmp(archive->kept[i].digest, digest))
			return archive->kept[i].file;
	return NULL;
}

static int docker_have_blob(struct destination *destination,
			    const struct oci_descriptor *descriptor, struct error *err)
{
	return kept_file(destination->archive, descriptor->digest) != NULL;
}

static void keep(struct destination *destination, const char *digest, const char *file)
{
	struct docker_archive *archive = destination->archive;

	if (archive->kept_count == archive->kept_room) {
		struct kept *more;

		archive->kept_room = archive->kept_room ? 2 * archive->kept_room : 64;
		more = arena_array(destination->arena, archive->kept_room, sizeof(*more));
		if (archive->kept_count)
			memcpy(more, archive->kept, archive->kept_count * sizeof(*more));
		archive->kept = more;
	}
	archive->kept[archive->kept_count++] =
		(struct kept){ arena_string(destination->arena, digest), file };
}

/* Layers by their DiffIDs, uncompressed; what is no layer is the config. */
static int docker_put_blob(struct destination *destination, const struct parcel *parcel,
			   struct error *err)
{
	static const char part[] = FILE_TEMPORARY_PREFIX "layer";
	const struct oci_descriptor *descriptor = parcel->descriptor;
	struct layer_result result = { 0 };
	auto_close int out = -1;
	const char *file;

	if (oci_media_type(descriptor->media_type)->kind != OCI_LAYER) {
		TRY(files_put_blob(destination, parcel, err));
		file = arena_format(destination->arena, "%s.json", digest_hex(descriptor->digest));
		if (renameat(destination->dir, digest_hex(descriptor->digest), destination->dir,
			     file) < 0)
			return fail_call(err, "renameat", "cannot write %s", file);
		keep(destination, descriptor->digest, file);
		return 0;
	}
	out = openat(destination->dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		return fail_call(err, "openat", "cannot write a layer");
	TRY(layer_decompress_fd(parcel->fd, out, descriptor->digest, &result, err));
	file = arena_format(destination->arena, "%s.tar", digest_hex(result.diff_id));
	if (renameat(destination->dir, part, destination->dir, file) < 0)
		return fail_call(err, "renameat", "cannot write %s", file);
	keep(destination, descriptor->digest, file);
	return 0;
}

static struct docker_image *saved_of(struct destination *destination, const char *config)
{
	struct docker_archive *archive = destination->archive;
	struct docker_image *more;

	for (size_t i = 0; i < archive->image_count; i++)
		if (!strcmp(archive->images[i].config, config))
			return &archive->images[i];
	more = arena_array(destination->arena, archive->image_count + 1, sizeof(*more));
	if (archive->image_count)
		memcpy(more, archive->images, archive->image_count * sizeof(*more));
	archive->images = more;
	more[archive->image_count].config = arena_string(destination->arena, config);
	return &more[archive->image_count++];
}

/* Layers that are fetched from elsewhere were left out, artifacts are none of Docker's. */
static int check_fits(const struct docker_archive *archive, const struct oci_manifest *manifest,
		      struct error *err)
{
	if (oci_media_type(manifest->config->media_type)->kind != OCI_CONFIG ||
	    !kept_file(archive, manifest->config->digest))
		return fail(err, ENOTSUP, "docker-archive: holds images only, not %s",
			    manifest->config->media_type ? manifest->config->media_type : "this");
	for (size_t i = 0; i < manifest->layers.count; i++) {
		const struct oci_descriptor *layer = &manifest->layers.items[i];

		if (oci_media_type(layer->media_type)->kind != OCI_LAYER ||
		    !kept_file(archive, layer->digest))
			return fail(err, ENOTSUP,
				    "docker-archive: cannot hold layer %s, which is of type %s",
				    layer->digest, layer->media_type ? layer->media_type : "none");
	}
	return 0;
}

static int docker_put_document(struct destination *destination,
			       const struct registry_manifest *document, const char *name,
			       struct error *err)
{
	struct docker_archive *archive = destination->archive;
	struct oci_document read = registry_document(document);
	struct docker_image *saved;
	struct oci_manifest manifest;
	enum oci_kind kind;

	TRY(oci_document_kind(&read, &kind, err));
	if (kind != OCI_MANIFEST || !name)
		return fail(err, EINVAL, "docker-archive: holds an image for one platform only");
	TRY(oci_manifest_read(&read, &manifest, destination->arena, err));
	TRY(check_fits(archive, &manifest, err));
	saved = saved_of(destination, kept_file(archive, manifest.config->digest));
	saved->layers.count = 0;
	for (size_t i = 0; i < manifest.layers.count; i++)
		strings_add(&saved->layers,
			    (char *)kept_file(archive, manifest.layers.items[i].digest),
			    destination->arena);
	if (*name)
		strings_add(&saved->repo_tags, arena_string(destination->arena, name),
			    destination->arena);
	return 0;
}

/* An image's files, each once, and the list of images behind them. */
static int write_saved(struct tar *tar, const struct destination *destination, struct error *err)
{
	const struct docker_archive *archive = destination->archive;
	auto_text struct text list = { 0 };
	struct strings written = { 0 };

	for (size_t i = 0; i < archive->kept_count; i++) {
		char *file = (char *)archive->kept[i].file;

		if (strings_have(&written, file))
			continue; /* two compressions of one layer */
		strings_add(&written, file, destination->arena);
		TRY(add_file(tar, destination->dir, file, err));
	}
	for (size_t i = 0; i < archive->image_count; i++) {
		text_add(&list, i ? "," : "[");
		json_write(&docker_image_shape, &archive->images[i], false, &list);
	}
	text_add(&list, "]");
	TRY(file_replace(destination->dir, "manifest.json",
			 &(struct file_content){ list.data, list.length, 0644, false }, err));
	return add_file(tar, destination->dir, "manifest.json", err);
}

/* ---- the end --------------------------------------------------------------------------------- */

static int finish_archive(struct destination *destination, struct error *err)
{
	struct tar tar = { .destination = destination,
			   .path = destination->reference->directory,
			   .fd = -1 };
	int result = open_tar(&tar, err);

	if (result == 0)
		result = destination->archive ? write_saved(&tar, destination, err)
					      : write_layout(&tar, destination, err);
	if (result == 0)
		result = close_tar(&tar, err);
	drop_tar(&tar);
	return result;
}

const struct destination_kind to_oci_archive = {
	.several = true,
	.open = open_oci_archive,
	.have_blob = files_have_blob,
	.put_blob = files_put_blob,
	.put_document = files_put_document,
	.finish = finish_archive,
	.close = close_staging,
	.fork = files_fork,
	.leave = files_leave,
};

const struct destination_kind to_docker_archive = {
	.several = true,
	.open = open_docker_archive,
	.have_blob = docker_have_blob,
	.put_blob = docker_put_blob,
	.put_document = docker_put_document,
	.finish = finish_archive,
	.close = close_staging,
};

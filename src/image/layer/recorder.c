/* recorder.c -- one archive being written: files on disk become entries.
 *
 *     file -> ids of the image, latest time -> libarchive -> packer -> blob
 *
 * libarchive writes the format; names are bytes for it, since its conversions are kept out by a
 * locale that has them all. Times of access and change, names of owners and everything else that
 * differs from host to host are left out. */
#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/layer.h"
#include "writer.h"

#define CHUNK     (128U << 10)
#define LINK_MOST 4096

struct recorder {
	const struct layer_changes *changes;
	struct archive *archive;
	struct packer packer;
	uint64_t entries;
	uint64_t content; /* bytes of files */
	locale_t locale;
	struct error *err; /* of the call that runs */
	int packed;        /* what writing the blob ended with; after an error nothing more is */
};

/* ---- libarchive ------------------------------------------------------------------------------ */

static la_ssize_t pack_block(struct archive *archive, void *context, const void *block,
			     size_t length)
{
	struct recorder *recorder = context;

	if (recorder->packed >= 0)
		recorder->packed = cancel_check(recorder->changes->cancel_fd, recorder->err);
	if (recorder->packed >= 0)
		recorder->packed = packer_write(&recorder->packer, block, length, recorder->err);
	if (recorder->packed >= 0)
		return (la_ssize_t)length;
	archive_set_error(archive, EIO, "the blob cannot be written");
	return -1;
}

static int archive_failed(const struct recorder *recorder, struct error *err)
{
	const char *reason = archive_error_string(recorder->archive);

	if (recorder->packed < 0)
		return recorder->packed;
	return fail(err, EINVAL, "no archive can hold it: %s", reason ? reason : "unknown reason");
}

static int archive_begin(struct recorder *recorder, struct error *err)
{
	struct archive *archive = archive_write_new();

	if (!archive)
		abort();
	recorder->archive = archive;
	archive_write_set_format_pax(archive);
	archive_write_set_bytes_per_block(archive, CHUNK);
	archive_write_set_bytes_in_last_block(archive, 1);
	if (archive_write_set_options(archive, "xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_open(archive, recorder, NULL, pack_block, NULL) != ARCHIVE_OK)
		return archive_failed(recorder, err);
	return 0;
}

/* ---- what an entry says ---------------------------------------------------------------------- */

static int id_inside(const struct layer_changes *changes, const struct id_ranges *ranges,
		     uint32_t outside, const char *what, uint32_t *inside, struct error *err)
{
	*inside = outside;
	if (changes->lower_as_image || id_to_inside(ranges, outside, inside))
		return 0; /* mapped when it was looked at */
	return fail(err, EINVAL, "its %s %u is none of the container's", what, outside);
}

static void set_time(const struct recorder *recorder, struct archive_entry *entry,
		     const struct timespec *time)
{
	const int64_t *latest = recorder->changes->latest;

	if (latest && time->tv_sec >= *latest)
		archive_entry_set_mtime(entry, (time_t)*latest, 0);
	else
		archive_entry_set_mtime(entry, time->tv_sec, time->tv_nsec);
}

/* Capabilities that were set inside a user namespace name its root on the disk; the image's do not.
 * struct vfs_ns_cap_data is struct vfs_cap_data and that id, little-endian (capabilities(7)). */
static void capability_unmapped(const struct recorder *recorder, struct disk_xattr *xattr,
				struct arena *arena)
{
	struct {
		uint32_t magic, sets[4], root;
	} value;
	uint32_t inside;

	if (strcmp(xattr->name, "security.capability") || xattr->length != sizeof(value))
		return;
	memcpy(&value, xattr->value, sizeof(value));
	if ((le32toh(value.magic) & 0xff000000) != 0x03000000 ||
	    !id_to_inside(&recorder->changes->uids, le32toh(value.root), &inside) || inside != 0)
		return;
	value.magic = htole32((le32toh(value.magic) & 0x00ffffff) | 0x02000000);
	xattr->length = sizeof(value) - sizeof(value.root);
	xattr->value = arena_copy(arena, &value, xattr->length);
}

static int set_xattrs(const struct recorder *recorder, struct archive_entry *entry,
		      const struct named *file, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct disk_xattrs xattrs;

	TRY(disk_xattrs_read(file, &xattrs, &arena, err));
	for (size_t i = 0; i < xattrs.count; i++) {
		capability_unmapped(recorder, &xattrs.items[i], &arena);
		archive_entry_xattr_add_entry(entry, xattrs.items[i].name, xattrs.items[i].value,
					      xattrs.items[i].length);
	}
	return 0;
}

static int set_attributes(const struct recorder *recorder, struct archive_entry *entry,
			  const struct named *file, struct error *err)
{
	const struct layer_changes *changes = recorder->changes;
	uint32_t uid, gid;

	TRY(id_inside(changes, &changes->uids, file->stat->st_uid, "owner", &uid, err));
	TRY(id_inside(changes, &changes->gids, file->stat->st_gid, "group", &gid, err));
	archive_entry_set_uid(entry, uid);
	archive_entry_set_gid(entry, gid);
	archive_entry_set_perm(entry, file->stat->st_mode & 07777);
	set_time(recorder, entry, &file->stat->st_mtim);
	return 0;
}

static int set_kind(struct archive_entry *entry, const struct named *file, struct error *err)
{
	char target[LINK_MOST + 1];
	ssize_t length;

	archive_entry_set_filetype(entry, file->stat->st_mode & S_IFMT);
	if (S_ISREG(file->stat->st_mode))
		archive_entry_set_size(entry, file->stat->st_size);
	if (S_ISCHR(file->stat->st_mode) || S_ISBLK(file->stat->st_mode))
		archive_entry_set_rdev(entry, file->stat->st_rdev);
	if (!S_ISLNK(file->stat->st_mode))
		return 0;
	length = readlinkat(file->parent, file->name, target, LINK_MOST);
	if (length < 0)
		return fail_call(err, "readlinkat", "cannot read the link");
	target[length] = '\0';
	archive_entry_copy_symlink(entry, target);
	return 0;
}

/* Directories end with a slash; the root is "./". */
static void set_path(struct archive_entry *entry, const char *path, const struct stat *stat)
{
	auto_text struct text name = { 0 };

	text_format(&name, "%s%s", *path ? path : ".", S_ISDIR(stat->st_mode) ? "/" : "");
	archive_entry_copy_pathname(entry, name.data);
}

/* ---- content --------------------------------------------------------------------------------- */

/* Fill the buffer at `at`: holes are zeros without being read. */
static ssize_t read_or_skip(int fd, char *buffer, size_t size, off_t at, struct error *err)
{
	off_t hole = content_next(fd, at) - at;

	if (hole <= 0)
		return content_read(fd, buffer, size, at, err);
	size = hole < (off_t)size ? (size_t)hole : size;
	memset(buffer, 0, size);
	return (ssize_t)size;
}

static int write_content(const struct recorder *recorder, const struct named *file,
			 struct error *err)
{
	auto_close int fd = content_open(file, err);
	auto_free char *buffer = malloc(CHUNK);
	off_t size = file->stat->st_size, at = 0;

	if (!buffer)
		abort();
	if (fd < 0)
		return fd;
	while (at < size) {
		size_t most = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		ssize_t got = read_or_skip(fd, buffer, most, at, err);

		if (got < 0)
			return (int)got;
		if (!got)
			return fail(err, EBUSY, "it became shorter while it was read");
		if (archive_write_data(recorder->archive, buffer, (size_t)got) != got)
			return archive_failed(recorder, err);
		at += got;
	}
	return 0;
}

static int count_content(struct recorder *recorder, const struct stat *stat, struct error *err)
{
	uint64_t size = S_ISREG(stat->st_mode) ? (uint64_t)stat->st_size : 0;

	if (size > LAYER_BYTES_MOST - recorder->content)
		return fail(err, EFBIG, "with it, the layer is larger than a layer may be");
	recorder->content += size;
	return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int write_header(struct recorder *recorder, struct archive_entry *entry, struct error *err)
{
	locale_t before = uselocale(recorder->locale);
	int result = archive_write_header(recorder->archive, entry);

	uselocale(before);
	recorder->entries++;
	return result == ARCHIVE_OK || result == ARCHIVE_WARN ? 0 : archive_failed(recorder, err);
}

static int write_entry(struct recorder *recorder, struct archive_entry *entry, const char *path,
		       const struct named *file, struct error *err)
{
	TRY(count_content(recorder, file->stat, err));
	set_path(entry, path, file->stat);
	TRY(set_kind(entry, file, err));
	TRY(set_attributes(recorder, entry, file, err));
	TRY(set_xattrs(recorder, entry, file, err));
	TRY(write_header(recorder, entry, err));
	return S_ISREG(file->stat->st_mode) && file->stat->st_size
		       ? write_content(recorder, file, err)
		       : 0;
}

/* The extended attributes are with the file's first name. */
static int write_link(struct recorder *recorder, struct archive_entry *entry, const char *path,
		      const char *target, const struct named *file, struct error *err)
{
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_filetype(entry, S_IFREG);
	archive_entry_copy_hardlink(entry, target);
	TRY(set_attributes(recorder, entry, file, err));
	return write_header(recorder, entry, err);
}

int recorder_add(struct recorder *recorder, const char *path, const struct named *file,
		 const char *target, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int result;

	if (!entry)
		abort();
	recorder->err = err;
	result = target ? write_link(recorder, entry, path, target, file, err)
			: write_entry(recorder, entry, path, file, err);
	archive_entry_free(entry);
	return result;
}

int recorder_add_whiteout(struct recorder *recorder, const char *directory, const char *name,
			  struct error *err)
{
	static const struct timespec epoch;
	struct archive_entry *entry = archive_entry_new();
	auto_text struct text path = { 0 };
	int result;

	if (!entry)
		abort();
	text_format(&path, "%s%s.wh.%s", directory, *directory ? "/" : "", name);
	recorder->err = err;
	archive_entry_copy_pathname(entry, path.data);
	archive_entry_set_filetype(entry, S_IFREG);
	archive_entry_set_perm(entry, 0);
	set_time(recorder, entry, &epoch);
	result = write_header(recorder, entry, err);
	archive_entry_free(entry);
	return result;
}

/* ---- from the first to the last -------------------------------------------------------------- */

struct recorder *recorder_open(const struct layer_changes *changes, int out, struct error *err)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		abort();
	recorder->changes = changes;
	recorder->err = err;
	recorder->locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
	if (!recorder->locale)
		recorder->locale = newlocale(LC_ALL_MASK, "C", NULL);
	if (!recorder->locale)
		abort();
	if (packer_open(&recorder->packer, changes->compression, out, err) < 0 ||
	    archive_begin(recorder, err) < 0) {
		recorder_close(recorder);
		return NULL;
	}
	return recorder;
}

int recorder_finish(struct recorder *recorder, struct layer_written *written, struct error *err)
{
	recorder->err = err;
	if (archive_write_close(recorder->archive) != ARCHIVE_OK)
		return archive_failed(recorder, err);
	TRY(packer_finish(&recorder->packer, written->diff_id, written->digest, err));
	written->size = (int64_t)recorder->packer.blob_size;
	written->entries = recorder->entries;
	return 0;
}

void recorder_close(struct recorder *recorder)
{
	/* libarchive fills up an entry that was left, with as many zeros as it lacks. */
	if (recorder->packed >= 0)
		recorder->packed = -ECANCELED;
	if (recorder->archive)
		archive_write_free(recorder->archive);
	packer_close(&recorder->packer);
	freelocale(recorder->locale);
	free(recorder);
}

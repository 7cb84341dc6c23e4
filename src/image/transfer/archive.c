/* archive.c -- oci-archive: and docker-archive:, unpacked to a temporary directory of our own.
 *
 * The archive may be anybody's: its names never become paths. Every file gets a name of ours, and
 * what the image's documents then ask for is renamed into a layout by its digest. */
#include "archive.h"

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
#include "base/own.h"
#include "base/temporary.h"

#define MEMBERS_MOST 20000
#define BLOCK        (256 * 1024)
/* As for layers. */
#define TOTAL_MOST (INT64_C(1) << 40)
#define RATIO_FROM (INT64_C(64) << 20)
#define RATIO_MOST 2000

static void own_archive(struct archive **archive)
{
	archive_read_free(*archive);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "./a//b/../c" to "a/c"; links of Docker's archives go up. */
static char *normalise(const char *name, struct arena *arena)
{
	struct strings parts = strings_split(name, '/', arena), kept = { 0 };
	char *joined = arena_alloc(arena, strlen(name) + 2), *end = joined;

	for (size_t i = 0; i < parts.count; i++) {
		if (!strcmp(parts.items[i], "..") && kept.count)
			kept.count--;
		else if (*parts.items[i] && strcmp(parts.items[i], ".") != 0 &&
			 strcmp(parts.items[i], "..") != 0)
			strings_add(&kept, parts.items[i], arena);
	}
	for (size_t i = 0; i < kept.count; i++) {
		if (i)
			*end++ = '/';
		end = stpcpy(end, kept.items[i]);
	}
	return joined;
}

/* A symbolic link is relative to its own directory, a hard link to the archive's root. */
static char *link_target(struct archive_entry *entry, const char *name, struct arena *arena)
{
	const char *soft = archive_entry_symlink(entry), *hard = archive_entry_hardlink(entry);
	const char *slash = strrchr(name, '/');

	if (hard)
		return normalise(strlen(hard) < PATH_MAX ? hard : "", arena);
	if (!soft || strlen(soft) >= PATH_MAX)
		return soft ? arena_string(arena, "") : NULL;
	return normalise(
		arena_format(arena, "%.*s/%s", slash ? (int)(slash - name) : 0, name, soft), arena);
}

static const struct member *find(const struct archive_members *members, const char *name)
{
	for (size_t i = members->count; i > 0; i--) /* the last of a name is what tar leaves */
		if (!strcmp(members->items[i - 1].name, name))
			return &members->items[i - 1];
	return NULL;
}

const struct member *archive_member(const struct archive_members *members, const char *name,
				    struct arena *arena)
{
	const struct member *member = find(members, normalise(name, arena));

	for (int hops = 0; member && member->link && hops < 8; hops++)
		member = find(members, member->link);
	return member && !member->link ? member : NULL;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int fail_archive(struct archive *archive, const char *path, struct error *err)
{
	const char *words = archive_error_string(archive);

	if (archive_errno(archive) == ECANCELED)
		return fail(err, ECANCELED, "interrupted");
	return fail(err, EBADMSG, "cannot read the archive %s: %s", path,
		    words ? words : "not a tar file");
}

/* What comes out of a small archive may be endless: compressed zeros, holes. */
static int check_total(struct archive *archive, const char *path, int64_t total, struct error *err)
{
	int64_t taken = archive_filter_bytes(archive, -1);

	if (total > TOTAL_MOST)
		return fail(err, EFBIG, "the archive %s holds more than %lld bytes", path,
			    (long long)TOTAL_MOST);
	if (total > RATIO_FROM && total / RATIO_MOST > taken)
		return fail(err, EFBIG, "the archive %s holds %lld bytes in %lld: refused", path,
			    (long long)total, (long long)taken);
	return 0;
}

static int write_block(int fd, const void *block, size_t length, struct member *member,
		       struct digest_hash *hash, struct error *err)
{
	digest_update(hash, block, length);
	member->size += (int64_t)length;
	return file_write_all(fd, block, length, member->name, err);
}

static int keep_data(struct archive *archive, const char *path, struct archive_members *members,
		     struct member *member, struct error *err)
{
	auto_close int fd =
		openat(members->dir, member->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	auto_digest struct digest_hash hash = { 0 };
	auto_free char *block = malloc(BLOCK);
	ssize_t got;

	if (fd < 0)
		return fail_call(err, "openat", "cannot unpack %s of %s", member->name, path);
	if (!block)
		return fail(err, ENOMEM, "out of memory");
	TRY(digest_begin(&hash, DIGEST_SHA256, err));
	while ((got = archive_read_data(archive, block, BLOCK)) > 0) {
		TRY(check_total(archive, path, members->total += got, err));
		TRY(write_block(fd, block, (size_t)got, member, &hash, err));
	}
	if (got < 0)
		return fail_archive(archive, path, err);
	digest_end(&hash, member->digest);
	return 0;
}

static struct member *add_member(struct archive_members *members, struct arena *arena)
{
	if (members->count == members->room) {
		struct member *more;

		members->room = members->room ? 2 * members->room : 64;
		more = arena_array(arena, members->room, sizeof(*more));
		if (members->count)
			memcpy(more, members->items, members->count * sizeof(*more));
		members->items = more;
	}
	members->items[members->count] = (struct member){ 0 };
	return &members->items[members->count++];
}

static int keep_entry(struct archive *archive, struct archive_entry *entry, const char *path,
		      struct archive_members *members, struct arena *arena, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	struct member *member;

	/* Nothing that an image needs has a name as long as that. */
	if (!name || archive_entry_filetype(entry) == AE_IFDIR || strlen(name) >= PATH_MAX)
		return 0;
	if (members->count >= MEMBERS_MOST)
		return fail(err, EFBIG, "the archive %s has more than %d files", path,
			    MEMBERS_MOST);
	member = add_member(members, arena);
	member->name = normalise(name, arena);
	member->link = link_target(entry, member->name, arena);
	if (member->link)
		return 0;
	if (archive_entry_filetype(entry) != AE_IFREG)
		return fail(err, EBADMSG, "the archive %s has something that is no file: %s", path,
			    member->name);
	snprintf(member->file, sizeof(member->file), "file-%zu", members->count);
	return keep_data(archive, path, members, member, err);
}

/* The archive's own bytes, until somebody wants to stop. */
struct feed {
	int fd, cancel_fd;
	char block[BLOCK];
};

static la_ssize_t read_feed(struct archive *archive, void *context, const void **block)
{
	struct feed *feed = context;
	int result;

	*block = feed->block;
	while ((result = cancel_wait(feed->cancel_fd, feed->fd, POLLIN, NULL)) >= 0) {
		ssize_t got = read(feed->fd, feed->block, sizeof(feed->block));

		if (got >= 0)
			return got;
		result = -errno;
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	archive_set_error(archive, -result, "%s", error_reason(-result));
	return -1;
}

static int unpack(const char *path, struct archive_members *members, struct arena *arena,
		  struct feed *feed, struct error *err)
{
	struct archive *archive __attribute__((cleanup(own_archive))) = archive_read_new();
	struct archive_entry *entry;
	int result;

	archive_read_support_format_tar(archive);
	archive_read_support_filter_all(archive);
	archive_read_set_options(archive, "hdrcharset=BINARY");
	if (archive_read_open(archive, feed, NULL, read_feed, NULL) != ARCHIVE_OK)
		return fail_archive(archive, path, err);
	while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK ||
	       result == ARCHIVE_WARN)
		TRY(keep_entry(archive, entry, path, members, arena, err));
	return result == ARCHIVE_EOF ? 0 : fail_archive(archive, path, err);
}

/* ---- a layout in an archive -------------------------------------------------------------------
 */

/* Where a layout keeps what has this name; NULL: it is nothing of a layout's. */
static const char *place_of(const struct member *member, struct arena *arena)
{
	const char *blob = text_after(member->name, "blobs/");
	char *digest = blob ? arena_string(arena, blob) : NULL;
	char *slash = digest ? strchr(digest, '/') : NULL;

	if (!strcmp(member->name, "oci-layout") || !strcmp(member->name, "index.json"))
		return member->name;
	if (!slash)
		return NULL;
	*slash = ':';
	return digest_valid(digest) ? member->name : NULL;
}

static int make_layout_directories(int dir, struct error *err)
{
	static const char *const names[] = { "blobs", "blobs/sha256", "blobs/sha512" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mkdirat(dir, names[i], 0700) < 0)
			return fail_call(err, "mkdirat", "cannot make %s", names[i]);
	return 0;
}

static int place_members(const struct archive_members *members, struct arena *arena,
			 struct error *err)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		const char *place = member->link ? NULL : place_of(member, arena);

		if (place && renameat(members->dir, member->file, members->dir, place) < 0)
			return fail_call(err, "renameat", "cannot unpack %s", member->name);
	}
	return 0;
}

static int unpack_file(const struct source *source, struct archive_members *members,
		       struct arena *arena, struct error *err)
{
	const char *path = source->reference->directory;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free struct feed *feed = malloc(sizeof(*feed));

	if (!feed)
		return fail(err, ENOMEM, "out of memory");
	if (fd < 0)
		return fail_call(err, "open", "cannot read the archive %s", path);
	feed->fd = fd;
	feed->cancel_fd = source->cancel_fd;
	return unpack(path, members, arena, feed, err);
}

int archive_stage(struct source *source, struct error *err)
{
	const struct reference *reference = source->reference;
	auto_arena struct arena arena = { 0 };
	struct archive_members members = { 0 };

	TRY(temporary_directory(&source->temporary, err));
	TRY(layout_open_at(source, source->temporary, err));
	members.dir = source->layout;
	TRY(make_layout_directories(source->layout, err));
	TRY(unpack_file(source, &members, &arena, err));
	/* Docker's newer archives are layouts too, podman's are one or the other. */
	if (reference->transport == REFERENCE_DOCKER_ARCHIVE &&
	    (archive_member(&members, "manifest.json", &arena) ||
	     !archive_member(&members, "index.json", &arena)))
		return docker_archive_convert(source, &members, &arena, err);
	source->holds_layout = true;
	return place_members(&members, &arena, err);
}

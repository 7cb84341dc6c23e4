/* ingest.c -- large blobs on their way in: ingest/ALGORITHM-HEX.part.
 *
 * The file's lock says that somebody is writing it. It is held only while a blob is being fetched:
 * ingest_finish gives the blob its name at once (after one fdatasync of its own) instead of
 * keeping it until the whole image is there, for two lades that fetch the same layers in another
 * order would otherwise wait for each other for ever. What was written survives a failure and is
 * gone on with; whether it was right shows in the digest at the end. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

#define CHUNK (256U << 10)

static void part_path(const char *digest, char path[STORE_PATH_SIZE])
{
	snprintf(path, STORE_PATH_SIZE, "ingest/%s-%s.part",
		 digest_algorithm_name(digest_algorithm(digest)), digest_hex(digest));
}

/* Open and lock. 1: it is the file of that name; 0: its last owner renamed or removed it. */
static int part_lock(const struct store *store, const char *path, int *part, struct error *err)
{
	auto_close int fd =
		openat(store->dir, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat held, named;

	if (fd < 0)
		return fail_call(err, "openat", "cannot make \"%s/%s\"", store->path, path);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail_call(err, "flock", "cannot lock \"%s/%s\"", store->path, path);
	if (fstat(fd, &held) < 0)
		return fail_call(err, "fstat", "cannot look at \"%s/%s\"", store->path, path);
	if (fstatat(store->dir, path, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    held.st_ino != named.st_ino || held.st_dev != named.st_dev)
		return 0;
	*part = take_fd(&fd);
	return 1;
}

/* The disk is full: better now than after an hour. File systems that cannot reserve are fine. */
static int space_reserve(struct ingest *ingest, struct error *err)
{
	if (ingest->size == ingest->offset ||
	    fallocate(ingest->fd, FALLOC_FL_KEEP_SIZE, ingest->offset,
		      ingest->size - ingest->offset) == 0 ||
	    (errno != ENOSPC && errno != EDQUOT && errno != EFBIG))
		return 0;
	fail_call(err, "fallocate", "there is no room for the %lld bytes of the blob %s",
		  (long long)ingest->size, ingest->digest);
	if (ftruncate(ingest->fd, ingest->offset) < 0)
		return -errno;
	return err ? -err->number : -ENOSPC;
}

static int part_begin(struct ingest *ingest, struct error *err)
{
	struct stat status;

	if (fstat(ingest->fd, &status) < 0)
		return fail_call(err, "fstat", "cannot go on with the blob %s", ingest->digest);
	ingest->offset = status.st_size;
	if (ingest->offset > ingest->size)
		return ingest_restart(ingest, err);
	TRY(digest_begin(&ingest->hash, digest_algorithm(ingest->digest), err));
	if (lseek(ingest->fd, 0, SEEK_END) < 0)
		return fail_call(err, "lseek", "cannot go on with the blob %s", ingest->digest);
	return space_reserve(ingest, err);
}

int ingest_open(struct store *store, const char *digest, int64_t size, struct ingest *ingest,
		struct error *err)
{
	char path[STORE_PATH_SIZE];
	int result = 0;

	*ingest = (struct ingest){ .store = store, .size = size, .fd = -1 };
	TRY(digest_check(digest, "blob", err));
	if (size < 0)
		return fail(err, EINVAL, "the blob %s cannot have %lld bytes", digest,
			    (long long)size);
	snprintf(ingest->digest, sizeof(ingest->digest), "%s", digest);
	part_path(digest, path);
	while (result == 0) {
		if (store_have_blob(store, digest))
			return 1;
		TRY(result = part_lock(store, path, &ingest->fd, err));
	}
	/* Its last owner may have finished it between the look and the lock. */
	if (store_have_blob(store, digest)) {
		unlinkat(store->dir, path, 0);
		close_fd(&ingest->fd);
		return 1;
	}
	result = part_begin(ingest, err);
	if (result < 0)
		ingest_close(ingest);
	return result;
}

int ingest_write(struct ingest *ingest, const void *bytes, size_t length, struct error *err)
{
	if (length > (uint64_t)(ingest->size - ingest->offset))
		return fail(err, EBADMSG, "the blob %s has more than its %lld bytes",
			    ingest->digest, (long long)ingest->size);
	TRY(file_write_all(ingest->fd, bytes, length, ingest->digest, err));
	if (!ingest->verified && ingest->hash.length == (uint64_t)ingest->offset)
		digest_update(&ingest->hash, bytes, length);
	ingest->offset += (int64_t)length;
	return 0;
}

int ingest_restart(struct ingest *ingest, struct error *err)
{
	digest_free(&ingest->hash);
	ingest->hash = (struct digest_hash){ 0 };
	TRY(digest_begin(&ingest->hash, digest_algorithm(ingest->digest), err));
	if (ftruncate(ingest->fd, 0) < 0 || lseek(ingest->fd, 0, SEEK_SET) < 0)
		return fail_call(err, "ftruncate", "cannot begin the blob %s again",
				 ingest->digest);
	ingest->offset = 0;
	return 0;
}

ssize_t ingest_read(const struct ingest *ingest, void *buffer, size_t size, int64_t offset,
		    struct error *err)
{
	ssize_t length;

	do
		length = pread(ingest->fd, buffer, size, offset);
	while (length < 0 && errno == EINTR);
	return length < 0 ? fail_call(err, "pread", "cannot read back the blob %s", ingest->digest)
			  : length;
}

/* Hash what was written by others or in another order. */
static int hash_complete(struct ingest *ingest, struct error *err)
{
	auto_free char *buffer = malloc(CHUNK);

	if (!buffer)
		abort();
	while (ingest->hash.length < (uint64_t)ingest->offset) {
		ssize_t length =
			ingest_read(ingest, buffer, CHUNK, (int64_t)ingest->hash.length, err);

		if (length <= 0)
			return length < 0 ? (int)length
					  : fail(err, EIO, "the blob %s became shorter",
						 ingest->digest);
		digest_update(&ingest->hash, buffer, (size_t)length);
	}
	return 0;
}

static int content_verify(struct ingest *ingest, const char *path, struct error *err)
{
	int result;

	if (ingest->offset < ingest->size)
		return fail(err, EBADMSG, "the blob %s ended after %lld of %lld bytes",
			    ingest->digest, (long long)ingest->offset, (long long)ingest->size);
	if (ingest->verified)
		return 0;
	TRY(hash_complete(ingest, err));
	result = digest_verify(&ingest->hash, ingest->digest, ingest->size, err);
	if (result < 0)
		unlinkat(ingest->store->dir, path, 0);
	return result;
}

int ingest_finish(struct ingest *ingest, struct error *err)
{
	char part[STORE_PATH_SIZE], path[STORE_PATH_SIZE];
	const struct store *store = ingest->store;

	TRY(store_blob_path(ingest->digest, path, err));
	part_path(ingest->digest, part);
	TRY(content_verify(ingest, part, err));
	if (fdatasync(ingest->fd) < 0)
		return fail_call(err, "fdatasync", "cannot write the blob %s to disk",
				 ingest->digest);
	if (renameat(store->dir, part, store->dir, path) < 0)
		return fail_call(err, "renameat", "cannot commit the blob %s", ingest->digest);
	pending_note_blobs(ingest->store);
	ingest_close(ingest);
	return 0;
}

/* What was reserved for bytes that did not come is given back: a registry may promise any size. */
static void space_release(const struct ingest *ingest)
{
	if (ingest->fd >= 0 && ingest->offset < ingest->size &&
	    ftruncate(ingest->fd, ingest->offset) < 0)
		return; /* it is only early: the collector takes the whole file */
}

void ingest_close(struct ingest *ingest)
{
	space_release(ingest);
	digest_free(&ingest->hash);
	ingest->hash = (struct digest_hash){ 0 };
	close_fd(&ingest->fd);
}

/* ---- from another layout --------------------------------------------------------------------- */

static int blob_copy(int from, struct ingest *ingest, struct error *err)
{
	auto_free char *buffer = malloc(CHUNK);
	ssize_t length;

	if (!buffer)
		abort();
	/* Shared blocks where the file system can; read all the same, for the digest. */
	if (ingest->offset == 0 && ioctl(ingest->fd, FICLONE, from) == 0) {
		TRY(part_begin(ingest, err));
		return ingest_finish(ingest, err);
	}
	if (lseek(from, ingest->offset, SEEK_SET) < 0)
		return fail_call(err, "lseek", "cannot read the blob %s", ingest->digest);
	while ((length = read(from, buffer, CHUNK)) > 0)
		TRY(ingest_write(ingest, buffer, (size_t)length, err));
	if (length < 0)
		return fail_call(err, "read", "cannot read the blob %s", ingest->digest);
	return ingest_finish(ingest, err);
}

int store_import_blob(struct store *store, int layout, const char *digest, int64_t size,
		      struct error *err)
{
	auto_ingest struct ingest ingest = INGEST_NONE;
	char path[STORE_PATH_SIZE];
	auto_close int from = -1;
	struct stat status;
	int there;

	TRY(store_blob_path(digest, path, err));
	TRY(there = ingest_open(store, digest, size, &ingest, err));
	if (there)
		return 0;
	from = openat(layout, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || fstat(from, &status) < 0)
		return fail_call(err, "openat", "cannot open the blob %s", digest);
	if (!S_ISREG(status.st_mode) || status.st_size != size)
		return fail(err, EBADMSG,
			    "the blob %s is damaged: it has %lld bytes instead of %lld", digest,
			    (long long)status.st_size, (long long)size);
	return blob_copy(from, &ingest, err);
}

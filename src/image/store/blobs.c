/* blobs.c -- content by digest. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

int store_blob_path(const char *digest, char path[STORE_PATH_SIZE], struct error *err)
{
	TRY(digest_check(digest, "blob", err));
	snprintf(path, STORE_PATH_SIZE, "blobs/%s/%s",
		 digest_algorithm_name(digest_algorithm(digest)), digest_hex(digest));
	return 0;
}

bool store_have_blob(const struct store *store, const char *digest)
{
	char path[STORE_PATH_SIZE];
	auto_close int fd = -1;
	struct stat status;

	if (store_blob_path(digest, path, NULL) < 0)
		return false;
	fd = open_anywhere(store, path, O_PATH);
	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

int store_open_blob(const struct store *store, const char *digest, int64_t size, struct error *err)
{
	char path[STORE_PATH_SIZE];
	auto_close int fd = -1;
	struct stat status;

	TRY(store_blob_path(digest, path, err));
	fd = open_anywhere(store, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fail_call(err, "openat", "cannot open the blob %s", digest);
	if (fstat(fd, &status) < 0)
		return fail_call(err, "fstat", "cannot open the blob %s", digest);
	if (!S_ISREG(status.st_mode) || (size >= 0 && status.st_size != size))
		return fail(err, EBADMSG,
			    "the blob %s is damaged: it has %lld bytes instead of %lld", digest,
			    (long long)status.st_size, (long long)size);
	return take_fd(&fd);
}

int store_read_blob(const struct store *store, const char *digest, size_t most, struct text *text,
		    struct error *err)
{
	auto_close int fd = store_open_blob(store, digest, -1, err);
	char found[DIGEST_SIZE];

	if (fd < 0)
		return fd;
	TRY(file_read_fd(fd, digest, most, text, err));
	digest_of(digest_algorithm(digest), text->data, text->length, found);
	if (strcmp(found, digest) != 0)
		return fail(err, EBADMSG, "the blob %s is damaged: its digest is %s", digest,
			    found);
	return 0;
}

static int temporary_write(const struct store *store, const char *path, const void *bytes,
			   size_t length, struct error *err)
{
	auto_close int fd = openat(store->dir, path,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_call(err, "openat", "cannot make \"%s/%s\"", store->path, path);
	return file_write_all(fd, bytes, length, path, err);
}

int store_put_blob(struct store *store, const char *digest, const void *bytes, size_t length,
		   struct error *err)
{
	char path[STORE_PATH_SIZE], temporary[STORE_PATH_SIZE], found[DIGEST_SIZE];
	int result;

	TRY(store_blob_path(digest, path, err));
	digest_of(digest_algorithm(digest), bytes, length, found);
	if (strcmp(found, digest) != 0)
		return fail(err, EBADMSG, "what should be the blob %s has the digest %s", digest,
			    found);
	if (store_have_blob(store, digest))
		return 0;
	store_temporary_name("blob", temporary);
	result = temporary_write(store, temporary, bytes, length, err);
	if (result < 0) {
		unlinkat(store->dir, temporary, 0);
		return result;
	}
	pending_add(store, temporary, path, false);
	return 0;
}

/* ---- drafts ---------------------------------------------------------------------------------- */

int draft_open(struct store *store, struct draft *draft, struct error *err)
{
	char path[STORE_PATH_SIZE];

	*draft = (struct draft){ .store = store, .fd = -1 };
	if (store->lease < 0)
		return fail(err, EINVAL, "the store \"%s\" is open for looking only", store->path);
	store_temporary_name("draft", path);
	draft->fd =
		openat(store->dir, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (draft->fd < 0)
		return fail_call(err, "openat", "cannot make \"%s/%s\"", store->path, path);
	snprintf(draft->name, sizeof(draft->name), "%.47s", path);
	return 0;
}

int draft_finish(struct draft *draft, const char *digest, struct error *err)
{
	char path[STORE_PATH_SIZE];

	TRY(store_blob_path(digest, path, err));
	pending_add(draft->store, draft->name, path, false);
	draft->name[0] = '\0';
	close_fd(&draft->fd);
	return 0;
}

void draft_discard(struct draft *draft)
{
	close_fd(&draft->fd);
	if (draft->name[0])
		unlinkat(draft->store->dir, draft->name, 0);
	draft->name[0] = '\0';
}

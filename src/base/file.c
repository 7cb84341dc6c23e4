/* file.c -- whole files in, whole files out. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

#define BLOCK 4096

/* 1: there may be more. */
static int read_block(int fd, const char *name, size_t most, struct text *text, struct error *err)
{
	ssize_t count;

	text_reserve(text, BLOCK - 1);
	do
		count = read(fd, text->data + text->length, text->size - text->length - 1);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return fail_call(err, "read", "cannot read \"%s\"", name);
	text->length += (size_t)count;
	text->data[text->length] = '\0';
	if (text->length > most)
		return fail(err, EFBIG, "\"%s\" is larger than %zu bytes", name, most);
	return count > 0;
}

int file_read_fd(int fd, const char *name, size_t most, struct text *text, struct error *err)
{
	int result;

	text_clear(text);
	do
		result = read_block(fd, name, most, text, err);
	while (result > 0);
	return result;
}

/* Files of the kernel have the size 0, or a page's; only others end where their size says. */
static int read_sized(int fd, const char *name, size_t size, size_t most, struct text *text,
		      struct error *err)
{
	int result;

	text_clear(text);
	text_reserve(text, size < most ? size + BLOCK - 1 : BLOCK - 1);
	do
		result = read_block(fd, name, most, text, err);
	while (result > 0 && text->length != size);
	return result < 0 ? result : 0;
}

int file_read(int dir, const char *path, size_t most, struct text *text, struct error *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return fail_call(err, "open", "cannot read \"%s\"", path);
	if (fstat(fd, &status) < 0)
		return fail_call(err, "fstat", "cannot read \"%s\"", path);
	if (S_ISDIR(status.st_mode))
		return fail_number(err, EISDIR, "open", "cannot read \"%s\"", path);
	if (!S_ISREG(status.st_mode))
		return fail(err, EINVAL, "\"%s\" is not a regular file", path);
	return read_sized(fd, path, (size_t)status.st_size, most, text, err);
}

int file_write_all(int fd, const void *bytes, size_t length, const char *name, struct error *err)
{
	const char *rest = bytes;

	while (length > 0) {
		ssize_t count = write(fd, rest, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail_call(err, "write", "cannot write \"%s\"", name);
		rest += count;
		length -= (size_t)count;
	}
	return 0;
}

int file_write(int dir, const char *path, const char *value, struct error *err)
{
	auto_close int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(value);
	ssize_t count;

	if (fd < 0)
		return fail_call(err, "open", "cannot write \"%s\" to \"%s\"", value, path);
	do
		count = write(fd, value, length);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return fail_call(err, "write", "cannot write \"%s\" to \"%s\"", value, path);
	if ((size_t)count < length)
		return fail(err, EIO, "\"%s\" took only %zd bytes of \"%s\"", path, count, value);
	return 0;
}

/* Create a file of a name that nobody has, beside `name`; the name is left in `temporary`. */
static int temporary_create(int dir, const char *name, char temporary[PATH_MAX], struct error *err)
{
	const char *slash = strrchr(name, '/');
	int folder = slash ? (int)(slash + 1 - name) : 0;
	uint64_t random;
	int fd;

	do {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return fail_call(err, "getrandom", "cannot replace \"%s\"", name);
		if (snprintf(temporary, PATH_MAX, "%.*s" FILE_TEMPORARY_PREFIX "%016" PRIx64,
			     folder, name, random) >= PATH_MAX)
			return fail_number(err, ENAMETOOLONG, "open", "cannot replace \"%s\"",
					   name);
		fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return fail_call(err, "open", "cannot write \"%s\"", name);
	return fd;
}

static int temporary_fill(int fd, const char *name, const struct file_content *content,
			  struct error *err)
{
	TRY(file_write_all(fd, content->bytes, content->length, name, err));
	if (fchmod(fd, content->mode) < 0)
		return fail_call(err, "fchmod", "cannot set the mode of \"%s\"", name);
	if (content->durable && fsync(fd) < 0)
		return fail_call(err, "fsync", "cannot write \"%s\" to disk", name);
	return 0;
}

/* A rename survives a crash once the directory that holds the name was synced. */
static int directory_sync(int dir, const char *name, struct error *err)
{
	const char *slash = strrchr(name, '/');
	char folder[PATH_MAX] = ".";

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash + 1 - name), name);

	auto_close int fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return fail_call(err, fd < 0 ? "open" : "fsync",
				 "cannot write the directory of \"%s\" to disk", name);
	return 0;
}

int file_replace(int dir, const char *name, const struct file_content *content, struct error *err)
{
	char temporary[PATH_MAX];
	auto_close int fd = temporary_create(dir, name, temporary, err);
	int result;

	if (fd < 0)
		return fd;
	result = temporary_fill(fd, name, content, err);
	if (result == 0 && renameat(dir, temporary, dir, name) < 0)
		result = fail_call(err, "rename", "cannot replace \"%s\"", name);
	if (result < 0) {
		unlinkat(dir, temporary, 0);
		return result;
	}
	return content->durable ? directory_sync(dir, name, err) : 0;
}

static int directory_make(const char *path, mode_t mode, struct error *err)
{
	struct stat status;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES && errno != EISDIR)
		return fail_call(err, "mkdir", "cannot create directory \"%s\"", path);

	/* Something is there, or its parent may not be written: it may be the directory itself. */
	int number = errno;

	if (stat(path, &status) < 0)
		return fail_number(err, number, "mkdir", "cannot create directory \"%s\"", path);
	if (!S_ISDIR(status.st_mode))
		return fail_number(err, ENOTDIR, "mkdir", "cannot create directory \"%s\"", path);
	return 0;
}

int file_make_directories(const char *path, mode_t mode, struct error *err)
{
	char part[PATH_MAX];

	if (!path[0] || strlen(path) >= sizeof(part))
		return fail_number(err, path[0] ? ENAMETOOLONG : ENOENT, "mkdir",
				   "cannot create directory \"%s\"", path);
	for (const char *end = path; *end;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		TRY(directory_make(part, mode, err));
	}
	return 0;
}

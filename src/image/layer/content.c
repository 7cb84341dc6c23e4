/* content.c -- the bytes of a regular file in a tree that somebody else may be changing.
 *
 * What was looked at before is what is read, or nothing is: between the look and the opening
 * another file, or a device of the host, may have taken the name. O_PATH opens neither; what it
 * holds can then be asked what it is, and cannot change any more. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "writer.h"

int content_open(const struct named *file, struct error *err)
{
	auto_close int place = openat(file->parent, file->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;
	char link[32];
	int fd;

	if (place < 0)
		return fail_call(err, "openat", "cannot read the file");
	if (fstat(place, &stat) < 0)
		return fail_call(err, "fstat", "cannot look at the file");
	if (!S_ISREG(stat.st_mode) || stat.st_dev != file->stat->st_dev ||
	    stat.st_ino != file->stat->st_ino)
		return fail(err, EBUSY, "another file took its place");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot read the file") : fd;
}

off_t content_next(int fd, off_t at)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		data = lseek(fd, 0, SEEK_END);
	return data > at ? data : at;
}

ssize_t content_read(int fd, void *buffer, size_t size, off_t at, struct error *err)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = pread(fd, (char *)buffer + length, size - length, at + (off_t)length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_call(err, "read", "cannot read the file");
		if (!got)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

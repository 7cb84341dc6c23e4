/* content.c -- copy a file's bytes the cheapest way that works. */
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "rootfs_private.h"

#define BUFFER_SIZE (256 * 1024)

/* The number says: not between these two file systems, or not at all. */
static bool try_another_way(int number)
{
	return number == EXDEV || number == EINVAL || number == EOPNOTSUPP || number == ENOSYS ||
	       number == EPERM || number == EBADF;
}

static int copy_through_memory(int from, int to, int64_t offset, int64_t end, struct error *err)
{
	static _Thread_local char buffer[BUFFER_SIZE];

	while (offset < end) {
		size_t wanted = end - offset < BUFFER_SIZE ? (size_t)(end - offset) : BUFFER_SIZE;
		ssize_t got = pread(from, buffer, wanted, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_call(err, "read", "cannot read a file of the layer");
		if (!got)
			return fail(err, EBADMSG, "a file of the layer became shorter");
		for (ssize_t done = 0; done < got;) {
			ssize_t put =
				pwrite(to, buffer + done, (size_t)(got - done), offset + done);

			if (put < 0 && errno == EINTR)
				continue;
			if (put < 0)
				return fail_call(err, "write", "cannot write the copy");
			done += put;
		}
		offset += got;
	}
	return 0;
}

static int copy_extent(int from, int to, int64_t offset, int64_t end, struct error *err)
{
	while (offset < end) {
		off_t in = offset, out = offset;
		ssize_t moved = copy_file_range(from, &in, to, &out, (size_t)(end - offset), 0);

		if (moved < 0 && errno == EINTR)
			continue;
		if (moved < 0 && !try_another_way(errno))
			return fail_call(err, "copy_file_range", "cannot write the copy");
		if (moved <= 0)
			return copy_through_memory(from, to, offset, end, err);
		offset += moved;
	}
	return 0;
}

int content_copy(int from, int to, int64_t size, struct error *err)
{
	int64_t offset = 0, written = 0;

	if (!size || ioctl(to, FICLONE, from) == 0)
		return 0;
	while (offset < size) {
		int64_t data = lseek(from, offset, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (data < 0)
			data = offset; /* the file system does not know holes */
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		TRY(copy_extent(from, to, data, hole, err));
		offset = written = hole;
	}
	if (written < size && ftruncate(to, size) < 0)
		return fail_call(err, "ftruncate", "cannot set the size of the copy");
	return 0;
}

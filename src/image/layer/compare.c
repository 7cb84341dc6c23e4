/* compare.c -- is a file what it was? Cheap things first, content only when all else is the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "writer.h"

#define BUFFER_SIZE (128U << 10)

static bool stats_equal(const struct stat *a, const struct stat *b)
{
	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid ||
	    a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		return false;
	if (S_ISREG(a->st_mode) && a->st_nlink > 1 && a->st_nlink != b->st_nlink)
		return false; /* another name was added */
	if (S_ISREG(a->st_mode) || S_ISLNK(a->st_mode))
		return a->st_size == b->st_size;
	return (!S_ISCHR(a->st_mode) && !S_ISBLK(a->st_mode)) || a->st_rdev == b->st_rdev;
}

static int links_equal(const struct named *a, const struct named *b, struct error *err)
{
	char first[4097], second[4097];
	ssize_t length = readlinkat(a->parent, a->name, first, sizeof(first));

	if (length < 0 || readlinkat(b->parent, b->name, second, sizeof(second)) < 0)
		return fail_call(err, "readlinkat", "cannot read the link");
	return !memcmp(first, second, (size_t)length);
}

static int open_content(const struct named *file, struct error *err)
{
	int fd = openat(file->parent, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? fail_call(err, "openat", "cannot read the file") : fd;
}

/* Fill the buffer, or reach the end. */
static ssize_t read_block(int fd, char *buffer, struct error *err)
{
	size_t length = 0;

	while (length < BUFFER_SIZE) {
		ssize_t got = read(fd, buffer + length, BUFFER_SIZE - length);

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

static int contents_equal(const struct named *a, const struct named *b, struct error *err)
{
	auto_close int first = open_content(a, err);
	auto_close int second = first < 0 ? -1 : open_content(b, err);
	auto_free char *buffer = malloc((size_t)2 * BUFFER_SIZE);
	ssize_t left, right;

	if (!buffer)
		abort();
	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	do {
		left = read_block(first, buffer, err);
		right = left < 0 ? left : read_block(second, buffer + BUFFER_SIZE, err);
		if (right < 0)
			return (int)right;
		if (left != right || memcmp(buffer, buffer + BUFFER_SIZE, (size_t)left))
			return 0;
	} while (left > 0);
	return 1;
}

static int xattrs_equal(const struct named *a, const struct named *b, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct disk_xattrs first, second;

	TRY(disk_xattrs_read(a, &first, &arena, err));
	TRY(disk_xattrs_read(b, &second, &arena, err));
	return disk_xattrs_equal(&first, &second);
}

int compare_files(const struct named *now, const struct named *before, struct error *err)
{
	int same;

	if (!stats_equal(now->stat, before->stat))
		return 0;
	if (S_ISLNK(now->stat->st_mode)) {
		same = links_equal(now, before, err);
		if (same <= 0)
			return same;
	}
	same = xattrs_equal(now, before, err);
	if (same <= 0 || !S_ISREG(now->stat->st_mode) || !now->stat->st_size)
		return same;
	return contents_equal(now, before, err);
}

/* compare.c -- is a file what it was? Cheap things first, content only when all else is the same.
 */
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

/* What is a hole in both is not read. */
static int bytes_equal(int first, int second, int cancel_fd, struct error *err)
{
	auto_free char *buffer = malloc((size_t)2 * BUFFER_SIZE);
	ssize_t left, right;
	off_t at = 0;

	if (!buffer)
		abort();
	do {
		off_t one = content_next(first, at), other = content_next(second, at);

		at = one < other ? one : other;
		TRY(cancel_check(cancel_fd, err));
		left = content_read(first, buffer, BUFFER_SIZE, at, err);
		right = left < 0 ? left
				 : content_read(second, buffer + BUFFER_SIZE, BUFFER_SIZE, at, err);
		if (right < 0)
			return (int)right;
		if (left != right || memcmp(buffer, buffer + BUFFER_SIZE, (size_t)left))
			return 0;
		at += left;
	} while (left > 0);
	return 1;
}

static int contents_equal(const struct named *a, const struct named *b, int cancel_fd,
			  struct error *err)
{
	auto_close int first = content_open(a, err);
	auto_close int second = first < 0 ? -1 : content_open(b, err);

	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	return bytes_equal(first, second, cancel_fd, err);
}

static int xattrs_equal(const struct named *a, const struct named *b, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct disk_xattrs first, second;

	TRY(disk_xattrs_read(a, &first, &arena, err));
	TRY(disk_xattrs_read(b, &second, &arena, err));
	return disk_xattrs_equal(&first, &second);
}

int compare_files(const struct named *now, const struct named *before, int cancel_fd,
		  struct error *err)
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
	return contents_equal(now, before, cancel_fd, err);
}

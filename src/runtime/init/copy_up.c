/* copy_up.c -- tmpcopyup: what the image has in a directory appears in the tmpfs on top of it.
 *
 * Only descriptors and *at() calls that do not follow links; the source is the image's and may hold
 * anything. Owners, modes and times are kept; sockets are left out. */
#include <dirent.h>
#include <linux/openat2.h>

#include "calls.h"
#include "init.h"

#define DEPTH_MOST 64

struct directory_entry { /* struct linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

struct copy {
	struct init *init;
	int from, to;
	int depth;
};

static int copy_directory(struct copy copy);

static int copy_content(int from, int to)
{
	long sent;

	do
		sent = kernel_call(__NR_sendfile, to, from, 0, 1 << 20);
	while (sent > 0);
	return (int)sent;
}

/* What was looked at may be a device by now, put there by a process of the container, and opening
 * it is doing something: only what is known to be a file is opened, by its descriptor. */
static int open_regular(struct copy copy, const char *name)
{
	struct statx status;
	int place = call_open(copy.from, name, O_PATH | O_NOFOLLOW, 0);
	int fd = place < 0 ? place : call_statx(place, "", AT_EMPTY_PATH, &status);

	if (fd == 0)
		fd = S_ISREG(status.stx_mode)
			     ? call_open(copy.init->proc,
					 proc_fd_path(place).text + sizeof("/proc/") - 1, O_RDONLY,
					 0)
			     : -ESTALE;
	if (place >= 0)
		call_close(place);
	return fd;
}

static int copy_file(struct copy copy, const char *name, const struct statx *status)
{
	int from = open_regular(copy, name);
	int to = call_open(copy.to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
			   status->stx_mode & 07777);
	int result = from < 0 ? from : to < 0 ? to : copy_content(from, to);

	if (from >= 0)
		call_close(from);
	if (to >= 0)
		call_close(to);
	return result;
}

static int copy_link(struct copy copy, const char *name)
{
	char target[INIT_PATH];
	long length = kernel_call(__NR_readlinkat, copy.from, name, target, sizeof(target) - 1);

	if (length < 0)
		return (int)length;
	target[length] = '\0';
	return (int)kernel_call(__NR_symlinkat, target, copy.to, name);
}

static int copy_subdirectory(struct copy copy, const char *name, const struct statx *status)
{
	struct copy below = { copy.init, -1, -1, copy.depth + 1 };
	int result = (int)kernel_call(__NR_mkdirat, copy.to, name, status->stx_mode & 07777);

	if (result < 0)
		return result;
	if (below.depth > DEPTH_MOST)
		return -ELOOP;
	below.from = call_open(copy.from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	below.to = call_open(copy.to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	result = below.from < 0 ? below.from : below.to < 0 ? below.to : copy_directory(below);
	if (below.from >= 0)
		call_close(below.from);
	if (below.to >= 0)
		call_close(below.to);
	return result;
}

static int copy_special(struct copy copy, const char *name, const struct statx *status)
{
	uint64_t device = (uint64_t)status->stx_rdev_major << 8 | (status->stx_rdev_minor & 0xff) |
			  (uint64_t)(status->stx_rdev_minor & ~0xffu) << 12;

	return (int)kernel_call(__NR_mknodat, copy.to, name, status->stx_mode, device);
}

static void keep_metadata(struct copy copy, const char *name, const struct statx *status)
{
	struct {
		int64_t seconds, nanoseconds;
	} times[2] = {
		{ status->stx_atime.tv_sec, status->stx_atime.tv_nsec },
		{ status->stx_mtime.tv_sec, status->stx_mtime.tv_nsec },
	};

	kernel_call(__NR_fchownat, copy.to, name, status->stx_uid, status->stx_gid,
		    AT_SYMLINK_NOFOLLOW);
	if (!S_ISLNK(status->stx_mode)) /* chown took the set-id bits */
		kernel_call(__NR_fchmodat, copy.to, name, status->stx_mode & 07777);
	kernel_call(__NR_utimensat, copy.to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_entry(struct copy copy, const char *name)
{
	struct statx status;
	int result = call_statx(copy.from, name, AT_SYMLINK_NOFOLLOW, &status);

	if (result < 0)
		return result;
	if (S_ISSOCK(status.stx_mode))
		return 0;
	if (S_ISREG(status.stx_mode))
		result = copy_file(copy, name, &status);
	else if (S_ISDIR(status.stx_mode))
		result = copy_subdirectory(copy, name, &status);
	else if (S_ISLNK(status.stx_mode))
		result = copy_link(copy, name);
	else
		result = copy_special(copy, name, &status);
	if (result == 0)
		keep_metadata(copy, name, &status);
	else
		init_detail(copy.init, name);
	return result;
}

static int copy_directory(struct copy copy)
{
	_Alignas(struct directory_entry) char buffer[4096];
	long length;

	while ((length = kernel_call(__NR_getdents64, copy.from, buffer, sizeof(buffer))) > 0) {
		const struct directory_entry *entry;

		for (long at = 0; at < length; at += entry->length) {
			int result;

			entry = (const void *)(buffer + at);
			if (text_same(entry->name, ".") || text_same(entry->name, ".."))
				continue;
			result = copy_entry(copy, entry->name);
			if (result < 0)
				return result;
		}
	}
	return (int)length;
}

int copy_up(struct init *init, int from, int to)
{
	int result = copy_directory((struct copy){ init, from, to, 0 });

	return result < 0 ? init_failed(init, "tmpcopyup", result) : 0;
}

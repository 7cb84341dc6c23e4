/* cache.c -- compiled filters on disk: compiling docker's profile costs more than the rest of a
 * start.
 *
 * A file is a header and the program. It appears whole (file_replace) and is believed only if it is
 * ours, has the length it says, and its digest is right; otherwise it is compiled again, so that a
 * damaged cache costs time and never safety. Its modification time is when it was last used, to the
 * minute. */
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "program.h"
#include "sha256.h"

#define CACHE_MAGIC "coffbpf3"
enum { USED_GRAIN = 60 }; /* seconds */

struct cache_header {
	char magic[8];
	unsigned char digest[SHA256_SIZE]; /* of the header with zeros here, and the program */
	uint64_t length;
	struct library_stamp stamp;
};

bool cache_usable(int cache_dir)
{
	struct stat status;

	return cache_dir >= 0 && fstat(cache_dir, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && (status.st_mode & 022) == 0;
}

static void digest_of(const struct cache_header *header, const void *program,
		      unsigned char digest[SHA256_SIZE])
{
	struct cache_header blank = *header;
	struct sha256 sha;

	memset(blank.digest, 0, sizeof(blank.digest));
	sha256_start(&sha);
	sha256_add(&sha, &blank, sizeof(blank));
	sha256_add(&sha, program, header->length);
	sha256_finish(&sha, digest);
}

static bool is_sound(const struct cache_header *header, const struct text *file)
{
	unsigned char digest[SHA256_SIZE];

	if (memcmp(header->magic, CACHE_MAGIC, sizeof(header->magic)) != 0 ||
	    header->length != file->length - sizeof(*header) || header->length == 0 ||
	    header->length % 8 != 0)
		return false;
	digest_of(header, file->data + sizeof(*header), digest);
	return memcmp(digest, header->digest, sizeof(digest)) == 0 &&
	       library_unchanged(&header->stamp);
}

static int open_own(int cache_dir, const char *name, struct stat *status)
{
	auto_close int fd =
		openat(cache_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, status) < 0 || !S_ISREG(status->st_mode) ||
	    status->st_uid != geteuid() || (status->st_mode & 022))
		return -1;
	return take_fd(&fd);
}

static void note_use(int fd, const struct stat *status)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } };

	if (time(NULL) - status->st_mtim.tv_sec > USED_GRAIN)
		futimens(fd, times);
}

bool cache_get(int cache_dir, const char *name, struct arena *arena, struct plan_filter *filter)
{
	struct stat status;
	auto_close int fd = open_own(cache_dir, name, &status);
	auto_text struct text file = { 0 };
	struct cache_header header;

	if (fd < 0 || file_read_fd(fd, name, sizeof(header) + PROGRAM_MOST, &file, NULL) < 0 ||
	    file.length < sizeof(header))
		return false;
	memcpy(&header, file.data, sizeof(header));
	if (!is_sound(&header, &file))
		return false;
	filter->program = arena_copy(arena, file.data + sizeof(header), header.length);
	filter->length = header.length;
	note_use(fd, &status);
	return true;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Remove the file that was not used for longest when there are too many; false: there are not.
 * What a killed writer left counts as a file, and goes the same way. */
static bool remove_oldest(int cache_dir)
{
	int copy = openat(cache_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	char oldest[NAME_MAX + 1] = "";
	struct timespec oldest_use = { 0 };
	struct dirent *entry;
	unsigned count = 0;

	while (directory && (entry = readdir(directory))) {
		struct stat status;

		if (fstatat(cache_dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		if (count++ > 0 && !is_older(&status.st_mtim, &oldest_use))
			continue;
		oldest_use = status.st_mtim;
		strcpy(oldest, entry->d_name);
	}
	return count > CACHE_FILES_MOST && unlinkat(cache_dir, oldest, 0) == 0;
}

void cache_put(int cache_dir, const char *name, const struct library_stamp *stamp,
	       const struct plan_filter *filter)
{
	struct cache_header header = { .length = filter->length, .stamp = *stamp };
	auto_text struct text file = { 0 };

	memcpy(header.magic, CACHE_MAGIC, sizeof(header.magic));
	digest_of(&header, filter->program, header.digest);
	text_add_bytes(&file, &header, sizeof(header));
	text_add_bytes(&file, filter->program, filter->length);
	if (file_replace(cache_dir, name,
			 &(struct file_content){ file.data, file.length, 0600, false }, NULL) < 0)
		return;
	while (remove_oldest(cache_dir))
		;
}

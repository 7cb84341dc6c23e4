/* file.h -- whole files in, whole files out. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Read a regular file (or a file of proc, sysfs, cgroupfs) into *text (replaced; owned by the
 * caller). More than `most` bytes is -EFBIG. `dir` as for openat(2). */
int file_read(int dir, const char *path, size_t most, struct text *text, struct error *err);

/* The same from a descriptor, from its present offset; `name` is for errors. */
int file_read_fd(int fd, const char *name, size_t most, struct text *text, struct error *err);

/* What file_replace's temporary names begin with; one is left behind only by a crash. */
#define FILE_TEMPORARY_PREFIX ".tmp-"

/* What a file is to hold. durable: fsync the file before and the directory after. */
struct file_content {
	const void *bytes;
	size_t length;
	mode_t mode;
	bool durable;
};

/* Replace `name` in `dir` so that readers see the old or the new content, whole: write to a
 * temporary name, rename. */
int file_replace(int dir, const char *name, const struct file_content *content, struct error *err);

/* Write into an existing file of the kernel's (one write(2), nothing created). */
int file_write(int dir, const char *path, const char *value, struct error *err);

/* All bytes, or an error; restarts after EINTR. */
int file_write_all(int fd, const void *bytes, size_t length, const char *name, struct error *err);

/* Remove what is at `path` and everything below it; never enters a mount (-EXDEV), never follows
 * a link that its last component is or that lies below. A missing path is success. */
int file_remove_tree(int dir, const char *path, struct error *err);

/* mkdir -p of a trusted host path; existing directories are left as they are. */
int file_make_directories(const char *path, mode_t mode, struct error *err);

#endif

/* lower.c -- look a file up in the trees of lower layers, and copy it up.
 *
 * The trees are in overlay form: a whiteout, an opaque directory or a file in the place of a
 * directory hides what lies deeper. */
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/below.h"
#include "base/own.h"

/* Does this tree, which has nothing at `path`, hide what the trees below have there? */
static bool tree_hides(const struct layer_options *options, int tree, const char *path)
{
	auto_close int directory = fcntl(tree, F_DUPFD_CLOEXEC, 3);
	char name[NAME_SIZE];

	while (directory >= 0 && *path) {
		size_t length = strcspn(path, "/");
		int next;

		if (is_opaque(options, directory))
			return true;
		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		next = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno == ENOTDIR;
		close(directory);
		directory = next;
		path += length;
		path += strspn(path, "/");
	}
	return false;
}

static int tree_open(int tree, const char *path)
{
	char name[NAME_SIZE];
	auto_close int parent = below_open_parent(tree, path, name);
	int fd;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int lower_open(const struct layer_options *options, const char *path)
{
	for (size_t i = 0; i < options->lower_count; i++) {
		auto_close int fd = tree_open(options->lower[i], path);
		struct stat status;

		if (fd >= 0) {
			if (fstat(fd, &status) < 0)
				return -errno;
			return is_whiteout_device(&status) ? -ENOENT : take_fd(&fd);
		}
		if (fd != -ENOENT && fd != -ENOTDIR)
			return fd;
		if (tree_hides(options, options->lower[i], path))
			break;
	}
	return -ENOENT;
}

static int copy_extent(int from, int to, off_t at, off_t end, struct error *err)
{
	off_t in = at, out = at;

	while (in < end) {
		ssize_t length = copy_file_range(from, &in, to, &out, (size_t)(end - in), 0);

		if (length < 0)
			return fail_call(err, "copy_file_range", "cannot copy up");
		if (length == 0)
			return fail(err, EIO, "cannot copy up: the file below is too short");
	}
	return 0;
}

/* Holes stay holes: an archive of some bytes can tell of a terabyte of them. */
static int copy_bytes(int from, int to, off_t size, struct error *err)
{
	off_t at = 0, data;

	while (at < size && (data = lseek(from, at, SEEK_DATA)) >= 0) {
		at = lseek(from, data, SEEK_HOLE);
		if (at < 0)
			return fail_call(err, "lseek", "cannot copy up");
		TRY(copy_extent(from, to, data, at < size ? at : size, err));
	}
	if (at < size && errno != ENXIO)
		return fail_call(err, "lseek", "cannot copy up");
	if (ftruncate(to, size) < 0)
		return fail_call(err, "ftruncate", "cannot copy up");
	return 0;
}

/* `source` is /proc/self/fd/N of the file below. */
static int copy_content(const char *source, const struct stat *status, const struct place *place,
			struct error *err)
{
	auto_close int from = open(source, O_RDONLY | O_CLOEXEC);
	auto_close int to = -1;

	if (from < 0)
		return fail_call(err, "open", "cannot copy up \"%s\"", place->name);
	to = openat(place->parent, place->name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail_call(err, "openat", "cannot copy up \"%s\"", place->name);
	if (copy_bytes(from, to, status->st_size, err) < 0)
		return fail_where(err, "\"%s\"", place->name);
	return 0;
}

static int copy_special(int lower, const struct stat *status, const struct place *place,
			struct error *err)
{
	char target[PATH_MAX];
	ssize_t length;

	if (!S_ISLNK(status->st_mode)) {
		if (mknodat(place->parent, place->name, status->st_mode, status->st_rdev) < 0)
			return fail_call(err, "mknodat", "cannot copy up \"%s\"", place->name);
		return 0;
	}
	length = readlinkat(lower, "", target, sizeof(target) - 1);
	if (length < 0)
		return fail_call(err, "readlinkat", "cannot copy up \"%s\"", place->name);
	target[length] = '\0';
	if (symlinkat(target, place->parent, place->name) < 0)
		return fail_call(err, "symlinkat", "cannot copy up \"%s\"", place->name);
	return 0;
}

static int copy_xattrs(const struct applier *applier, const char *source, const struct place *place,
		       struct error *err)
{
	struct xattr_target target = xattr_target_place(place);
	auto_free char *names = malloc(XATTR_LIST_MAX), *value = malloc(XATTR_SIZE_MAX);
	ssize_t length;

	if (!names || !value)
		abort();
	length = listxattr(source, names, XATTR_LIST_MAX);
	for (const char *name = names; length > 0 && name < names + length;
	     name += strlen(name) + 1) {
		ssize_t size = getxattr(source, name, value, XATTR_SIZE_MAX);

		if (size >= 0 && xattr_allowed(name))
			TRY(xattr_set(applier, &target, name, value, (size_t)size, err));
	}
	return 0;
}

static int copy_attributes(const struct applier *applier, const char *source,
			   const struct stat *status, const struct place *place, struct error *err)
{
	struct timespec times[2] = { status->st_atim, status->st_mtim };

	if (!applier->options->single_id && fchownat(place->parent, place->name, status->st_uid,
						     status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "chown", "cannot copy up \"%s\"", place->name);
	if (!S_ISLNK(status->st_mode) &&
	    fchmodat(place->parent, place->name, status->st_mode & 07777, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "fchmodat", "cannot copy up \"%s\"", place->name);
	/* The name of a descriptor of a link itself cannot be asked for attributes. */
	if (!S_ISLNK(status->st_mode))
		TRY(copy_xattrs(applier, source, place, err));
	if (utimensat(place->parent, place->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "utimensat", "cannot copy up \"%s\"", place->name);
	return 0;
}

int lower_copy_up(const struct applier *applier, int lower, const struct place *place,
		  struct error *err)
{
	char source[32];
	struct stat status;

	snprintf(source, sizeof(source), "/proc/self/fd/%d", lower);
	if (fstat(lower, &status) < 0)
		return fail_call(err, "fstat", "cannot copy up \"%s\"", place->name);
	if (S_ISREG(status.st_mode))
		TRY(copy_content(source, &status, place, err));
	else
		TRY(copy_special(lower, &status, place, err));
	return copy_attributes(applier, source, &status, place, err);
}

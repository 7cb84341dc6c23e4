/* make.c -- make what an entry says, by one row a kind of file.
 *
 * An entry replaces what has its name, except a directory, which only takes over the name of a
 * directory: then the content stays and the attributes are the entry's. Everything is made under a
 * new name (O_EXCL and its like): nothing that exists is ever opened for writing. */
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"

typedef int make_function(struct applier *applier, const struct entry *entry,
			  const struct place *place, struct error *err);

/* Call `make`, which leaves its result in errno's manner; once more when a name was in the way. */
#define MAKE_NEW(applier, place, err, make)                                                        \
	__extension__({                                                                            \
		int result_of_make = (make);                                                       \
		if (result_of_make < 0 && errno == EEXIST) {                                       \
			TRY(place_clear(applier, place, err));                                     \
			result_of_make = (make);                                                   \
		}                                                                                  \
		result_of_make;                                                                    \
	})

/* Zeros, and enough of them to be left out: archives have no holes. */
#define HOLE_LEAST 4096

static bool is_hole(const void *block, size_t length)
{
	const char *bytes = block;

	return length >= HOLE_LEAST && !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

static int file_fill(const struct applier *applier, const struct entry *entry, int fd,
		     struct error *err)
{
	int64_t end = 0, position = 0, offset;
	const void *block;
	size_t length;
	int result;

	while ((result = archive_read_data_block(applier->archive, &block, &length, &offset)) ==
	       ARCHIVE_OK) {
		if (offset < end || offset > entry->size || (int64_t)length > entry->size - offset)
			return fail(err, EBADMSG,
				    "the archive is broken: the data of \"%s\" is in disorder",
				    entry->path);
		end = offset + (int64_t)length;
		if (is_hole(block, length))
			continue;
		if (offset > position && lseek(fd, offset, SEEK_SET) < 0)
			return fail_call(err, "lseek", "cannot write \"%s\"", entry->path);
		TRY(file_write_all(fd, block, length, entry->path, err));
		position = end;
	}
	if (result != ARCHIVE_EOF)
		return archive_failure(applier, err);
	if (position < entry->size && ftruncate(fd, entry->size) < 0)
		return fail_call(err, "ftruncate", "cannot make the hole at the end of \"%s\"",
				 entry->path);
	return 0;
}

static int file_open_new(const struct place *place, mode_t mode)
{
	return openat(place->parent, place->name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

static int make_file(struct applier *applier, const struct entry *entry, const struct place *place,
		     struct error *err)
{
	auto_close int fd = MAKE_NEW(applier, place, err, file_open_new(place, 0600));

	if (fd < 0)
		return fail_call(err, "openat", "cannot make the file \"%s\"", entry->path);
	if (entry->size > 0)
		TRY(file_fill(applier, entry, fd, err));
	return attributes_set_file(applier, entry, fd, err);
}

/* 1: a directory was there already; 0: a new one. */
static int directory_provide(struct applier *applier, const struct place *place, bool *replaced,
			     struct error *err)
{
	struct stat status;

	*replaced = false;
	if (mkdirat(place->parent, place->name, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return fail_call(err, "mkdirat", "cannot make the directory \"%s\"", place->name);
	if (fstatat(place->parent, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode))
		return 1;
	*replaced = true;
	TRY(place_clear(applier, place, err));
	if (mkdirat(place->parent, place->name, 0700) < 0)
		return fail_call(err, "mkdirat", "cannot make the directory \"%s\"", place->name);
	return 0;
}

static int make_directory(struct applier *applier, const struct entry *entry,
			  const struct place *place, struct error *err)
{
	auto_close int fd = -1;
	bool replaced;
	int existed = directory_provide(applier, place, &replaced, err);

	if (existed < 0)
		return existed;
	fd = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_call(err, "openat", "cannot open the directory \"%s\"", entry->path);
	/* A whiteout or a file of this layer came first: the directory below is gone for good. */
	if (replaced && is_overlay(applier))
		TRY(opaque_mark(applier, fd, entry->path, err));
	if (existed)
		xattrs_clear(entry, fd);
	return attributes_set_directory(applier, entry, fd, err);
}

static int make_symlink(struct applier *applier, const struct entry *entry,
			const struct place *place, struct error *err)
{
	if (MAKE_NEW(applier, place, err, symlinkat(entry->link, place->parent, place->name)) < 0)
		return fail_call(err, "symlinkat", "cannot make the symbolic link \"%s\"",
				 entry->path);
	return attributes_set_special(applier, entry, place, err);
}

static int make_fifo(struct applier *applier, const struct entry *entry, const struct place *place,
		     struct error *err)
{
	if (MAKE_NEW(applier, place, err, mknodat(place->parent, place->name, S_IFIFO | 0600, 0)) <
	    0)
		return fail_call(err, "mknodat", "cannot make the fifo \"%s\"", entry->path);
	return attributes_set_special(applier, entry, place, err);
}

/* Who may not make devices leaves an empty file that nobody can open. */
static int make_placeholder(struct applier *applier, const struct entry *entry,
			    const struct place *place, struct error *err)
{
	auto_close int fd = MAKE_NEW(applier, place, err, file_open_new(place, 0));

	if (fd < 0)
		return fail_call(err, "openat", "cannot make the file \"%s\"", entry->path);
	if (fchmod(fd, 0) < 0)
		return fail_call(err, "fchmod", "cannot set the mode of \"%s\"", entry->path);
	return 0;
}

static int make_device(struct applier *applier, const struct entry *entry,
		       const struct place *place, struct error *err)
{
	int made;

	if (applier->options->single_id)
		return make_placeholder(applier, entry, place, err);
	made = MAKE_NEW(applier, place, err,
			mknodat(place->parent, place->name, entry->type | 0600, entry->device));
	if (made < 0 && errno == EPERM)
		return make_placeholder(applier, entry, place, err);
	if (made < 0)
		return fail_call(err, "mknodat", "cannot make the device \"%s\"", entry->path);
	return attributes_set_special(applier, entry, place, err);
}

static const struct maker {
	mode_t type;
	make_function *make;
} makers[] = {
	{ S_IFREG, make_file }, { S_IFDIR, make_directory }, { S_IFLNK, make_symlink },
	{ S_IFIFO, make_fifo }, { S_IFCHR, make_device },    { S_IFBLK, make_device },
	{ 0, link_make },
};

/* The root exists; an entry for it only tells its attributes. */
static int make_root(struct applier *applier, const struct entry *entry, struct error *err)
{
	auto_close int fd = -1;

	if (entry->type != S_IFDIR)
		return fail(err, EBADMSG, "the archive's entry for the root is not a directory");
	fd = openat(applier->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_call(err, "openat", "cannot open the root");
	if (!is_overlay(applier))
		xattrs_clear(entry, fd);
	return attributes_set_directory(applier, entry, fd, err);
}

int entry_make(struct applier *applier, const struct entry *entry, struct error *err)
{
	struct place place;

	if (!entry->path[0])
		return make_root(applier, entry, err);
	if (entry->type == S_IFCHR && entry->device == makedev(0, 0))
		return whiteout_device_apply(applier, entry, err);
	TRY(place_find(applier, entry->path, true, &place, err));
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		if (makers[i].type == entry->type) {
			TRY(makers[i].make(applier, entry, &place, err));
			return place_own(applier, &place, err);
		}
	return fail(err, EBADMSG, "\"%s\" is of a kind that layers do not have", entry->path);
}

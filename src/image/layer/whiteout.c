/* whiteout.c -- what a layer takes away from those below it.
 *
 * ".wh.NAME" hides NAME, ".wh..wh..opq" hides everything in its directory, both only of lower
 * layers. In overlay form they become the kernel's marks: the layer stays independent of its
 * parents. Merged, what lower layers left is removed and what this layer made stays.
 *
 * Whether an entry is a whiteout is told by its name: real layers have them as empty files, as hard
 * links and as anything else. Other names that begin with ".wh..wh." are the bookkeeping of AUFS
 * and mean nothing. In an opaque directory there are no whiteouts: readdir would show them. */
#include "applier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"

#define PREFIX ".wh."

bool is_whiteout_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

static const char *opaque_name(const struct layer_options *options)
{
	return options->user_xattrs ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

/* An O_PATH descriptor will do. */
bool is_opaque(const struct layer_options *options, int directory)
{
	auto_close int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char value;

	return fd >= 0 && fgetxattr(fd, opaque_name(options), &value, 1) == 1 && value == 'y';
}

static int directory_read(int directory, const char *name, DIR **stream, struct error *err)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*stream = fd < 0 ? NULL : fdopendir(fd);
	if (*stream)
		return 0;
	if (fd >= 0)
		close(fd);
	return fail_call(err, "openat", "cannot read the directory \"%s\"", name);
}

/* The next name but "." and ".."; NULL at the end. */
static const char *name_next(DIR *stream)
{
	const struct dirent *entry;

	do
		entry = readdir(stream);
	while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry ? entry->d_name : NULL;
}

/* ---- overlay form ---- */

int opaque_mark(const struct applier *applier, int directory, const char *name, struct error *err)
{
	auto_closedir DIR *stream = NULL;
	struct stat status;
	const char *inside;

	TRY(directory_read(directory, ".", &stream, err));
	if (fsetxattr(dirfd(stream), opaque_name(applier->options), "y", 1, 0) < 0) {
		fail_call(err, "setxattr", "cannot mark \"%s\" as opaque", name);
		return fail_hint(err, "the store's file system must have extended attributes");
	}
	while ((inside = name_next(stream)))
		if (fstatat(dirfd(stream), inside, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_whiteout_device(&status) && unlinkat(dirfd(stream), inside, 0) < 0)
			return fail_call(err, "unlinkat", "cannot remove the whiteout \"%s\"",
					 inside);
	return 0;
}

static int hide_overlay(struct applier *applier, const struct place *place, struct error *err)
{
	auto_close int directory = -1;

	if (is_opaque(applier->options, place->parent))
		return 0;
	if (mknodat(place->parent, place->name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return fail_call(err, "mknodat", "cannot make the whiteout of \"%s\"", place->name);
	/* The layer has something of that name: it hides what is below, a directory if opaque. */
	directory =
		openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory < 0 ? 0 : opaque_mark(applier, directory, place->name, err);
}

/* ---- merged ---- */

static int lower_clear(const struct applier *applier, int directory, const char *name,
		       struct error *err);

/* Remove a name that lower layers left; of a directory on the way to own things only the rest. */
static int lower_remove(const struct applier *applier, int directory, ino_t inode, const char *name,
			struct error *err)
{
	struct stat status;
	bool own;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : fail_call(err, "fstatat", "cannot look at \"%s\"", name);
	own = own_names_have(&applier->own, inode, name) ||
	      (S_ISDIR(status.st_mode) && own_names_have(&applier->own, status.st_ino, ""));
	if (!own)
		return file_remove_tree(directory, name, err);
	return S_ISDIR(status.st_mode) ? lower_clear(applier, directory, name, err) : 0;
}

static int lower_clear(const struct applier *applier, int directory, const char *name,
		       struct error *err)
{
	auto_closedir DIR *stream = NULL;
	struct stat status;
	const char *inside;

	TRY(directory_read(directory, name, &stream, err));
	if (fstat(dirfd(stream), &status) < 0)
		return fail_call(err, "fstat", "cannot look at \"%s\"", name);
	while ((inside = name_next(stream)))
		TRY(lower_remove(applier, dirfd(stream), status.st_ino, inside, err));
	return 0;
}

/* ---- both ---- */

/* The directory a whiteout is in: 0 when there is none to speak of, 1 when found. */
static int whiteout_place(struct applier *applier, const char *path, struct place *place,
			  struct error *err)
{
	int result = place_find(applier, path, false, place, err);

	/* Under a whiteout or a file there is nothing left to hide. */
	if (result == -ENOTDIR || (result == -ENOENT && !is_overlay(applier)))
		return 0;
	if (result == -ENOENT)
		result = place_find(applier, path, true, place, err);
	return result < 0 ? result : 1;
}

static int opaque_apply(struct applier *applier, const struct entry *entry, struct error *err)
{
	struct place place;
	int found = whiteout_place(applier, entry->path, &place, err);

	if (found <= 0)
		return found;
	if (is_overlay(applier))
		return opaque_mark(applier, place.parent, applier->parent_path, err);
	place_forget(applier);
	return lower_clear(applier, place.parent, ".", err);
}

static int hide(struct applier *applier, const char *path, struct error *err)
{
	struct place place;
	int found = whiteout_place(applier, path, &place, err);

	if (found <= 0)
		return found;
	if (is_overlay(applier))
		return hide_overlay(applier, &place, err);
	place_forget(applier);
	return lower_remove(applier, place.parent, applier->parent_inode, place.name, err);
}

int whiteout_apply(struct applier *applier, const struct entry *entry, struct error *err)
{
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	const char *hidden = name + strlen(PREFIX);
	char path[PATH_MAX];
	size_t length = (size_t)(name - entry->path);

	if (text_equal(hidden, ".wh..opq"))
		return opaque_apply(applier, entry, err);
	if (text_starts(hidden, PREFIX))
		return 0;
	if (!hidden[0] || text_equal(hidden, ".") || text_equal(hidden, ".."))
		return fail(err, EBADMSG, "the whiteout \"%s\" names nothing", entry->path);
	memcpy(path, entry->path, length);
	strcpy(path + length, hidden);
	return hide(applier, path, err);
}

int whiteout_device_apply(struct applier *applier, const struct entry *entry, struct error *err)
{
	return hide(applier, entry->path, err);
}

/* place.c -- the directory an entry goes to.
 *
 * Every directory on the way is resolved by below_open_parent: links in the tree are followed, but
 * only inside it; the last component is never followed by anybody. One directory is remembered,
 * because entries of a directory come one after the other: its descriptor is right until something
 * is removed, for nothing else can change what an existing path means. */
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/below.h"
#include "base/file.h"
#include "base/own.h"

void place_forget(struct applier *applier)
{
	applier->parent_usable = false;
}

/* The directories from here up to the root lead to something of this layer's. The walk stops at
 * the first that is known: those above it are known, too. */
static int own_ancestors(struct applier *applier, struct error *err)
{
	auto_close int fd = fcntl(applier->parent, F_DUPFD_CLOEXEC, 3);
	struct stat root, status;

	if (fd < 0 || fstat(applier->root, &root) < 0)
		return fail_call(err, "fstat", "cannot walk up to the root");
	for (;;) {
		int up;

		if (fstat(fd, &status) < 0)
			return fail_call(err, "fstat", "cannot walk up to the root");
		if ((status.st_ino == root.st_ino && status.st_dev == root.st_dev) ||
		    !own_names_add(&applier->own, status.st_ino, "", &applier->arena))
			return 0;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return fail_call(err, "openat", "cannot walk up to the root");
		close(fd);
		fd = up;
	}
}

static int remember(struct applier *applier, int parent, const char *path, size_t length,
		    struct error *err)
{
	struct stat status;

	if (applier->parent >= 0)
		close(applier->parent);
	applier->parent = parent;
	memcpy(applier->parent_path, path, length);
	applier->parent_path[length] = '\0';
	applier->parent_usable = true;
	if (is_overlay(applier))
		return 0;
	if (fstat(parent, &status) < 0)
		return fail_call(err, "fstat", "cannot look at \"%s\"", applier->parent_path);
	applier->parent_inode = status.st_ino;
	return 0;
}

/* Make one missing directory. In place of a whiteout of this same layer it is a new directory that
 * hides the one below. */
static int directory_provide(struct applier *applier, const char *path, struct error *err)
{
	char name[NAME_SIZE];
	auto_close int parent = below_open_parent(applier->root, path, name);
	auto_close int directory = -1;
	struct stat status;
	bool hidden = false;

	if (parent < 0)
		return parent;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!is_overlay(applier) || !is_whiteout_device(&status))
			return 0;
		if (unlinkat(parent, name, 0) < 0)
			return -errno;
		hidden = true;
	}
	if (mkdirat(parent, name, 0755) < 0)
		return -errno;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0 || fchmod(directory, 0755) < 0)
		return -errno;
	return hidden ? opaque_mark(applier, directory, name, err) : 0;
}

static int parents_provide(struct applier *applier, const char *path, struct error *err)
{
	char prefix[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);
		int result;

		memcpy(prefix, path, length);
		prefix[length] = '\0';
		result = directory_provide(applier, prefix, err);
		if (result < 0)
			return result;
	}
	return 0;
}

int place_find(struct applier *applier, const char *path, bool make, struct place *place,
	       struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	int parent;

	strcpy(place->name, slash ? slash + 1 : path);
	if (!applier->parent_usable || strlen(applier->parent_path) != length ||
	    memcmp(applier->parent_path, path, length) != 0) {
		char name[NAME_SIZE];

		parent = below_open_parent(applier->root, path, name);
		if (make && (parent == -ENOENT || parent == -ENOTDIR) &&
		    (parent = parents_provide(applier, path, err)) == 0)
			parent = below_open_parent(applier->root, path, name);
		if (parent < 0)
			return fail_number(err, parent, "openat2",
					   "cannot get to the directory of \"%s\"", path);
		TRY(remember(applier, parent, path, length, err));
	}
	place->parent = applier->parent;
	return 0;
}

int place_clear(struct applier *applier, const struct place *place, struct error *err)
{
	place_forget(applier);
	if (unlinkat(place->parent, place->name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return fail_call(err, "unlinkat", "cannot replace \"%s\"", place->name);
	return file_remove_tree(place->parent, place->name, err);
}

int place_own(struct applier *applier, const struct place *place, struct error *err)
{
	if (is_overlay(applier))
		return 0;
	own_names_add(&applier->own, applier->parent_inode, place->name, &applier->arena);
	return own_ancestors(applier, err);
}

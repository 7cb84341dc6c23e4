/* copy.c -- the rootfs driver "copy": the merged tree of all layers, as ordinary files.
 *
 * Layers are laid over each other from the lowest to the uppermost, each by one walk over its tree
 * by directory descriptors: whiteouts remove, opaque directories empty, directories merge,
 * everything else replaces. Both trees are this tool's own while it runs and every step names one
 * entry of an open directory without following it, so no link of an image is ever walked through.
 * A directory's attributes come after its content, which would change its time. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/below.h"
#include "base/cancel.h"
#include "base/file.h"
#include "base/inodes.h"
#include "base/own.h"
#include "base/text.h"
#include "inhabitants.h"
#include "rootfs_private.h"

struct copy {
	const struct rootfs_request *request;
	int root;            /* of the target */
	struct inodes links; /* of the layer being copied */
	struct text path;    /* of the entry being copied, relative to the root */
};

struct entry {
	int from, to; /* directories */
	const char *name;
	struct stat stat; /* of the source */
};

static int copy_directory(struct copy *copy, int from, int to, struct error *err);

/* ---- making way ------------------------------------------------------------------------------ */

static int remove_target(const struct entry *entry, struct error *err)
{
	if (unlinkat(entry->to, entry->name, 0) == 0 || errno == ENOENT)
		return 0;
	return file_remove_tree(entry->to, entry->name, err);
}

static int empty_directory(int directory, struct error *err)
{
	auto_close int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;

	if (!list)
		return fail_call(err, "open", "cannot list a directory of the copy");
	again = -1;
	while ((item = readdir(list)))
		if (strcmp(item->d_name, ".") && strcmp(item->d_name, ".."))
			TRY(file_remove_tree(directory, item->d_name, err));
	return 0;
}

/* ---- one function a type of file ------------------------------------------------------------- */

/* A caller without privilege owns the whole store, and still cannot read what an image gave mode
 * 0000: the bit is set for the moment of opening. */
static int open_source(const struct entry *entry, int flags, struct error *err)
{
	mode_t mode = entry->stat.st_mode & 07777;
	int fd = openat(entry->from, entry->name, flags | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES &&
	    fchmodat(entry->from, entry->name, mode | (S_ISDIR(entry->stat.st_mode) ? 0500 : 0400),
		     0) == 0) {
		fd = openat(entry->from, entry->name, flags | O_NOFOLLOW | O_CLOEXEC);
		if (!S_ISDIR(entry->stat.st_mode))
			fchmodat(entry->from, entry->name, mode, 0);
	}
	if (fd < 0)
		return fail_call(err, "openat", "cannot read the layer's file");
	return fd;
}

static int copy_hard_link(struct copy *copy, const struct entry *entry, const char *first,
			  struct error *err)
{
	char name[256];
	auto_close int parent = below_open_parent(copy->root, first, name);

	if (parent < 0)
		return fail_number(err, parent, "openat2", "cannot find the linked file %s", first);
	TRY(remove_target(entry, err));
	if (linkat(parent, name, entry->to, entry->name, 0) < 0)
		return fail_call(err, "linkat", "cannot link to %s", first);
	return 0;
}

/* A new file, in the place of whatever a lower layer has there; -errno. */
static int create_regular(const struct entry *entry, struct error *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(entry->to, entry->name, flags, 0600);

	if (fd < 0 && errno == EEXIST) {
		TRY(remove_target(entry, err));
		fd = openat(entry->to, entry->name, flags, 0600);
	}
	return fd < 0 ? fail_call(err, "openat", "cannot make the copy") : fd;
}

static int copy_regular(struct copy *copy, const struct entry *entry, struct error *err)
{
	const char *first =
		entry->stat.st_nlink > 1 ? inodes_find(&copy->links, &entry->stat) : NULL;
	auto_close int from = -1, to = -1;

	if (first)
		return copy_hard_link(copy, entry, first, err);
	from = open_source(entry, O_RDONLY, err);
	if (from < 0)
		return from;
	to = create_regular(entry, err);
	if (to < 0)
		return to;
	TRY(content_copy(from, to, entry->stat.st_size, err));
	TRY(attributes_copy(from, to, &copy->request->owners, err));
	if (entry->stat.st_nlink > 1)
		inodes_add(&copy->links, &entry->stat, copy->path.data);
	return 0;
}

static int copy_symlink(struct copy *copy, const struct entry *entry, struct error *err)
{
	char target[4097];
	ssize_t length = readlinkat(entry->from, entry->name, target, sizeof(target) - 1);
	struct attributes_pair pair = { entry->from, entry->to, entry->name, &entry->stat };

	if (length < 0)
		return fail_call(err, "readlinkat", "cannot read the layer's link");
	target[length] = '\0';
	TRY(remove_target(entry, err));
	if (symlinkat(target, entry->to, entry->name) < 0)
		return fail_call(err, "symlinkat", "cannot make the copy");
	return attributes_copy_at(&pair, &copy->request->owners, err);
}

/* As a user's trees have it: who may not make devices leaves an empty file that nobody can open. */
static int make_placeholder(const struct entry *entry, struct error *err)
{
	auto_close int fd = create_regular(entry, err);

	if (fd < 0)
		return fd;
	return fchmod(fd, 0) < 0 ? fail_call(err, "fchmod", "cannot make the copy") : 0;
}

static int copy_special(struct copy *copy, const struct entry *entry, struct error *err)
{
	bool device = S_ISCHR(entry->stat.st_mode) || S_ISBLK(entry->stat.st_mode);

	struct attributes_pair pair = { entry->from, entry->to, entry->name, &entry->stat };

	TRY(remove_target(entry, err));
	if (S_ISCHR(entry->stat.st_mode) && !entry->stat.st_rdev)
		return 0; /* a whiteout: that it is gone is all */
	if (device && copy->request->owners.single_id)
		return make_placeholder(entry, err);
	if (mknodat(entry->to, entry->name, entry->stat.st_mode, entry->stat.st_rdev) < 0)
		return fail_call(err, "mknodat", "cannot make the copy");
	return attributes_copy_at(&pair, &copy->request->owners, err);
}

/* The directory that a link in the directory's place leads to, below the root; or -1. */
static int open_linked_directory(const struct copy *copy, const struct stat *there)
{
	if (!copy->request->keep_dirlinks || !S_ISLNK(there->st_mode))
		return -1;
	return below_open(copy->root, copy->path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The directory of the target, made if something else or nothing is there; -errno. */
static int open_target_directory(const struct copy *copy, const struct entry *entry,
				 struct error *err)
{
	struct stat there;
	int fd;

	if (fstatat(entry->to, entry->name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		fd = open_linked_directory(copy, &there);
		if (fd >= 0)
			return fd;
		if (!S_ISDIR(there.st_mode))
			TRY(remove_target(entry, err));
	}
	if (mkdirat(entry->to, entry->name, 0700) < 0 &&
	    (errno != EEXIST || fchmodat(entry->to, entry->name, 0700, 0) < 0))
		return fail_call(err, "mkdirat", "cannot make the copy");
	fd = openat(entry->to, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "openat", "cannot open the copy") : fd;
}

static int copy_subdirectory(struct copy *copy, const struct entry *entry, struct error *err)
{
	auto_close int from = open_source(entry, O_RDONLY | O_DIRECTORY, err);
	auto_close int to = from < 0 ? -1 : open_target_directory(copy, entry, err);
	mode_t mode = entry->stat.st_mode & 07777;
	int result;

	if (from < 0)
		return from;
	if (to < 0)
		return to;
	result = copy_directory(copy, from, to, err);
	if (copy->request->owners.single_id && (mode & 0500) != 0500) { /* see open_source */
		fchmod(from, mode);
		fchmod(to, mode);
	}
	return result;
}

static const struct {
	mode_t type;
	int (*copy)(struct copy *copy, const struct entry *entry, struct error *err);
} types[] = {
	{ S_IFREG, copy_regular },  { S_IFDIR, copy_subdirectory }, { S_IFLNK, copy_symlink },
	{ S_IFCHR, copy_special },  { S_IFBLK, copy_special },      { S_IFIFO, copy_special },
	{ S_IFSOCK, copy_special },
};

/* ---- the walk -------------------------------------------------------------------------------- */

static int copy_entry(struct copy *copy, struct entry *entry, struct error *err)
{
	size_t length = copy->path.length;
	int result = 0;

	if (fstatat(entry->from, entry->name, &entry->stat, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "fstatat", "cannot look at the layer's %s", entry->name);
	text_format(&copy->path, "%s%s", length ? "/" : "", entry->name);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((entry->stat.st_mode & S_IFMT) == types[i].type)
			result = types[i].copy(copy, entry, err);
	if (result < 0)
		return fail_where(err, "/%s", copy->path.data);
	copy->path.data[copy->path.length = length] = '\0';
	return 0;
}

static int copy_directory(struct copy *copy, int from, int to, struct error *err)
{
	auto_close int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;

	if (!list)
		return fail_call(err, "open", "cannot list the layer's directory");
	again = -1;
	TRY(cancel_check(copy->request->cancel_fd, err));
	if (attributes_opaque(from))
		TRY(empty_directory(to, err));
	while ((errno = 0, item = readdir(list))) {
		struct entry entry = { .from = from, .to = to, .name = item->d_name };

		if (strcmp(item->d_name, ".") && strcmp(item->d_name, ".."))
			TRY(copy_entry(copy, &entry, err));
	}
	if (errno)
		return fail_call(err, "readdir", "cannot list the layer's directory");
	return attributes_copy(from, to, &copy->request->owners, err);
}

static int copy_layer(const struct rootfs_request *request, const char *layer, int root,
		      struct error *err)
{
	struct copy copy = { .request = request, .root = root };
	auto_close int tree = open(layer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (tree < 0)
		return fail_call(err, "open", "cannot open the layer %s", layer);
	text_add(&copy.path, "");
	result = copy_directory(&copy, tree, root, err);
	inodes_free(&copy.links);
	text_free(&copy.path);
	return result;
}

static bool copy_usable(const struct rootfs_request *request)
{
	return true;
}

static int copy_make(const struct rootfs_request *request, struct error *err)
{
	auto_close int root =
		open(request->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (root < 0)
		return fail_call(err, "open", "cannot open %s", request->target);
	for (size_t i = 0; i < request->layers.count; i++) {
		fchmod(root, 0700); /* a lower layer's root may be read-only to its owner */
		TRY(copy_layer(request, request->layers.items[i], root, err));
	}
	return 0;
}

static int copy_release(const char *target, int state, struct error *err)
{
	return 0;
}

static int copy_check_unused(const char *target, int state, struct error *err)
{
	struct stat look;

	if (stat(target, &look) < 0)
		return 0;
	return inhabitant_refuse(inhabitant_find(look.st_dev, look.st_ino), err);
}

static int copy_open_changes(const char *target, int state, bool merged,
			     struct rootfs_changes *changes, struct error *err)
{
	changes->upper = false;
	changes->fd = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return changes->fd < 0 ? fail_call(err, "open", "cannot open %s", target) : 0;
}

const struct rootfs_driver rootfs_copy = {
	.name = "copy",
	.usable = copy_usable,
	.make = copy_make,
	.release = copy_release,
	.check_unused = copy_check_unused,
	.open_changes = copy_open_changes,
};

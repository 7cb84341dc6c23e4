/* attributes.c -- owner, mode, extended attributes and times of what an entry made.
 *
 * In this order: a change of owner clears setuid bits and security.capability; everything changes
 * times. A directory's times come when nothing is put into it any more. */
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/below.h"
#include "base/own.h"
#include "base/text.h"

static int owner_failure(const struct entry *entry, struct error *err)
{
	int number = errno;

	fail_call(err, "chown", "cannot give \"%s\" to the owner %u:%u", entry->path, entry->uid,
		  entry->gid);
	if (number == EINVAL)
		fail_hint(err, "this user namespace has no such id: give it more ids in "
			       "/etc/subuid and /etc/subgid");
	return -number;
}

/* With one id there is nobody but the owner, who must be able to copy and remove the tree. */
static mode_t mode_of(const struct applier *applier, const struct entry *entry)
{
	mode_t needed = entry->type == S_IFDIR ? 0700 : 0400;

	return applier->options->single_id ? entry->mode | needed : entry->mode;
}

/* Owner and mode of a regular file or a directory. */
static int rights_set(const struct applier *applier, const struct entry *entry, int fd,
		      struct error *err)
{
	if (!applier->options->single_id && fchown(fd, entry->uid, entry->gid) < 0)
		return owner_failure(entry, err);
	if (fchmod(fd, mode_of(applier, entry)) < 0)
		return fail_call(err, "chmod", "cannot set the mode of \"%s\"", entry->path);
	return 0;
}

/* A time that the file system or the kernel does not have becomes the epoch. */
static int times_set(int dir, const char *name, const struct timespec times[2])
{
	static const struct timespec epoch[2];
	int result = name ? utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) : futimens(dir, times);

	if (result == 0 || errno != EINVAL)
		return result;
	return name ? utimensat(dir, name, epoch, AT_SYMLINK_NOFOLLOW) : futimens(dir, epoch);
}

int attributes_set_file(const struct applier *applier, const struct entry *entry, int fd,
			struct error *err)
{
	struct xattr_target target = { .owner = entry->path, .fd = fd };

	TRY(rights_set(applier, entry, fd, err));
	TRY(xattrs_set(applier, entry, &target, err));
	if (times_set(fd, NULL, entry->times) < 0)
		return fail_call(err, "futimens", "cannot set the times of \"%s\"", entry->path);
	return 0;
}

/* Memory is no more than this, whatever the archive says: it may name one directory a million times
 * by a path of 4 KiB. */
#define LATE_MOST (128U << 20)

static int late_add(struct applier *applier, const struct entry *entry, ino_t inode,
		    struct error *err)
{
	struct late_directory *late;

	applier->late_bytes += sizeof(*late) + strlen(entry->path) + 1;
	if (applier->late_bytes > LATE_MOST)
		return fail(err, EFBIG, "the layer has too many directories");
	if (applier->late_count == applier->late_size) {
		applier->late_size = applier->late_size ? 2 * applier->late_size : 256;
		applier->late = reallocarray(applier->late, applier->late_size, sizeof(*late));
		if (!applier->late)
			abort();
	}
	late = &applier->late[applier->late_count++];
	late->path = arena_string(&applier->arena, entry->path);
	late->inode = inode;
	memcpy(late->times, entry->times, sizeof(late->times));
	return 0;
}

int attributes_set_directory(struct applier *applier, const struct entry *entry, int fd,
			     struct error *err)
{
	struct xattr_target target = { .owner = entry->path, .fd = fd };
	struct stat status;

	TRY(rights_set(applier, entry, fd, err));
	TRY(xattrs_set(applier, entry, &target, err));
	if (fstat(fd, &status) < 0)
		return fail_call(err, "fstat", "cannot look at \"%s\"", entry->path);
	return late_add(applier, entry, status.st_ino, err);
}

int attributes_set_special(const struct applier *applier, const struct entry *entry,
			   const struct place *place, struct error *err)
{
	struct xattr_target target = xattr_target_place(place);

	if (!applier->options->single_id &&
	    fchownat(place->parent, place->name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return owner_failure(entry, err);
	/* Links have no mode of their own. */
	if (entry->type != S_IFLNK &&
	    fchmodat(place->parent, place->name, mode_of(applier, entry), AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "fchmodat", "cannot set the mode of \"%s\"", entry->path);
	TRY(xattrs_set(applier, entry, &target, err));
	if (times_set(place->parent, place->name, entry->times) < 0)
		return fail_call(err, "utimensat", "cannot set the times of \"%s\"", entry->path);
	return 0;
}

static int late_set(const struct applier *applier, const struct late_directory *late)
{
	char name[NAME_SIZE] = ".";
	auto_close int parent = late->path[0] ? below_open_parent(applier->root, late->path, name)
					      : fcntl(applier->root, F_DUPFD_CLOEXEC, 3);
	struct stat status;

	/* What was removed or replaced since then is somebody else now. */
	if (parent < 0 || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(status.st_mode) || status.st_ino != late->inode)
		return 0;
	return times_set(parent, name, late->times);
}

int attributes_set_late(struct applier *applier, struct error *err)
{
	for (size_t i = 0; i < applier->late_count; i++)
		if (late_set(applier, &applier->late[i]) < 0)
			return fail_call(err, "utimensat", "cannot set the times of \"%s\"",
					 applier->late[i].path);
	return 0;
}

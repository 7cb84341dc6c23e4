/* changes.c -- walk over what is and what was, side by side, and record where they differ.
 *
 * Names of a directory go in their order as bytes, what is gone among what is there, so that the
 * same change is the same archive. In the upper directory of an overlay only what is there says
 * something, a whiteout that its name is gone; below a directory that is new or opaque, and in
 * whole trees, what is missing is gone as well. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "writer.h"

struct walk {
	const struct layer_changes *changes;
	struct recorder *recorder;
	struct inodes inodes; /* recorded files with more than one name */
	struct text path;     /* of what is being looked at */
};

/* A directory on the way. It is recorded before the first thing in it is. */
struct level {
	struct level *up;
	size_t length;      /* of its path */
	struct named named; /* in its parent; the root is "." in itself */
	int fd;
	bool whole; /* what is missing here is gone */
	bool recorded;
};

static int walk_level(struct walk *walk, struct level *level, const struct merged *before,
		      struct error *err);

static bool is_masked(const struct walk *walk)
{
	const struct strings *masked = &walk->changes->masked;

	for (size_t i = 0; i < masked->count; i++) {
		const char *rest = text_after(walk->path.data, masked->items[i]);

		if (rest && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

static int names_of(const struct level *level, const struct merged *before, struct strings *names,
		    struct arena *arena, struct error *err)
{
	TRY(directory_names(level->fd, names, arena, err));
	if (level->whole)
		TRY(merged_names(before, names, arena, err));
	names_sort(names);
	return 0;
}

/* ---- recording ------------------------------------------------------------------------------- */

/* The directory, and before it those above. The root is among them: who unpacks a layer by itself
 * would have to make one up. */
static int record_level(struct walk *walk, struct level *level, struct error *err)
{
	auto_free char *path = strndup(walk->path.data, level->length);

	if (!path)
		abort();
	if (level->recorded)
		return 0;
	level->recorded = true;
	if (level->up)
		TRY(record_level(walk, level->up, err));
	return recorder_add(walk->recorder, path, &level->named, NULL, err);
}

static int record_whiteout(struct walk *walk, struct level *level, const char *name,
			   struct error *err)
{
	auto_free char *directory = strndup(walk->path.data, level->length);

	if (!directory)
		abort();
	TRY(record_level(walk, level, err));
	return recorder_add_whiteout(walk->recorder, directory, name, err);
}

static int record_file(struct walk *walk, struct level *level, const struct named *file,
		       struct error *err)
{
	bool many = file->stat->st_nlink > 1;
	const char *first = many ? inodes_find(&walk->inodes, file->stat) : NULL;

	TRY(record_level(walk, level, err));
	TRY(recorder_add(walk->recorder, walk->path.data, file, first, err));
	if (many && !first)
		inodes_add(&walk->inodes, file->stat, walk->path.data);
	return 0;
}

/* ---- one name -------------------------------------------------------------------------------- */

static int upper_is_incomplete(struct error *err)
{
	return fail(err, LAYER_UPPER_INCOMPLETE,
		    "overlayfs keeps only a reference in the upper directory (redirect_dir, "
		    "metacopy)");
}

static int walk_directory(struct walk *walk, struct level *up, const struct named *file,
			  const struct merged_entry *before, struct error *err)
{
	auto_close int fd =
		openat(file->parent, file->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	static const struct merged nothing;
	struct level level = { .up = up, .length = walk->path.length, .named = *file, .fd = fd };
	bool was = before->present && S_ISDIR(before->stat.st_mode);
	struct named old = { before->parent, file->name, &before->stat };
	int same = 0;

	if (fd < 0)
		return fail_call(err, "openat", "cannot open the directory");
	if (walk->changes->upper && disk_has_mark(file, "redirect", walk->changes->user_xattrs))
		return upper_is_incomplete(err);
	level.whole = up->whole || !was || directory_hides(fd, walk->changes->user_xattrs);
	if (was)
		TRY(same = compare_files(file, &old, walk->changes->cancel_fd, err));
	if (!same)
		TRY(record_level(walk, &level, err));
	return walk_level(walk, &level, was ? &before->below : &nothing, err);
}

static int walk_file(struct walk *walk, struct level *level, const struct named *file,
		     const struct merged_entry *before, struct error *err)
{
	struct named old = { before->parent, file->name, &before->stat };
	int same = 0;

	if (walk->changes->upper && S_ISREG(file->stat->st_mode) &&
	    disk_has_mark(file, "metacopy", walk->changes->user_xattrs))
		return upper_is_incomplete(err);
	if (before->present)
		TRY(same = compare_files(file, &old, walk->changes->cancel_fd, err));
	return same ? 0 : record_file(walk, level, file, err);
}

/* As the image has it, where that is what it is compared with. */
static int map_owner(const struct walk *walk, struct stat *stat, struct error *err)
{
	const struct layer_changes *changes = walk->changes;

	if (!changes->lower_as_image)
		return 0;
	if (!id_to_inside(&changes->uids, stat->st_uid, &stat->st_uid) ||
	    !id_to_inside(&changes->gids, stat->st_gid, &stat->st_gid))
		return fail(err, EINVAL, "its owner %u:%u is none of the container's", stat->st_uid,
			    stat->st_gid);
	return 0;
}

/* Is there something that a layer can hold? */
static bool is_there(int parent, const char *name, struct stat *stat)
{
	return fstatat(parent, name, stat, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISSOCK(stat->st_mode) &&
	       !stat_is_whiteout(stat);
}

static int walk_name(struct walk *walk, struct level *level, const char *name,
		     const struct merged *before, struct error *err)
{
	auto_merged_entry struct merged_entry old = { 0 };
	struct stat stat;
	struct named file = { level->fd, name, &stat };

	if (is_masked(walk))
		return 0;
	TRY(merged_find(before, name, &old, err));
	if (!is_there(level->fd, name, &stat))
		return old.present ? record_whiteout(walk, level, name, err) : 0;
	if (text_starts(name, ".wh."))
		return fail(err, EINVAL, "in a layer that name would remove another file");
	TRY(map_owner(walk, &stat, err));
	return S_ISDIR(stat.st_mode) ? walk_directory(walk, level, &file, &old, err)
				     : walk_file(walk, level, &file, &old, err);
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int walk_level(struct walk *walk, struct level *level, const struct merged *before,
		      struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings names = { 0 };

	if (level->length >= PATH_MAX - NAME_MAX)
		return fail(err, ENAMETOOLONG, "the directory is deeper than a layer's can be");
	TRY(cancel_check(walk->changes->cancel_fd, err));
	TRY(names_of(level, before, &names, &arena, err));
	for (size_t i = 0; i < names.count; i++) {
		path_enter(&walk->path, names.items[i]);
		if (walk_name(walk, level, names.items[i], before, err) < 0)
			return fail_where(err, "/%s", walk->path.data);
		path_leave(&walk->path, level->length);
	}
	return 0;
}

static int walk_root(struct walk *walk, struct error *err)
{
	const struct layer_changes *changes = walk->changes;
	auto_merged struct merged before = { 0 };
	struct stat now, old;
	struct level root = { .named = { changes->root, ".", &now },
			      .fd = changes->root,
			      .whole = !changes->upper ||
				       directory_hides(changes->root, changes->user_xattrs) };
	int same = 0;

	TRY(merged_open(changes->lower, changes->lower_count, changes->user_xattrs, &before, err));
	if (fstat(changes->root, &now) < 0)
		return fail_call(err, "fstat", "cannot look at the root");
	TRY(map_owner(walk, &now, err));
	if (before.count) {
		struct named was = { before.fds[0], ".", &old };

		if (fstat(before.fds[0], &old) < 0)
			return fail_call(err, "fstat", "cannot look at the root");
		TRY(same = compare_files(&root.named, &was, changes->cancel_fd, err));
	}
	if (!same)
		TRY(record_level(walk, &root, err));
	return walk_level(walk, &root, &before, err);
}

int layer_write_changes(const struct layer_changes *changes, int out, struct layer_written *written,
			struct error *err)
{
	struct walk walk = { .changes = changes, .recorder = recorder_open(changes, out, err) };
	int result;

	if (!walk.recorder)
		return err ? -err->number : -EIO;
	text_add(&walk.path, "");
	result = walk_root(&walk, err);
	if (result >= 0)
		result = recorder_finish(walk.recorder, written, err);
	recorder_close(walk.recorder);
	inodes_free(&walk.inodes);
	text_free(&walk.path);
	return result;
}

/* links.c -- hard links.
 *
 * The target is a name of this archive, resolved below the root like every other; a link to a
 * symbolic link links that. What this layer does not have may be in a lower one: then the file is
 * copied up, as the kernel's overlayfs would do, when the caller gave the lower trees. Never is
 * anything copied by a name that the host resolves. */
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/below.h"
#include "base/own.h"

/* Link to what is in this tree. -ENOENT (without a message): the target is not there. */
static int link_inside(struct applier *applier, const char *target, const struct entry *entry,
		       const struct place *place, struct error *err)
{
	char name[NAME_SIZE];
	auto_close int parent = below_open_parent(applier->root, target, name);
	struct stat wanted, present;

	if (parent < 0 || fstatat(parent, name, &wanted, AT_SYMLINK_NOFOLLOW) < 0 ||
	    is_whiteout_device(&wanted))
		return -ENOENT;
	if (S_ISDIR(wanted.st_mode))
		return fail(err, EBADMSG, "the hard link \"%s\" goes to a directory", entry->path);
	if (linkat(parent, name, place->parent, place->name, 0) == 0)
		return 0;
	if (errno == EEXIST &&
	    fstatat(place->parent, place->name, &present, AT_SYMLINK_NOFOLLOW) == 0) {
		if (present.st_ino == wanted.st_ino && present.st_dev == wanted.st_dev)
			return 0;
		TRY(place_clear(applier, place, err));
		if (linkat(parent, name, place->parent, place->name, 0) == 0)
			return 0;
	}
	return fail_call(err, "linkat", "cannot link \"%s\" to \"%s\"", entry->path, entry->target);
}

static const struct copied_up *copy_find(const struct applier *applier, const char *target)
{
	const struct copied_up *copy = applier->copied;

	while (copy && strcmp(copy->target, target) != 0)
		copy = copy->next;
	return copy;
}

static void copy_remember(struct applier *applier, const struct entry *entry)
{
	struct copied_up *copy = arena_alloc(&applier->arena, sizeof(*copy));

	copy->target = arena_string(&applier->arena, entry->target);
	copy->path = arena_string(&applier->arena, entry->path);
	copy->next = applier->copied;
	applier->copied = copy;
}

static int link_to_lower(struct applier *applier, const struct entry *entry,
			 const struct place *place, struct error *err)
{
	const struct copied_up *copy = copy_find(applier, entry->target);
	auto_close int lower = -1;
	struct stat status;

	if (copy && link_inside(applier, copy->path, entry, place, err) == 0)
		return 0;
	lower = lower_open(applier->options, entry->target);
	if (lower == -ENOENT)
		return fail(err, ENOENT,
			    "the hard link \"%s\" goes to \"%s\", which does not exist",
			    entry->path, entry->target);
	if (lower < 0)
		return fail_number(err, lower, "openat", "cannot open \"%s\" in the layers below",
				   entry->target);
	if (fstat(lower, &status) == 0 && S_ISDIR(status.st_mode))
		return fail(err, EBADMSG, "the hard link \"%s\" goes to a directory", entry->path);
	TRY(place_clear(applier, place, err));
	TRY(lower_copy_up(applier, lower, place, err));
	copy_remember(applier, entry);
	return 0;
}

int link_make(struct applier *applier, const struct entry *entry, const struct place *place,
	      struct error *err)
{
	int result = link_inside(applier, entry->target, entry, place, err);

	if (result != -ENOENT)
		return result;
	if (is_overlay(applier) && !applier->options->lower) {
		applier->result->needs_parents = true;
		return 0;
	}
	return link_to_lower(applier, entry, place, err);
}

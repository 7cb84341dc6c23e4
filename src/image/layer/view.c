/* view.c -- what a stack of trees shows: compared with another, or written as an archive.
 *
 * Both go through the names of a directory in their order as bytes, so the same trees give the same
 * list and the same archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/layer_view.h"
#include "writer.h"

/* ---- comparing --------------------------------------------------------------------------------
 */

struct comparing {
	struct layer_differences *differences;
	size_t room;
	struct arena *arena;
	struct text path;
	int cancel_fd;
};

static void add_difference(struct comparing *comparing, enum layer_difference_kind kind)
{
	struct layer_differences *list = comparing->differences;
	struct layer_difference *items = list->items;

	if (list->count == comparing->room) {
		comparing->room = comparing->room ? 2 * comparing->room : 64;
		items = arena_array(comparing->arena, comparing->room, sizeof(*items));
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
	}
	items[list->count++] =
		(struct layer_difference){ kind, arena_format(comparing->arena, "/%s",
							      comparing->path.data) };
}

static int compare_directories(struct comparing *comparing, const struct merged *now,
			       const struct merged *before, struct error *err);

/* 1: the same; directories by themselves, whatever they hold. */
static int compare_entries(const char *name, const struct merged_entry *now,
			   const struct merged_entry *before, int cancel_fd, struct error *err)
{
	struct stat old = before->stat;
	const struct named is = { now->parent, name, &now->stat };
	const struct named was = { before->parent, name, &old };

	if (now->stat.st_dev == old.st_dev && now->stat.st_ino == old.st_ino)
		return 1;
	if ((now->stat.st_mode & S_IFMT) != (old.st_mode & S_IFMT))
		return 0;
	if (S_ISDIR(old.st_mode))
		old.st_mtim = now->stat.st_mtim;
	return compare_files(&is, &was, cancel_fd, err);
}

static int compare_name(struct comparing *comparing, const char *name, const struct merged *now,
			const struct merged *before, struct error *err)
{
	auto_merged_entry struct merged_entry is = { 0 }, was = { 0 };
	size_t at = comparing->differences->count;
	int same = 0;

	TRY(merged_find(now, name, &is, err));
	TRY(merged_find(before, name, &was, err));
	if (!is.present) {
		if (was.present)
			add_difference(comparing, LAYER_DELETED);
		return 0;
	}
	if (was.present)
		TRY(same = compare_entries(name, &is, &was, comparing->cancel_fd, err));
	add_difference(comparing, was.present ? LAYER_CHANGED : LAYER_ADDED);
	if (S_ISDIR(is.stat.st_mode))
		TRY(compare_directories(comparing, &is.below, &was.below, err));
	if (same && comparing->differences->count == at + 1)
		comparing->differences->count = at;
	return 0;
}

static int compare_directories(struct comparing *comparing, const struct merged *now,
			       const struct merged *before, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings names = { 0 };

	TRY(cancel_check(comparing->cancel_fd, err));
	TRY(merged_names(now, &names, &arena, err));
	TRY(merged_names(before, &names, &arena, err));
	names_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		size_t length = path_enter(&comparing->path, names.items[i]);

		if (compare_name(comparing, names.items[i], now, before, err) < 0)
			return fail_where(err, "/%s", comparing->path.data);
		path_leave(&comparing->path, length);
	}
	return 0;
}

int layer_compare_views(const struct layer_view *now, const struct layer_view *before,
			int cancel_fd, struct arena *arena, struct layer_differences *differences,
			struct error *err)
{
	auto_merged struct merged is = { 0 }, was = { 0 };
	struct comparing comparing = { .differences = differences,
				       .arena = arena,
				       .cancel_fd = cancel_fd };
	int result;

	*differences = (struct layer_differences){ 0 };
	TRY(merged_open(now->trees, now->count, now->user_xattrs, &is, err));
	TRY(merged_open(before->trees, before->count, before->user_xattrs, &was, err));
	text_add(&comparing.path, "");
	result = compare_directories(&comparing, &is, &was, err);
	text_free(&comparing.path);
	return result;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

struct writing {
	struct recorder *recorder;
	struct inodes inodes;
	struct text path;
	int cancel_fd;
};

static int write_directory(struct writing *writing, const struct merged *directory,
			   struct error *err);

static int write_name(struct writing *writing, const char *name, const struct merged *directory,
		      struct error *err)
{
	auto_merged_entry struct merged_entry entry = { 0 };
	const char *first = NULL;
	struct named file;
	bool many;

	TRY(merged_find(directory, name, &entry, err));
	if (!entry.present || S_ISSOCK(entry.stat.st_mode))
		return 0;
	file = (struct named){ entry.parent, name, &entry.stat };
	many = !S_ISDIR(entry.stat.st_mode) && entry.stat.st_nlink > 1;
	if (many)
		first = inodes_find(&writing->inodes, &entry.stat);
	TRY(recorder_add(writing->recorder, writing->path.data, &file, first, err));
	if (many && !first)
		inodes_add(&writing->inodes, &entry.stat, writing->path.data);
	return S_ISDIR(entry.stat.st_mode) ? write_directory(writing, &entry.below, err) : 0;
}

static int write_directory(struct writing *writing, const struct merged *directory,
			   struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings names = { 0 };

	TRY(cancel_check(writing->cancel_fd, err));
	TRY(merged_names(directory, &names, &arena, err));
	names_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		size_t length = path_enter(&writing->path, names.items[i]);

		if (write_name(writing, names.items[i], directory, err) < 0)
			return fail_where(err, "/%s", writing->path.data);
		path_leave(&writing->path, length);
	}
	return 0;
}

static int write_root(struct writing *writing, const struct layer_view *view, struct error *err)
{
	auto_merged struct merged root = { 0 };
	struct stat stat;
	struct named file = { -1, ".", &stat };

	TRY(merged_open(view->trees, view->count, view->user_xattrs, &root, err));
	if (!root.count)
		return 0;
	if (fstat(root.fds[0], &stat) < 0)
		return fail_call(err, "fstat", "cannot look at the root");
	file.parent = root.fds[0];
	TRY(recorder_add(writing->recorder, "", &file, NULL, err));
	return write_directory(writing, &root, err);
}

int layer_write_view(const struct layer_view *view, const struct layer_changes *how, int out,
		     struct layer_written *written, struct error *err)
{
	struct writing writing = { .recorder = recorder_open(how, out, err),
				   .cancel_fd = how->cancel_fd };
	int result;

	if (!writing.recorder)
		return err ? -err->number : -EIO;
	text_add(&writing.path, "");
	result = write_root(&writing, view, err);
	if (result >= 0)
		result = recorder_finish(writing.recorder, written, err);
	recorder_close(writing.recorder);
	inodes_free(&writing.inodes);
	text_free(&writing.path);
	return result;
}

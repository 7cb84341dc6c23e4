/* tree_compare.c -- is a tree on disk what its layer makes? Whiteouts and marks count as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/layer_view.h"
#include "writer.h"

struct tree_walk {
	const struct layer_comparison *comparison;
	struct text path;
	char how[128];
};

static int tell(struct tree_walk *walk, struct error *err)
{
	return walk->comparison->visit(walk->comparison->context, walk->path.data, walk->how, err);
}

/* What a look at both tells; false: they may be the same. */
static bool stats_differ(struct tree_walk *walk, const struct stat *expected,
			 const struct stat *found)
{
	char *how = walk->how;
	size_t size = sizeof(walk->how);

	*how = '\0';
	if ((expected->st_mode & S_IFMT) != (found->st_mode & S_IFMT))
		snprintf(how, size, "is another kind of file");
	else if (!S_ISLNK(expected->st_mode) && expected->st_mode != found->st_mode)
		snprintf(how, size, "has the mode %04o instead of %04o",
			 (unsigned)found->st_mode & 07777, (unsigned)expected->st_mode & 07777);
	else if (expected->st_uid != found->st_uid || expected->st_gid != found->st_gid)
		snprintf(how, size, "belongs to %u:%u instead of %u:%u", found->st_uid,
			 found->st_gid, expected->st_uid, expected->st_gid);
	else if (S_ISREG(expected->st_mode) && expected->st_size != found->st_size)
		snprintf(how, size, "has %lld bytes instead of %lld", (long long)found->st_size,
			 (long long)expected->st_size);
	else if (!S_ISDIR(expected->st_mode) && !stat_is_whiteout(expected) &&
		 (expected->st_mtim.tv_sec != found->st_mtim.tv_sec ||
		  expected->st_mtim.tv_nsec != found->st_mtim.tv_nsec))
		snprintf(how, size, "has another time of modification");
	return *how;
}

/* Attributes and content. The times of directories and whiteouts are those of the unpacking. */
static int contents_differ(struct tree_walk *walk, const struct named *expected,
			   const struct named *found, struct error *err)
{
	struct stat stat = *found->stat;
	const struct named same_time = { found->parent, found->name, &stat };
	int same;

	if (stat_is_whiteout(expected->stat))
		return expected->stat->st_rdev != found->stat->st_rdev;
	if (S_ISDIR(stat.st_mode))
		stat.st_mtim = expected->stat->st_mtim;
	stat.st_nlink = expected->stat->st_nlink;
	TRY(same = compare_files(expected, &same_time, walk->comparison->cancel_fd, err));
	if (!same)
		snprintf(walk->how, sizeof(walk->how), "%s",
			 S_ISREG(stat.st_mode) ? "has other content or attributes"
					       : "has other attributes");
	return !same;
}

static int compare_level(struct tree_walk *walk, int expected, int found, struct error *err);

static int compare_below(struct tree_walk *walk, const struct named *expected,
			 const struct named *found, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	auto_close int left = openat(expected->parent, expected->name, flags);
	auto_close int right = openat(found->parent, found->name, flags);
	bool hidden;

	if (left < 0 || right < 0)
		return fail_call(err, "openat", "cannot open the directory");
	hidden = directory_hides(left, walk->comparison->user_xattrs);
	if (hidden != directory_hides(right, walk->comparison->user_xattrs)) {
		snprintf(walk->how, sizeof(walk->how), "%s",
			 hidden ? "does not hide what is below it" : "hides what is below it");
		TRY(tell(walk, err));
	}
	return compare_level(walk, left, right, err);
}

static int compare_one(struct tree_walk *walk, const struct named *expected,
		       const struct named *found, struct error *err)
{
	int differs = stats_differ(walk, expected->stat, found->stat);

	if (!differs)
		TRY(differs = contents_differ(walk, expected, found, err));
	if (differs)
		TRY(tell(walk, err));
	if (S_ISDIR(expected->stat->st_mode) && S_ISDIR(found->stat->st_mode))
		return compare_below(walk, expected, found, err);
	return 0;
}

static int compare_name(struct tree_walk *walk, const char *name, int expected, int found,
			struct error *err)
{
	struct stat left, right;
	struct named one = { expected, name, &left }, other = { found, name, &right };
	bool wanted = fstatat(expected, name, &left, AT_SYMLINK_NOFOLLOW) == 0;
	bool there = fstatat(found, name, &right, AT_SYMLINK_NOFOLLOW) == 0;

	if (wanted && there)
		return compare_one(walk, &one, &other, err);
	snprintf(walk->how, sizeof(walk->how), "%s", wanted ? "is missing" : "is not of the layer");
	return tell(walk, err);
}

static int compare_level(struct tree_walk *walk, int expected, int found, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings names = { 0 };

	TRY(cancel_check(walk->comparison->cancel_fd, err));
	TRY(directory_names(expected, &names, &arena, err));
	TRY(directory_names(found, &names, &arena, err));
	names_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		size_t length = path_enter(&walk->path, names.items[i]);

		if (compare_name(walk, names.items[i], expected, found, err) < 0)
			return fail_where(err, "/%s", walk->path.data);
		path_leave(&walk->path, length);
	}
	return 0;
}

int layer_compare_trees(const struct layer_comparison *comparison, struct error *err)
{
	struct tree_walk walk = { .comparison = comparison };
	struct stat left, right;
	struct named expected = { comparison->expected, ".", &left };
	struct named found = { comparison->found, ".", &right };
	int result;

	if (fstat(comparison->expected, &left) < 0 || fstat(comparison->found, &right) < 0)
		return fail_call(err, "fstat", "cannot look at the tree");
	text_add(&walk.path, "");
	result = compare_one(&walk, &expected, &found, err);
	text_free(&walk.path);
	return result;
}

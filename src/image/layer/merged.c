/* merged.c -- the view that overlayfs would give of a stack of trees, directory by directory.
 *
 * The rules are the kernel's: a whiteout ends the search, so does what is no directory; directories
 * of one name show through each other down to one that is opaque. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/own.h"
#include "writer.h"

bool stat_is_whiteout(const struct stat *stat)
{
	return S_ISCHR(stat->st_mode) && stat->st_rdev == makedev(0, 0);
}

bool directory_hides(int directory, bool user_xattrs)
{
	const char *mark = user_xattrs ? "user.overlay.opaque" : "trusted.overlay.opaque";
	char value;

	return fgetxattr(directory, mark, &value, 1) == 1 && value == 'y';
}

static void merged_add(struct merged *directory, int fd)
{
	directory->fds = reallocarray(directory->fds, directory->count + 1, sizeof(int));
	if (!directory->fds)
		abort();
	directory->fds[directory->count++] = fd;
}

int merged_open(const int *trees, size_t count, bool user_xattrs, struct merged *root,
		struct error *err)
{
	*root = (struct merged){ .user_xattrs = user_xattrs };
	for (size_t i = 0; i < count; i++) {
		int fd = openat(trees[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return fail_call(err, "openat", "cannot open a layer's tree");
		merged_add(root, fd);
		if (directory_hides(fd, user_xattrs))
			break;
	}
	return 0;
}

/* Go one tree down. 1: look at the next one as well; 0: nothing deeper shows. */
static int find_in_tree(int tree, const char *name, struct merged_entry *entry, struct error *err)
{
	struct stat stat;
	int fd;

	if (fstatat(tree, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 1
			       : fail_call(err, "fstatat", "cannot look at a layer's %s", name);
	if (stat_is_whiteout(&stat) || (entry->present && !S_ISDIR(stat.st_mode)))
		return 0;
	if (!entry->present) {
		entry->present = true;
		entry->parent = tree;
		entry->stat = stat;
	}
	if (!S_ISDIR(stat.st_mode))
		return 0;
	fd = openat(tree, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_call(err, "openat", "cannot open a layer's %s", name);
	merged_add(&entry->below, fd);
	return !directory_hides(fd, entry->below.user_xattrs);
}

int merged_find(const struct merged *directory, const char *name, struct merged_entry *entry,
		struct error *err)
{
	int deeper = 1;

	*entry = (struct merged_entry){ .parent = -1, .below.user_xattrs = directory->user_xattrs };
	for (size_t i = 0; deeper > 0 && i < directory->count; i++)
		deeper = find_in_tree(directory->fds[i], name, entry, err);
	return deeper < 0 ? deeper : 0;
}

int merged_names(const struct merged *directory, struct strings *names, struct arena *arena,
		 struct error *err)
{
	for (size_t i = 0; i < directory->count; i++)
		TRY(directory_names(directory->fds[i], names, arena, err));
	return 0;
}

void merged_close(struct merged *directory)
{
	for (size_t i = 0; i < directory->count; i++)
		close(directory->fds[i]);
	free(directory->fds);
	*directory = (struct merged){ 0 };
}

void merged_entry_close(struct merged_entry *entry)
{
	merged_close(&entry->below);
}

/* directory.c -- claim the directory where a bundle or an unpacked image goes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "bundle_private.h"

/* The first entry's name in `name`; false when there is none. */
static bool first_entry(int directory, char name[256])
{
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;

	while (list && (item = readdir(list)))
		if (strcmp(item->d_name, ".") && strcmp(item->d_name, "..")) {
			snprintf(name, 256, "%s", item->d_name);
			return true;
		}
	return false;
}

static int open_claimed(const char *path, struct arena *arena, struct claim *claim,
			struct error *err)
{
	auto_free char *absolute = realpath(path, NULL);
	char name[256];

	if (!absolute)
		return fail_call(err, "realpath", "cannot use %s", path);
	claim->path = arena_string(arena, absolute);
	claim->fd = open(absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (claim->fd < 0)
		return fail_call(err, "open", "cannot use %s", path);
	if (first_entry(claim->fd, name))
		return fail(err, EEXIST, "%s is not empty (there is %s)", path, name);
	return 0;
}

int claim_directory(const char *path, struct arena *arena, struct claim *claim, struct error *err)
{
	int result;

	*claim = (struct claim){ .fd = -1 };
	claim->made = mkdir(path, 0700) == 0;
	if (!claim->made && errno != EEXIST)
		return fail_call(err, "mkdir", "cannot make %s", path);
	result = open_claimed(path, arena, claim, err);
	if (result < 0) {
		close_fd(&claim->fd);
		if (claim->made)
			rmdir(path);
	}
	return result;
}

void claim_undo(struct claim *claim)
{
	char name[256];

	while (first_entry(claim->fd, name) && file_remove_tree(claim->fd, name, NULL) == 0)
		;
	if (claim->made)
		rmdir(claim->path);
	close_fd(&claim->fd);
}

char *directory_identity(int directory, struct arena *arena)
{
	struct statx look;

	if (statx(directory, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &look) < 0)
		return NULL;
	return arena_format(arena, "%llu@%lld.%u", (unsigned long long)look.stx_ino,
			    (long long)look.stx_btime.tv_sec, look.stx_btime.tv_nsec);
}

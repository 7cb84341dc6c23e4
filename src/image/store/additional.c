/* additional.c -- stores of others below the user's own: their images, blobs and unpacked layers
 * are found where the own store has none, and never written.
 *
 * A store that is looked into is locked shared, where it can be: then its owner's collector waits.
 * The trees of another user's store have the marks that overlayfs obeys for him, and perhaps files
 * that only he may read: root takes them all, others their own only. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "store_private.h"

static int check_layout(int dir, const char *path, struct error *err)
{
	struct stat status;

	if (fstatat(dir, "oci-layout", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(dir, "index.json", &status, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return fail_call(err, "fstatat", "the additional store \"%s\" is none", path);
}

/* Its owner's own is no other one. */
static bool is_known(const struct store *store, const struct stat *status)
{
	struct stat known;

	if (fstat(store->dir, &known) == 0 && known.st_dev == status->st_dev &&
	    known.st_ino == status->st_ino)
		return true;
	for (size_t i = 0; i < store->additional_count; i++)
		if (fstat(store->additional[i].dir, &known) == 0 &&
		    known.st_dev == status->st_dev && known.st_ino == status->st_ino)
			return true;
	return false;
}

static int lock_shared(int dir)
{
	int fd = openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
	return fd;
}

int store_add_additional(struct store *store, const char *path, struct error *err)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct store_additional *items;
	struct stat status;
	char *absolute;

	if (dir < 0 || fstat(dir, &status) < 0)
		return fail_call(err, "open", "cannot open the additional store \"%s\"", path);
	TRY(check_layout(dir, path, err));
	if (is_known(store, &status))
		return 0;
	absolute = realpath(path, NULL);
	if (!absolute)
		return fail_call(err, "realpath", "cannot open the additional store \"%s\"", path);
	items = reallocarray(store->additional, store->additional_count + 1, sizeof(*items));
	if (!items)
		abort();
	store->additional = items;
	items += store->additional_count++;
	items->path = absolute;
	items->trees = geteuid() == 0 || status.st_uid == geteuid();
	items->lease = store->lease >= 0 ? lock_shared(dir) : -1;
	items->dir = take_fd(&dir);
	return 0;
}

void additional_close(struct store *store)
{
	for (size_t i = 0; i < store->additional_count; i++) {
		close(store->additional[i].dir);
		if (store->additional[i].lease >= 0)
			close(store->additional[i].lease);
		free(store->additional[i].path);
	}
	free(store->additional);
	store->additional = NULL;
	store->additional_count = 0;
}

int open_anywhere(const struct store *store, const char *path, int flags)
{
	int fd = openat(store->dir, path, flags | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; fd < 0 && errno == ENOENT && i < store->additional_count; i++)
		fd = openat(store->additional[i].dir, path, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

const struct store_additional *additional_tree(const struct store *store, const char *path)
{
	struct stat status;

	for (size_t i = 0; i < store->additional_count; i++)
		if (store->additional[i].trees &&
		    fstatat(store->additional[i].dir, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(status.st_mode))
			return &store->additional[i];
	return NULL;
}

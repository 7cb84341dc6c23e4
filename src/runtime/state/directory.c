/* directory.c -- claim, open, lock and remove a container's state directory.
 *
 * The directory's existence is the claim; the lock (flock on a file in it) says who may change it.
 * Whoever waited for a lock looks whether the directory is still linked: `delete` may have removed
 * it meanwhile, and another container may have the id by now. */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "runtime/state.h"

enum { ROOT_MODE = 0711, CONTAINER_MODE = 0700 };

static int not_there(const char *id, struct error *err)
{
	fail(err, ENOENT, "container does not exist");
	return fail_where(err, "%s", id);
}

static bool is_below(const char *path, const char *directory)
{
	const char *rest = text_after(path, directory);

	return rest && (*rest == '/' || *rest == '\0' || text_ends(directory, "/"));
}

/* Below XDG_RUNTIME_DIR the sticky bit keeps directories from being cleaned up as unused
 * (XDG Base Directory Specification). */
static int make_root(const char *root, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool sticky = runtime && *runtime && is_below(root, runtime);

	return file_make_directories(root, ROOT_MODE | (sticky ? S_ISVTX : 0), err);
}

static int open_root(const char *root, struct error *err)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? fail_call(err, "open", "cannot open the state directory \"%s\"", root) : fd;
}

static int open_or_make_root(const char *root, struct error *err)
{
	int fd = open_root(root, NULL);

	if (fd >= 0)
		return fd;
	TRY(make_root(root, err));
	return open_root(root, err);
}

/* Only a claim makes the file: made again by one who waits, it would be in the way of the rmdir of
 * one who removes. */
static int lock_file(int dir, int how_to_open, int operation)
{
	auto_close int fd =
		openat(dir, LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | how_to_open, 0600);

	if (fd < 0)
		return -errno;
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return take_fd(&fd);
}

static bool is_linked(int dir)
{
	struct stat status;

	return fstat(dir, &status) == 0 && status.st_nlink > 0;
}

/* Is it still the directory of that name? `delete` takes the name away before it empties. */
static bool is_named(int root, const char *id, int dir)
{
	struct stat named, status;

	return fstatat(root, id, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(dir, &status) == 0 &&
	       named.st_dev == status.st_dev && named.st_ino == status.st_ino;
}

bool directory_is_locked(int dir)
{
	auto_close int fd = openat(dir, LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* What was made is empty, or somebody else's by now. */
static int claim_fails(int root, const struct container *container, int number, struct error *err)
{
	if (container->dir >= 0)
		unlinkat(container->dir, LOCK_FILE, 0);
	unlinkat(root, container->id, AT_REMOVEDIR);
	return fail_number(err, number, container->dir < 0 ? "open" : "flock",
			   "cannot lock the state directory");
}

/* Until the lock is taken the new directory looks like what a killed `create` left, and may be
 * removed as that: then the claim is lost, as to a create that was quicker. */
static int claim(int root, struct container *container, struct error *err)
{
	const char *id = container->id;

	if (mkdirat(root, id, CONTAINER_MODE) < 0)
		return errno == EEXIST ? fail(err, EEXIST, "container with given ID already exists")
				       : fail_call(err, "mkdir", "cannot make the state directory");
	container->dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (container->dir < 0 && errno != ENOENT)
		return claim_fails(root, container, errno, err);
	if (container->dir >= 0)
		container->lock = lock_file(container->dir, O_CREAT, LOCK_EX | LOCK_NB);
	if (container->dir < 0 || container->lock == -ENOENT || container->lock == -EWOULDBLOCK ||
	    !is_named(root, id, container->dir))
		return fail(err, EEXIST, "container with given ID already exists");
	return container->lock < 0 ? claim_fails(root, container, container->lock, err) : 0;
}

int state_claim(const char *root, const char *id, struct container *container, struct error *err)
{
	auto_close int directory = -1;

	*container = (struct container){ .root = root, .id = id, .dir = -1, .lock = -1 };
	container->state.id = (char *)id;
	TRY(state_check_id(id, err));
	directory = open_or_make_root(root, err);
	if (directory < 0)
		return directory;
	if (claim(directory, container, err) < 0) {
		state_close(container);
		return fail_where(err, "%s", id);
	}
	return 0;
}

static int open_directory(const char *root, const char *id, struct error *err)
{
	auto_close int directory = -1;
	int fd;

	if (state_check_id(id, NULL) < 0)
		return not_there(id, err);
	directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = directory < 0 ? -1
			   : openat(directory, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENOTDIR)
		return not_there(id, err);
	fail_call(err, "open", "cannot open the state directory \"%s/%s\"", root, id);
	return fail_where(err, "%s", id);
}

int state_lock(struct container *container, struct error *err)
{
	container->lock = lock_file(container->dir, 0, LOCK_EX);
	if (container->lock == -ENOENT || !is_linked(container->dir))
		return not_there(container->id, err);
	return container->lock < 0 ? fail_number(err, container->lock, "flock",
						 "cannot lock the state directory")
				   : 0;
}

static int read_state(struct container *container, struct arena *arena, struct error *err)
{
	auto_text struct text text = { 0 };
	struct error reason = { 0 };
	int result = file_read(container->dir, STATE_FILE, STATE_FILE_MOST, &text, &reason);

	if (result == -ENOENT)
		return not_there(container->id, err);
	if (result < 0) {
		if (err)
			*err = reason;
		return result;
	}
	return json_read(
		&(struct json_source){ text.data, text.length,
				       arena_format(arena, "%s/" STATE_FILE, container->id) },
		&container_state_shape, &container->state, arena, NULL, err);
}

int state_open(const char *root, const char *id, bool exclusive, struct arena *arena,
	       struct container *container, struct error *err)
{
	int dir = open_directory(root, id, err);
	int result;

	*container = (struct container){ .root = arena_string(arena, root),
					 .id = arena_string(arena, id),
					 .dir = dir < 0 ? -1 : dir,
					 .lock = -1 };
	if (dir < 0)
		return dir;
	result = exclusive ? state_lock(container, err) : 0;
	if (result == 0)
		result = read_state(container, arena, err);
	if (result < 0) {
		state_close(container);
		fail_where(err, "%s", id);
	}
	return result;
}

void state_unlock(struct container *container)
{
	close_fd(&container->lock);
}

/* What is in the directory, mostly all; the lock goes last. */
static void remove_known(int dir)
{
	static const char *const names[] = { STATE_FILE, STATE_FILTER_FILE, START_SOCKET,
					     CREATING_MARK, LOCK_FILE };

	for (size_t i = 0; dir >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(dir, names[i], 0);
}

/* The name goes first: who claims it from then on gets another directory. A remover who is killed
 * behind that leaves what the id's next remover, or a `delete --force` of nothing, takes away. */
struct gone {
	char name[sizeof(".gone-") + NAME_MAX];
};

static struct gone gone_name(const char *id)
{
	struct gone gone;

	snprintf(gone.name, sizeof(gone.name), ".gone-%s", id);
	return gone;
}

static bool rename_to_gone(int root, const char *id, const struct gone *gone)
{
	if (renameat2(root, id, root, gone->name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EEXIST)
		return false; /* the name is too long for two */
	file_remove_tree(root, gone->name, NULL);
	return renameat2(root, id, root, gone->name, RENAME_NOREPLACE) == 0;
}

/* Somebody who opened it before it was renamed may still make a lock file in it. */
static int remove_whole(int root, const char *name, struct error *err)
{
	struct error reason = { 0 };
	int result = -ENOTEMPTY;

	for (int tries = 0; result == -ENOTEMPTY && tries < 8; tries++)
		result = file_remove_tree(root, name, &reason);
	if (err && result < 0)
		*err = reason;
	return result;
}

int state_remove(struct container *container, struct error *err)
{
	const struct gone gone = gone_name(container->id);
	auto_close int directory = open_root(container->root, err);
	const char *name = container->id;

	if (directory < 0)
		return directory;
	if (rename_to_gone(directory, container->id, &gone))
		name = gone.name;
	remove_known(container->dir);
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0)
		return 0;
	return remove_whole(directory, name, err);
}

static int remove_gone(const char *root, const char *id, struct error *err)
{
	const struct gone gone = gone_name(id);
	auto_close int directory = open_root(root, NULL);

	if (directory < 0 || state_check_id(id, NULL) < 0) /* an id with slashes is a path */
		return 0;
	return remove_whole(directory, gone.name, err);
}

int state_remove_remains(const char *root, const char *id, struct error *err)
{
	auto_close int dir = open_directory(root, id, NULL);
	auto_close int lock = -1;
	struct container container = { .root = root, .id = id, .dir = -1, .lock = -1 };
	bool whole;

	if (dir < 0)
		return dir == -ENOENT ? remove_gone(root, id, err)
				      : fail_number(err, dir, "open", "cannot remove %s", id);
	/* No lock: its creator, or its remover, was killed beside it. Made here, it keeps out a
	 * creator who has just made the directory. */
	lock = lock_file(dir, O_CREAT | O_EXCL, LOCK_EX | LOCK_NB);
	whole = lock == -EEXIST;
	if (whole)
		lock = lock_file(dir, 0, LOCK_EX | LOCK_NB);
	whole = whole && faccessat(dir, STATE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (!is_linked(dir))
		return 0;
	if (lock < 0 || whole) {
		fail(err, EBUSY, "the container is being created");
		return fail_where(err, "%s", id);
	}
	return state_remove(&container, err);
}

void state_close(struct container *container)
{
	close_fd(&container->dir);
	close_fd(&container->lock);
}

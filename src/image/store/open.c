/* open.c -- find, make, check and lock the store's directory.
 *
 * A directory that holds something else is never turned into a store. `lock` is held shared from
 * store_open to store_close: that is all that is respected by who takes away what another may be
 * about to use: the collector (collect.c), and a tree's exchange (trees.c). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}\n"

static const char *const directories[] = {
	"blobs", "blobs/sha256", "blobs/sha512", "layers", "bundles", "ingest",
};

/* Present in a store that another lade is making at this moment. */
static const char *const own_names[] = {
	"blobs", "layers", "bundles", "ingest", "mounts", "lock", "index.json", "index.lock",
};

const char *store_root(const char *option, struct arena *arena)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (option && option[0])
		return option;
	if (geteuid() == 0)
		return "/var/lib/lade";
	if (data && data[0] == '/')
		return arena_format(arena, "%s/lade", data);
	return arena_format(arena, "%s/.local/share/lade", home && home[0] ? home : "");
}

static bool is_own_name(const char *name)
{
	if (name[0] == '.')
		return true; /* "." and "..", and files being replaced */
	for (size_t i = 0; i < sizeof(own_names) / sizeof(own_names[0]); i++)
		if (strcmp(name, own_names[i]) == 0)
			return true;
	return false;
}

static int check_new(const struct store *store, struct error *err)
{
	int fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream)
		return fail_call(err, "open", "cannot read \"%s\"", store->path);
	while ((entry = readdir(stream)))
		if (!is_own_name(entry->d_name))
			return fail(err, ENOTEMPTY,
				    "\"%s\" is not an image store, and not empty either",
				    store->path);
	return 0;
}

/* Two may do this at once: everything here ends the same. */
static int layout_make(const struct store *store, struct error *err)
{
	struct oci_index empty = { .schema_version = 2, .media_type = (char *)OCI_TYPE_INDEX };
	auto_close int lock = -1;

	TRY(check_new(store, err));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (mkdirat(store->dir, directories[i], 0700) < 0 && errno != EEXIST)
			return fail_call(err, "mkdir", "cannot make \"%s/%s\"", store->path,
					 directories[i]);
	lock = index_lock(store, err);
	if (lock < 0)
		return lock;
	if (faccessat(store->dir, "index.json", F_OK, 0) < 0)
		TRY(index_write(store, &empty, err));
	return file_replace(store->dir, "oci-layout",
			    &(struct file_content){ LAYOUT_TEXT, strlen(LAYOUT_TEXT), 0600, true },
			    err);
}

static int layout_check(const struct store *store, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text text = { 0 };
	struct oci_layout layout;
	struct oci_document document = { .name = "oci-layout" };

	TRY(file_read(store->dir, "oci-layout", 4096, &text, err));
	document.bytes = text.data;
	document.length = text.length;
	return oci_layout_read(&document, &layout, &arena, err);
}

static int directory_open(const char *root, struct store *store, struct error *err)
{
	TRY(file_make_directories(root, 0700, err));
	store->dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		return fail_call(err, "open", "cannot open the store \"%s\"", root);
	store->path = realpath(root, NULL);
	if (!store->path)
		return fail_call(err, "realpath", "cannot open the store \"%s\"", root);
	if (faccessat(store->dir, "oci-layout", F_OK, 0) < 0)
		TRY(layout_make(store, err));
	return layout_check(store, err);
}

static int lock_change(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int lock_exclusively(const struct store *store, int fd, bool wait, struct error *err)
{
	int result = lock_change(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);

	if (result == 0)
		return 0;
	/* A change that fails has given up the old lock. */
	if (fd == store->lease)
		lock_change(fd, LOCK_SH);
	if (result == -EWOULDBLOCK)
		return fail(err, EBUSY, "the store \"%s\" is used by another lade", store->path);
	return fail_number(err, result, "flock", "cannot lock the store \"%s\"", store->path);
}

void lock_give_back(const struct store *store, int fd)
{
	lock_change(fd, fd == store->lease ? LOCK_SH : LOCK_UN);
}

static int lease_take(struct store *store, struct error *err)
{
	int result;

	store->lease = openat(store->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lease < 0)
		return fail_call(err, "openat", "cannot lock the store \"%s\"", store->path);
	result = lock_change(store->lease, LOCK_SH);
	return result < 0 ? fail_number(err, result, "flock", "cannot lock the store \"%s\"",
					store->path)
			  : 0;
}

int store_open(const char *root, enum store_access access, struct store *store, struct error *err)
{
	int result;

	*store = (struct store)STORE_NONE;
	store->pending = calloc(1, sizeof(*store->pending));
	if (!store->pending)
		abort();
	pthread_mutex_init(&store->pending->lock, NULL);
	result = directory_open(root, store, err);
	if (result == 0 && access == STORE_USE)
		result = lease_take(store, err);
	if (result < 0)
		store_close(store);
	return result;
}

void store_close(struct store *store)
{
	if (store->pending) {
		pending_drop(store);
		pthread_mutex_destroy(&store->pending->lock);
		free(store->pending->items);
		free(store->pending);
	}
	additional_close(store);
	if (store->dir >= 0)
		close(store->dir);
	if (store->lease >= 0)
		close(store->lease);
	free(store->path);
	*store = (struct store)STORE_NONE;
}

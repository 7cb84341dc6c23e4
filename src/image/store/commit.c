/* commit.c -- from complete to final: one sync, then renames.
 *
 * Small blobs and layer trees wait under temporary names in ingest/ until store_commit. What is
 * renamed is on disk before; the directories are synced after; only then may a name refer to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

void store_temporary_name(const char *prefix, char path[STORE_PATH_SIZE])
{
	unsigned long long random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		abort();
	snprintf(path, STORE_PATH_SIZE, "ingest/%s-%016llx", prefix, random);
}

void pending_add(struct store *store, const char *from, const char *to, bool tree)
{
	struct store_pending *pending = store->pending;
	struct pending_item *item;

	pthread_mutex_lock(&pending->lock);
	if (pending->count == pending->size) {
		pending->size = pending->size ? 2 * pending->size : 16;
		pending->items = reallocarray(pending->items, pending->size, sizeof(*item));
		if (!pending->items)
			abort();
	}
	item = &pending->items[pending->count++];
	snprintf(item->from, sizeof(item->from), "%s", from);
	snprintf(item->to, sizeof(item->to), "%s", to);
	item->tree = tree;
	pthread_mutex_unlock(&pending->lock);
}

void pending_note_blobs(struct store *store)
{
	pthread_mutex_lock(&store->pending->lock);
	store->pending->blobs_renamed = true;
	pthread_mutex_unlock(&store->pending->lock);
}

static void item_remove(const struct store *store, const struct pending_item *item)
{
	if (item->tree)
		file_remove_tree(store->dir, item->from, NULL);
	else
		unlinkat(store->dir, item->from, 0);
}

void pending_drop(struct store *store)
{
	struct store_pending *pending = store->pending;

	for (size_t i = 0; i < pending->count; i++)
		item_remove(store, &pending->items[i]);
	pending->count = 0;
}

static int path_sync(const struct store *store, const char *path, struct error *err)
{
	auto_close int fd = openat(store->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return fail_call(err, "fsync", "cannot write \"%s/%s\" to disk", store->path, path);
	return 0;
}

/* Trees have many files: one syncfs. Some small blobs alone: each its own. */
static int content_sync(const struct store *store, struct error *err)
{
	const struct store_pending *pending = store->pending;

	for (size_t i = 0; i < pending->count; i++)
		if (pending->items[i].tree) {
			if (syncfs(store->dir) < 0)
				return fail_call(err, "syncfs", "cannot write \"%s\" to disk",
						 store->path);
			return 0;
		}
	for (size_t i = 0; i < pending->count; i++)
		TRY(path_sync(store, pending->items[i].from, err));
	return 0;
}

/* Another lade may have been faster: what has this name has this content. */
static int item_rename(const struct store *store, const struct pending_item *item,
		       struct error *err)
{
	if (renameat2(store->dir, item->from, store->dir, item->to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST) {
		item_remove(store, item);
		return 0;
	}
	return fail_call(err, "renameat2", "cannot commit \"%s/%s\"", store->path, item->to);
}

static int commit_locked(const struct store *store, struct error *err)
{
	struct store_pending *pending = store->pending;

	if (pending->count == 0 && !pending->blobs_renamed)
		return 0;
	TRY(content_sync(store, err));
	while (pending->count > 0) {
		TRY(item_rename(store, &pending->items[pending->count - 1], err));
		pending->count--;
	}
	TRY(path_sync(store, "blobs/sha256", err));
	TRY(path_sync(store, "blobs/sha512", err));
	TRY(path_sync(store, "layers", err));
	pending->blobs_renamed = false;
	return 0;
}

int store_commit(struct store *store, struct error *err)
{
	int result;

	pthread_mutex_lock(&store->pending->lock);
	result = commit_locked(store, err);
	pthread_mutex_unlock(&store->pending->lock);
	return result;
}

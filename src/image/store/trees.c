/* trees.c -- unpacked layers: layers/HEX, by DiffID, or by ChainID where a tree depends on what is
 * below it (hard links into lower layers). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "store_private.h"

int store_layer_key_path(const char *key, char path[STORE_PATH_SIZE], struct error *err)
{
	TRY(digest_check(key, "layer", err));
	snprintf(path, STORE_PATH_SIZE, "layers/%s", digest_hex(key));
	return 0;
}

int store_open_layer(const struct store *store, const char *key, struct error *err)
{
	char path[STORE_PATH_SIZE];
	int fd;

	TRY(store_layer_key_path(key, path, err));
	fd = openat(store->dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		const struct store_additional *other = additional_tree(store, path);

		if (!other)
			return -ENOENT;
		fd = openat(other->dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd >= 0 ? fd : fail_call(err, "openat", "cannot open the layer %s", key);
}

/* The store that has the tree: its path; NULL: none has. */
static const char *tree_owner(const struct store *store, const char *key)
{
	const struct store_additional *other;
	char path[STORE_PATH_SIZE];
	struct stat status;

	if (store_layer_key_path(key, path, NULL) < 0)
		return NULL;
	if (fstatat(store->dir, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(status.st_mode) ? store->path : NULL;
	other = additional_tree(store, path);
	return other ? other->path : NULL;
}

void store_chain_extend(char chain[DIGEST_SIZE], const char *diff_id)
{
	char both[2 * DIGEST_SIZE];
	int length = snprintf(both, sizeof(both), "%s %s", chain, diff_id);

	if (!chain[0])
		snprintf(chain, DIGEST_SIZE, "%s", diff_id);
	else
		digest_of(DIGEST_SHA256, both, (size_t)length, chain);
}

char *store_layer_path(const struct store *store, const struct strings *diff_ids, size_t index,
		       struct arena *arena)
{
	char chain[DIGEST_SIZE] = "";
	const char *key = diff_ids->items[index], *owner;

	for (size_t i = 0; i <= index; i++) {
		if (!digest_valid(diff_ids->items[i]))
			return NULL;
		store_chain_extend(chain, diff_ids->items[i]);
	}
	owner = tree_owner(store, key);
	if (!owner)
		owner = tree_owner(store, key = chain);
	return owner ? arena_format(arena, "%s/layers/%s", owner, digest_hex(key)) : NULL;
}

int staging_open(struct store *store, struct staging *staging, struct error *err)
{
	char path[STORE_PATH_SIZE];

	*staging = (struct staging){ .store = store, .dir = -1 };
	if (store->lease < 0)
		return fail(err, EINVAL, "the store \"%s\" is open for looking only", store->path);
	store_temporary_name("tree", path);
	if (mkdirat(store->dir, path, 0700) < 0)
		return fail_call(err, "mkdirat", "cannot make \"%s/%s\"", store->path, path);
	snprintf(staging->name, sizeof(staging->name), "%.47s", path);
	staging->dir = openat(store->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->dir < 0 || fchmod(staging->dir, 0755) < 0)
		return fail_call(err, "openat", "cannot make \"%s/%s\"", store->path, path);
	return 0;
}

int staging_finish(struct staging *staging, const char *key, struct error *err)
{
	char path[STORE_PATH_SIZE];

	TRY(store_layer_key_path(key, path, err));
	pending_add(staging->store, staging->name, path, true);
	staging->name[0] = '\0';
	close_fd(&staging->dir);
	return 0;
}

static int check_free(const struct store *store, const char *key, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct store_bundles bundles;

	TRY(store_list_bundles(store, &arena, &bundles, err));
	for (size_t i = 0; i < bundles.count; i++)
		if (strings_have(&bundles.items[i].layers, key))
			return fail(err, EBUSY, "the bundle %s stands on it: release that first",
				    bundles.items[i].path);
	return 0;
}

static int exchange_locked(const struct staging *staging, const char *key, const char *path,
			   struct error *err)
{
	int dir = staging->store->dir;

	TRY(check_free(staging->store, key, err));
	if (renameat2(dir, staging->name, dir, path, RENAME_EXCHANGE) < 0)
		return fail_call(err, "renameat2", "cannot exchange the layer %s", key);
	return 0;
}

/* While it is locked nobody is about to use the tree. What takes long comes before and after. */
int staging_exchange(struct staging *staging, const char *key, struct error *err)
{
	const struct store *store = staging->store;
	char path[STORE_PATH_SIZE];
	int result;

	TRY(store_layer_key_path(key, path, err));
	if (syncfs(store->dir) < 0)
		return fail_call(err, "syncfs", "cannot write \"%s\" to disk", store->path);
	TRY(lock_exclusively(store, store->lease, false, err));
	result = exchange_locked(staging, key, path, err);
	lock_give_back(store, store->lease);
	TRY(result);
	staging_discard(staging); /* it is the old one now */
	return 0;
}

void staging_discard(struct staging *staging)
{
	close_fd(&staging->dir);
	if (staging->name[0])
		file_remove_tree(staging->store->dir, staging->name, NULL);
	staging->name[0] = '\0';
}

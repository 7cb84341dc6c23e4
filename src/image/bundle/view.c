/* view.c -- an image mounted to be looked at: a bundle without a config.json, in the store's
 * mounts/.
 *
 * Being a bundle, the collector, rmi and whoever counts what is used know of it. Its mount ends
 * with the machine, its record does not: such a one is made again, or forgotten. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/own.h"
#include "bundle_private.h"
#include "image/rootfs.h"

static const char *directory_of(const struct store *store, const char *digest, struct arena *arena)
{
	return arena_format(arena, "%s/mounts/%s", store->path, digest_hex(digest));
}

bool bundle_is_view(const struct store_bundle *record)
{
	return text_equal(record->rootfs, "view");
}

char *bundle_view_path(const struct store_bundle *record, struct arena *arena)
{
	char *path = arena_format(arena, "%s/rootfs", record->path);

	return rootfs_is_mounted(path) ? path : NULL;
}

static int make_room(const struct store *store, struct error *err)
{
	if (mkdirat(store->dir, "mounts", 0700) < 0 && errno != EEXIST)
		return fail_call(err, "mkdirat", "cannot make \"%s/mounts\"", store->path);
	return 0;
}

int bundle_view(struct store *store, const struct bundle_image *image, int cancel_fd,
		struct arena *arena, char **path, struct error *err)
{
	struct bundle_request request = {
		.image = image,
		.directory = directory_of(store, image->stored.digest, arena),
		.driver = "view",
		.no_config = true,
		.cancel_fd = cancel_fd,
	};
	struct store_bundle record;
	int result;

	if (store_find_bundle(store, request.directory, arena, &record, NULL) == 0) {
		*path = bundle_view_path(&record, arena);
		if (*path)
			return 0;
		TRY(bundle_release(store, record.id, true, arena, err));
	}
	TRY(make_room(store, err));
	result = bundle_make(store, &request, arena, err);
	if (result == -EPERM || result == -EACCES)
		fail_hint(err, "only root mounts; as a user: unshare --map-root-user --mount, "
			       "and lade --root in there");
	TRY(result);
	*path = arena_format(arena, "%s/rootfs", request.directory);
	return 0;
}

int bundle_end_view(struct store *store, const char *digest, struct arena *arena, struct error *err)
{
	struct store_bundle record;

	if (store_find_bundle(store, directory_of(store, digest, arena), arena, &record, NULL) < 0)
		return fail(err, ENOENT, "the image %s is not mounted", digest);
	return bundle_release(store, record.id, false, arena, err);
}

/* export.c -- a root filesystem as one archive: of a bundle as it is now, or of an image. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "derive_private.h"
#include "image/layer_view.h"
#include "image/rootfs.h"

static int write_bundle(const struct store *store, const struct store_bundle *record,
			struct layer_changes *changes, int out, struct error *err)
{
	const struct rootfs_driver *driver = bundle_find_driver(record, err);
	auto_close int state = driver ? store_open_bundle(store, record->id, err) : -EINVAL;
	auto_text struct text target = { 0 };
	struct rootfs_changes found;
	struct layer_written written;
	int result;

	if (state < 0)
		return state;
	text_format(&target, "%s/rootfs", record->path);
	TRY(driver->open_changes(target.data, state, true, &found, err));
	changes->root = found.fd;
	result = layer_write_changes(changes, out, &written, err);
	close(found.fd);
	return result;
}

int view_open(const struct store *store, const struct strings *diff_ids, size_t count,
	      struct arena *arena, struct view_trees *trees, struct error *err)
{
	trees->fds = calloc(count + 1, sizeof(int));
	trees->count = 0;
	if (!trees->fds)
		abort();
	for (size_t i = count; i-- > 0;) {
		const char *path = store_layer_path(store, diff_ids, i, arena);
		int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (!path) {
			fail(err, ENOENT, "the layer %s is not unpacked in the store",
			     diff_ids->items[i]);
			return fail_hint(err, "lade check --repair");
		}
		if (fd < 0)
			return fail_call(err, "open", "cannot open the layer %s",
					 diff_ids->items[i]);
		trees->fds[trees->count++] = fd;
	}
	return 0;
}

void view_close(struct view_trees *trees)
{
	for (size_t i = 0; i < trees->count; i++)
		close(trees->fds[i]);
	free(trees->fds);
}

static int write_image(const struct store *store, const char *what,
		       const struct layer_changes *changes, int out, struct arena *arena,
		       struct error *err)
{
	auto_view struct view_trees trees = { 0 };
	struct layer_written written;
	struct bundle_image image;
	const struct strings *diff_ids;
	struct layer_view view;

	TRY(bundle_load_image(store, what, arena, &image, err));
	diff_ids = &image.config.rootfs->diff_ids;
	TRY(view_open(store, diff_ids, diff_ids->count, arena, &trees, err));
	view = (struct layer_view){ trees.fds, trees.count, rootfs_user_xattrs() };
	return layer_write_view(&view, changes, out, &written, err);
}

int derive_export(const struct store *store, const char *what, int out, int cancel_fd,
		  struct arena *arena, struct error *err)
{
	struct layer_changes changes = { .compression = OCI_PLAIN, .cancel_fd = cancel_fd };
	struct store_bundle record;
	struct error none = { 0 };
	int result = bundle_find_record(store, what, arena, &record, &none);

	if (result < 0) {
		result = write_image(store, what, &changes, out, arena, err);
		if (result == -ENOENT && err && !err->call[0] && !err->hint[0])
			fail(err, ENOENT, "%s is neither a bundle nor an image of this store",
			     what);
		return result;
	}
	TRY(bundle_id_maps(&record, arena, &changes, err));
	return write_bundle(store, &record, &changes, out, err);
}

int derive_diff(const struct store *store, const struct derive_diff *order, struct arena *arena,
		struct layer_differences *differences, struct error *err)
{
	auto_view struct view_trees now = { 0 }, before = { 0 };
	struct bundle_image image, base;
	const struct strings *diff_ids, *base_ids;
	struct layer_view views[2];
	size_t height;

	TRY(bundle_load_image(store, order->image, arena, &image, err));
	diff_ids = base_ids = &image.config.rootfs->diff_ids;
	height = diff_ids->count ? diff_ids->count - 1 : 0;
	if (order->base) {
		TRY(bundle_load_image(store, order->base, arena, &base, err));
		base_ids = &base.config.rootfs->diff_ids;
		height = base_ids->count;
	}
	TRY(view_open(store, diff_ids, diff_ids->count, arena, &now, err));
	TRY(view_open(store, base_ids, height, arena, &before, err));
	views[0] = (struct layer_view){ now.fds, now.count, rootfs_user_xattrs() };
	views[1] = (struct layer_view){ before.fds, before.count, rootfs_user_xattrs() };
	return layer_compare_views(&views[0], &views[1], order->cancel_fd, arena, differences, err);
}

/* view.c -- the rootfs driver "view": the layers of an image as they are, read-only, without an
 * upper.
 *
 * For people who look (lade mount), never chosen for a bundle. overlayfs without an upper directory
 * wants two lowerdirs at least: empty ones of the record's own fill up. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "rootfs_private.h"

static bool view_usable(const struct rootfs_request *request)
{
	return false;
}

/* Below the image's own layers. */
static int fill_up(int context, int state, size_t count, struct error *err)
{
	static const char *const names[] = { "empty", "nothing" };
	char path[4096 + 16];
	size_t length;

	TRY(overlay_state_path(state, path, 4096, err));
	length = strlen(path);
	for (size_t i = 0; count + i < 2; i++) {
		if (mkdirat(state, names[i], 0755) < 0 && errno != EEXIST)
			return fail_call(err, "mkdirat", "cannot make an empty layer");
		strcpy(path + length, "/");
		strcpy(path + length + 1, names[i]);
		TRY(overlay_set_option(context, "lowerdir+", path, err));
	}
	return 0;
}

static int view_make(const struct rootfs_request *request, struct error *err)
{
	struct rootfs_request visible = overlay_visible_layers(request);
	auto_close int context = fsopen("overlay", FSOPEN_CLOEXEC);

	if (context < 0)
		return fail_call(err, "fsopen", "cannot use overlayfs");
	for (size_t i = visible.layers.count; i-- > 0;)
		TRY(overlay_set_option(context, "lowerdir+", visible.layers.items[i], err));
	TRY(fill_up(context, request->state, visible.layers.count, err));
	TRY(overlay_set_marks(context, err));
	return overlay_attach(context, MOUNT_ATTR_RDONLY, request->target, err);
}

static int view_release(const char *target, int state, struct error *err)
{
	return rootfs_overlay.release(target, state, err);
}

static int view_open_changes(const char *target, int state, bool merged,
			     struct rootfs_changes *changes, struct error *err)
{
	return rootfs_overlay.open_changes(target, state, true, changes, err);
}

const struct rootfs_driver rootfs_view = {
	.name = "view",
	.usable = view_usable,
	.make = view_make,
	.release = view_release,
	.open_changes = view_open_changes,
};

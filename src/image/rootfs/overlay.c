/* overlay.c -- the rootfs driver "overlay": the layers as lowerdirs below a private upper.
 *
 * The layers are given one by one ("lowerdir+", kernel 6.5): no limit by the length of an option
 * string. Older kernels get mount(2)'s string as long as it fits a page. upper and work lie in the
 * bundle's own directory in the store, so that they are on one file system and removed with it.
 * The mount is made whole, detached, and only then attached. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "inhabitants.h"
#include "rootfs_private.h"

/* The kernel's own limit (OVL_MAX_STACK). */
#define LAYERS_MOST 500
/* What mount(2) takes: a page, its last byte is 0. */
#define OPTIONS_MOST 4095

static bool overlay_usable(const struct rootfs_request *request)
{
	return geteuid() == 0 && request->layers.count > 0 && request->layers.count <= LAYERS_MOST;
}

/* ---- upper and work -------------------------------------------------------------------------- */

/* The merged root looks like upper, which therefore must look like the uppermost layer's root. */
int overlay_prepare_upper(const struct rootfs_request *request, struct error *err)
{
	const char *uppermost;
	auto_close int layer = -1, upper = -1;

	if (!request->layers.count)
		return fail(err, EINVAL, "an overlay of no layer is none");
	uppermost = request->layers.items[request->layers.count - 1];
	if (mkdirat(request->state, "upper", 0700) < 0 || mkdirat(request->state, "work", 0700) < 0)
		return fail_call(err, "mkdirat", "cannot make the overlay's directories");
	layer = open(uppermost, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layer < 0)
		return fail_call(err, "open", "cannot open the layer %s", uppermost);
	upper = openat(request->state, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return fail_call(err, "openat", "cannot open the overlay's upper directory");
	return attributes_copy(layer, upper, &request->owners, err);
}

/* The name that mount options can have of a directory that is open here. */
int overlay_state_path(int directory, char *path, size_t size, struct error *err)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	length = readlink(link, path, size - 1);
	if (length < 0)
		return fail_call(err, "readlink",
				 "cannot name the bundle's directory in the store");
	path[length] = '\0';
	return 0;
}

/* ':' separates layers, ',' options, '\' takes the meaning from both. */
void overlay_add_escaped(struct text *options, const char *path)
{
	for (; *path; path++) {
		if (strchr(":,\\", *path))
			text_add(options, "\\");
		text_add_bytes(options, path, 1);
	}
}

void overlay_add_lowerdir(struct text *options, const struct rootfs_request *request)
{
	text_add(options, "lowerdir=");
	for (size_t i = request->layers.count; i-- > 0;) {
		overlay_add_escaped(options, request->layers.items[i]);
		text_add(options, i ? ":" : "");
	}
}

/* ---- the new way: fsconfig, layer by layer --------------------------------------------------- */

int overlay_set_option(int context, const char *key, const char *value, struct error *err)
{
	if (fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return fail_call(err, "fsconfig", "cannot give overlayfs %s=%s", key, value);
	return 0;
}

int overlay_set_marks(int context, struct error *err)
{
	if (rootfs_user_xattrs() && fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return fail_call(err, "fsconfig", "cannot give overlayfs userxattr");
	return 0;
}

int overlay_attach(int context, unsigned attributes, const char *target, struct error *err)
{
	auto_close int tree = -1;

	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_call(err, "fsconfig", "cannot make the overlay");
	tree = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	if (tree < 0)
		return fail_call(err, "fsmount", "cannot make the overlay's mount");
	if (move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail_call(err, "move_mount", "cannot mount the overlay on %s", target);
	return 0;
}

static int set_layers(int context, const struct rootfs_request *request, struct error *err)
{
	for (size_t i = request->layers.count; i-- > 0;)
		TRY(overlay_set_option(context, "lowerdir+", request->layers.items[i], err));
	return 0;
}

/* Mapped layers are detached mounts, which live as long as their descriptors: until the overlay is
 * made. */
struct mapped {
	int trees[LAYERS_MOST];
};

static void mapped_close(struct mapped *mapped)
{
	for (size_t i = 0; i < LAYERS_MOST; i++)
		own_close(&mapped->trees[i]);
}

static int set_mapped_layers(int context, const struct rootfs_request *request,
			     struct mapped *mapped, struct error *err)
{
	char name[32];

	if (request->layers.count > LAYERS_MOST)
		return fail(err, ENOTSUP, "overlayfs takes no more than %d layers", LAYERS_MOST);
	TRY(mapped_layers_open(request, mapped->trees, err));
	for (size_t i = request->layers.count; i-- > 0;) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", mapped->trees[i]);
		TRY(overlay_set_option(context, "lowerdir+", name, err));
	}
	return 0;
}

static int set_upper(int context, const char *state, struct error *err)
{
	static const char *const own[][2] = { { "upperdir", "upper" }, { "workdir", "work" } };

	for (size_t i = 0; i < 2; i++) {
		auto_text struct text path = { 0 };

		overlay_add_escaped(&path, state);
		text_format(&path, "/%s", own[i][1]);
		TRY(overlay_set_option(context, own[i][0], path.data, err));
	}
	return overlay_set_marks(context, err);
}

static int mount_by_context(const struct rootfs_request *request, const char *state,
			    struct error *err)
{
	auto_close int context = fsopen("overlay", FSOPEN_CLOEXEC);
	struct mapped __attribute__((cleanup(mapped_close))) mapped;

	memset(&mapped, -1, sizeof(mapped));
	if (context < 0)
		return fail_call(err, "fsopen", "cannot use overlayfs");
	TRY(request->owners.uids.count ? set_mapped_layers(context, request, &mapped, err)
				       : set_layers(context, request, err));
	TRY(set_upper(context, state, err));
	return overlay_attach(context, 0, request->target, err);
}

/* ---- the old way: mount(2) ------------------------------------------------------------------- */

static int mount_by_string(const struct rootfs_request *request, const char *state,
			   struct error *err)
{
	auto_text struct text options = { 0 };

	overlay_add_lowerdir(&options, request);
	text_add(&options, ",upperdir=");
	overlay_add_escaped(&options, state);
	text_add(&options, "/upper,workdir=");
	overlay_add_escaped(&options, state);
	text_add(&options, "/work");
	if (rootfs_user_xattrs())
		text_add(&options, ",userxattr");
	if (options.length > OPTIONS_MOST)
		return fail(err, E2BIG, "too many layers (%zu) for this kernel's mount options",
			    request->layers.count);
	if (mount("overlay", request->target, "overlay", 0, options.data) < 0)
		return fail_call(err, "mount", "cannot mount the overlay on %s", request->target);
	return 0;
}

/* ---- the driver ------------------------------------------------------------------------------ */

/* overlayfs does not look whether the root of a lowerdir is opaque: what such a layer hides is left
 * out here. */
struct rootfs_request overlay_visible_layers(const struct rootfs_request *request)
{
	struct rootfs_request visible = *request;

	for (size_t i = request->layers.count; i-- > 0;) {
		auto_close int root =
			open(request->layers.items[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (root < 0 || !attributes_opaque(root))
			continue;
		visible.layers.items += i;
		visible.layers.count -= i;
		break;
	}
	return visible;
}

static int unmappable(struct error *err)
{
	fail(err, ENOTSUP, "this kernel's overlayfs takes no layers with mapped ids");
	return fail_hint(err, "that is new in Linux 6.15: --rootfs copy");
}

int overlay_mount(const struct rootfs_request *visible, struct error *err)
{
	char state[4096];
	int result;

	TRY(overlay_state_path(visible->state, state, sizeof(state), err));
	result = mount_by_context(visible, state, err);
	if (visible->owners.uids.count)
		return result == -EINVAL ? unmappable(err) : result;
	if (result != -EINVAL && result != -ENOSYS)
		return result;
	memset(err, 0, sizeof(*err));
	return mount_by_string(visible, state, err);
}

static int overlay_make(const struct rootfs_request *request, struct error *err)
{
	struct rootfs_request visible = overlay_visible_layers(request);

	TRY(overlay_prepare_upper(&visible, err));
	return overlay_mount(&visible, err);
}

bool rootfs_is_mounted(const char *target)
{
	auto_close int fd = open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs filesystem;
	struct statx look;

	return fd >= 0 && fstatfs(fd, &filesystem) == 0 &&
	       (unsigned long)filesystem.f_type == OVERLAYFS_SUPER_MAGIC &&
	       statx(fd, "", AT_EMPTY_PATH, 0, &look) == 0 &&
	       (look.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	       (look.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* While anybody has the overlay mounted, the kernel refuses a second one on the same upper (with
 * index=on, else it only warns). Mount namespaces that are being made have copies of every mount,
 * so this is asked only where the mount itself is gone. An upper that is free is refused as its own
 * lower, before anything is written in it. */
int overlay_check_upper(int state, struct error *err)
{
	auto_close int context = fsopen("overlay", FSOPEN_CLOEXEC);
	char path[32], lower[48]; /* short: fsconfig(2) takes 255 bytes */

	snprintf(path, sizeof(path), "/proc/self/fd/%d", state);
	snprintf(lower, sizeof(lower), "%s/upper", path);
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", lower, 0) < 0 ||
	    set_upper(context, path, NULL) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "index", "on", 0) < 0)
		return 0;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 && errno == EBUSY)
		return fail(err, EBUSY, "a container still runs on this bundle");
	return 0;
}

/* A container has its own copy of the mount, which umount does not reach; its namespace has its
 * root there. */
static int check_unused(const char *target, int state, struct error *err)
{
	struct stat look;

	if (!rootfs_is_mounted(target) || stat(target, &look) < 0)
		return overlay_check_upper(state, err);
	return inhabitant_refuse(inhabitant_find(look.st_dev, 0), err);
}

static int overlay_release(const char *target, int state, struct error *err)
{
	while (rootfs_is_mounted(target))
		if (umount2(target, UMOUNT_NOFOLLOW) < 0)
			return fail_call(err, "umount", "cannot unmount %s", target);
	return 0;
}

static int overlay_open_changes(const char *target, int state, bool merged,
				struct rootfs_changes *changes, struct error *err)
{
	if (merged && !rootfs_is_mounted(target)) {
		fail(err, ENOENT, "%s is not mounted", target);
		return fail_hint(err, "mount it again, or make the bundle with --rootfs copy");
	}
	changes->upper = !merged;
	changes->fd =
		merged ? open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		       : openat(state, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return changes->fd < 0
		       ? fail_call(err, "open", "cannot open what was changed in %s", target)
		       : 0;
}

const struct rootfs_driver rootfs_overlay = {
	.name = "overlay",
	.usable = overlay_usable,
	.make = overlay_make,
	.release = overlay_release,
	.check_unused = check_unused,
	.open_changes = overlay_open_changes,
};

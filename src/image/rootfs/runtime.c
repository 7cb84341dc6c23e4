/* runtime.c -- the rootfs driver "runtime": the overlay of overlay.c, mounted by the runtime
 * itself, in the container's mount namespace.
 *
 * Nothing is mounted here, so nothing of it shows on the host and no right is needed; config.json
 * has the overlay as its first mount, on "/". coffer takes that for the container's root; runc
 * mounts it over the empty rootfs, which comes to the same. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id_namespace.h"
#include "inhabitants.h"
#include "rootfs_private.h"

/* Root has a better one; a user only this or a copy. */
static bool runtime_usable(const struct rootfs_request *request)
{
	return request->runtime_mounts && request->owners.single_id && request->layers.count > 0;
}

/* In a user namespace of the caller's own. */
static int run_as_root(int (*work)(void *context, struct error *err), void *context,
		       struct error *err)
{
	const struct id_range user = { 0, geteuid(), 1 }, group = { 0, getegid(), 1 };
	const struct id_maps maps = { { &user, 1 }, { &group, 1 } };

	return id_namespace_run(&maps, work, context, err);
}

/* ---- will it work? -----------------------------------------------------------------------------
 */

static int mount_inside(void *context, struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return fail_call(err, "unshare", "cannot make a mount namespace");
	return overlay_mount(context, err);
}

/* Whether users may mount an overlay here depends on the kernel, on the file system of the store
 * and on what the host's administrator thinks: it is tried, as the runtime will do it. */
static int try_as_user(struct rootfs_request *visible, struct error *err)
{
	int result = run_as_root(mount_inside, visible, err);

	if (result >= 0)
		return 0;
	fail_hint(err, "make the bundle with --rootfs copy");
	return rootfs_unusable(result) ? result : -ENOTSUP;
}

/* fsconfig(2) takes 255 bytes: a longer upper or work directory cannot be named. */
#define STATE_PATH_MOST (255 - (int)sizeof("/upper"))

static int runtime_make(const struct rootfs_request *request, struct error *err)
{
	struct rootfs_request visible = overlay_visible_layers(request);
	char state[4096];

	if (request->owners.uids.count)
		return fail(err, ENOTSUP,
			    "a root that the runtime mounts has the image's ids: "
			    "--rootfs overlay or copy can map them");
	TRY(overlay_state_path(request->state, state, sizeof(state), err));
	if (strlen(state) > STATE_PATH_MOST || strchr(state, '"'))
		return fail(err, ENAMETOOLONG,
			    "no runtime can mount what is in %s: the store's "
			    "path is too long, or has a quote in it",
			    state);
	TRY(overlay_prepare_upper(&visible, err));
	return request->owners.single_id ? try_as_user(&visible, err) : 0;
}

static void add(struct strings *options, const char *text, struct arena *arena)
{
	strings_add(options, arena_string(arena, text), arena);
}

/* All in one option, which every kernel takes, as long as mount(2) does. */
static void add_layers(const struct rootfs_request *request, struct strings *options,
		       struct arena *arena)
{
	auto_text struct text all = { 0 }, one = { 0 };

	overlay_add_lowerdir(&all, request);
	if (all.length < 3072) { /* of a page; upper and work come on top */
		add(options, all.data, arena);
		return;
	}
	for (size_t i = request->layers.count; i-- > 0;) {
		text_clear(&one);
		text_add(&one, "lowerdir+=");
		overlay_add_escaped(&one, request->layers.items[i]);
		add(options, one.data, arena);
	}
}

static int runtime_mount_options(const struct rootfs_request *request, struct arena *arena,
				 struct strings *options, struct error *err)
{
	static const char *const own[][2] = { { "upperdir=", "upper" }, { "workdir=", "work" } };
	struct rootfs_request visible = overlay_visible_layers(request);
	char state[4096];

	TRY(overlay_state_path(request->state, state, sizeof(state), err));
	add_layers(&visible, options, arena);
	for (size_t i = 0; i < 2; i++) {
		auto_text struct text option = { 0 };

		text_add(&option, own[i][0]);
		overlay_add_escaped(&option, state);
		text_format(&option, "/%s", own[i][1]);
		add(options, option.data, arena);
	}
	if (rootfs_user_xattrs())
		add(options, "userxattr", arena);
	return 0;
}

/* ---- is it still mounted? ----------------------------------------------------------------------
 */

static int check_upper(void *context, struct error *err)
{
	return overlay_check_upper(*(const int *)context, err);
}

/* The kernel answers only who could mount it. */
static int ask_kernel(int state, struct error *err)
{
	if (geteuid() == 0)
		return check_upper(&state, err);
	return run_as_root(check_upper, &state, NULL) == -EBUSY
		       ? fail(err, EBUSY, "a container still runs on this bundle")
		       : 0;
}

/* The search can name the process, the kernel is sure. */
static int runtime_check_unused(const char *target, int state, struct error *err)
{
	auto_text struct text upper = { 0 };
	char path[4096];

	TRY(overlay_state_path(state, path, sizeof(path), err));
	overlay_add_escaped(&upper, path);
	text_add(&upper, "/upper");
	TRY(inhabitant_refuse(upper_user_find(upper.data), err));
	return ask_kernel(state, err);
}

static int runtime_open_changes(const char *target, int state, bool merged,
				struct rootfs_changes *changes, struct error *err)
{
	if (merged) {
		fail(err, ENOENT, "the root filesystem is mounted only for its container");
		return fail_hint(err, "make the bundle with --rootfs overlay or copy");
	}
	return rootfs_overlay.open_changes(target, state, false, changes, err);
}

static int runtime_release(const char *target, int state, struct error *err)
{
	return 0;
}

const struct rootfs_driver rootfs_runtime = {
	.name = "runtime",
	.usable = runtime_usable,
	.make = runtime_make,
	.release = runtime_release,
	.check_unused = runtime_check_unused,
	.open_changes = runtime_open_changes,
	.mount_options = runtime_mount_options,
};

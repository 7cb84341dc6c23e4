/* masks.c -- hide paths and make paths read-only (linux.maskedPaths, linux.readonlyPaths).
 *
 * Directories are hidden by one empty read-only tmpfs, files by the host's /dev/null: each has a
 * first place, every further place is a clone of it (a superblock for each would cost memory). A
 * path that does not exist needs no hiding. */
#include <linux/mount.h>

#include "base/below.h"
#include "calls.h"
#include "init.h"

static bool nothing_there(int number)
{
	return number == -ENOENT || number == -ENOTDIR;
}

int init_step_READONLY(struct init *init, const struct step *step)
{
	int target = below_open(init->root, init_text(init, step->text[0]), O_PATH);
	int tree, result;

	if (nothing_there(target))
		return 0;
	if (target < 0)
		return init_failed(init, "openat2", target);
	tree = call_open_tree(target, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
	result = tree < 0 ? init_failed(init, "open_tree", tree) : 0;
	if (result == 0) {
		result = call_mount_setattr(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
		if (result < 0)
			init_failed(init, "mount_setattr", result);
	}
	if (result == 0) {
		result = call_attach(tree, target);
		if (result < 0)
			init_failed(init, "move_mount", result);
	}
	if (tree >= 0)
		call_close(tree);
	call_close(target);
	return result;
}

static int make_empty_directory(void)
{
	int file_system = (int)kernel_call(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int mount = file_system;

	if (file_system < 0)
		return file_system;
	kernel_call(__NR_fsconfig, file_system, FSCONFIG_SET_STRING, "nr_inodes", "1", 0);
	kernel_call(__NR_fsconfig, file_system, FSCONFIG_SET_STRING, "mode", "0755", 0);
	mount = (int)kernel_call(__NR_fsconfig, file_system, FSCONFIG_CMD_CREATE, 0, 0, 0);
	if (mount == 0)
		mount = (int)kernel_call(__NR_fsmount, file_system, FSMOUNT_CLOEXEC,
					 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						 MOUNT_ATTR_NOEXEC);
	call_close(file_system);
	return mount;
}

/* Attach `mount` itself in its first place, a clone of it in the next ones (the kernel clones only
 * what is attached). */
static int attach_again(struct init *init, int mount, bool attached, int target)
{
	int tree = attached ? call_open_tree(mount, "", OPEN_TREE_CLONE | AT_EMPTY_PATH) : mount;
	int result;

	if (tree < 0)
		return init_failed(init, "open_tree", tree);
	result = call_attach(tree, target);
	if (attached)
		call_close(tree);
	return result < 0 ? init_failed(init, "move_mount", result) : 0;
}

static int hide_directory(struct init *init, int target)
{
	bool attached = init->empty_directory >= 0;

	if (!attached) {
		int mount = make_empty_directory();

		if (mount < 0)
			return init_failed(init, "fsmount", mount);
		init->empty_directory = mount;
	}
	return attach_again(init, init->empty_directory, attached, target);
}

static int hide_file(struct init *init, int null, int target)
{
	struct statx status;
	int result = call_statx(null, "", AT_EMPTY_PATH, &status);

	if (result < 0)
		return init_failed(init, "statx", result);
	/* What hides secrets must be the real null device (CVE-2025-31133). */
	if (!S_ISCHR(status.stx_mode) || status.stx_rdev_major != 1 || status.stx_rdev_minor != 3)
		return init_failed(init, "statx", -ENODEV);
	result = attach_again(init, null, init->null_attached, target);
	init->null_attached = true;
	return result;
}

int init_step_MASK(struct init *init, const struct step *step)
{
	int target = below_open(init->root, init_text(init, step->text[0]), O_PATH);
	struct statx status;
	int result;

	if (nothing_there(target))
		return 0;
	if (target < 0)
		return init_failed(init, "openat2", target);
	result = call_statx(target, "", AT_EMPTY_PATH, &status);
	if (result < 0)
		init_failed(init, "statx", result);
	else if (S_ISDIR(status.stx_mode))
		result = hide_directory(init, target);
	else
		result = hide_file(init, init->slots[step->slot], target);
	call_close(target);
	return result;
}

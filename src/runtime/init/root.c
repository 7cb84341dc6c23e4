/* root.c -- the container's root directory: attach it, make it "/", close the door behind it. */
#include <linux/prctl.h>

#include "base/below.h"
#include "calls.h"
#include "init.h"

#define MOUNT_RECURSIVE 16384     /* MS_REC */
#define MOUNT_MOVE      8192      /* MS_MOVE */
#define MOUNT_SLAVE     (1 << 19) /* MS_SLAVE */
#define MOUNT_SHARED    (1 << 20) /* MS_SHARED */

int init_step_PROPAGATION(struct init *init, const struct step *step)
{
	unsigned long flags = step->number[0] | (step->number[1] ? MOUNT_RECURSIVE : 0);
	int result = call_mount("none", init_text(init, step->text[0]), "", flags, "");

	init->shared_root = step->number[0] == MOUNT_SHARED;
	return result < 0 ? init_failed(init, "mount", result) : 0;
}

int init_step_CLONE_TREE(struct init *init, const struct step *step)
{
	bool recursive = step->number[0];
	int tree = call_open_tree(AT_FDCWD, init_text(init, step->text[0]),
				  OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0) |
					  (step->number[5] ? AT_SYMLINK_NOFOLLOW : 0));
	int result;

	if (tree < 0)
		return init_failed(init, "open_tree", tree);
	init->slots[step->slot] = tree;
	result = call_set_tree(tree, step->number[4], step->number[1], step->number[2],
			       step->number[3]);
	return result < 0 ? init_failed(init, "mount_setattr", result) : 0;
}

/* Attached where the bundle has it, so that hooks find it there. Where the container's root may
 * not search the directories above (a user namespace, a 0700 parent), on top of "/" instead. */
int init_step_ROOT(struct init *init, const struct step *step)
{
	int target = call_open(AT_FDCWD, init_text(init, step->text[0]), O_PATH | O_DIRECTORY, 0);
	int result;

	if (target == -EACCES)
		target = call_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	if (target < 0)
		return init_failed(init, "openat", target);
	result = call_attach(init->slots[step->slot], target);
	call_close(target);
	if (result < 0)
		return init_failed(init, "move_mount", result);
	init->root = init->slots[step->slot];
	return 0;
}

int init_step_ROOT_DIRECTORY(struct init *init, const struct step *step)
{
	init->root = init->slots[step->slot];
	return 0;
}

/* "/" is now the container's; what held the old one is closed. */
static int enter_new_root(struct init *init)
{
	int result = (int)kernel_call(__NR_chdir, "/");

	if (result < 0)
		return init_failed(init, "chdir", result);
	call_close(init->root);
	init->root = call_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	init->changed_root = true;
	return init->root < 0 ? init_failed(init, "openat", init->root) : 0;
}

/* pivot_root(2) with both arguments ".": the old root ends up on top of the new one, from where it
 * is unmounted; no directory for it is needed inside the container. */
int init_step_PIVOT(struct init *init, const struct step *step)
{
	int old = call_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	int result;

	if (old < 0)
		return init_failed(init, "openat", old);
	result = (int)kernel_call(__NR_fchdir, init->root);
	if (result < 0)
		return init_failed(init, "fchdir", result);
	result = (int)kernel_call(__NR_pivot_root, ".", ".");
	if (result < 0)
		return init_failed(init, "pivot_root", result);
	kernel_call(__NR_fchdir, old);
	call_close(old);
	if (init->shared_root) /* or the host would lose its mounts with us */
		call_mount("none", ".", "", MOUNT_SLAVE | MOUNT_RECURSIVE, "");
	result = (int)kernel_call(__NR_umount2, ".", MOUNT_DETACH);
	if (result < 0)
		return init_failed(init, "umount2", result);
	return enter_new_root(init);
}

/* Where "/" is the initial ramfs, pivot_root cannot work: --no-pivot. */
int init_step_MOVE_ROOT(struct init *init, const struct step *step)
{
	int result;

	kernel_call(__NR_umount2, "/sys", MOUNT_DETACH);
	result = (int)kernel_call(__NR_fchdir, init->root);
	if (result < 0)
		return init_failed(init, "fchdir", result);
	result = call_mount(".", "/", "", MOUNT_MOVE, "");
	if (result < 0)
		return init_failed(init, "mount", result);
	result = (int)kernel_call(__NR_chroot, ".");
	return result < 0 ? init_failed(init, "chroot", result) : enter_new_root(init);
}

int init_step_CHROOT(struct init *init, const struct step *step)
{
	int result = (int)kernel_call(__NR_fchdir, init->root);

	if (result < 0)
		return init_failed(init, "fchdir", result);
	result = (int)kernel_call(__NR_chroot, ".");
	return result < 0 ? init_failed(init, "chroot", result) : enter_new_root(init);
}

int init_step_ROOT_ATTRIBUTES(struct init *init, const struct step *step)
{
	int result = call_set_tree(init->root, false, step->number[0], 0, step->number[1]);

	return result < 0 ? init_failed(init, "mount_setattr", result) : 0;
}

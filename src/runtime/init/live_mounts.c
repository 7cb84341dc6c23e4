/* live_mounts.c -- mounts in a container that runs: by descriptors alone (see plan/live.c). */
#include "base/below.h"
#include "base/new_mount.h"
#include "calls.h"
#include "init.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U /* Linux 6.8: never used again */
#endif

int init_step_MAKE_TREE(struct init *init, const struct step *step)
{
	struct new_mount request = {
		.type = init_text(init, step->text[0]),
		.source = init_text(init, step->text[1]),
		.data = init_text(init, step->text[2]),
		.flags = step->number[0],
		.attributes = step->number[1],
	};
	struct new_mount_failure failure;
	int tree = new_mount_make(&request, &failure);
	int result;

	if (tree < 0) {
		init_detail(init, failure.reason);
		return init_failed(init, failure.call, tree);
	}
	init->slots[step->slot] = tree;
	result = call_set_tree(tree, false, 0, 0, step->number[2]);
	return result < 0 ? init_failed(init, "mount_setattr", result) : 0;
}

static int mount_id(int fd, uint64_t *id)
{
	struct statx status;
	int result = (int)kernel_call(__NR_statx, fd, "", AT_EMPTY_PATH,
				      STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &status);

	if (result == 0 && !(status.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)))
		result = -ENOSYS; /* before 5.8 */
	*id = result == 0 ? status.stx_mnt_id : 0;
	return result;
}

int init_step_REPORT_MOUNT(struct init *init, const struct step *step)
{
	struct message message = { .phase = PHASE_MOUNTED, .step = init->report.step };
	uint64_t id;
	int result = mount_id(init->slots[step->slot], &id);

	if (result < 0)
		return init_failed(init, "statx", result);
	text_decimal(message.detail, id);
	result = channel_send(init->control, &message, -1);
	return result < 0 ? init_failed(init, "sendmsg", result) : 0;
}

/* umount2(2) knows only paths: "self/fd/N" from our own procfs, not by the container's /proc. */
static int unmount(const struct init *init, int fd)
{
	int result = init->proc < 0 ? init->proc : (int)kernel_call(__NR_fchdir, init->proc);

	if (result == 0)
		result = (int)kernel_call(
			__NR_umount2, proc_fd_path(fd).text + sizeof("/proc/") - 1, MOUNT_DETACH);
	kernel_call(__NR_fchdir, init->root);
	return result;
}

int init_step_UNMOUNT(struct init *init, const struct step *step)
{
	int fd = below_open(init->root, init_text(init, step->text[0]),
			    O_PATH | (step->number[1] ? O_NOFOLLOW : 0));
	uint64_t id;
	int result;

	if (fd < 0)
		return init_failed(init, "openat2", fd);
	result = mount_id(fd, &id);
	if (result < 0) {
		init_failed(init, "statx", result);
	} else if (id != step->number[0]) {
		init_detail(init, "what is there is not the mount that was added");
		result = init_failed(init, "statx", -ESTALE);
	} else {
		result = unmount(init, fd);
		if (result < 0)
			init_failed(init, "umount2", result);
	}
	call_close(fd);
	return result;
}

int init_step_FINISH(struct init *init, const struct step *step)
{
	for (;;)
		kernel_call(__NR_exit_group, 0);
}

/* identity.c -- who the process is and what it may do (credentials(7), capabilities(7)).
 * The order is the plan's: the bounding set and the filter need privilege that USER and
 * CAPABILITIES take away. */
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "base/below.h"
#include "calls.h"
#include "init.h"

struct filter_program { /* struct sock_fprog */
	unsigned short length;
	const void *instructions;
};

int init_step_NO_NEW_PRIVILEGES(struct init *init, const struct step *step)
{
	int result = call_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);

	return result < 0 ? init_failed(init, "prctl PR_SET_NO_NEW_PRIVS", result) : 0;
}

int init_step_BOUNDING(struct init *init, const struct step *step)
{
	for (unsigned long capability = 0; capability < 64; capability++) {
		int result;

		if (step->number[0] >> capability & 1)
			continue;
		result = call_prctl(PR_CAPBSET_DROP, capability, 0);
		if (result == -EINVAL) /* behind the kernel's last one */
			return 0;
		if (result < 0)
			return init_failed(init, "prctl PR_CAPBSET_DROP", result);
	}
	return 0;
}

int init_step_GROUPS(struct init *init, const struct step *step)
{
	const struct plan_block *gids = init_block(init, step->text[0]);
	long result = kernel_call(__NR_setgroups, gids->length / sizeof(uint32_t), gids->bytes);

	if (result == -EPERM && step->number[0]) /* denied in a single-id user namespace */
		return 0;
	return result < 0 ? init_failed(init, "setgroups", result) : 0;
}

static int is_null(const struct statx *status)
{
	return S_ISCHR(status->stx_mode) && status->stx_rdev_major == 1 &&
	       status->stx_rdev_minor == 3;
}

/* The host's /dev/null becomes the container's own, as runc does it: a file of a mount that is not
 * the container's leads out, and no checkpoint can tell where it was. */
static void replace_null(const struct init *init, int fd)
{
	int own = below_open(init->root, "/dev/null", O_RDWR);
	struct statx status;

	if (own < 0)
		return;
	if (call_statx(own, "", AT_EMPTY_PATH, &status) == 0 && is_null(&status))
		kernel_call(__NR_dup3, own, fd, 0);
	call_close(own);
}

/* The program may reopen its own output (/dev/stdout): pipes and terminals that somebody else made
 * are given to it, as runc does. Memory devices and what refuses stay as they are. */
static void own_standard_files(const struct init *init, unsigned uid)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct statx status;

		if (call_statx(fd, "", AT_EMPTY_PATH, &status) < 0)
			continue;
		if (is_null(&status))
			replace_null(init, fd);
		if (status.stx_uid == uid ||
		    (S_ISCHR(status.stx_mode) && status.stx_rdev_major == 1))
			continue;
		kernel_call(__NR_fchown, fd, uid, status.stx_gid);
	}
}

int init_step_USER(struct init *init, const struct step *step)
{
	unsigned uid = (unsigned)step->number[0], gid = (unsigned)step->number[1];
	long result;

	own_standard_files(init, uid);
	call_prctl(PR_SET_KEEPCAPS, 1, 0); /* until CAPABILITIES says which */
	result = kernel_call(__NR_setresgid, gid, gid, gid);
	if (result < 0)
		return init_failed(init, "setresgid", result);
	result = kernel_call(__NR_setresuid, uid, uid, uid);
	return result < 0 ? init_failed(init, "setresuid", result) : 0;
}

int init_step_CAPABILITIES(struct init *init, const struct step *step)
{
	uint64_t effective = step->number[0], permitted = step->number[1];
	uint64_t inheritable = step->number[2], ambient = step->number[3];
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};
	long result = kernel_call(__NR_capset, &header, data);

	if (result < 0)
		return init_failed(init, "capset", result);
	call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	for (unsigned long capability = 0; capability < 64; capability++) {
		if (!(ambient >> capability & 1))
			continue;
		result = call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
		if (result < 0)
			return init_failed(init, "prctl PR_CAP_AMBIENT_RAISE", result);
	}
	return 0;
}

int init_step_SECCOMP(struct init *init, const struct step *step)
{
	const struct plan_block *filter = init_block(init, step->text[0]);
	struct filter_program program = { (unsigned short)(filter->length / 8), filter->bytes };
	struct message message = { .phase = PHASE_LISTENER };
	bool notify = step->number[1];
	unsigned flags =
		(unsigned)step->number[0] | (notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	long result = kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (result < 0)
		return init_failed(init, "seccomp", result);
	if (!notify)
		return 0;
	if (channel_send(init->control, &message, (int)result) < 0)
		return init_failed(init, "sendmsg", -EPIPE);
	call_close((int)result);
	return 0;
}

static int close_between(unsigned first, unsigned last, unsigned flags)
{
	return first > last ? 0 : (int)kernel_call(__NR_close_range, first, last, flags);
}

#define NONE (~0U)

/* The first descriptor from there on that is still needed. */
static unsigned next_kept(const struct init *init, unsigned from)
{
	const unsigned kept[] = { (unsigned)init->control, (unsigned)init->root,
				  (unsigned)init->hook_output[0], (unsigned)init->hook_output[1] };
	unsigned next = NONE;

	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i] >= from && kept[i] < next)
			next = kept[i];
	return next;
}

/* Really closed, since the program's path is looked up before execve(2) closes anything:
 * /proc/self/fd/N of the host's procfs or of a mount would lead out (CVE-2024-21626). Kept until
 * then: the control socket, which reports a failing exec, the container's own root, and what
 * startContainer hooks write to (EXEC closes that). */
int init_step_CLOSE(struct init *init, const struct step *step)
{
	unsigned first = (unsigned)step->number[0];
	int result = close_between(first, NONE, 4 /* CLOEXEC */);

	for (unsigned kept; result == 0 && first != NONE; first = kept == NONE ? NONE : kept + 1) {
		kept = next_kept(init, first);
		result = close_between(first, kept == NONE ? NONE : kept - 1, 0);
	}
	init->proc = -EBADF;
	return result < 0 ? init_failed(init, "close_range", result) : 0;
}

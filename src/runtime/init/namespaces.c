/* namespaces.c -- enter, leave and name namespaces (namespaces(7)). */
#include <linux/prctl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "calls.h"
#include "init.h"

#define KEYCTL_JOIN_SESSION_KEYRING 1
#define KEYCTL_SETPERM              5
/* The kernel's default for session keyrings and "user may search". */
#define SESSION_PERMISSIONS 0x3f0b0000

int init_step_JOIN_NAMESPACE(struct init *init, const struct step *step)
{
	long result = kernel_call(__NR_setns, init->slots[step->slot], step->number[0]);

	return result < 0 ? init_failed(init, "setns", result) : 0;
}

int init_step_JOIN_PROCESS(struct init *init, const struct step *step)
{
	uint64_t kinds = step->number[0];
	long result = kernel_call(__NR_setns, init->slots[step->slot], kinds);

	/* mounts: in the user namespace already, by the intermediate process of a caller without
	 * privilege: the kernel refuses to join one's own. */
	if (result == -EINVAL && kinds & CLONE_NEWUSER)
		result = kernel_call(__NR_setns, init->slots[step->slot], kinds & ~CLONE_NEWUSER);
	if (result < 0)
		return init_failed(init, "setns", result);
	init->root = call_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
	return init->root < 0 ? init_failed(init, "openat", init->root) : 0;
}

int init_step_UNSHARE(struct init *init, const struct step *step)
{
	long result = kernel_call(__NR_unshare, step->number[0]);

	return result < 0 ? init_failed(init, "unshare", result) : 0;
}

/* Offsets can be written only until the first process enters, so: make the namespace (only
 * children would be in it), write, then enter (time_namespaces(7)). */
int init_step_TIME_NAMESPACE(struct init *init, const struct step *step)
{
	const char *offsets = init_text(init, step->text[0]);
	long result = kernel_call(__NR_unshare, CLONE_NEWTIME);
	int fd;

	if (result < 0)
		return init_failed(init, "unshare", result);
	if (*offsets) {
		/* A non-dumpable process's files belong to the real root, which a user namespace
		 * does not have. Nothing of the container runs yet. */
		call_prctl(PR_SET_DUMPABLE, 1, 0);
		result = proc_write(init, "self/timens_offsets", offsets);
		call_prctl(PR_SET_DUMPABLE, 0, 0);
		if (result < 0)
			return (int)result;
	}
	fd = call_open(init->proc, "self/ns/time_for_children", O_RDONLY, 0);
	if (fd < 0)
		return init_failed(init, "openat", fd);
	result = kernel_call(__NR_setns, fd, CLONE_NEWTIME);
	call_close(fd);
	return result < 0 ? init_failed(init, "setns", result) : 0;
}

/* A session of its own: no controlling terminal of the caller's comes along (TIOCSTI). */
int init_step_SESSION(struct init *init, const struct step *step)
{
	long result = kernel_call(__NR_setsid);

	return result < 0 && result != -EPERM ? init_failed(init, "setsid", result) : 0;
}

/* Files made from here on belong to the container's root. */
int init_step_BECOME_ROOT(struct init *init, const struct step *step)
{
	unsigned uid = (unsigned)step->number[0], gid = (unsigned)step->number[1];
	long result;

	if (!step->number[2])
		kernel_call(__NR_setgroups, 0,
			    0); /* denied in a single-id user namespace: as it was */
	result = kernel_call(__NR_setresgid, gid, gid, gid);
	if (result < 0)
		return init_failed(init, "setresgid", result);
	result = kernel_call(__NR_setresuid, uid, uid, uid);
	return result < 0 ? init_failed(init, "setresuid", result) : 0;
}

/* Keys of the caller's session must not leak into the container. A kernel without keys has none to
 * leak. The possessor's search permission for the user is runc's. */
int init_step_KEYRING(struct init *init, const struct step *step)
{
	const char *label = init_text(init, step->text[1]);
	long ring;

	if (*label) {
		int result = proc_write(init, "self/attr/keycreate", label);

		if (result < 0) {
			init_detail(init, label);
			return result;
		}
	}
	ring = kernel_call(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING,
			   init_text(init, step->text[0]));
	if (*label)
		proc_write(init, "self/attr/keycreate", "");
	if (ring == -ENOSYS || ring == -EDQUOT)
		return 0;
	if (ring < 0)
		return init_failed(init, "keyctl", ring);
	kernel_call(__NR_keyctl, KEYCTL_SETPERM, ring, SESSION_PERMISSIONS);
	return 0;
}

int init_step_LOOPBACK_UP(struct init *init, const struct step *step)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = (int)kernel_call(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long result;

	if (fd < 0)
		fd = (int)kernel_call(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return init_failed(init, "socket", fd);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	result = kernel_call(__NR_ioctl, fd, SIOCSIFFLAGS, &request);
	call_close(fd);
	return result < 0 ? init_failed(init, "ioctl SIOCSIFFLAGS", result) : 0;
}

int init_step_HOSTNAME(struct init *init, const struct step *step)
{
	const char *name = init_text(init, step->text[0]);
	long result = kernel_call(__NR_sethostname, name, text_length(name));

	return result < 0 ? init_failed(init, "sethostname", result) : 0;
}

int init_step_DOMAINNAME(struct init *init, const struct step *step)
{
	const char *name = init_text(init, step->text[0]);
	long result = kernel_call(__NR_setdomainname, name, text_length(name));

	return result < 0 ? init_failed(init, "setdomainname", result) : 0;
}

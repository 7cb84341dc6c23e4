/* facts.c -- ask the host what the planner needs to know.
 *
 * This runs at every create, so each fact is one cheap system call; the mount table, which grows
 * with the number of containers, is read only where control groups are not purely v2. */
#include "runtime/facts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "hierarchies.h"

#define MOUNTINFO_MOST (64u << 20)

/* The initial user namespace, the same on every Linux: USER_NS_INIT_INO (0xeffffffd) in recent
 * linux/nsfs.h. It also tells apart a namespace that maps all ids to themselves, whose uid_map
 * reads like the initial one's. */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static uint64_t bounding_capabilities(void)
{
	uint64_t set = 0;

	for (unsigned capability = 0; capability < 64; capability++) {
		int present = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (present < 0)
			break; /* beyond the kernel's last one */
		set |= (uint64_t)present << capability;
	}
	return set;
}

bool facts_in_user_namespace(void)
{
	char name[64];
	ssize_t length = readlink("/proc/self/ns/user", name, sizeof(name) - 1);

	if (length < 0)
		return false;
	name[length] = '\0';
	return strcmp(name, INITIAL_USER_NAMESPACE) != 0;
}

static bool is_mounted(const char *path, unsigned long magic)
{
	struct statfs status;

	return statfs(path, &status) == 0 && (unsigned long)status.f_type == magic;
}

static bool has_apparmor(void)
{
	auto_close int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

/* The id of the visible mount, as mountinfo has it; 0 where the kernel does not tell (before 5.8).
 */
static uint64_t mount_id(const char *path)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) < 0 ||
	    !(status.stx_mask & STATX_MNT_ID))
		return 0;
	return status.stx_mnt_id;
}

static int find_hierarchies(struct facts *facts, struct arena *arena, struct error *err)
{
	auto_text struct text mountinfo = { 0 };

	if (is_mounted(CGROUP_ROOT, CGROUP2_SUPER_MAGIC)) {
		facts->cgroup_layout = CGROUP_UNIFIED;
		facts->cgroup_unified = CGROUP_ROOT;
		return 0;
	}
	if (!is_mounted(CGROUP_ROOT, TMPFS_MAGIC)) {
		facts->cgroup_layout = CGROUP_NONE;
		return 0;
	}
	TRY(file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, err));
	hierarchies_find(mountinfo.data, mount_id(CGROUP_ROOT), arena, facts);
	return 0;
}

int facts_gather_cgroups(struct facts *facts, struct arena *arena, struct error *err)
{
	*facts = (struct facts){ 0 };
	return find_hierarchies(facts, arena, err);
}

int facts_gather(struct facts *facts, struct arena *arena, struct error *err)
{
	TRY(facts_gather_cgroups(facts, arena, err));
	facts->euid = geteuid();
	facts->egid = getegid();
	facts->in_user_namespace = facts_in_user_namespace();
	facts->privileged = effective_capabilities() >> CAP_SYS_ADMIN & 1;
	facts->bounding = bounding_capabilities();
	facts->selinux = is_mounted("/sys/fs/selinux", SELINUX_MAGIC);
	facts->apparmor = has_apparmor();
	return 0;
}

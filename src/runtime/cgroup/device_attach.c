/* device_attach.c -- attach a device program to a v2 cgroup. Programs of parents stay in force
 * (BPF_F_ALLOW_MULTI): a container can only be given less. The kernel lets go of the program when
 * the last cgroup that has it is removed. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/own.h"
#include "device_load.h"

#define ATTACHED_MOST 64 /* the kernel's own limit is 64 a cgroup */

static unsigned attached_programs(int cgroup_fd, uint32_t ids[ATTACHED_MOST])
{
	union bpf_attr attributes = {
		.query = { .target_fd = (uint32_t)cgroup_fd,
			   .attach_type = BPF_CGROUP_DEVICE,
			   .prog_ids = (uintptr_t)ids,
			   .prog_cnt = ATTACHED_MOST },
	};

	return device_bpf(BPF_PROG_QUERY, &attributes) < 0 ? 0 : attributes.query.prog_cnt;
}

static int attach(int cgroup_fd, int program, int replaced, struct error *err)
{
	union bpf_attr attributes = { 0 };

	attributes.target_fd = (uint32_t)cgroup_fd;
	attributes.attach_bpf_fd = (uint32_t)program;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI | (replaced >= 0 ? BPF_F_REPLACE : 0);
	attributes.replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0;
	if (device_bpf(BPF_PROG_ATTACH, &attributes) < 0)
		return fail_call(err, "bpf", "cannot attach the device program");
	return 0;
}

static int detach(int cgroup_fd, uint32_t id, struct error *err)
{
	auto_close int fd = device_program_by_id(id);
	union bpf_attr attributes = { 0 };

	attributes.target_fd = (uint32_t)cgroup_fd;
	attributes.attach_bpf_fd = (uint32_t)fd;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	if (fd < 0 || device_bpf(BPF_PROG_DETACH, &attributes) < 0)
		return fail_call(err, "bpf", "cannot detach the old device program");
	return 0;
}

static bool is_among(uint32_t id, const uint32_t *ids, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* In the place of one program at once, so that there is no moment with both or with none; of more
 * than one, and on kernels before 5.5 (EINVAL), first beside them. */
static int replace(int cgroup_fd, int program, const uint32_t *old, unsigned count,
		   struct error *err)
{
	struct bpf_prog_info info = { 0 };
	bool is_there = device_program_info(program, &info) == 0 && is_among(info.id, old, count);
	auto_close int only = count == 1 && !is_there ? device_program_by_id(old[0]) : -1;

	if (only >= 0 && attach(cgroup_fd, program, only, NULL) == 0)
		return 0;
	if (!is_there)
		TRY(attach(cgroup_fd, program, -1, err));
	for (unsigned i = 0; i < count; i++)
		if (!is_there || old[i] != info.id)
			TRY(detach(cgroup_fd, old[i], err));
	return 0;
}

int device_program_attach(const struct device_program *program, int cgroup_fd, bool is_replaced,
			  const char *cache, struct error *err)
{
	uint32_t old[ATTACHED_MOST];
	unsigned old_count = is_replaced ? attached_programs(cgroup_fd, old) : 0;
	auto_close int fd = device_program_load(program, cache);

	if (fd < 0)
		return fail_call(err, "bpf", "cannot load the device program");
	if (old_count > 0)
		return replace(cgroup_fd, fd, old, old_count, err);
	return attach(cgroup_fd, fd, -1, err);
}

/* device_attach.c -- load a device program and attach it to a v2 cgroup. Programs of parents stay
 * in force (BPF_F_ALLOW_MULTI): a container can only be given less. The kernel lets go of the
 * program when the cgroup is removed. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/own.h"
#include "devices.h"

#define ATTACHED_MOST 64 /* the kernel's own limit is 64 a cgroup */

static long bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int load(const struct device_program *program)
{
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program->instructions,
		.insn_cnt = (uint32_t)program->count,
		.license = (uintptr_t) "GPL",
	};

	return (int)bpf(BPF_PROG_LOAD, &attributes);
}

/* Before Linux 5.11 programs were accounted against RLIMIT_MEMLOCK, which the rest of the system
 * uses up: it does not count for this one call. */
static int load_unlimited(const struct device_program *program)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY }, before;
	int fd = load(program), number = errno;

	if (fd >= 0 || number != EPERM || getrlimit(RLIMIT_MEMLOCK, &before) < 0 ||
	    setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0) {
		errno = number;
		return fd;
	}
	fd = load(program);
	number = errno;
	setrlimit(RLIMIT_MEMLOCK, &before);
	errno = number;
	return fd;
}

static unsigned attached_programs(int cgroup_fd, uint32_t ids[ATTACHED_MOST])
{
	union bpf_attr attributes = {
		.query = { .target_fd = (uint32_t)cgroup_fd,
			   .attach_type = BPF_CGROUP_DEVICE,
			   .prog_ids = (uintptr_t)ids,
			   .prog_cnt = ATTACHED_MOST },
	};

	return bpf(BPF_PROG_QUERY, &attributes) < 0 ? 0 : attributes.query.prog_cnt;
}

static int detach(int cgroup_fd, uint32_t id, struct error *err)
{
	union bpf_attr by_id = { .prog_id = id };
	auto_close int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
	union bpf_attr attributes = { 0 };

	attributes.target_fd = (uint32_t)cgroup_fd;
	attributes.attach_bpf_fd = (uint32_t)fd;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	if (fd < 0 || bpf(BPF_PROG_DETACH, &attributes) < 0)
		return fail_call(err, "bpf", "cannot detach the old device program");
	return 0;
}

int device_program_attach(const struct device_program *program, int cgroup_fd, bool replace,
			  struct error *err)
{
	uint32_t old[ATTACHED_MOST];
	unsigned old_count = replace ? attached_programs(cgroup_fd, old) : 0;
	auto_close int fd = load_unlimited(program);
	union bpf_attr attributes = { 0 };

	if (fd < 0)
		return fail_call(err, "bpf", "cannot load the device program");
	attributes.target_fd = (uint32_t)cgroup_fd;
	attributes.attach_bpf_fd = (uint32_t)fd;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI;
	if (bpf(BPF_PROG_ATTACH, &attributes) < 0)
		return fail_call(err, "bpf", "cannot attach the device program");
	for (unsigned i = 0; i < old_count; i++)
		TRY(detach(cgroup_fd, old[i], err));
	return 0;
}

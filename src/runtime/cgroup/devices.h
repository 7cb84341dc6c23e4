/* devices.h -- linux.resources.devices as a list that both kernels' means can be made from. */
#ifndef CGROUP_DEVICES_H
#define CGROUP_DEVICES_H

#include <linux/bpf.h>
#include <stdint.h>

#include "runtime/cgroup.h"

#define DEVICE_ANY        -1 /* major or minor */

#define DEVICE_ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

struct device_rule {
	bool allow;
	char type; /* 'a' only in the first rule; else 'b' or 'c' */
	int64_t major, minor;
	unsigned access;   /* BPF_DEVCG_ACC_* */
	const char *where; /* "linux.resources.devices[2]"; of the default devices: NULL */
};

/* The last rule that matches a device and one of the wished accesses decides about that access.
 * The first rule is always about all devices. */
struct device_rules {
	struct device_rule *items;
	size_t count;
	bool everything; /* nothing is denied */
};

/* Rules of config.json, then the default devices, which every container may use. Without rules all
 * other devices are denied, as with runc. resources may be NULL. Pure. */
int device_rules_make(const struct spec_resources *resources, struct arena *arena,
		      struct device_rules *rules, struct error *err);

/* cgroup v1: devices.allow and devices.deny. A rule that v1 cannot express is -EINVAL. Pure. */
int device_rules_plan(const struct device_rules *rules, struct arena *arena,
		      struct cgroup_writes *writes, struct error *err);

/* cgroup v2: a BPF program (BPF_PROG_TYPE_CGROUP_DEVICE). Pure. */
struct device_program {
	struct bpf_insn *instructions;
	size_t count;
};
int device_program_make(const struct device_rules *rules, struct arena *arena,
			struct device_program *program, struct error *err);

/* Load it, or find it loaded (cache: device_load.h), and attach it to the v2 cgroup; is_replaced:
 * instead of what is attached there. */
int device_program_attach(const struct device_program *program, int cgroup_fd, bool is_replaced,
			  const char *cache, struct error *err);

#endif

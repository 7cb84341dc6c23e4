/* resources.h -- the parts of the resource table: what a setting is, where it comes from
 * (settings.c), how it is said to a kernel file (convert.c), and which file that is (resources.c).
 */
#ifndef CGROUP_RESOURCES_H
#define CGROUP_RESOURCES_H

#include <stdint.h>

#include "runtime/cgroup.h"

/* One value of config.json, on its way to a file. */
struct setting {
	int64_t number;   /* unsigned values keep their bits */
	const char *text; /* instead of a number */
	const char *key;  /* of a list's element: "8:0", "2MB", "eth0" */
	bool optional;    /* a host that cannot do it does it anyway: "no limit", "off" */
};

struct planner {
	const struct spec_resources *resources;
	const struct facts *facts;
	struct arena *arena;
	struct cgroup_writes *writes;
	size_t room;
	struct error *err;
};

/* settings.c: false where config.json does not have it. */
typedef bool setting_get(const struct planner *planner, size_t index, struct setting *setting);
typedef size_t setting_count(const struct spec_resources *resources);

/* clang-format off */
setting_get get_memory_check, get_memory_limit, get_memory_swap, get_memory_reservation,
	get_memory_kernel, get_memory_kernel_tcp, get_memory_swappiness, get_memory_disable_oom_killer,
	get_memory_use_hierarchy;
setting_get get_cpu_shares, get_cpu_period, get_cpu_quota, get_cpu_burst, get_cpu_realtime_period,
	get_cpu_realtime_runtime, get_cpu_idle, get_cpu_cpus, get_cpu_mems;
setting_get get_pids_limit;
setting_get get_block_io_weight, get_block_io_leaf_weight, get_device_weight, get_device_leaf_weight,
	get_read_bps, get_write_bps, get_read_iops, get_write_iops;
setting_get get_hugepage_limit, get_network_class_id, get_network_priority, get_rdma, get_unified;
setting_count count_weight_devices, count_read_bps, count_write_bps, count_read_iops,
	count_write_iops, count_hugepage_limits, count_network_priorities, count_rdma, count_unified;
/* clang-format on */

/* convert.c: the words for the kernel, in the arena; *value stays NULL when nothing is to be
 * written (0 means "not set" where runc takes it so). */
typedef int setting_convert(const struct planner *planner, struct setting *setting,
			    const char **value);

/* clang-format off */
setting_convert as_number, as_unsigned, as_text, as_set_number, as_keyed, as_bytes,
	as_bytes_or_max, as_memory_and_swap, as_swap_alone, as_weight_of_shares, as_cpu_max,
	as_cpu_max_period, as_pids, as_switch, as_io_weight, as_keyed_io_weight, as_rbps, as_wbps,
	as_riops, as_wiops;
/* clang-format on */

/* cpu.shares (2 to 262144) as cpu.weight (1 to 10000). */
unsigned weight_of_shares(uint64_t shares);

#endif

/* spec_resources.h -- linux.resources of config.json (config-linux.md "Control groups"), which is
 * also the document that `update --resources` reads. Part of spec.h: include that. */
#ifndef RUNTIME_SPEC_RESOURCES_H
#define RUNTIME_SPEC_RESOURCES_H

#include "base/json.h"

/* clang-format off */

/* "Allowed device list": an absent major or minor means all, an absent type "a", access "rwm". */
#define SPEC_DEVICE_RULE_ROWS(ROW, T) \
	ROW(T, boolean,   allow,  "allow",  none, required) \
	ROW(T, string,    type,   "type",   none, optional) \
	ROW(T, opt_int64, major,  "major",  none, optional) \
	ROW(T, opt_int64, minor,  "minor",  none, optional) \
	ROW(T, string,    access, "access", none, optional)
JSON_STRUCT(spec_device_rule, SPEC_DEVICE_RULE_ROWS);

/* Bytes; -1: no limit. */
#define SPEC_MEMORY_ROWS(ROW, T) \
	ROW(T, opt_int64,   limit,               "limit",             none, optional) \
	ROW(T, opt_int64,   reservation,         "reservation",       none, optional) \
	ROW(T, opt_int64,   swap,                "swap",              none, optional) \
	ROW(T, opt_int64,   kernel,              "kernel",            none, optional) \
	ROW(T, opt_int64,   kernel_tcp,          "kernelTCP",         none, optional) \
	ROW(T, opt_uint64,  swappiness,          "swappiness",        none, optional) \
	ROW(T, opt_boolean, disable_oom_killer,  "disableOOMKiller",  none, optional) \
	ROW(T, opt_boolean, use_hierarchy,       "useHierarchy",      none, optional) \
	ROW(T, opt_boolean, check_before_update, "checkBeforeUpdate", none, optional)
JSON_STRUCT(spec_memory, SPEC_MEMORY_ROWS);

/* Times are microseconds; cpus and mems are lists as "0-3,7". */
#define SPEC_CPU_ROWS(ROW, T) \
	ROW(T, opt_uint64, shares,           "shares",          none, optional) \
	ROW(T, opt_int64,  quota,            "quota",           none, optional) \
	ROW(T, opt_uint64, burst,            "burst",           none, optional) \
	ROW(T, opt_uint64, period,           "period",          none, optional) \
	ROW(T, opt_int64,  realtime_runtime, "realtimeRuntime", none, optional) \
	ROW(T, opt_uint64, realtime_period,  "realtimePeriod",  none, optional) \
	ROW(T, string,     cpus,             "cpus",            none, optional) \
	ROW(T, string,     mems,             "mems",            none, optional) \
	ROW(T, opt_int64,  idle,             "idle",            none, optional)
JSON_STRUCT(spec_cpu, SPEC_CPU_ROWS);

/* -1: max; 0 is a limit like any other. */
#define SPEC_PIDS_ROWS(ROW, T) \
	ROW(T, opt_int64, limit, "limit", none, optional)
JSON_STRUCT(spec_pids, SPEC_PIDS_ROWS);

#define SPEC_WEIGHT_DEVICE_ROWS(ROW, T) \
	ROW(T, int64,      major,       "major",      none, required) \
	ROW(T, int64,      minor,       "minor",      none, required) \
	ROW(T, opt_uint32, weight,      "weight",     none, optional) \
	ROW(T, opt_uint32, leaf_weight, "leafWeight", none, optional)
JSON_STRUCT(spec_weight_device, SPEC_WEIGHT_DEVICE_ROWS);

#define SPEC_THROTTLE_DEVICE_ROWS(ROW, T) \
	ROW(T, int64,  major, "major", none, required) \
	ROW(T, int64,  minor, "minor", none, required) \
	ROW(T, uint64, rate,  "rate",  none, always)
JSON_STRUCT(spec_throttle_device, SPEC_THROTTLE_DEVICE_ROWS);

#define SPEC_BLOCK_IO_ROWS(ROW, T) \
	ROW(T, opt_uint32, weight,        "weight",       none,               optional) \
	ROW(T, opt_uint32, leaf_weight,   "leafWeight",   none,               optional) \
	ROW(T, objects,    weight_device, "weightDevice", spec_weight_device, optional) \
	ROW(T, objects, throttle_read_bps_device,   "throttleReadBpsDevice",   spec_throttle_device, optional) \
	ROW(T, objects, throttle_write_bps_device,  "throttleWriteBpsDevice",  spec_throttle_device, optional) \
	ROW(T, objects, throttle_read_iops_device,  "throttleReadIOPSDevice",  spec_throttle_device, optional) \
	ROW(T, objects, throttle_write_iops_device, "throttleWriteIOPSDevice", spec_throttle_device, optional)
JSON_STRUCT(spec_block_io, SPEC_BLOCK_IO_ROWS);

/* pageSize as the kernel's file names have it: "2MB". */
#define SPEC_HUGEPAGE_LIMIT_ROWS(ROW, T) \
	ROW(T, string, page_size, "pageSize", none, required) \
	ROW(T, uint64, limit,     "limit",    none, required)
JSON_STRUCT(spec_hugepage_limit, SPEC_HUGEPAGE_LIMIT_ROWS);

#define SPEC_INTERFACE_PRIORITY_ROWS(ROW, T) \
	ROW(T, string, name,     "name",     none, required) \
	ROW(T, uint32, priority, "priority", none, required)
JSON_STRUCT(spec_interface_priority, SPEC_INTERFACE_PRIORITY_ROWS);

#define SPEC_NETWORK_ROWS(ROW, T) \
	ROW(T, opt_uint32, class_id,   "classID",    none,                    optional) \
	ROW(T, objects,    priorities, "priorities", spec_interface_priority, optional)
JSON_STRUCT(spec_network, SPEC_NETWORK_ROWS);

#define SPEC_RDMA_ROWS(ROW, T) \
	ROW(T, opt_uint32, hca_handles, "hcaHandles", none, optional) \
	ROW(T, opt_uint32, hca_objects, "hcaObjects", none, optional)
JSON_STRUCT(spec_rdma, SPEC_RDMA_ROWS);

/* rdma is keyed by device name ("mlx5_1"), unified by cgroup v2 file name ("memory.high"). */
#define SPEC_RESOURCES_ROWS(ROW, T) \
	ROW(T, objects,    devices,         "devices",        spec_device_rule,    optional) \
	ROW(T, object,     memory,          "memory",         spec_memory,         optional) \
	ROW(T, object,     cpu,             "cpu",            spec_cpu,            optional) \
	ROW(T, object,     pids,            "pids",           spec_pids,           optional) \
	ROW(T, object,     block_io,        "blockIO",        spec_block_io,       optional) \
	ROW(T, objects,    hugepage_limits, "hugepageLimits", spec_hugepage_limit, optional) \
	ROW(T, object,     network,         "network",        spec_network,        optional) \
	ROW(T, object_map, rdma,            "rdma",           spec_rdma,           optional) \
	ROW(T, string_map, unified,         "unified",        none,                optional)
JSON_STRUCT(spec_resources, SPEC_RESOURCES_ROWS);

/* clang-format on */

#endif

/* spec_linux.h -- the "linux" section of config.json (config-linux.md). Part of spec.h: include
 * that. */
#ifndef RUNTIME_SPEC_LINUX_H
#define RUNTIME_SPEC_LINUX_H

#include "base/json.h"
#include "runtime/spec_resources.h"

/* clang-format off */

/* path: join that namespace instead of making a new one. */
#define SPEC_NAMESPACE_ROWS(ROW, T) \
	ROW(T, string, type, "type", none, required) \
	ROW(T, string, path, "path", none, optional)
JSON_STRUCT(spec_namespace, SPEC_NAMESPACE_ROWS);

#define SPEC_ID_MAPPING_ROWS(ROW, T) \
	ROW(T, uint32, container_id, "containerID", none, required) \
	ROW(T, uint32, host_id,      "hostID",      none, required) \
	ROW(T, uint32, size,         "size",        none, required)
JSON_STRUCT(spec_id_mapping, SPEC_ID_MAPPING_ROWS);

/* type: "c", "u" (the same), "b", "p"; an absent fileMode is 0666. */
#define SPEC_DEVICE_ROWS(ROW, T) \
	ROW(T, string,     type,      "type",     none, required) \
	ROW(T, string,     path,      "path",     none, required) \
	ROW(T, int64,      major,     "major",    none, optional) \
	ROW(T, int64,      minor,     "minor",    none, optional) \
	ROW(T, opt_uint32, file_mode, "fileMode", none, optional) \
	ROW(T, opt_uint32, uid,       "uid",      none, optional) \
	ROW(T, opt_uint32, gid,       "gid",      none, optional)
JSON_STRUCT(spec_device, SPEC_DEVICE_ROWS);

/* Keyed by the name on the host; name: what it is called inside, absent: the same. */
#define SPEC_NET_DEVICE_ROWS(ROW, T) \
	ROW(T, string, name, "name", none, optional)
JSON_STRUCT(spec_net_device, SPEC_NET_DEVICE_ROWS);

#define SPEC_SECCOMP_ARG_ROWS(ROW, T) \
	ROW(T, uint32, index,     "index",    none, required) \
	ROW(T, uint64, value,     "value",    none, required) \
	ROW(T, uint64, value_two, "valueTwo", none, optional) \
	ROW(T, string, op,        "op",       none, required)
JSON_STRUCT(spec_seccomp_arg, SPEC_SECCOMP_ARG_ROWS);

#define SPEC_SECCOMP_SYSCALL_ROWS(ROW, T) \
	ROW(T, strings,    names,     "names",    none,             required) \
	ROW(T, string,     action,    "action",   none,             required) \
	ROW(T, opt_uint32, errno_ret, "errnoRet", none,             optional) \
	ROW(T, objects,    args,      "args",     spec_seccomp_arg, optional)
JSON_STRUCT(spec_seccomp_syscall, SPEC_SECCOMP_SYSCALL_ROWS);

#define SPEC_SECCOMP_ROWS(ROW, T) \
	ROW(T, string,     default_action,    "defaultAction",    none,                 required) \
	ROW(T, opt_uint32, default_errno_ret, "defaultErrnoRet",  none,                 optional) \
	ROW(T, strings,    architectures,     "architectures",    none,                 optional) \
	ROW(T, strings,    flags,             "flags",            none,                 optional) \
	ROW(T, string,     listener_path,     "listenerPath",     none,                 optional) \
	ROW(T, string,     listener_metadata, "listenerMetadata", none,                 optional) \
	ROW(T, objects,    syscalls,          "syscalls",         spec_seccomp_syscall, optional)
JSON_STRUCT(spec_seccomp, SPEC_SECCOMP_ROWS);

#define SPEC_INTEL_RDT_ROWS(ROW, T) \
	ROW(T, string,  clos_id,           "closID",           none, optional) \
	ROW(T, strings, schemata,          "schemata",         none, optional) \
	ROW(T, string,  l3_cache_schema,   "l3CacheSchema",    none, optional) \
	ROW(T, string,  mem_bw_schema,     "memBwSchema",      none, optional) \
	ROW(T, boolean, enable_monitoring, "enableMonitoring", none, optional)
JSON_STRUCT(spec_intel_rdt, SPEC_INTEL_RDT_ROWS);

#define SPEC_MEMORY_POLICY_ROWS(ROW, T) \
	ROW(T, string,  mode,  "mode",  none, optional) \
	ROW(T, string,  nodes, "nodes", none, optional) \
	ROW(T, strings, flags, "flags", none, optional)
JSON_STRUCT(spec_memory_policy, SPEC_MEMORY_POLICY_ROWS);

#define SPEC_PERSONALITY_ROWS(ROW, T) \
	ROW(T, string,  domain, "domain", none, optional) \
	ROW(T, strings, flags,  "flags",  none, optional)
JSON_STRUCT(spec_personality, SPEC_PERSONALITY_ROWS);

/* Keyed by clock: "boottime", "monotonic". */
#define SPEC_TIME_OFFSET_ROWS(ROW, T) \
	ROW(T, int64,  secs,     "secs",     none, optional) \
	ROW(T, uint32, nanosecs, "nanosecs", none, optional)
JSON_STRUCT(spec_time_offset, SPEC_TIME_OFFSET_ROWS);

#define SPEC_LINUX_ROWS(ROW, T) \
	ROW(T, objects,    namespaces,         "namespaces",        spec_namespace,     optional) \
	ROW(T, objects,    uid_mappings,       "uidMappings",       spec_id_mapping,    optional) \
	ROW(T, objects,    gid_mappings,       "gidMappings",       spec_id_mapping,    optional) \
	ROW(T, objects,    devices,            "devices",           spec_device,        optional) \
	ROW(T, object_map, net_devices,        "netDevices",        spec_net_device,    optional) \
	ROW(T, string,     cgroups_path,       "cgroupsPath",       none,               optional) \
	ROW(T, object,     resources,          "resources",         spec_resources,     optional) \
	ROW(T, string,     rootfs_propagation, "rootfsPropagation", none,               optional) \
	ROW(T, object,     seccomp,            "seccomp",           spec_seccomp,       optional) \
	ROW(T, string_map, sysctl,             "sysctl",            none,               optional) \
	ROW(T, strings,    masked_paths,       "maskedPaths",       none,               optional) \
	ROW(T, strings,    readonly_paths,     "readonlyPaths",     none,               optional) \
	ROW(T, string,     mount_label,        "mountLabel",        none,               optional) \
	ROW(T, object,     intel_rdt,          "intelRdt",          spec_intel_rdt,     optional) \
	ROW(T, object,     memory_policy,      "memoryPolicy",      spec_memory_policy, optional) \
	ROW(T, object,     personality,        "personality",       spec_personality,   optional) \
	ROW(T, object_map, time_offsets,       "timeOffsets",       spec_time_offset,   optional)
JSON_STRUCT(spec_linux, SPEC_LINUX_ROWS);

/* clang-format on */

#endif

/* shapes.c -- the descriptors of all rows in spec.h, spec_linux.h, spec_resources.h, features.h:
 * what the JSON reader, writer and the schema lint walk. */
#include "runtime/features.h"
#include "runtime/spec.h"

JSON_SHAPE(spec_device_rule, SPEC_DEVICE_RULE_ROWS);
JSON_SHAPE(spec_memory, SPEC_MEMORY_ROWS);
JSON_SHAPE(spec_cpu, SPEC_CPU_ROWS);
JSON_SHAPE(spec_pids, SPEC_PIDS_ROWS);
JSON_SHAPE(spec_weight_device, SPEC_WEIGHT_DEVICE_ROWS);
JSON_SHAPE(spec_throttle_device, SPEC_THROTTLE_DEVICE_ROWS);
JSON_SHAPE(spec_block_io, SPEC_BLOCK_IO_ROWS);
JSON_SHAPE(spec_hugepage_limit, SPEC_HUGEPAGE_LIMIT_ROWS);
JSON_SHAPE(spec_interface_priority, SPEC_INTERFACE_PRIORITY_ROWS);
JSON_SHAPE(spec_network, SPEC_NETWORK_ROWS);
JSON_SHAPE(spec_rdma, SPEC_RDMA_ROWS);
JSON_SHAPE(spec_resources, SPEC_RESOURCES_ROWS);

JSON_SHAPE(spec_namespace, SPEC_NAMESPACE_ROWS);
JSON_SHAPE(spec_id_mapping, SPEC_ID_MAPPING_ROWS);
JSON_SHAPE(spec_device, SPEC_DEVICE_ROWS);
JSON_SHAPE(spec_net_device, SPEC_NET_DEVICE_ROWS);
JSON_SHAPE(spec_seccomp_arg, SPEC_SECCOMP_ARG_ROWS);
JSON_SHAPE(spec_seccomp_syscall, SPEC_SECCOMP_SYSCALL_ROWS);
JSON_SHAPE(spec_seccomp, SPEC_SECCOMP_ROWS);
JSON_SHAPE(spec_intel_rdt, SPEC_INTEL_RDT_ROWS);
JSON_SHAPE(spec_memory_policy, SPEC_MEMORY_POLICY_ROWS);
JSON_SHAPE(spec_personality, SPEC_PERSONALITY_ROWS);
JSON_SHAPE(spec_time_offset, SPEC_TIME_OFFSET_ROWS);
JSON_SHAPE(spec_linux, SPEC_LINUX_ROWS);

JSON_SHAPE(spec_root, SPEC_ROOT_ROWS);
JSON_SHAPE(spec_mount, SPEC_MOUNT_ROWS);
JSON_SHAPE(spec_user, SPEC_USER_ROWS);
JSON_SHAPE(spec_capabilities, SPEC_CAPABILITIES_ROWS);
JSON_SHAPE(spec_rlimit, SPEC_RLIMIT_ROWS);
JSON_SHAPE(spec_console_size, SPEC_CONSOLE_SIZE_ROWS);
JSON_SHAPE(spec_scheduler, SPEC_SCHEDULER_ROWS);
JSON_SHAPE(spec_io_priority, SPEC_IO_PRIORITY_ROWS);
JSON_SHAPE(spec_exec_cpu_affinity, SPEC_EXEC_CPU_AFFINITY_ROWS);
JSON_SHAPE(spec_process, SPEC_PROCESS_ROWS);
JSON_SHAPE(spec_hook, SPEC_HOOK_ROWS);
JSON_SHAPE(spec_hooks, SPEC_HOOKS_ROWS);
JSON_SHAPE(spec, SPEC_ROWS);

JSON_SHAPE(features_cgroup, FEATURES_CGROUP_ROWS);
JSON_SHAPE(features_seccomp, FEATURES_SECCOMP_ROWS);
JSON_SHAPE(features_switch, FEATURES_SWITCH_ROWS);
JSON_SHAPE(features_memory_policy, FEATURES_MEMORY_POLICY_ROWS);
JSON_SHAPE(features_intel_rdt, FEATURES_INTEL_RDT_ROWS);
JSON_SHAPE(features_mount_extensions, FEATURES_MOUNT_EXTENSIONS_ROWS);
JSON_SHAPE(features_linux, FEATURES_LINUX_ROWS);
JSON_SHAPE(features, FEATURES_ROWS);

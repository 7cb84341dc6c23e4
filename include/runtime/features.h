/* features.h -- the features structure (features.md, features-linux.md): what this build knows,
 * whatever the host can do. A property that is absent is one we do not claim. */
#ifndef RUNTIME_FEATURES_H
#define RUNTIME_FEATURES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

/* clang-format off */

#define FEATURES_CGROUP_ROWS(ROW, T) \
	ROW(T, opt_boolean, v1,           "v1",          none, optional) \
	ROW(T, opt_boolean, v2,           "v2",          none, optional) \
	ROW(T, opt_boolean, systemd,      "systemd",     none, optional) \
	ROW(T, opt_boolean, systemd_user, "systemdUser", none, optional) \
	ROW(T, opt_boolean, rdma,         "rdma",        none, optional)
JSON_STRUCT(features_cgroup, FEATURES_CGROUP_ROWS);

#define FEATURES_SECCOMP_ROWS(ROW, T) \
	ROW(T, opt_boolean, enabled,         "enabled",        none, optional) \
	ROW(T, strings,     actions,         "actions",        none, optional) \
	ROW(T, strings,     operators,       "operators",      none, optional) \
	ROW(T, strings,     archs,           "archs",          none, optional) \
	ROW(T, strings,     known_flags,     "knownFlags",     none, optional) \
	ROW(T, strings,     supported_flags, "supportedFlags", none, optional)
JSON_STRUCT(features_seccomp, FEATURES_SECCOMP_ROWS);

/* What apparmor, selinux, mountExtensions.idmap and netDevices say. */
#define FEATURES_SWITCH_ROWS(ROW, T) \
	ROW(T, opt_boolean, enabled, "enabled", none, optional)
JSON_STRUCT(features_switch, FEATURES_SWITCH_ROWS);

#define FEATURES_MEMORY_POLICY_ROWS(ROW, T) \
	ROW(T, strings, modes, "modes", none, optional) \
	ROW(T, strings, flags, "flags", none, optional)
JSON_STRUCT(features_memory_policy, FEATURES_MEMORY_POLICY_ROWS);

#define FEATURES_INTEL_RDT_ROWS(ROW, T) \
	ROW(T, opt_boolean, enabled,    "enabled",    none, optional) \
	ROW(T, opt_boolean, schemata,   "schemata",   none, optional) \
	ROW(T, opt_boolean, monitoring, "monitoring", none, optional)
JSON_STRUCT(features_intel_rdt, FEATURES_INTEL_RDT_ROWS);

#define FEATURES_MOUNT_EXTENSIONS_ROWS(ROW, T) \
	ROW(T, object, idmap, "idmap", features_switch, optional)
JSON_STRUCT(features_mount_extensions, FEATURES_MOUNT_EXTENSIONS_ROWS);

#define FEATURES_LINUX_ROWS(ROW, T) \
	ROW(T, strings, namespaces,       "namespaces",      none,                      optional) \
	ROW(T, strings, capabilities,     "capabilities",    none,                      optional) \
	ROW(T, object,  cgroup,           "cgroup",          features_cgroup,           optional) \
	ROW(T, object,  seccomp,          "seccomp",         features_seccomp,          optional) \
	ROW(T, object,  apparmor,         "apparmor",        features_switch,           optional) \
	ROW(T, object,  selinux,          "selinux",         features_switch,           optional) \
	ROW(T, object,  memory_policy,    "memoryPolicy",    features_memory_policy,    optional) \
	ROW(T, object,  intel_rdt,        "intelRdt",        features_intel_rdt,        optional) \
	ROW(T, object,  mount_extensions, "mountExtensions", features_mount_extensions, optional) \
	ROW(T, object,  net_devices,      "netDevices",      features_switch,           optional)
JSON_STRUCT(features_linux, FEATURES_LINUX_ROWS);

#define FEATURES_ROWS(ROW, T) \
	ROW(T, string,     oci_version_min, "ociVersionMin", none,           required) \
	ROW(T, string,     oci_version_max, "ociVersionMax", none,           required) \
	ROW(T, strings,    hooks,           "hooks",         none,           optional) \
	ROW(T, strings,    mount_options,   "mountOptions",  none,           optional) \
	ROW(T, object,     linux_,          "linux",         features_linux, optional) \
	ROW(T, string_map, annotations,     "annotations",   none,           optional) \
	ROW(T, strings,    potentially_unsafe_config_annotations, \
	    "potentiallyUnsafeConfigAnnotations", none, optional)
JSON_STRUCT(features, FEATURES_ROWS);

/* clang-format on */

/* What other modules know and the caller collects from their tables. An empty list leaves its
 * property out. */
struct features_names {
	struct strings mount_options;                                     /* plan's option table */
	struct strings seccomp_actions, seccomp_operators, seccomp_archs; /* security's tables */
	struct strings seccomp_flags;
};

/* What a build can do or not; false is said as false, since engines act on it. */
struct features_build {
	bool cgroup_v1, cgroup_v2, cgroup_systemd, cgroup_systemd_user, cgroup_rdma;
	bool seccomp, apparmor, selinux;
	bool intel_rdt, intel_rdt_schemata, intel_rdt_monitoring;
	bool memory_policy, idmap, net_devices, checkpoint;
	const char *version;    /* of coffer, for the annotations */
	const char *libseccomp; /* "2.5.4", or NULL */
};

/* Fill *features; everything is in the arena. Write it with json_write(&features_shape, …). */
void features_fill(const struct features_build *build, const struct features_names *names,
		   struct arena *arena, struct features *features);

#endif

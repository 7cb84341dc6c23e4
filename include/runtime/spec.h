/* spec.h -- config.json (OCI runtime specification 1.3) as structs, read and checked.
 *
 * The rows here and in spec_linux.h, spec_resources.h are the whole format as far as Linux is
 * concerned; tests/lint/schema compares them with the specification's JSON schema. Scalars that
 * mean something when absent are opt_ kinds. Fields of other platforms ("windows", "vm" …) have no
 * rows: they are ignored, and reported as unknown by `check`. */
#ifndef RUNTIME_SPEC_H
#define RUNTIME_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/spec_linux.h"

/* clang-format off */

#define SPEC_ROOT_ROWS(ROW, T) \
	ROW(T, string,  path,     "path",     none, required) \
	ROW(T, boolean, readonly, "readonly", none, optional)
JSON_STRUCT(spec_root, SPEC_ROOT_ROWS);

/* type is absent for binds; uid and gid mappings make it an idmapped mount. */
#define SPEC_MOUNT_ROWS(ROW, T) \
	ROW(T, string,  destination,  "destination", none,            required) \
	ROW(T, string,  type,         "type",        none,            optional) \
	ROW(T, string,  source,       "source",      none,            optional) \
	ROW(T, strings, options,      "options",     none,            optional) \
	ROW(T, objects, uid_mappings, "uidMappings", spec_id_mapping, optional) \
	ROW(T, objects, gid_mappings, "gidMappings", spec_id_mapping, optional)
JSON_STRUCT(spec_mount, SPEC_MOUNT_ROWS);

#define SPEC_USER_ROWS(ROW, T) \
	ROW(T, uint32,     uid,             "uid",            none, always) \
	ROW(T, uint32,     gid,             "gid",            none, always) \
	ROW(T, opt_uint32, umask,           "umask",          none, optional) \
	ROW(T, uint32s,    additional_gids, "additionalGids", none, optional)
JSON_STRUCT(spec_user, SPEC_USER_ROWS);

#define SPEC_CAPABILITIES_ROWS(ROW, T) \
	ROW(T, strings, bounding,    "bounding",    none, optional) \
	ROW(T, strings, effective,   "effective",   none, optional) \
	ROW(T, strings, inheritable, "inheritable", none, optional) \
	ROW(T, strings, permitted,   "permitted",   none, optional) \
	ROW(T, strings, ambient,     "ambient",     none, optional)
JSON_STRUCT(spec_capabilities, SPEC_CAPABILITIES_ROWS);

#define SPEC_RLIMIT_ROWS(ROW, T) \
	ROW(T, string, type, "type", none, required) \
	ROW(T, uint64, hard, "hard", none, required) \
	ROW(T, uint64, soft, "soft", none, required)
JSON_STRUCT(spec_rlimit, SPEC_RLIMIT_ROWS);

#define SPEC_CONSOLE_SIZE_ROWS(ROW, T) \
	ROW(T, uint64, height, "height", none, required) \
	ROW(T, uint64, width,  "width",  none, required)
JSON_STRUCT(spec_console_size, SPEC_CONSOLE_SIZE_ROWS);

/* runtime, deadline, period: nanoseconds, for SCHED_DEADLINE. */
#define SPEC_SCHEDULER_ROWS(ROW, T) \
	ROW(T, string,  policy,   "policy",   none, required) \
	ROW(T, int32,   nice,     "nice",     none, optional) \
	ROW(T, int32,   priority, "priority", none, optional) \
	ROW(T, strings, flags,    "flags",    none, optional) \
	ROW(T, uint64,  runtime,  "runtime",  none, optional) \
	ROW(T, uint64,  deadline, "deadline", none, optional) \
	ROW(T, uint64,  period,   "period",   none, optional)
JSON_STRUCT(spec_scheduler, SPEC_SCHEDULER_ROWS);

/* "class" is a keyword elsewhere; the member is called io_class. */
#define SPEC_IO_PRIORITY_ROWS(ROW, T) \
	ROW(T, string, io_class, "class",    none, required) \
	ROW(T, int32,  priority, "priority", none, always)
JSON_STRUCT(spec_io_priority, SPEC_IO_PRIORITY_ROWS);

/* CPU lists ("0-3,7") before and after a process enters the container's cgroup; for exec only. */
#define SPEC_EXEC_CPU_AFFINITY_ROWS(ROW, T) \
	ROW(T, string, initial, "initial", none, optional) \
	ROW(T, string, final,   "final",   none, optional)
JSON_STRUCT(spec_exec_cpu_affinity, SPEC_EXEC_CPU_AFFINITY_ROWS);

#define SPEC_PROCESS_ROWS(ROW, T) \
	ROW(T, boolean,   terminal,          "terminal",        none,                   optional) \
	ROW(T, object,    console_size,      "consoleSize",     spec_console_size,      optional) \
	ROW(T, object,    user,              "user",            spec_user,              optional) \
	ROW(T, strings,   args,              "args",            none,                   optional) \
	ROW(T, strings,   env,               "env",             none,                   optional) \
	ROW(T, string,    cwd,               "cwd",             none,                   required) \
	ROW(T, object,    capabilities,      "capabilities",    spec_capabilities,      optional) \
	ROW(T, objects,   rlimits,           "rlimits",         spec_rlimit,            optional) \
	ROW(T, boolean,   no_new_privileges, "noNewPrivileges", none,                   optional) \
	ROW(T, string,    apparmor_profile,  "apparmorProfile", none,                   optional) \
	ROW(T, string,    selinux_label,     "selinuxLabel",    none,                   optional) \
	ROW(T, opt_int32, oom_score_adj,     "oomScoreAdj",     none,                   optional) \
	ROW(T, object,    scheduler,         "scheduler",       spec_scheduler,         optional) \
	ROW(T, object,    io_priority,       "ioPriority",      spec_io_priority,       optional) \
	ROW(T, object,    exec_cpu_affinity, "execCPUAffinity", spec_exec_cpu_affinity, optional)
JSON_STRUCT(spec_process, SPEC_PROCESS_ROWS);

/* timeout: seconds; absent: none. */
#define SPEC_HOOK_ROWS(ROW, T) \
	ROW(T, string,    path,    "path",    none, required) \
	ROW(T, strings,   args,    "args",    none, optional) \
	ROW(T, strings,   env,     "env",     none, optional) \
	ROW(T, opt_int32, timeout, "timeout", none, optional)
JSON_STRUCT(spec_hook, SPEC_HOOK_ROWS);

#define SPEC_HOOKS_ROWS(ROW, T) \
	ROW(T, objects, prestart,         "prestart",        spec_hook, optional) \
	ROW(T, objects, create_runtime,   "createRuntime",   spec_hook, optional) \
	ROW(T, objects, create_container, "createContainer", spec_hook, optional) \
	ROW(T, objects, start_container,  "startContainer",  spec_hook, optional) \
	ROW(T, objects, poststart,        "poststart",       spec_hook, optional) \
	ROW(T, objects, poststop,         "poststop",        spec_hook, optional)
JSON_STRUCT(spec_hooks, SPEC_HOOKS_ROWS);

#define SPEC_ROWS(ROW, T) \
	ROW(T, string,     oci_version, "ociVersion",  none,         required) \
	ROW(T, object,     process,     "process",     spec_process, optional) \
	ROW(T, object,     root,        "root",        spec_root,    optional) \
	ROW(T, string,     hostname,    "hostname",    none,         optional) \
	ROW(T, string,     domainname,  "domainname",  none,         optional) \
	ROW(T, objects,    mounts,      "mounts",      spec_mount,   optional) \
	ROW(T, object,     hooks,       "hooks",       spec_hooks,   optional) \
	ROW(T, string_map, annotations, "annotations", none,         optional) \
	ROW(T, object,     linux_,      "linux",       spec_linux,   optional)
JSON_STRUCT(spec, SPEC_ROWS);

/* clang-format on */

/* The specification that this build implements; documents from 1.0.0 to any patch of it are read.
 */
#define SPEC_VERSION     "1.3.0"
#define SPEC_VERSION_MIN "1.0.0"

/* A config.json larger than this is refused. */
#define SPEC_DOCUMENT_MOST (16 * 1024 * 1024)

/* A document as it was read; its text is kept so that errors can be located in it. */
struct spec_document {
	const char *name; /* "config.json", what errors call it */
	const char *text;
	size_t length;
	unsigned front; /* bytes of the text's beginning that the file does not have */
	struct spec spec;
	struct json_notes notes; /* keys that no row knows */
};

/* Read `config_name` (NULL: "config.json") in the bundle directory; everything is in the arena.
 * The structure is sound afterwards (spec.process->user is never NULL when there is a process, nor
 * is spec.linux_), the rules of spec_check are not yet looked at.
 * -ENOENT where there is no such file, -EFBIG beyond SPEC_DOCUMENT_MOST. */
int spec_load(const char *bundle, const char *config_name, struct arena *arena,
	      struct spec_document *document, struct error *err);

/* The same from memory. `text` is copied. */
int spec_load_text(const char *text, size_t length, const char *name, struct arena *arena,
		   struct spec_document *document, struct error *err);

/* Read a process object (`exec --process FILE`); structure sound, user not NULL, not checked. */
int spec_load_process(const char *path, struct arena *arena, struct spec_process **process,
		      struct error *err);

/* A JSON array of mounts, or an object with a member "mounts"; "-" is standard input. The document
 * has nothing else. */
int spec_load_mounts(const char *path, struct arena *arena, struct spec_document *document,
		     struct error *err);
/* Read a linux.resources object (`update --resources FILE`); "-" is standard input. */
int spec_load_resources(const char *path, struct arena *arena, struct spec_resources **resources,
			struct error *err);

/* The container's root, where it is a mount of its own: the first mount, an overlay on "/". NULL:
 * the root is what lies at root.path. */
const struct spec_mount *spec_root_mount(const struct spec *spec);

/* Every rule of the specification that needs no system call; the first broken one is the error,
 * its `where` the bare JSON path ("linux.namespaces[2].type"). Doubtful things are warned of
 * (log_warning). Runtimes refuse on error before anything is done. */
int spec_check(const struct spec *spec, struct error *err);

/* The rules for a process alone, and for resources alone (`exec`, `update`); paths in errors begin
 * with `where` ("process", "linux.resources"; "": the members' own names). */
int spec_check_process(const struct spec_process *process, const char *where, struct error *err);
int spec_check_mounts(const struct spec *spec, struct error *err);
int spec_check_resources(const struct spec_resources *resources, const char *where,
			 struct error *err);

/* `changes` on top of `before` (which may be NULL), as `update` means them: what is absent stays,
 * so does what is 0 or "" where runc takes that for "not set"; lists change by their keys; device
 * rules stay. A new object in the arena, which shares parts with both. */
struct spec_resources *spec_merge_resources(const struct spec_resources *before,
					    const struct spec_resources *changes,
					    struct arena *arena);

/* The same for Intel RDT's schemata (`update`). */
int spec_check_intel_rdt(const struct spec_intel_rdt *rdt, const char *where, struct error *err);

/* When err->where is a bare JSON path: "config.json: PATH (line 41:15)", the place of its value or
 * of what should hold it; any other place is left as it is. Returns -err->number. */
int spec_locate(const struct spec_document *document, struct error *err);

/* The namespace entry of that type ("pid"), or NULL: the runtime's own is kept. */
const struct spec_namespace *spec_namespace_find(const struct spec *spec, const char *type);

/* The file below /proc/sys of a linux.sysctl key, as sysctl(8) reads it: the first separator tells
 * which of '.' and '/' separates ("net.ipv4.ip_forward" and "net/ipv4/conf/eth0.1/forwarding").
 * false: not sound (empty, "." or ".." components, or longer than `size`). */
bool spec_sysctl_path(const char *key, char *path, size_t size);

/* Whether a mount is a bind: "bind" or "rbind" among its options, or its type is "bind". */
bool spec_mount_is_bind(const struct spec_mount *mount);

/* Append the document that `coffer spec [--rootless]` writes. rootless: for this user. */
void spec_example(bool rootless, unsigned uid, unsigned gid, struct text *out);

#endif

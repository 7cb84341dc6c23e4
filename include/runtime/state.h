/* state.h -- the state directory: one directory a container below --root, holding state.json,
 * lock, start.sock, and seccomp.bpf where there is a filter.
 *
 * A container's life in files: mkdir claims the id and the lock is taken; state.json with pid 0 is
 * written before anything outside is made (so that what a killed `create` leaves can be found and
 * removed); start.sock is made; state.json gets the pid once the process waits for its start;
 * `start` removes start.sock. So a live process with start.sock is "created", without "running".
 * Names in --root that begin with "." are coffer's own (.cache), never containers. */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/spec.h"

/* The compiled filter, as seccomp(2) takes it. */
#define STATE_FILTER_FILE "seccomp.bpf"

/* A mount that was added while the container ran. */
#define STATE_MOUNT_ROWS(ROW, T)                                                                   \
	ROW(T, string, destination, "destination", none, required)                                 \
	ROW(T, uint64, id, "id", none, required) /* statx(2) stx_mnt_id, unique where possible */
JSON_STRUCT(state_mount, STATE_MOUNT_ROWS);

/* state.json: everything later verbs need, so that config.json is read once, at create. */
#define STATE_ROWS(ROW, T)                                                                         \
	ROW(T, string, oci_version, "ociVersion", none, always)                                    \
	ROW(T, string, id, "id", none, required)                                                   \
	ROW(T, string, bundle, "bundle", none, always)                                             \
	ROW(T, string, rootfs, "rootfs", none, always)                                             \
	ROW(T, boolean, root_mount, "rootMount", none, optional) /* an overlay of its own */       \
	ROW(T, string, created, "created", none, always)         /* RFC 3339, UTC, ns */           \
	ROW(T, uint32, owner_uid, "ownerUid", none, always)                                        \
	ROW(T, int32, pid, "pid", none, always)               /* 0 until launched */               \
	ROW(T, uint64, start_time, "startTime", none, always) /* /proc/PID/stat 22 */              \
	ROW(T, uint64, pidfd_inode, "pidfdInode", none, optional)                                  \
	ROW(T, string, cgroup_path, "cgroupPath", none, optional)                                  \
	ROW(T, string, cgroup_manager, "cgroupManager", none, optional) /* absent: cgroupfs */     \
	ROW(T, string, cgroup_unit, "cgroupUnit", none, optional)                                  \
	ROW(T, strings, cgroup_hierarchies, "cgroupHierarchies", none, optional)                   \
	ROW(T, uint64, namespaces, "namespaces", none,                                             \
	    always) /* CLONE_NEW* of its own or joined */                                          \
	ROW(T, uint64, joined, "joinedNamespaces", none, optional) /* those by path */             \
	ROW(T, boolean, user_namespace, "userNamespace", none, optional)                           \
	ROW(T, strings, descriptors, "externalDescriptors", none, optional) /* "pipe:[7]", "" */   \
	ROW(T, boolean, no_pivot, "noPivot", none, optional)                                       \
	ROW(T, boolean, no_new_keyring, "noNewKeyring", none, optional)                            \
	ROW(T, uint32, filter_flags, "seccompFlags", none, optional)                               \
	ROW(T, boolean, has_filter, "seccomp", none, optional)                                     \
	ROW(T, boolean, filter_notify, "seccompNotify", none, optional)                            \
	ROW(T, string, agent_socket, "seccompAgent", none, optional) /* where its listener goes */ \
	ROW(T, string, agent_metadata, "seccompMetadata", none, optional)                          \
	ROW(T, boolean, shared_pid, "sharedPid", none, optional) /* no pid namespace of its own */ \
	ROW(T, object, process, "process", spec_process, optional) /* exec's template */           \
	ROW(T, object, personality, "personality", spec_personality, optional)                     \
	ROW(T, object, memory_policy, "memoryPolicy", spec_memory_policy, optional)                \
	ROW(T, boolean, notify, "notify", none, optional) /* /run/notify */                        \
	ROW(T, string, resctrl_group, "resctrlGroup", none, optional)                              \
	ROW(T, string, resctrl_monitor, "resctrlMonitor", none, optional)                          \
	ROW(T, boolean, resctrl_own, "resctrlOwn", none, optional)                                 \
	ROW(T, object, hooks, "hooks", spec_hooks, optional)                                       \
	ROW(T, string, mount_label, "mountLabel", none, optional)                                  \
	ROW(T, string, rootfs_propagation, "rootfsPropagation", none, optional)                    \
	ROW(T, objects, uid_mappings, "uidMappings", spec_id_mapping, optional)                    \
	ROW(T, objects, gid_mappings, "gidMappings", spec_id_mapping, optional)                    \
	ROW(T, objects, mounts, "mounts", state_mount, optional) /* added later */                 \
	ROW(T, string_map, annotations, "annotations", none, optional)                             \
	ROW(T, object, resources, "resources", spec_resources,                                     \
	    optional) /* limits as they are set, without device rules */
JSON_STRUCT(container_state, STATE_ROWS);

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};
const char *status_name(enum container_status status); /* "created" */

/* A container's directory, held. */
struct container {
	const char *root; /* the --root directory */
	const char *id;
	int dir;  /* its state directory */
	int lock; /* flock'ed lock file, or -1 */
	struct container_state state;
};

/* "" is --root's default: /run/coffer; $XDG_RUNTIME_DIR/coffer when not (really) root. */
const char *state_root(const char *option, struct arena *arena);

/* runc's rule without a leading ".": [A-Za-z0-9_+,-][A-Za-z0-9_+,.-]*, at most 255 bytes.
 * -EINVAL: "invalid container ID format". */
int state_check_id(const char *id, struct error *err);

/* mkdir claims the id: of two creates one wins, the other gets
 * "container with given ID already exists" (-EEXIST). The lock is held exclusively; `root` is made
 * when missing (0711). container->state is zeroed but for its id; `root` and `id` stay the
 * caller's and must outlive the container. */
int state_claim(const char *root, const char *id, struct container *container, struct error *err);

/* Open and read a container; -ENOENT: "container does not exist", also while state.json is not yet
 * written (lists skip it). exclusive: wait for the lock and hold it; else no lock is taken
 * (state.json is replaced atomically). */
int state_open(const char *root, const char *id, bool exclusive, struct arena *arena,
	       struct container *container, struct error *err);

/* Let other verbs have the container (before waiting for its end), and take it back: -ENOENT
 * "container does not exist" when it was deleted meanwhile, whatever has its id by now. */
void state_unlock(struct container *container);
int state_lock(struct container *container, struct error *err);

int state_save(struct container *container, struct error *err);

/* Remove the directory; the id is free afterwards. Needs the lock. */
int state_remove(struct container *container, struct error *err);

/* Remove what a killed `create` left before state.json was written, or a killed `delete` behind
 * that (`delete --force`). A missing directory is success; -EBUSY: the creator still lives, or the
 * container is whole by now. */
int state_remove_remains(const char *root, const char *id, struct error *err);

void state_close(struct container *container);
#define auto_container __attribute__((cleanup(state_close)))

/* Note the identity of the process state->pid, whose pidfd is given: start time, pidfd inode. */
int state_identify(struct container_state *state, int pidfd, struct error *err);

/* A pidfd of the container's process, or -ESRCH ("container not running") when it has ended or the
 * pid is another process's by now (start time and pidfd inode are compared). */
int state_pidfd(const struct container_state *state, struct error *err);

/* `start` was answered: start.sock goes away, and the container counts as running. */
int state_mark_started(const struct container *container);
/* From before its process is recorded until that waits for the start, inside its own root: until
 * then the status is "creating", and nobody may join it. */
int state_mark_creating(const struct container *container, struct error *err);
int state_mark_created(const struct container *container, struct error *err);

/* What the container is doing, from its process and the start socket. With pid 0: creating while
 * its creator holds the lock, else stopped (the creator was killed). Never STATUS_PAUSED: whoever
 * knows the cgroup asks its freezer about a created or running container. */
int state_status(const struct container *container, enum container_status *status,
		 struct error *err);
/* The same, and the pidfd of its process for the caller to close; -1: it has none that lives. */
int state_look(const struct container *container, enum container_status *status, int *pidfd,
	       struct error *err);

/* Ids of all containers below `root`, sorted. A missing root is an empty list. */
int state_list(const char *root, struct arena *arena, struct strings *ids, struct error *err);

/* The specification's state document (runtime.md "State"), for hooks; pid 0 is left out. */
void state_document(const struct container_state *state, enum container_status status, int32_t pid,
		    struct text *out);

/* The container process state of a process with a seccomp listener (config-linux.md "The Container
 * Process State"), which may be the container's own or one that was executed in it. */
void state_process_document(const struct container_state *state, enum container_status status,
			    int32_t pid, struct text *out);

#endif

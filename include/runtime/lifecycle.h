/* lifecycle.h -- the verbs of an OCI runtime on containers (runtime-spec runtime.md "Operations",
 * and runc's). Each reads as the story of what happens; each leaves nothing behind on failure. */
#ifndef RUNTIME_LIFECYCLE_H
#define RUNTIME_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/plan.h"
#include "runtime/spec.h"
#include "runtime/state.h"

struct create_request {
	const char *root; /* state_root() */
	const char *id;
	const char *bundle; /* directory as given; NULL: the current one */
	const char *config; /* file in it; NULL: config.json */
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	const char *cgroup_manager; /* NULL: cgroupfs */
	unsigned preserve_fds;
	bool no_pivot;
	bool no_new_keyring;
	enum rootless rootless;
	bool detach;       /* run only */
	bool keep;         /* run only: leave the stopped container */
	bool no_subreaper; /* run only */
};

/* Everything up to the user's program, which then waits for container_start. */
int container_create(const struct create_request *request, struct error *err);

/* create, start, and unless detached: wait, delete, and give the program's exit code
 * (128 + N when signal N killed it). */
int container_run(const struct create_request *request, int *exit_code, struct error *err);

int container_start(const char *root, const char *id, struct error *err);

/* all: every process of its cgroup. A stopped container is -ESRCH "container not running". */
int container_kill(const char *root, const char *id, int signal, bool all, struct error *err);

/* force: kill first, and a container that does not exist is success. */
int container_delete(const char *root, const char *id, bool force, struct error *err);

int container_pause(const char *root, const char *id, bool pause, struct error *err);

/* Host pids of its processes, in the arena. */
int container_pids(const char *root, const char *id, struct arena *arena, pid_t **pids,
		   size_t *count, struct error *err);

/* Change limits of a container that lives: `changes` as spec_load_resources reads them. All or
 * none: when one cannot be set, those before it are taken back. The result is kept in state.json,
 * so that the next change knows what it is on top of. Where a value depends on another one (v2:
 * swap on memory; quota on period), the other one is what was set last. A stopped container is
 * -ESRCH "container not running". schemas (or NULL): l3_cache_schema and mem_bw_schema, written
 * before the limits; a container that has no resctrl group gets its own. */
int container_update(const char *root, const char *id, const struct spec_resources *changes,
		     const struct spec_intel_rdt *schemas, struct error *err);

/* Statistics: one line, the object that runc's `events --stats` prints, and a newline, appended. A
 * stopped container is -ESRCH. */
int container_stats(const char *root, const char *id, struct text *line, struct error *err);

/* Takes such a line; a failure ends it all. */
typedef int event_tell(const char *line, size_t length, struct error *err);

struct events_request {
	const char *root;
	const char *id;
	int64_t interval; /* between two statistics, nanoseconds, > 0 */
	event_tell *tell;
};

/* Statistics again and again, and each time that the kernel killed for want of memory, until
 * the container's process ends. A stopped container is -ESRCH. */
int container_events(const struct events_request *request, struct error *err);

struct exec_request {
	const char *root;
	const char *id;
	const char *
		process_file; /* a whole process object; else the template with the changes below */
	struct strings args;
	struct strings env; /* appended; same names replaced */
	const char *cwd;
	const char *user; /* UID[:GID] */
	struct strings additional_gids;
	struct strings capabilities; /* added */
	const char *apparmor;
	const char *selinux_label;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	struct strings cgroups; /* as cgroup_choose takes them */
	unsigned preserve_fds;
	bool tty;
	bool detach;
	bool no_new_privileges;
	bool ignore_paused;
};

/* Another process in a running container. Not detached: wait and give its exit code. */
int container_exec(const struct exec_request *request, int *exit_code, struct error *err);

/* criu's network_lock method; 0 leaves it to criu. */
enum network_lock {
	NETWORK_LOCK_DEFAULT,
	NETWORK_LOCK_IPTABLES,
	NETWORK_LOCK_NFTABLES,
	NETWORK_LOCK_SKIP
};

/* What checkpoint and restore have in common. */
struct image_request {
	const char *image_path; /* NULL: "checkpoint" in the current directory */
	const char *work_path;  /* criu's logs and leftovers; NULL: beside the image */
	bool tcp_established;
	bool ext_unix_sk;
	bool shell_job;
	bool file_locks;
	bool auto_dedup;
	bool lazy_pages;
	const char *manage_cgroups_mode; /* NULL is "soft" */
	unsigned network_lock;           /* enum network_lock */
};

struct checkpoint_request {
	const char *root;
	const char *id;
	struct image_request image;
	const char *parent_path; /* of an earlier pre-dump, relative to the image */
	const char *page_server; /* "ADDRESS:PORT" */
	int status_fd;           /* gets a 0 byte when pages can be fetched; -1: none */
	bool leave_running;
	bool pre_dump;
	bool tcp_skip_in_flight;
	bool link_remap;
};

/* Write a running (or paused) container's state into the image directory. Unless it is left running
 * the container is then deleted. On failure it goes on as before. */
int container_checkpoint(const struct checkpoint_request *request, struct error *err);

struct restore_request {
	struct create_request create; /* its bundle, id, console socket, pid file, detach … */
	struct image_request image;
	bool tcp_close;
	const char *lsm_profile;
	const char *lsm_mount_context;
};

/* A container out of an image; as container_run in all that follows. */
int container_restore(const struct restore_request *request, int *exit_code, struct error *err);

/* Mounts of a running container (crun's `mounts`): those of a file are added, all or none; or what
 * was added at their destinations is removed, and never anything else. */
struct mounts_request {
	const char *root;
	const char *id;
	const char *file; /* spec_load_mounts */
};
int container_mounts_add(const struct mounts_request *request, struct error *err);
int container_mounts_remove(const struct mounts_request *request, struct error *err);

/* One container as `list` and `state` show it. */
struct container_summary {
	struct container_state state;
	enum container_status status;
	int32_t pid; /* 0 when stopped */
};

/* -ENOENT: container does not exist. */
int container_query(const char *root, const char *id, struct arena *arena,
		    struct container_summary *summary, struct error *err);

/* All below `root`; those that vanish or are half made meanwhile are left out. */
int container_list(const char *root, struct arena *arena, struct container_summary **summaries,
		   size_t *count, struct error *err);

/* The name of the user who made it, until the next call; NULL where the host knows none. */
const char *container_owner(const struct container_summary *summary);

/* runc's document: the specification's state plus rootfs, created, owner. */
void container_document(const struct container_summary *summary, struct text *out);

/* "TERM", "SIGTERM", "15", "RTMIN+3": the number, or -EINVAL. */
int signal_parse(const char *text, struct error *err);

/* Compile a bundle only: what create would do (`coffer plan`). */
int container_plan(const struct create_request *request, struct arena *arena, struct plan *plan,
		   struct error *err);

#endif

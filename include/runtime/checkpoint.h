/* checkpoint.h -- criu(8), which dumps process trees and restores them: its messages, one process
 * of it (`criu swrk`), and what it has to be told about a container's mounts.
 *
 *     criu_open       start it
 *     criu_version    ask what it is
 *     criu_work       one dump, pre-dump or restore; it tells what happens on the way
 *     criu_close      wait for its end
 */
#ifndef RUNTIME_CHECKPOINT_H
#define RUNTIME_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/plan.h"

/* criu's rpc.proto: enum criu_req_type, criu_cg_mode, criu_network_lock_method. */
enum criu_type {
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9,
	CRIU_VERSION = 10,
};
enum { CRIU_CGROUPS_IGNORE = 0, CRIU_CGROUPS_SOFT = 3, CRIU_CGROUPS_FULL, CRIU_CGROUPS_STRICT };

/* A descriptor of criu's that takes the place of what the image calls `key`. */
struct criu_inherit {
	const char *key;
	int fd;
};

struct criu_inherits {
	struct criu_inherit *items;
	size_t count;
};

struct criu_server {
	const char *address; /* NULL: none */
	uint16_t port;
};

/* Message criu_opts, a row an option: kind, member, field number, and since which version an option
 * that the user gives by name is known (31600 is 3.16; an older criu would read over it silently).
 * Left out of the message are: descriptors below 0, counts of 0, flags that are not set, NULL and
 * empty lists; a number is always there. */
/* clang-format off */
#define CRIU_OPTION_ROWS(ROW)                                                                      \
	ROW(descriptor, images_dir_fd,       1,  0)                                                \
	ROW(count,      pid,                 2,  0)                                                \
	ROW(flag,       leave_running,       3,  0)                                                \
	ROW(flag,       ext_unix_sk,         4,  0)                                                \
	ROW(flag,       tcp_established,     5,  0)                                                \
	ROW(flag,       evasive_devices,     6,  0)                                                \
	ROW(flag,       shell_job,           7,  0)                                                \
	ROW(flag,       file_locks,          8,  0)                                                \
	ROW(count,      log_level,           9,  0)                                                \
	ROW(text,       log_file,            10, 0)                                                \
	ROW(server,     page_server,         11, 0)                                                \
	ROW(flag,       notify_scripts,      12, 0)                                                \
	ROW(text,       root,                13, 0)                                                \
	ROW(text,       parent_img,          14, 0)                                                \
	ROW(flag,       track_mem,           15, 0)                                                \
	ROW(flag,       auto_dedup,          16, 0)                                                \
	ROW(descriptor, work_dir_fd,         17, 0)                                                \
	ROW(flag,       link_remap,          18, 0)                                                \
	ROW(flag,       manage_cgroups,      24, 0)                                                \
	ROW(pairs,      cg_root,             25, 0)                                                \
	ROW(flag,       rst_sibling,         26, 0)                                                \
	ROW(inherits,   inherit_fd,          27, 0)                                                \
	ROW(number,     manage_cgroups_mode, 34, 0)                                                \
	ROW(texts,      external,            37, 0)                                                \
	ROW(count,      empty_ns,            38, 0)                                                \
	ROW(pairs,      join_ns,             39, 0)                                                \
	ROW(text,       freeze_cgroup,       44, 0)                                                \
	ROW(flag,       tcp_skip_in_flight,  46, 0)                                                \
	ROW(flag,       lazy_pages,          48, 0)                                                \
	ROW(flag,       orphan_pts_master,   50, 0)                                                \
	ROW(text,       config_file,         51, 0)                                                \
	ROW(flag,       tcp_close,           52, 0)                                                \
	ROW(text,       lsm_profile,         53, 31600)                                            \
	ROW(text,       lsm_mount_context,   63, 31600)                                            \
	ROW(count,      network_lock,        64, 31700)
/* clang-format on */

typedef int criu_descriptor;
typedef uint32_t criu_count;
typedef bool criu_flag;
typedef uint32_t criu_number;
typedef const char *criu_text;
typedef struct strings criu_texts;
typedef struct string_map criu_pairs; /* messages of two strings: fields 1 and 2 */
typedef struct criu_inherits criu_inherits;
typedef struct criu_server criu_server;

struct criu_options {
#define CRIU_MEMBER(kind, member, field, since) criu_##kind member;
	CRIU_OPTION_ROWS(CRIU_MEMBER)
#undef CRIU_MEMBER
};

struct criu_request {
	enum criu_type type;
	const struct criu_options *options; /* NULL: none */
	bool notify_success;                /* the answer to CRIU_NOTIFY */
	bool keep_open;                     /* another request follows */
	bool mem_track, lazy_pages;         /* CRIU_FEATURE_CHECK: which are asked for */
};

/* Message criu_resp. Strings are in the arena. */
struct criu_response {
	uint32_t type;
	bool success;
	int32_t restored_pid;
	const char *script; /* CRIU_NOTIFY: what happens, "post-dump" */
	int32_t script_pid;
	int32_t error_number;
	const char *error_message;
	bool mem_track, lazy_pages;
	uint32_t major, minor, sublevel;
};

/* Append the message. */
void criu_encode(const struct criu_request *request, struct text *out);
/* Whatever bytes they are: 0, or -EBADMSG. */
int criu_decode(const void *bytes, size_t length, struct arena *arena,
		struct criu_response *response, struct error *err);

/* One criu at work. */
struct criu {
	pid_t pid;
	int socket;
	int output; /* what it printed, where that is kept; or -1 */
	const char *log_directory;
	unsigned version; /* 31701: 3.17.1 */
	struct arena *arena;
};
#define CRIU_NONE                                                                                  \
	{                                                                                          \
		.pid = -1, .socket = -1, .output = -1                                              \
	}

/* Its descriptors: the numbers for criu_options. */
enum { CRIU_SOCKET = 3, CRIU_IMAGE, CRIU_WORK, CRIU_INHERITED };

struct criu_start {
	const char *image;    /* directories, opened as CRIU_IMAGE and CRIU_WORK; */
	const char *work;     /* NULL: none, the log is in the image's */
	bool keep_output;     /* its standard files are no container's: keep what it prints */
	const int *inherited; /* become CRIU_INHERITED, … */
	size_t inherited_count;
	/* Restore: `root` is bound on the directory `root_mount` in a mount namespace of criu's
	 * own, since it wants a mount as the new root; nothing of it is left behind. NULL: neither.
	 */
	const char *root, *root_mount;
};

/* Start it, found in PATH or where administrators' programs are. -ENOENT: "criu is not
 * installed". */
int criu_open(const struct criu_start *start, struct arena *arena, struct criu *criu,
	      struct error *err);

/* Ask for its version, which is then in criu->version; too old a one is -ENOTSUP. */
int criu_ask_version(struct criu *criu, struct error *err);
/* Both have to be there where they are asked for, else -ENOTSUP. */
int criu_ask_features(struct criu *criu, bool mem_track, bool lazy_pages, struct error *err);

/* Something happens; `fd` is the listener's to close, or -1. A failure makes criu give up. */
struct criu_event {
	const char *script;
	pid_t pid;
	int fd;
};
typedef int criu_listener(void *context, const struct criu_event *event, struct error *err);

/* The last request: CRIU_DUMP, CRIU_PRE_DUMP or CRIU_RESTORE. Returns the restored pid, or 0. On
 * failure criu has put everything back, and criu_close is still to be called. The words are the
 * listener's, or what criu wrote into its log. */
int criu_work(struct criu *criu, enum criu_type type, const struct criu_options *options,
	      criu_listener *listener, void *context, struct error *err);

/* Let it end, and wait for that. Harmless on CRIU_NONE. */
void criu_close(struct criu *criu);

/* The errors in a log of criu's: the first one, which is mostly the cause, without its time stamp;
 * in the arena. NULL: there is none. */
const char *criu_log_error(const char *log, struct arena *arena);

/* A container's mounts that criu cannot make again, because what is mounted is the host's: as
 * values of `external` ("mnt[/data]:/data"), each named by its place, and whatever shows the host's
 * /dev/null by "/dev/null", as runc names them. Both texts are mountinfo files (proc(5)). Pure. */
void external_mounts(const char *container_mountinfo, const char *host_mountinfo,
		     bool own_cgroup_namespace, struct arena *arena, struct strings *external);

/* The other side: where the host has what those names mean to this plan ("mnt[/data]:/srv/data"),
 * also what is mounted below the source of a recursive bind. The places on which criu will mount
 * are made in `rootfs` (the host's path) and in the binds' sources, as create makes them. */
int external_prepare(const struct plan *plan, const char *rootfs, const char *host_mountinfo,
		     struct arena *arena, struct strings *names, struct error *err);

/* Bring up the loopback device in the network namespace of `pid`: criu leaves an empty one. */
int loopback_up(pid_t pid, struct error *err);

#endif

/* commands.h -- coffer's commands, and what all of them get. */
#ifndef COFFER_COMMANDS_H
#define COFFER_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

struct globals {
	char *root;
	char *log;
	char *log_format;
	char *log_level;
	const char *cgroup_manager;
	char *rootless;
	char *criu;
	bool debug;
	bool systemd_cgroup;
	bool version;
	bool help;
};

extern const struct command command_check;
extern const struct command command_checkpoint;
extern const struct command command_completion;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_mounts;
extern const struct command command_pause;
extern const struct command command_plan;
extern const struct command command_ps;
extern const struct command command_restore;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_update;

/* The state directory that --root, or its default, names. */
const char *command_root(const struct command_line *line);

/* The options that create and run share, as rows and as a request. */
struct create_options {
	char *bundle;
	char *config;
	char *console_socket;
	char *pidfd_socket;
	char *pid_file;
	int64_t preserve_fds;
	bool no_pivot;
	bool no_new_keyring;
	bool no_subreaper;
	bool detach;
	bool keep;
};

/* clang-format off */
#define CREATE_OPTION_ROWS(T) \
	{ "bundle", 'b', OPTION_TEXT, offsetof(T, bundle), "DIR", "the bundle (default: the current directory)", NULL, 0 }, \
	{ "config", 'f', OPTION_TEXT, offsetof(T, config), "FILE", "file in the bundle instead of config.json", NULL, 0 }, \
	{ "console-socket", 0, OPTION_TEXT, offsetof(T, console_socket), "SOCKET", "send the terminal's master end there", NULL, 0 }, \
	{ "pidfd-socket", 0, OPTION_TEXT, offsetof(T, pidfd_socket), "SOCKET", "send a pidfd of the process there", NULL, 0 }, \
	{ "pid-file", 0, OPTION_TEXT, offsetof(T, pid_file), "FILE", "write the process id there", NULL, 0 }, \
	{ "no-pivot", 0, OPTION_FLAG, offsetof(T, no_pivot), NULL, "move the root instead of pivot_root (initial ramfs)", NULL, 0 }, \
	{ "no-new-keyring", 0, OPTION_FLAG, offsetof(T, no_new_keyring), NULL, "keep the caller's session keyring", NULL, 0 }, \
	{ "preserve-fds", 0, OPTION_NUMBER, offsetof(T, preserve_fds), "N", "hand over descriptors 3 to 2+N", NULL, 0 }
/* clang-format on */

struct create_request;
/* Checked; -errno with err filled. */
int create_request_from(const struct command_line *line, const struct create_options *options,
			struct create_request *request, struct error *err);

/* The options that checkpoint and restore share. */
struct image_options {
	char *image_path, *work_path, *manage_cgroups_mode, *network_lock;
	struct strings empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
};

/* clang-format off */
#define IMAGE_OPTION_ROWS(T) \
	{ "image-path", 0, OPTION_TEXT, offsetof(T, image.image_path), "DIR", "the checkpoint's directory (default: checkpoint)", NULL, 0 }, \
	{ "work-path", 0, OPTION_TEXT, offsetof(T, image.work_path), "DIR", "where criu writes its logs (default: the image's)", NULL, 0 }, \
	{ "tcp-established", 0, OPTION_FLAG, offsetof(T, image.tcp_established), NULL, "with open TCP connections", NULL, 0 }, \
	{ "ext-unix-sk", 0, OPTION_FLAG, offsetof(T, image.ext_unix_sk), NULL, "with unix sockets whose other end is outside", NULL, 0 }, \
	{ "shell-job", 0, OPTION_FLAG, offsetof(T, image.shell_job), NULL, "with a terminal and session of the caller's", NULL, 0 }, \
	{ "file-locks", 0, OPTION_FLAG, offsetof(T, image.file_locks), NULL, "with locks on files", NULL, 0 }, \
	{ "lazy-pages", 0, OPTION_FLAG, offsetof(T, image.lazy_pages), NULL, "memory pages are fetched when they are needed", NULL, 0 }, \
	{ "manage-cgroups-mode", 0, OPTION_TEXT, offsetof(T, image.manage_cgroups_mode), "MODE", "what criu does to cgroups: soft (default), full, strict or ignore", "soft|full|strict|ignore", 0 }, \
	{ "empty-ns", 0, OPTION_LIST, offsetof(T, image.empty_ns), "NAMESPACE", "accepted for runc's sake: network, which always is left empty", NULL, 0 }, \
	{ "auto-dedup", 0, OPTION_FLAG, offsetof(T, image.auto_dedup), NULL, "drop pages from images that were superseded", NULL, 0 }, \
	{ "network-lock", 0, OPTION_TEXT, offsetof(T, image.network_lock), "METHOD", "how criu stops packets: iptables, nftables or skip", "iptables|nftables|skip", 0 }
/* clang-format on */

struct image_request;
int image_request_from(const struct image_options *options, struct image_request *request,
		       struct error *err);

/* --regex: do `verb` to every container below --root whose id the first argument, a regular
 * expression, matches. Goes on behind a failure, says each, and returns the last. */
typedef int command_verb(const struct command_line *line, const char *id, struct error *err);
int command_each_match(const struct command_line *line, command_verb *verb, struct error *err);

#endif

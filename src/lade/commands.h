/* commands.h -- lade's commands, and what all of them get. */
#ifndef LADE_COMMANDS_H
#define LADE_COMMANDS_H

#include <stdint.h>

#include "base/json.h"
#include "base/options.h"
#include "image/bundle.h"
#include "image/reference.h"
#include "image/registry.h"
#include "image/store.h"
#include "image/transfer.h"

struct globals {
	char *root;
	struct strings additional_stores;
	char *log_format;
	char *log_level;
	bool debug;
	bool version;
	bool help;
};

extern const struct command command_bundle;
extern const struct command command_catalog;
extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_config;
extern const struct command command_copy_images;
extern const struct command command_delete;
extern const struct command command_df;
extern const struct command command_diff;
extern const struct command command_exists;
extern const struct command command_export;
extern const struct command command_gc;
extern const struct command command_history;
extern const struct command command_images;
extern const struct command command_import;
extern const struct command command_inspect;
extern const struct command command_load;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_pull;
extern const struct command command_mount;
extern const struct command command_prune;
extern const struct command command_push;
extern const struct command command_referrers;
extern const struct command command_release;
extern const struct command command_repack;
extern const struct command command_rmi;
extern const struct command command_run;
extern const struct command command_save;
extern const struct command command_search;
extern const struct command command_tag;
extern const struct command command_tags;
extern const struct command command_tree;
extern const struct command command_unmount;
extern const struct command command_unpack;
extern const struct command command_untag;

/* podman's exit code for every failure that has none of its own. */
#define EXIT_ERROR 125

/* ---- command.c: what most commands begin and end with -----------------------------------------
 */

/* Open the store that --root, or its default, names. */
int command_open_store(const struct command_line *line, enum store_access access,
		       struct store *store, struct error *err);

/* additional.c: those that --additional-store, LADE_ADDITIONAL_STORES and storage.conf name. */
int additional_stores_add(const struct command_line *line, struct store *store, struct error *err);

/* The local image that a person names. "oci:DIR[:NAME]" is imported first; anything else must be
 * in the store already: else an error that says how to get it. */
int command_load_image(const struct command_line *line, struct store *store, const char *what,
		       struct bundle_image *image, struct error *err);
/* The same for "OS/ARCH[/VARIANT]", if the store has that; NULL: this machine's. */
int command_load_platform(const struct command_line *line, struct store *store, const char *what,
			  const char *platform, struct bundle_image *image, struct error *err);

/* The full name that a person means for a new tag. podman's: without a domain it is of this host
 * (localhost/). */
int command_full_name(const char *typed, struct arena *arena, char **name, struct error *err);

/* Print to standard output and flush; an output that is full or closed is an error. */
int command_print(const struct text *text, struct error *err);

/* Append a JSON array, an object a line. */
void command_add_json(const struct json_shape *shape, const void *items, size_t count,
		      struct text *out);

/* The image's whole ID, without the algorithm, as podman prints it. */
int command_print_id(const struct store_image *image, struct error *err);

/* Remove what nothing needs any more, unless another lade is at work. */
void command_collect(struct store *store);

/* A transfer_copy with its progress shown as "VERB DESTINATION"; verb NULL: none is. The digest is
 * written to `digestfile`, unless that is NULL. */
struct copy_order {
	const struct strings *sources;
	const char *destination;
	const char *verb;
	const char *digestfile;
	struct transfer_options *transfer;
};
int command_copy(const struct copy_order *order, struct arena *arena, struct error *err);

/* Tell of a failure that is not the last thing the command does. */
void command_report(const struct error *err);

/* ---- network.c: options of everything that talks to a registry --------------------------------
 */

struct network_options {
	char *tls_verify;
	char *cert_dir;
	char *creds;
	char *authfile;
	char *platform;
	char *arch;
	char *os;
	char *variant;
	int64_t retry;
	char *retry_delay;
	char *signature_policy;
	int64_t jobs;
};

/* clang-format off */
#define NETWORK_OPTION_ROWS(T, M) \
	{ "tls-verify", 0, OPTION_TEXT, offsetof(T, M.tls_verify), "BOOL", "ask for https with a valid certificate (default: true, but not for a loopback registry)", "true|false", 0 }, \
	{ "cert-dir", 0, OPTION_TEXT, offsetof(T, M.cert_dir), "DIR", "certificates for the registry: *.crt, and *.cert with *.key", NULL, 0 }, \
	{ "creds", 0, OPTION_TEXT, offsetof(T, M.creds), "USER[:PASSWORD]", "credentials for the registry", NULL, 0 }, \
	{ "authfile", 0, OPTION_TEXT, offsetof(T, M.authfile), "FILE", "read credentials there and nowhere else", NULL, 0 }, \
	{ "signature-policy", 0, OPTION_TEXT, offsetof(T, M.signature_policy), "FILE", "the policy.json instead of the usual one", NULL, OPTION_HIDDEN }, \
	{ "platform", 0, OPTION_TEXT, offsetof(T, M.platform), "OS/ARCH[/VARIANT]", "take the image for that platform instead of this machine's", NULL, 0 }, \
	{ "arch", 0, OPTION_TEXT, offsetof(T, M.arch), "ARCH", "the same, the architecture alone", NULL, 0 }, \
	{ "os", 0, OPTION_TEXT, offsetof(T, M.os), "OS", "the same, the operating system alone", NULL, 0 }, \
	{ "variant", 0, OPTION_TEXT, offsetof(T, M.variant), "VARIANT", "the same, the variant of the architecture alone", NULL, 0 }, \
	{ "retry", 0, OPTION_NUMBER, offsetof(T, M.retry), "N", "try again that often when the registry fails (default: 3)", NULL, 0 }, \
	{ "retry-delay", 0, OPTION_TEXT, offsetof(T, M.retry_delay), "DURATION", "wait before the second try: 2s, 500ms (default: growing from 2s)", NULL, 0 }, \
	{ "jobs", 'j', OPTION_NUMBER, offsetof(T, M.jobs), "N", "fetch and unpack so many layers at once (default: 4)", NULL, 0 }
/* clang-format on */

/* clang-format off */
/* The options of commands that ask a registry and fetch no image. */
#define LOGIN_OPTION_ROWS(T, M) \
	{ "tls-verify", 0, OPTION_TEXT, offsetof(T, M.tls_verify), "BOOL", "ask for https with a valid certificate (default: true, but not for a loopback registry)", "true|false", 0 }, \
	{ "cert-dir", 0, OPTION_TEXT, offsetof(T, M.cert_dir), "DIR", "certificates for the registry: *.crt, and *.cert with *.key", NULL, 0 }, \
	{ "authfile", 0, OPTION_TEXT, offsetof(T, M.authfile), "FILE", "the file of credentials", NULL, 0 }

#define ASKING_OPTION_ROWS(T, M) \
	LOGIN_OPTION_ROWS(T, M), \
	{ "creds", 0, OPTION_TEXT, offsetof(T, M.creds), "USER[:PASSWORD]", "credentials for the registry", NULL, 0 }, \
	{ "retry", 0, OPTION_NUMBER, offsetof(T, M.retry), "N", "try again that often when the registry fails (default: 3)", NULL, 0 }, \
	{ "retry-delay", 0, OPTION_TEXT, offsetof(T, M.retry_delay), "DURATION", "wait before the second try: 2s, 500ms (default: growing from 2s)", NULL, 0 }
/* clang-format on */

/* Open the repository that `name` (with or without docker://) is in; `reference` is filled. */
int command_open_repository(const struct command_line *line, const struct network_options *options,
			    const char *name, struct reference *reference,
			    struct registry **registry, struct error *err);
/* Open a whole registry: HOST[:PORT]. */
int command_open_registry(const struct command_line *line, const struct network_options *options,
			  const char *host, struct registry **registry, struct error *err);

/* `options` NULL: the defaults. Everything in `transfer` lives in the arena. */
int network_options_apply(const struct network_options *options, struct arena *arena,
			  struct transfer_options *transfer, struct error *err);

/* ---- packing.c: how push, copy and save compress layers --------------------------------------
 */

struct packing_options {
	char *format;
	int64_t level;
	bool force;
};

/* clang-format off */
#define PACKING_OPTION_ROWS(T, M) \
	{ "compression-format", 0, OPTION_TEXT, offsetof(T, M.format), "FORMAT", "compress layers this way (default: they stay as they are)", "gzip|zstd", 0 }, \
	{ "compression-level", 0, OPTION_NUMBER, offsetof(T, M.level), "N", "gzip: 1 to 9, zstd: 1 to 22", NULL, 0 }, \
	{ "force-compression", 0, OPTION_FLAG, offsetof(T, M.force), NULL, "also layers that are compressed this way already", NULL, 0 }
/* clang-format on */

/* `packing` is used by `transfer` when the options ask for something. */
int packing_options_apply(const struct packing_options *options, struct transfer_packing *packing,
			  struct transfer_options *transfer, struct error *err);

/* ---- options of everything that makes a bundle --------------------------------------
 */

/* clang-format off */
#define BUNDLE_OPTION_ROWS(T, M) \
	{ "env", 'e', OPTION_LIST, offsetof(T, M.env), "NAME[=VALUE]", "set an environment variable (without value: the caller's)", NULL, 0 }, \
	{ "workdir", 'w', OPTION_TEXT, offsetof(T, M.workdir), "DIR", "the working directory", NULL, 0 }, \
	{ "user", 'u', OPTION_TEXT, offsetof(T, M.user), "USER[:GROUP]", "names and numbers as the image knows them", NULL, 0 }, \
	{ "group-add", 0, OPTION_LIST, offsetof(T, M.group_add), "GID", "one more group", NULL, 0 }, \
	{ "entrypoint", 0, OPTION_TEXT, offsetof(T, M.entrypoint), "PROGRAM", "instead of the image's: a program, a JSON array, or nothing", NULL, 0 }, \
	{ "tty", 't', OPTION_FLAG, offsetof(T, M.terminal), NULL, "give the program a terminal", NULL, 0 }, \
	{ "umask", 0, OPTION_TEXT, offsetof(T, M.umask), "MODE", "the umask, octal", NULL, 0 }, \
	{ "ulimit", 0, OPTION_LIST, offsetof(T, M.ulimits), "NAME=SOFT[:HARD]", "a resource limit", NULL, 0 }, \
	{ "oom-score-adj", 0, OPTION_TEXT, offsetof(T, M.oom_score_adj), "N", "-1000 to 1000", NULL, 0 }, \
	{ "cap-add", 0, OPTION_LIST, offsetof(T, M.cap_add), "CAPABILITY", "one more capability, or ALL", NULL, 0 }, \
	{ "cap-drop", 0, OPTION_LIST, offsetof(T, M.cap_drop), "CAPABILITY", "one less, or ALL", NULL, 0 }, \
	{ "security-opt", 0, OPTION_LIST, offsetof(T, M.security_opts), "OPTION", "no-new-privileges, seccomp=, apparmor=, label=, mask=, unmask=", NULL, 0 }, \
	{ "privileged", 0, OPTION_FLAG, offsetof(T, M.privileged), NULL, "all capabilities, nothing masked, no seccomp", NULL, 0 }, \
	{ "volume", 'v', OPTION_LIST, offsetof(T, M.volumes), "SOURCE:DIR[:OPTIONS]", "show a file or directory of the host", NULL, 0 }, \
	{ "mount", 0, OPTION_LIST, offsetof(T, M.mounts), "KEYS", "type=bind|tmpfs,source=,destination=,ro", NULL, 0 }, \
	{ "tmpfs", 0, OPTION_LIST, offsetof(T, M.tmpfs), "DIR[:OPTIONS]", "an empty file system in memory", NULL, 0 }, \
	{ "device", 0, OPTION_LIST, offsetof(T, M.devices), "SOURCE[:PATH][:rwm]", "a device of the host", NULL, 0 }, \
	{ "read-only", 0, OPTION_FLAG, offsetof(T, M.read_only), NULL, "the root file system cannot be written to", NULL, 0 }, \
	{ "read-only-tmpfs", 0, OPTION_TEXT, offsetof(T, M.read_only_tmpfs), "BOOL", "but /run, /tmp and /var/tmp can (default: true)", "true|false", 0 }, \
	{ "shm-size", 0, OPTION_SIZE, offsetof(T, M.shm_size), "SIZE", "the size of /dev/shm (default: 64m)", NULL, 0 }, \
	{ "network", 0, OPTION_TEXT, offsetof(T, M.network), "host|none|PATH", "the network namespace (default: none, only a loopback device)", NULL, 0 }, \
	{ "pid", 0, OPTION_TEXT, offsetof(T, M.pid), "host|private|PATH", "the PID namespace", NULL, 0 }, \
	{ "ipc", 0, OPTION_TEXT, offsetof(T, M.ipc), "host|private|PATH", "the IPC namespace", NULL, 0 }, \
	{ "uts", 0, OPTION_TEXT, offsetof(T, M.uts), "host|private|PATH", "the UTS namespace", NULL, 0 }, \
	{ "cgroupns", 0, OPTION_TEXT, offsetof(T, M.cgroupns), "host|private|PATH", "the cgroup namespace", NULL, 0 }, \
	{ "userns", 0, OPTION_TEXT, offsetof(T, M.userns), "host|keep-id|auto[:size=N]", "the user namespace", NULL, 0 }, \
	{ "uidmap", 0, OPTION_LIST, offsetof(T, M.uid_maps), "INSIDE:OUTSIDE[:SIZE]", "root: users of the container that are others on the host", NULL, 0 }, \
	{ "gidmap", 0, OPTION_LIST, offsetof(T, M.gid_maps), "INSIDE:OUTSIDE[:SIZE]", "the same for groups (default: as --uidmap)", NULL, 0 }, \
	{ "hostname", 'h', OPTION_TEXT, offsetof(T, M.hostname), "NAME", "the host's name inside", NULL, 0 }, \
	{ "sysctl", 0, OPTION_LIST, offsetof(T, M.sysctls), "NAME=VALUE", "a kernel setting of the container's namespaces", NULL, 0 }, \
	{ "memory", 'm', OPTION_SIZE, offsetof(T, M.memory), "SIZE", "at most so much memory", NULL, 0 }, \
	{ "memory-swap", 0, OPTION_TEXT, offsetof(T, M.memory_swap), "SIZE", "memory and swap together, -1: no limit (default: twice the memory)", NULL, 0 }, \
	{ "memory-reservation", 0, OPTION_SIZE, offsetof(T, M.memory_reservation), "SIZE", "what is left to it when memory is scarce", NULL, 0 }, \
	{ "cpus", 0, OPTION_TEXT, offsetof(T, M.cpus), "N", "at most so many CPUs' time: 1.5", NULL, 0 }, \
	{ "cpu-shares", 0, OPTION_NUMBER, offsetof(T, M.cpu_shares), "N", "its weight among others (usual: 1024)", NULL, 0 }, \
	{ "cpu-period", 0, OPTION_NUMBER, offsetof(T, M.cpu_period), "N", "microseconds", NULL, 0 }, \
	{ "cpu-quota", 0, OPTION_NUMBER, offsetof(T, M.cpu_quota), "N", "microseconds in each period", NULL, 0 }, \
	{ "cpuset-cpus", 0, OPTION_TEXT, offsetof(T, M.cpuset_cpus), "LIST", "only these CPUs: 0-3,7", NULL, 0 }, \
	{ "cpuset-mems", 0, OPTION_TEXT, offsetof(T, M.cpuset_mems), "LIST", "only these memory nodes", NULL, 0 }, \
	{ "pids-limit", 0, OPTION_NUMBER, offsetof(T, M.pids_limit), "N", "at most so many processes, -1: no limit", NULL, 0 }, \
	{ "cgroup-parent", 0, OPTION_TEXT, offsetof(T, M.cgroup_parent), "PATH", "the control group to be in", NULL, 0 }, \
	{ "annotation", 0, OPTION_LIST, offsetof(T, M.annotations), "NAME=VALUE", "an annotation of config.json", NULL, 0 }, \
	{ "label", 'l', OPTION_LIST, offsetof(T, M.labels), "NAME=VALUE", "the same", NULL, 0 }
/* clang-format on */

/* ---- interrupt.c ------------------------------------------------------------------------------
 */

/* From now on the first SIGINT, SIGTERM or SIGHUP asks for an orderly end, the second one kills. */
int interrupt_install(struct error *err);
/* An eventfd, readable once that signal came; 0 before interrupt_install. */
int interrupt_fd(void);
/* Which signal came, or 0. */
int interrupt_signal(void);

/* ---- progress.c -------------------------------------------------------------------------------
 */

struct progress;

/* "VERB WHAT", then the transfer's events, on standard error: bars on a terminal, lines elsewhere.
 */
struct progress *progress_open(const char *verb, const char *what,
			       struct transfer_options *transfer, struct arena *arena);
/* The bars' last state stays on the screen. NULL: there are none. */
void progress_close(struct progress *progress);

/* ---- human.c ----------------------------------------------------------------------------------
 */

/* "80.7 MB", "1.02 kB": three digits, powers of 1000. */
char *human_size(int64_t bytes, struct arena *arena);
/* "12s", "3m05s", "2h10m" */
char *human_duration(int64_t seconds, struct arena *arena);
/* How long ago a time in RFC 3339 was: "3 weeks ago"; "" for anything else. */
char *human_since(const char *created, struct arena *arena);
/* RFC 3339 to seconds since 1970; false for anything else. */
bool human_parse_time(const char *text, int64_t *seconds);

#endif

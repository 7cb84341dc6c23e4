/* commands.h -- lade's commands, and what all of them get. */
#ifndef LADE_COMMANDS_H
#define LADE_COMMANDS_H

#include <stdint.h>

#include "base/options.h"
#include "image/bundle.h"
#include "image/reference.h"
#include "image/registry.h"
#include "image/store.h"
#include "image/transfer.h"

struct globals {
	char *root;
	char *log_format;
	char *log_level;
	bool debug;
	bool version;
	bool help;
};

extern const struct command command_bundle;
extern const struct command command_catalog;
extern const struct command command_completion;
extern const struct command command_copy_images;
extern const struct command command_delete;
extern const struct command command_gc;
extern const struct command command_history;
extern const struct command command_images;
extern const struct command command_inspect;
extern const struct command command_load;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_pull;
extern const struct command command_push;
extern const struct command command_referrers;
extern const struct command command_release;
extern const struct command command_rmi;
extern const struct command command_save;
extern const struct command command_search;
extern const struct command command_tag;
extern const struct command command_tags;
extern const struct command command_unpack;
extern const struct command command_untag;

/* podman's exit code for every failure that has none of its own. */
#define EXIT_ERROR 125

/* ---- command.c: what most commands begin and end with -----------------------------------------
 */

/* Open the store that --root, or its default, names. */
int command_open_store(const struct command_line *line, enum store_access access,
		       struct store *store, struct error *err);

/* The local image that a person names. "oci:DIR[:NAME]" is imported first; anything else must be
 * in the store already: else an error that says how to get it. */
int command_load_image(const struct command_line *line, struct store *store, const char *what,
		       struct bundle_image *image, struct error *err);

/* Print to standard output and flush; an output that is full or closed is an error. */
int command_print(const struct text *text, struct error *err);

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
	int64_t jobs;
};

/* clang-format off */
#define NETWORK_OPTION_ROWS(T, M) \
	{ "tls-verify", 0, OPTION_TEXT, offsetof(T, M.tls_verify), "BOOL", "ask for https with a valid certificate (default: true, but not for a loopback registry)", "true|false", 0 }, \
	{ "cert-dir", 0, OPTION_TEXT, offsetof(T, M.cert_dir), "DIR", "certificates for the registry: *.crt, and *.cert with *.key", NULL, 0 }, \
	{ "creds", 0, OPTION_TEXT, offsetof(T, M.creds), "USER[:PASSWORD]", "credentials for the registry", NULL, 0 }, \
	{ "authfile", 0, OPTION_TEXT, offsetof(T, M.authfile), "FILE", "read credentials there and nowhere else", NULL, 0 }, \
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

/* "VERB WHAT", then the transfers, on standard error: bars on a terminal, lines elsewhere. */
struct progress *progress_open(const char *verb, const char *what, struct arena *arena);
void progress_report(void *progress, const struct transfer_event *event);
/* The bars' last state stays on the screen. */
void progress_close(struct progress *progress);

/* ---- human.c ----------------------------------------------------------------------------------
 */

/* "80.7 MB", "1.02 kB": three digits, powers of 1000. */
char *human_size(int64_t bytes, struct arena *arena);
/* "3 weeks ago" */
char *human_age(int64_t seconds, struct arena *arena);
/* RFC 3339 to seconds since 1970; false for anything else. */
bool human_parse_time(const char *text, int64_t *seconds);

#endif

/* auth_file.h -- auth.json and config.json: who is known to which registry
 * (containers-auth.json(5)). */
#ifndef REGISTRY_AUTH_FILE_H
#define REGISTRY_AUTH_FILE_H

#include "base/json.h"

#define AUTH_HUB_KEY "https://index.docker.io/v1/" /* Docker's own name for docker.io */

/* clang-format off */
#define AUTH_ENTRY_ROWS(ROW, T) \
	ROW(T, string, auth,           "auth",          none, optional) \
	ROW(T, string, identity_token, "identitytoken", none, optional) \
	ROW(T, string, registry_token, "registrytoken", none, optional) \
	ROW(T, string, username,       "username",      none, optional) \
	ROW(T, string, password,       "password",      none, optional) \
	ROW(T, string, email,          "email",         none, optional)
JSON_STRUCT(auth_entry, AUTH_ENTRY_ROWS);

/* What docker keeps in the same file is written back as it was. */
#define AUTH_FILE_ROWS(ROW, T) \
	ROW(T, object_map, auths,           "auths",          auth_entry, always) \
	ROW(T, string_map, helpers,         "credHelpers",    none,       optional) \
	ROW(T, string,     store,           "credsStore",     none,       optional) \
	ROW(T, raw,        http_headers,    "HttpHeaders",    none,       optional) \
	ROW(T, raw,        proxies,         "proxies",        none,       optional) \
	ROW(T, raw,        plugins,         "plugins",        none,       optional) \
	ROW(T, raw,        plugin_folders,  "cliPluginsExtraDirs", none,  optional) \
	ROW(T, raw,        aliases,         "aliases",        none,       optional) \
	ROW(T, raw,        features,        "features",       none,       optional) \
	ROW(T, string,     context,         "currentContext", none,       optional) \
	ROW(T, string,     detach_keys,     "detachKeys",     none,       optional) \
	ROW(T, raw,        experimental,    "experimental",   none,       optional)
JSON_STRUCT(auth_file, AUTH_FILE_ROWS);
/* clang-format on */

/* 1: read; 0: there is no such file (or, unless it must exist, none that may be read). `notes`
 * collects the keys that writing the file would lose; NULL: nobody wants to write it. */
int auth_file_read(const char *path, bool must_exist, struct auth_file *file, struct arena *arena,
		   struct json_notes *notes, struct error *err);
/* Mode 0600, whole or not at all. Its directory is made. */
int auth_file_write(const char *path, const struct auth_file *file, struct error *err);

/* The entry of that very key, however the file spells it ("https://host/v1/" is "host"). */
struct auth_entry *auth_file_entry(const struct auth_file *file, const char *key,
				   struct arena *arena);
void auth_file_set(struct auth_file *file, char *key, const struct auth_entry *entry,
		   struct arena *arena);
/* Were there any of that key? */
bool auth_file_remove(struct auth_file *file, const char *key, struct arena *arena);

/* The program that keeps this host's secrets ("secretservice"), or NULL. */
const char *auth_file_own_helper(const struct auth_file *file, const char *host);
/* The same, or the one for all hosts. */
const char *auth_file_helper(const struct auth_file *file, const char *host);

/* ---- auth_program.c: docker-credential-NAME -----------------------------------------------------
 */

struct auth_secret {
	char *user; /* "<token>": the secret is an identity token */
	char *secret;
};

/* 1: found; 0: the helper knows nothing of the host, or is not installed, which is warned of. Its
 * own words are in the error. */
int auth_helper_get(const char *helper, const char *host, struct auth_secret *secret,
		    struct arena *arena, struct error *err);
int auth_helper_store(const char *helper, const char *host, const struct auth_secret *secret,
		      struct error *err);
int auth_helper_erase(const char *helper, const char *host, struct error *err);

#endif

/* credentials.c -- who we are to a registry: --creds, or the auth files of podman and docker
 * (containers-auth.json(5)), most specific key first. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth_file.h"
#include "registry_private.h"

#define AUTH_FILES_WORD "containers-auth.json"

char *credentials_basic(const char *user, const char *password, struct arena *arena)
{
	char *plain = arena_format(arena, "%s:%s", user, password);
	size_t length = strlen(plain);
	char *encoded = arena_alloc(arena, 4 * ((length + 2) / 3) + 1);

	EVP_EncodeBlock((unsigned char *)encoded, (unsigned char *)plain, (int)length);
	return arena_format(arena, "Basic %s", encoded);
}

/* Cut "user:password"; the password may be empty and may hold colons. */
static void take_pair(struct registry *registry, char *pair)
{
	char *colon = strchr(pair, ':');

	registry->user = pair;
	registry->password = arena_string(&registry->arena, "");
	if (colon) {
		*colon = '\0';
		registry->password = colon + 1;
	}
}

static int take_encoded(struct registry *registry, const char *encoded, const char *file,
			struct error *err)
{
	size_t length = strcspn(encoded, "\r\n");
	char *plain = arena_alloc(&registry->arena, length + 4);
	int decoded = EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)encoded,
				      (int)length);

	if (decoded < 0)
		return fail(err, EINVAL, "%s: the auth of %s is not base64", file,
			    registry->domain);
	plain[decoded] = '\0'; /* padding is decoded as zeros, which end the string */
	take_pair(registry, plain);
	return 0;
}

/* host/ns/repo, host/ns, host; docker.io has more names. */
static const struct auth_entry *match(const struct registry *registry, const struct auth_file *file,
				      struct arena *arena)
{
	char *key = arena_format(arena, "%s/%s", registry->domain, registry->repository);
	const struct auth_entry *entry = auth_file_entry(file, key, arena);
	char *slash;

	while (!entry && (slash = strrchr(key, '/'))) {
		*slash = '\0';
		entry = auth_file_entry(file, key, arena);
	}
	if (!entry && text_equal(registry->domain, "docker.io"))
		entry = auth_file_entry(file, "index.docker.io", arena);
	return entry;
}

static int take_secret(struct registry *registry, const struct auth_secret *secret)
{
	if (text_equal(secret->user, "<token>"))
		registry->identity_token = secret->secret;
	registry->user = secret->user;
	registry->password = secret->secret;
	return 0;
}

/* Helpers know hosts, not repositories; docker.io by Docker's own name. */
static int ask_helper(struct registry *registry, const char *helper, struct error *err)
{
	bool hub = text_equal(registry->domain, "docker.io");
	struct auth_secret secret;
	int found;

	TRY(found = auth_helper_get(helper, hub ? AUTH_HUB_KEY : registry->domain, &secret,
				    &registry->arena, err));
	return found ? take_secret(registry, &secret) : 0;
}

static int take_entry(struct registry *registry, const struct auth_entry *entry, const char *path,
		      struct error *err)
{
	struct arena *arena = &registry->arena;

	if (entry->identity_token && *entry->identity_token)
		registry->identity_token = arena_string(arena, entry->identity_token);
	if (entry->registry_token && *entry->registry_token)
		registry->authorization = arena_format(arena, "Bearer %s", entry->registry_token);
	if (entry->auth && *entry->auth)
		return take_encoded(registry, entry->auth, path, err);
	if (entry->username) {
		registry->user = arena_string(arena, entry->username);
		registry->password = arena_string(arena, entry->password ? entry->password : "");
	}
	return 0;
}

static int read_auth_file(struct registry *registry, const char *path, bool must_exist,
			  struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const struct auth_entry *entry;
	struct auth_file file;
	const char *helper;
	int found;

	TRY(found = auth_file_read(path, must_exist, &file, &arena, NULL, err));
	if (!found)
		return 0;
	/* A helper for this very host knows best; what is in the file may be older. */
	helper = auth_file_own_helper(&file, registry->domain);
	if (helper)
		return ask_helper(registry, helper, err);
	entry = match(registry, &file, &arena);
	if (entry &&
	    (entry->auth || entry->username || entry->identity_token || entry->registry_token))
		return take_entry(registry, entry, path, err);
	helper = auth_file_helper(&file, registry->domain);
	return helper ? ask_helper(registry, helper, err) : 0;
}

static const char *below(const char *variable, const char *fallback, const char *rest,
			 struct arena *arena)
{
	const char *base = getenv(variable);
	const char *home = getenv("HOME");

	if (base && *base)
		return arena_format(arena, "%s/%s", base, rest);
	if (*fallback == '/')
		return arena_format(arena, "%s/%s", fallback, rest);
	return arena_format(arena, "%s/%s/%s", home ? home : "/root", fallback, rest);
}

const char *credentials_path(const char *option, struct arena *arena)
{
	const char *named = option ? option : getenv("REGISTRY_AUTH_FILE");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (named && *named)
		return named;
	return runtime && *runtime ? arena_format(arena, "%s/containers/auth.json", runtime)
				   : arena_format(arena, "/run/containers/%u/auth.json", geteuid());
}

static bool knows_enough(const struct registry *registry)
{
	return registry->user || registry->identity_token || registry->authorization;
}

static int read_usual_files(struct registry *registry, struct error *err)
{
	struct arena *arena = &registry->arena;
	const char *const paths[] = {
		credentials_path(NULL, arena),
		below("XDG_CONFIG_HOME", ".config", "containers/auth.json", arena),
		below("DOCKER_CONFIG", ".docker", "config.json", arena),
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !knows_enough(registry); i++)
		TRY(read_auth_file(registry, paths[i], false, err));
	return 0;
}

static int read_auth_files(struct registry *registry, const struct registry_options *options,
			   struct error *err)
{
	const char *file = options->auth_file ? options->auth_file : getenv("REGISTRY_AUTH_FILE");

	if (file && *file)
		return read_auth_file(registry, file, true, err);
	return read_usual_files(registry, err);
}

/* credential-helpers of registries.conf(5): programs, among them a word for the auth files. */
static int ask_in_order(struct registry *registry, const struct strings *helpers,
			const struct registry_options *options, struct error *err)
{
	for (size_t i = 0; i < helpers->count && !knows_enough(registry); i++) {
		const char *helper = helpers->items[i];

		if (!strcmp(helper, AUTH_FILES_WORD))
			TRY(read_auth_files(registry, options, err));
		else
			TRY(ask_helper(registry, helper, err));
	}
	return 0;
}

int credentials_find(struct registry *registry, const struct registry_options *options,
		     struct error *err)
{
	const struct registries *configuration = options->configuration;

	if (options->credentials) {
		take_pair(registry, arena_string(&registry->arena, options->credentials));
		return 0;
	}
	if (configuration && configuration->credential_helpers.count && !options->auth_file)
		return ask_in_order(registry, &configuration->credential_helpers, options, err);
	return read_auth_files(registry, options, err);
}

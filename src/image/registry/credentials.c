/* credentials.c -- who we are to a registry: --creds, or the auth files of podman and docker
 * (containers-auth.json(5)), most specific key first. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "registry_private.h"

#define AUTH_FILE_LIMIT (1 << 20)
#define HUB_KEY         "https://index.docker.io/v1/"

/* clang-format off */
#define AUTH_ENTRY_ROWS(ROW, T) \
	ROW(T, string, auth,     "auth",     none, optional) \
	ROW(T, string, username, "username", none, optional) \
	ROW(T, string, password, "password", none, optional)
JSON_STRUCT(auth_entry, AUTH_ENTRY_ROWS);
JSON_SHAPE(auth_entry, AUTH_ENTRY_ROWS);

#define AUTH_FILE_ROWS(ROW, T) \
	ROW(T, object_map, auths, "auths", auth_entry, optional)
JSON_STRUCT(auth_file, AUTH_FILE_ROWS);
JSON_SHAPE(auth_file, AUTH_FILE_ROWS);
/* clang-format on */

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

/* Docker writes keys as URLs. */
static char *plain_key(const char *key, struct arena *arena)
{
	const char *rest = text_after(key, "https://");
	char *plain;
	size_t length;

	if (!rest)
		rest = text_after(key, "http://");
	plain = arena_string(arena, rest ? rest : key);
	if (!rest)
		return plain;
	length = strcspn(plain, "/");
	plain[length] = '\0';
	return plain;
}

static const struct auth_entry *find_entry(const struct auth_file *file, const char *key,
					   struct arena *arena)
{
	for (size_t i = 0; i < file->auths.count; i++)
		if (!strcmp(plain_key(file->auths.keys[i], arena), key))
			return &file->auths.items[i];
	return NULL;
}

/* host/ns/repo, host/ns, host; docker.io has more names. */
static const struct auth_entry *match(const struct registry *registry, const struct auth_file *file,
				      struct arena *arena)
{
	char *key = arena_format(arena, "%s/%s", registry->domain, registry->repository);
	const struct auth_entry *entry = find_entry(file, key, arena);
	char *slash;

	while (!entry && (slash = strrchr(key, '/'))) {
		*slash = '\0';
		entry = find_entry(file, key, arena);
	}
	if (!entry && text_equal(registry->domain, "docker.io"))
		entry = find_entry(file, "index.docker.io", arena);
	return entry;
}

static int read_auth_file(struct registry *registry, const char *path, bool must_exist,
			  struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text text = { 0 };
	const struct auth_entry *entry;
	struct auth_file file;
	int result = file_read(AT_FDCWD, path, AUTH_FILE_LIMIT, &text, err);

	if (result < 0)
		return !must_exist && (result == -ENOENT || result == -EACCES || result == -ENOTDIR)
			       ? 0
			       : result;
	TRY(json_read(&(struct json_source){ text.data, text.length, path }, &auth_file_shape,
		      &file, &arena, NULL, err));
	entry = match(registry, &file, &arena);
	if (!entry)
		return 0;
	if (entry->auth && *entry->auth)
		return take_encoded(registry, entry->auth, path, err);
	if (entry->username) {
		registry->user = arena_string(&registry->arena, entry->username);
		registry->password =
			arena_string(&registry->arena, entry->password ? entry->password : "");
	}
	return 0;
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

static int read_usual_files(struct registry *registry, struct error *err)
{
	struct arena *arena = &registry->arena;
	const char *run = arena_format(arena, "/run/containers/%u", geteuid());
	const char *const paths[] = {
		getenv("XDG_RUNTIME_DIR") && *getenv("XDG_RUNTIME_DIR")
			? below("XDG_RUNTIME_DIR", "/run", "containers/auth.json", arena)
			: arena_format(arena, "%s/auth.json", run),
		below("XDG_CONFIG_HOME", ".config", "containers/auth.json", arena),
		below("DOCKER_CONFIG", ".docker", "config.json", arena),
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !registry->user; i++)
		TRY(read_auth_file(registry, paths[i], false, err));
	return 0;
}

int credentials_find(struct registry *registry, const struct registry_options *options,
		     struct error *err)
{
	const char *file = options->auth_file ? options->auth_file : getenv("REGISTRY_AUTH_FILE");

	if (options->credentials) {
		take_pair(registry, arena_string(&registry->arena, options->credentials));
		return 0;
	}
	if (file && *file)
		return read_auth_file(registry, file, true, err);
	return read_usual_files(registry, err);
}

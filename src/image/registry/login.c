/* login.c -- keep and forget credentials: in the auth file, or with the helper that it names. */
#include <errno.h>
#include <string.h>

#include "auth_file.h"
#include "registry_private.h"

/* The file, with the guarantee that writing it back loses nothing. */
static int read_for_change(const char *path, struct auth_file *file, struct arena *arena,
			   struct error *err)
{
	struct json_notes notes = { 0 };

	TRY(auth_file_read(path, false, file, arena, &notes, err));
	if (notes.unknown.count)
		return fail(err, ENOTSUP, "%s has \"%s\", which would be lost: not changed", path,
			    notes.unknown.items[0]);
	return 0;
}

/* What a helper and Docker's own file call docker.io. */
static const char *host_of(const char *key, struct arena *arena)
{
	const char *host = arena_copy(arena, key, strcspn(key, "/"));

	return text_equal(host, "docker.io") ? AUTH_HUB_KEY : host;
}

int registry_keep_login(const char *key, const char *user, const char *password,
			const char *auth_file, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *path = credentials_path(auth_file, &arena);
	const char *basic = credentials_basic(user, password, &arena);
	const struct auth_entry entry = { .auth = (char *)text_after(basic, "Basic ") };
	const struct auth_secret secret = { (char *)user, (char *)password };
	struct auth_file file;
	const char *helper;

	TRY(read_for_change(path, &file, &arena, err));
	helper = auth_file_helper(&file, host_of(key, &arena));
	if (helper) {
		TRY(auth_helper_store(helper, host_of(key, &arena), &secret, err));
		return auth_file_remove(&file, key, &arena) ? auth_file_write(path, &file, err) : 0;
	}
	auth_file_set(&file, arena_string(&arena, key), &entry, &arena);
	return auth_file_write(path, &file, err);
}

int registry_forget_login(const char *key, const char *auth_file, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *path = credentials_path(auth_file, &arena);
	struct auth_file file;
	const char *helper;

	TRY(read_for_change(path, &file, &arena, err));
	helper = auth_file_helper(&file, host_of(key, &arena));
	if (helper)
		TRY(auth_helper_erase(helper, host_of(key, &arena), err));
	if (auth_file_remove(&file, key, &arena))
		return auth_file_write(path, &file, err);
	return helper ? 0 : fail(err, ENOENT, "not logged into %s", key);
}

int registry_forget_all(const char *auth_file, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *path = credentials_path(auth_file, &arena);
	struct auth_file file;

	TRY(read_for_change(path, &file, &arena, err));
	for (size_t i = 0; i < file.helpers.count; i++)
		TRY(auth_helper_erase(file.helpers.items[i].value, file.helpers.items[i].key, err));
	for (size_t i = 0; file.store && i < file.auths.count; i++)
		TRY(auth_helper_erase(file.store, file.auths.keys[i], err));
	file.auths.count = 0;
	return auth_file_write(path, &file, err);
}

const char *registry_user(const struct registry *registry)
{
	return registry->user;
}

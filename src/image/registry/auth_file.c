/* auth_file.c -- read, change and write auth files. */
#include "auth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"

#define AUTH_FILE_LIMIT (1 << 20)

JSON_SHAPE(auth_entry, AUTH_ENTRY_ROWS);
JSON_SHAPE(auth_file, AUTH_FILE_ROWS);

int auth_file_read(const char *path, bool must_exist, struct auth_file *file, struct arena *arena,
		   struct json_notes *notes, struct error *err)
{
	auto_text struct text text = { 0 };
	int result = file_read(AT_FDCWD, path, AUTH_FILE_LIMIT, &text, err);

	*file = (struct auth_file){ 0 };
	if (result < 0 && !must_exist &&
	    (result == -ENOENT || result == -EACCES || result == -ENOTDIR)) {
		if (err)
			*err = (struct error){ 0 };
		return 0;
	}
	TRY(result);
	if (text.length == 0) /* as podman's users touch it */
		return 1;
	TRY(json_read(&(struct json_source){ text.data, text.length, path }, &auth_file_shape, file,
		      arena, notes, err));
	return 1;
}

int auth_file_write(const char *path, const struct auth_file *file, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text text = { 0 };
	char *directory = arena_string(&arena, path);
	char *slash = strrchr(directory, '/');
	auto_close int dir = -1;

	if (!slash)
		directory = arena_string(&arena, ".");
	else if (slash == directory)
		slash[1] = '\0';
	else
		*slash = '\0';
	TRY(file_make_directories(directory, 0700, err));
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail_call(err, "open", "cannot open %s", directory);
	json_write(&auth_file_shape, file, true, &text);
	slash = strrchr(path, '/');
	return file_replace(dir, slash ? slash + 1 : path,
			    &(struct file_content){ text.data, text.length, 0600, true }, err);
}

/* Docker writes keys as URLs. */
static char *plain_key(const char *key, struct arena *arena)
{
	const char *rest = text_after(key, "https://");
	char *plain;

	if (!rest)
		rest = text_after(key, "http://");
	plain = arena_string(arena, rest ? rest : key);
	if (rest)
		plain[strcspn(plain, "/")] = '\0';
	return plain;
}

struct auth_entry *auth_file_entry(const struct auth_file *file, const char *key,
				   struct arena *arena)
{
	for (size_t i = 0; i < file->auths.count; i++)
		if (!strcmp(plain_key(file->auths.keys[i], arena), key))
			return &file->auths.items[i];
	return NULL;
}

bool auth_file_remove(struct auth_file *file, const char *key, struct arena *arena)
{
	size_t kept = 0, before = file->auths.count;

	for (size_t i = 0; i < before; i++) {
		if (!strcmp(plain_key(file->auths.keys[i], arena), key))
			continue;
		file->auths.keys[kept] = file->auths.keys[i];
		file->auths.items[kept++] = file->auths.items[i];
	}
	file->auths.count = kept;
	return kept < before;
}

void auth_file_set(struct auth_file *file, char *key, const struct auth_entry *entry,
		   struct arena *arena)
{
	size_t count;
	char **keys;
	struct auth_entry *items;

	auth_file_remove(file, key, arena);
	count = file->auths.count;
	keys = arena_array(arena, count + 1, sizeof(*keys));
	items = arena_array(arena, count + 1, sizeof(*items));
	if (count) {
		memcpy(keys, file->auths.keys, count * sizeof(*keys));
		memcpy(items, file->auths.items, count * sizeof(*items));
	}
	keys[count] = key;
	items[count] = *entry;
	file->auths.keys = keys;
	file->auths.items = items;
	file->auths.count = count + 1;
}

const char *auth_file_own_helper(const struct auth_file *file, const char *host)
{
	const char *own = string_map_get(&file->helpers, host);

	if (!own && !strcmp(host, "docker.io"))
		own = string_map_get(&file->helpers, AUTH_HUB_KEY);
	if (!own && !strcmp(host, AUTH_HUB_KEY))
		own = string_map_get(&file->helpers, "docker.io");
	return own;
}

const char *auth_file_helper(const struct auth_file *file, const char *host)
{
	const char *own = auth_file_own_helper(file, host);

	return own ? own : file->store;
}

/* places.c -- the directories of configuration: the user's, the administrator's, the vendor's. */
#include "image/configuration.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"

#define ADMINISTRATOR "/etc/containers"
#define VENDOR        "/usr/share/containers"

char *configuration_own(const char *variable, const char *fallback, const char *path,
			struct arena *arena)
{
	const char *base = getenv(variable), *home = getenv("HOME");

	if (base && *base)
		return arena_format(arena, "%s/%s", base, path);
	return home && *home ? arena_format(arena, "%s/%s/%s", home, fallback, path) : NULL;
}

static char *users(const char *path, struct arena *arena)
{
	return configuration_own("XDG_CONFIG_HOME", ".config",
				 arena_format(arena, "containers/%s", path), arena);
}

/* What only cannot be looked at, or is a link to nothing, is there: who reads it says why not. */
static bool is_absent(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

const char *configuration_main(const char *name, struct arena *arena)
{
	const char *const paths[] = {
		users(name, arena),
		arena_format(arena, ADMINISTRATOR "/%s", name),
		arena_format(arena, VENDOR "/%s", name),
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i] && !is_absent(paths[i]))
			return paths[i];
	return NULL;
}

/* Of files with one name the last one found counts. */
static int collect(const char *directory, const char *extension, struct string_map *found,
		   struct arena *arena, struct error *err)
{
	auto_closedir DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (!dir && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!dir)
		return fail_call(err, "opendir", "cannot read \"%s\"", directory);
	while ((entry = readdir(dir)))
		if (text_ends(entry->d_name, extension))
			string_map_set(found, arena_string(arena, entry->d_name),
				       arena_format(arena, "%s/%s", directory, entry->d_name),
				       arena);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct string_pair *)a)->key, ((const struct string_pair *)b)->key);
}

int configuration_drop_ins(const char *name, const char *suffix, const char *extension,
			   struct arena *arena, struct strings *files, struct error *err)
{
	static const char *const bases[] = { VENDOR, ADMINISTRATOR };
	const char *user = users(arena_format(arena, "%s%s", name, suffix), arena);
	const char *who = geteuid() == 0 ? ".rootful" : ".rootless";
	struct string_map found = { 0 };

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		const char *base = arena_format(arena, "%s/%s", bases[i], name);

		TRY(collect(arena_format(arena, "%s%s", base, suffix), extension, &found, arena,
			    err));
		TRY(collect(arena_format(arena, "%s%s%s", base, who, suffix), extension, &found,
			    arena, err));
		if (geteuid() != 0)
			TRY(collect(arena_format(arena, "%s%s%s/%u", base, who, suffix, geteuid()),
				    extension, &found, arena, err));
	}
	if (user)
		TRY(collect(user, extension, &found, arena, err));
	if (found.count)
		qsort(found.items, found.count, sizeof(*found.items), by_name);
	for (size_t i = 0; i < found.count; i++)
		strings_add(files, found.items[i].value, arena);
	return 0;
}

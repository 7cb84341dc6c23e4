/* spawn_find.c -- programs by name. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spawn.h"
#include "base/text.h"

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* An empty folder is the current one, as for a shell. */
static const char *find_in(const char *search, const char *name, struct arena *arena)
{
	const struct strings folders = strings_split(search, ':', arena);

	for (size_t i = 0; i < folders.count; i++) {
		const char *folder = *folders.items[i] ? folders.items[i] : ".";
		const char *path = arena_format(arena, "%s/%s", folder, name);

		if (is_program(path))
			return path;
	}
	return NULL;
}

const char *spawn_find(const char *name, struct arena *arena)
{
	const char *search = getenv("PATH");
	const char *found;

	if (strchr(name, '/'))
		return is_program(name) ? arena_string(arena, name) : NULL;
	found = search ? find_in(search, name, arena) : NULL;
	return found ? found : find_in(SPAWN_PATH, name, arena);
}

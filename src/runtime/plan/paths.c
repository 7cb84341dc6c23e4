/* paths.c -- paths of config.json, cleaned by their letters alone. Links are followed later, below
 * the root, by the one resolver; a ".." here cannot leave "/". */
#include <string.h>

#include "chapters.h"

static size_t component_length(const char *path)
{
	return strcspn(path, "/");
}

static size_t without_last_component(const char *path, size_t length)
{
	while (length > 0 && path[--length] != '/')
		;
	return length;
}

const char *path_clean(struct arena *arena, const char *path)
{
	char *clean = arena_alloc(arena, strlen(path) + 2);
	size_t used = 0;

	while (*path) {
		size_t length = component_length(path);

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			used = without_last_component(clean, used);
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			clean[used++] = '/';
			memcpy(clean + used, path, length);
			used += length;
		}
		path += length;
		path += *path == '/';
	}
	if (used == 0)
		clean[used++] = '/';
	clean[used] = '\0';
	return clean;
}

const char *path_from(struct arena *arena, const char *directory, const char *path)
{
	return *path == '/' ? path : arena_format(arena, "%s/%s", directory, path);
}

bool path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (!strcmp(directory, "/"))
		return path[0] == '/' && path[1] != '\0';
	return !strncmp(path, directory, length) && path[length] == '/';
}

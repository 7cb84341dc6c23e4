/* names.c -- the names in directories, in their order as bytes, and the path of the one that is
 * being looked at: whoever walks a tree so gets the same result of the same tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/own.h"
#include "writer.h"

int directory_names(int directory, struct strings *names, struct arena *arena, struct error *err)
{
	auto_close int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;

	if (!list)
		return fail_call(err, "open", "cannot list the directory");
	again = -1;
	while ((errno = 0, item = readdir(list)))
		if (strcmp(item->d_name, ".") && strcmp(item->d_name, ".."))
			strings_add(names, arena_string(arena, item->d_name), arena);
	return errno ? fail_call(err, "readdir", "cannot list the directory") : 0;
}

void names_sort(struct strings *names)
{
	size_t kept = 0;

	strings_sort(names);
	for (size_t i = 0; i < names->count; i++)
		if (!kept || strcmp(names->items[i], names->items[kept - 1]) != 0)
			names->items[kept++] = names->items[i];
	names->count = kept;
}

size_t path_enter(struct text *path, const char *name)
{
	size_t length = path->length;

	text_format(path, "%s%s", length ? "/" : "", name);
	return length;
}

void path_leave(struct text *path, size_t length)
{
	path->data[path->length = length] = '\0';
}

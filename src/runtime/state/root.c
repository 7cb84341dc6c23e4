/* root.c -- the --root directory: where it is, and which names in it are containers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "runtime/state.h"

#define ID_CHARACTERS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+,-."
#define INITIAL_ID_MAP "0 0 4294967295"
enum { ID_MAP_MOST = 65536 };

/* The initial user namespace maps all ids to themselves. */
static bool in_user_namespace(void)
{
	auto_text struct text map = { 0 };
	char words[64];
	size_t length = 0;

	if (file_read(AT_FDCWD, "/proc/self/uid_map", ID_MAP_MOST, &map, NULL) < 0)
		return false;
	for (const char *from = map.data; *from && length < sizeof(words) - 1; from++)
		if (*from != ' ' || (length > 0 && words[length - 1] != ' '))
			words[length++] = *from == '\n' ? ' ' : *from;
	while (length > 0 && words[length - 1] == ' ')
		length--;
	words[length] = '\0';
	return strcmp(words, INITIAL_ID_MAP) != 0;
}

static const char *default_root(struct arena *arena)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool has_runtime = runtime && *runtime;

	/* Podman without root runs us as uid 0 of its user namespace; with root it passes an empty
	 * XDG_RUNTIME_DIR. */
	if (has_runtime && (geteuid() != 0 || in_user_namespace()))
		return arena_format(arena, "%s/coffer", runtime);
	if (geteuid() != 0)
		return arena_format(arena, "/run/user/%u/coffer", geteuid());
	return "/run/coffer";
}

const char *state_root(const char *option, struct arena *arena)
{
	auto_free char *here = NULL;

	if (!option || !*option)
		return default_root(arena);
	if (*option == '/')
		return arena_string(arena, option);
	here = getcwd(NULL, 0);
	return here ? arena_format(arena, "%s/%s", here, option) : arena_string(arena, option);
}

int state_check_id(const char *id, struct error *err)
{
	size_t length = id ? strlen(id) : 0;

	if (length > 0 && length <= NAME_MAX && id[0] != '.' && strspn(id, ID_CHARACTERS) == length)
		return 0;
	fail(err, EINVAL, "invalid container ID format");
	return fail_where(err, "%.300s", id ? id : "");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(const char *root, struct arena *arena, struct strings *ids, struct error *err)
{
	auto_closedir DIR *directory = opendir(root);
	struct dirent *entry;

	*ids = (struct strings){ 0 };
	if (!directory)
		return errno == ENOENT ? 0
				       : fail_call(err, "opendir",
						   "cannot list the containers in \"%s\"", root);
	while ((errno = 0, entry = readdir(directory)))
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
		    state_check_id(entry->d_name, NULL) == 0)
			strings_add(ids, arena_string(arena, entry->d_name), arena);
	if (errno)
		return fail_call(err, "readdir", "cannot list the containers in \"%s\"", root);
	if (ids->count > 1)
		qsort(ids->items, ids->count, sizeof(*ids->items), compare);
	return 0;
}

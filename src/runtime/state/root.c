/* root.c -- the --root directory: where it is, and which names in it are containers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/facts.h"
#include "runtime/state.h"

#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+,-."

static const char *default_root(struct arena *arena)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool has_runtime = runtime && *runtime;

	/* Podman without root runs us as uid 0 of its user namespace; with root it passes an empty
	 * XDG_RUNTIME_DIR. */
	if (has_runtime && (geteuid() != 0 || facts_in_user_namespace()))
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

/* resolve.c -- a path below the root that trees, laid over each other, have together.
 *
 * As openat2(2)'s RESOLVE_IN_ROOT would walk it if they were mounted: links are followed, absolute
 * ones from the root on, and ".." cannot leave it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/layer.h"
#include "writer.h"

#define LINKS_MOST 40  /* as the kernel */
#define DEPTH_MOST 128 /* directories held open */

struct resolution {
	struct merged directories[DEPTH_MOST]; /* from the root to where we are */
	size_t depth;
	unsigned links;
	char rest[2 * PATH_MAX]; /* what is still to be walked */
};

static void go_up(struct resolution *resolution, size_t depth)
{
	while (resolution->depth > depth)
		merged_close(&resolution->directories[--resolution->depth]);
}

/* Cut the next component off; false at the end. */
static bool next_component(struct resolution *resolution, char name[NAME_MAX + 1])
{
	char *rest = resolution->rest + strspn(resolution->rest, "/");
	size_t length = strcspn(rest, "/");

	if (!length || length > NAME_MAX)
		return false;
	memcpy(name, rest, length);
	name[length] = '\0';
	memmove(resolution->rest, rest + length, strlen(rest + length) + 1);
	return true;
}

static int follow(struct resolution *resolution, const struct merged_entry *entry, const char *name,
		  struct error *err)
{
	char path[sizeof(resolution->rest)];
	ssize_t length = readlinkat(entry->parent, name, path, PATH_MAX);

	if (length < 0)
		return fail_call(err, "readlinkat", "cannot read the link %s", name);
	if (++resolution->links > LINKS_MOST)
		return fail(err, ELOOP, "too many links");
	if ((size_t)length + strlen(resolution->rest) + 2 > sizeof(path))
		return fail(err, ENAMETOOLONG, "a link is too long");
	path[length] = '/';
	strcpy(path + length + 1, resolution->rest);
	strcpy(resolution->rest, path);
	if (path[0] == '/')
		go_up(resolution, 1);
	return 0;
}

/* One component further. The descriptor of what the path ends at, 0 when it goes on. */
static int step(struct resolution *resolution, const char *name, struct error *err)
{
	auto_merged_entry struct merged_entry entry = { 0 };
	int fd;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		go_up(resolution, resolution->depth > 1 ? resolution->depth - 1 : 1);
		return 0;
	}
	TRY(merged_find(&resolution->directories[resolution->depth - 1], name, &entry, err));
	if (!entry.present)
		return -ENOENT;
	if (S_ISLNK(entry.stat.st_mode))
		return follow(resolution, &entry, name, err);
	if (S_ISDIR(entry.stat.st_mode)) {
		if (resolution->depth == DEPTH_MOST)
			return fail(err, ENAMETOOLONG, "the path is too deep");
		resolution->directories[resolution->depth++] = entry.below;
		entry.below = (struct merged){ 0 };
		return 0;
	}
	if (resolution->rest[strspn(resolution->rest, "/")])
		return -ENOTDIR;
	fd = openat(entry.parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "openat", "cannot open %s", name) : fd;
}

static int walk(struct resolution *resolution, struct error *err)
{
	char name[NAME_MAX + 1];

	while (next_component(resolution, name)) {
		int result = step(resolution, name, err);

		if (result)
			return result;
	}
	return -EISDIR;
}

int layer_find_merged(const int *trees, size_t count, bool user_xattrs, const char *path,
		      struct error *err)
{
	struct resolution *resolution = calloc(1, sizeof(*resolution));
	int result;

	if (!resolution)
		abort();
	if (strlen(path) >= PATH_MAX)
		result = fail(err, ENAMETOOLONG, "the path is too long");
	else {
		strcpy(resolution->rest, path);
		result = merged_open(trees, count, user_xattrs, &resolution->directories[0], err);
		resolution->depth = 1;
		if (result == 0)
			result = walk(resolution, err);
	}
	go_up(resolution, 0);
	free(resolution);
	return result;
}

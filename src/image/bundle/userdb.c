/* userdb.c -- read /etc/passwd or /etc/group of an image.
 *
 * The image chose what is there: a link (followed inside the image only), a FIFO that would block
 * whoever opens it, a device, a file without end. So it is found below the root without being
 * opened, looked at, and only then read, and not beyond a limit (CVE-2024-9676, CVE-2026-47262). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/below.h"
#include "base/file.h"
#include "base/own.h"
#include "bundle_private.h"
#include "image/layer.h"
#include "image/rootfs.h"

#define USERDB_MOST (4 * 1024 * 1024)

static int find_file(const struct image_files *files, const char *path, struct error *err)
{
	if (files->trees.count)
		return layer_find_merged(files->trees.fds, files->trees.count, rootfs_user_xattrs(),
					 path, err);
	return below_open(files->rootfs, path, O_PATH | O_CLOEXEC);
}

static int open_regular(const struct image_files *files, const char *path, struct error *err)
{
	auto_close int found = find_file(files, path, err);
	struct stat stat;
	char again[32];
	int fd;

	if (found < 0)
		return fail_number(err, found, "openat2", "cannot open the image's %s", path);
	if (fstat(found, &stat) < 0)
		return fail_call(err, "fstat", "cannot look at the image's %s", path);
	if (!S_ISREG(stat.st_mode))
		return fail(err, EINVAL, "the image's %s is not a regular file", path);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	fd = open(again, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot open the image's %s", path) : fd;
}

static void add_line(struct userdb *database, char *line, struct arena *arena)
{
	struct strings fields = strings_split(line, ':', arena);

	database->lines[database->count++] = (struct userdb_line){ fields.items, fields.count };
}

int userdb_read(const struct image_files *files, const char *path, struct arena *arena,
		struct userdb *database, struct error *err)
{
	auto_text struct text text = { 0 };
	struct strings lines;
	auto_close int fd = open_regular(files, path, err);

	*database = (struct userdb){ 0 };
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	TRY(file_read_fd(fd, path, USERDB_MOST, &text, err));
	lines = strings_split(text.data ? text.data : "", '\n', arena);
	database->present = true;
	database->lines = arena_array(arena, lines.count, sizeof(*database->lines));
	for (size_t i = 0; i < lines.count; i++)
		if (lines.items[i][0] && lines.items[i][0] != '#')
			add_line(database, lines.items[i], arena);
	return 0;
}

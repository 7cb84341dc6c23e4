/* find.c -- find the resctrl filesystem in a mount table. A line of mountinfo (proc(5)):
 *
 *     id parent dev root mountpoint options [optional fields] - type source super-options */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "runtime/resctrl.h"

#define MOUNTINFO_MOST (16 << 20)
#define MOUNTPOINT     4 /* fields before it */

static const char *behind_fields(const char *line, unsigned count)
{
	while (count-- > 0) {
		line += strcspn(line, " \n");
		line += *line == ' ';
	}
	return line;
}

/* Blanks in a mount point are octal escapes; nobody mounts resctrl there, and such a line is left
 * out. */
static char *mountpoint_of(const char *line, struct arena *arena)
{
	const char *end = strchrnul(line, '\n');
	const char *type = strstr(line, " - resctrl ");
	const char *mountpoint = behind_fields(line, MOUNTPOINT);
	size_t length = strcspn(mountpoint, " \n");

	if (!type || type > end || memchr(mountpoint, '\\', length))
		return NULL;
	return arena_copy(arena, mountpoint, length);
}

int resctrl_find(const char *mountinfo, struct arena *arena, char **root, struct error *err)
{
	*root = NULL;
	for (const char *line = mountinfo; *line && !*root; line += *line == '\n') {
		*root = mountpoint_of(line, arena);
		line = strchrnul(line, '\n');
	}
	if (*root)
		return 0;
	fail(err, ENOENT, "no resctrl filesystem is mounted on this host");
	return fail_where(err, "linux.intelRdt");
}

int resctrl_root(struct arena *arena, char **root, struct error *err)
{
	auto_text struct text mountinfo = { 0 };

	*root = NULL;
	TRY(file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, err));
	return resctrl_find(mountinfo.data ? mountinfo.data : "", arena, root, err);
}

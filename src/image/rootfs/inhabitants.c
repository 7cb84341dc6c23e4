/* inhabitants.c -- containers are found by where their processes have their root: /proc/PID/root.
 * Their mounts would tell less, for a mount namespace that somebody is just making has them all. */
#include "inhabitants.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"

static bool lives_on(int proc, const char *process, dev_t filesystem, ino_t inode)
{
	auto_close int fd = openat(proc, process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat root;

	return fd >= 0 && fstatat(fd, "root", &root, 0) == 0 && root.st_dev == filesystem &&
	       (!inode || root.st_ino == inode);
}

pid_t inhabitant_find(dev_t filesystem, ino_t inode)
{
	auto_closedir DIR *proc = opendir("/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    lives_on(dirfd(proc), entry->d_name, filesystem, inode))
			return (pid_t)atoi(entry->d_name);
	return 0;
}

/* ---- by what is mounted ------------------------------------------------------------------------
 */

/* As the kernel writes a value among the options of a mount. */
static void add_shown(struct text *text, const char *value)
{
	for (; *value; value++) {
		if (strchr(", \t\n\\", *value))
			text_format(text, "\\%03o", *value);
		else
			text_add_bytes(text, value, 1);
	}
}

static bool mounts_it(int proc, const char *process, const char *option)
{
	auto_text struct text mounts = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "%.32s/mountinfo", process);
	if (file_read(proc, path, 16U << 20, &mounts, NULL) < 0 || !mounts.data)
		return false;
	for (const char *at = mounts.data; (at = strstr(at, option)); at++)
		if (strchr(",\n", at[strlen(option)]))
			return true;
	return false;
}

pid_t upper_user_find(const char *upper)
{
	auto_closedir DIR *proc = opendir("/proc");
	auto_text struct text option = { 0 };
	const struct dirent *entry;

	text_add(&option, ",upperdir=");
	add_shown(&option, upper);
	while (proc && (entry = readdir(proc)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    mounts_it(dirfd(proc), entry->d_name, option.data))
			return (pid_t)atoi(entry->d_name);
	return 0;
}

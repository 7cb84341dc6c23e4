/* inhabitants.c -- containers are found by where their processes have their root: /proc/PID/root.
 * Their mounts would tell less, for a mount namespace that somebody is just making has them all. */
#include "inhabitants.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/own.h"

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

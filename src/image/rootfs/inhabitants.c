/* inhabitants.c -- containers are found by where their processes have their root, /proc/PID/root,
 * and by where their mount namespaces have theirs. Their mounts would tell less, for a mount
 * namespace that somebody is just making has them all.
 *
 * A process can chroot(2) out of sight, and its mountinfo has only what is below its root; where
 * its namespace begins it cannot change so. A child process enters each namespace and looks from
 * there. Where it may not, the process's own root has to do. */
#include "inhabitants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"

/* Is it there, as that process sees it? A process is a name in /proc. */
struct search {
	bool (*sees)(int proc, const char *process, const void *wanted);
	const void *wanted;
	int proc;
	struct text known; /* inodes of the mount namespaces that were looked at */
};

/* ---- from the root of a mount namespace --------------------------------------------------------
 */

static bool is_known(struct search *search, ino_t namespace)
{
	const ino_t *known = (const ino_t *)(const void *)search->known.data;

	for (size_t i = 0; i < search->known.length / sizeof(namespace); i++)
		if (known[i] == namespace)
			return true;
	text_add_bytes(&search->known, (const char *)&namespace, sizeof(namespace));
	return false;
}

/* A user is root only in the user namespace that he made. */
static bool enter(int mounts, int users)
{
	return setns(mounts, CLONE_NEWNS) == 0 ||
	       (setns(users, CLONE_NEWUSER) == 0 && setns(mounts, CLONE_NEWNS) == 0);
}

/* setns(2) makes the namespace's root the child's; proc is still the caller's. */
static bool root_sees(const struct search *search, int mounts, int users)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(enter(mounts, users) && search->sees(search->proc, "self", search->wanted));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status);
}

static int open_namespace(const struct search *search, const char *process, const char *kind)
{
	char path[96];

	snprintf(path, sizeof(path), "%.64s/ns/%s", process, kind);
	return openat(search->proc, path, O_RDONLY | O_CLOEXEC);
}

/* ---- process by process ------------------------------------------------------------------------
 */

/* -ENOENT: it has no mount namespace any more. */
static int look_at(struct search *search, const char *process)
{
	auto_close int mounts = -1, users = -1;
	struct stat namespace;

	if (search->sees(search->proc, process, search->wanted))
		return 1;
	mounts = open_namespace(search, process, "mnt");
	if (mounts < 0 || fstat(mounts, &namespace) < 0)
		return -errno;
	if (is_known(search, namespace.st_ino))
		return 0;
	users = open_namespace(search, process, "user");
	return root_sees(search, mounts, users);
}

/* A process whose first thread has ended lives on in the others. */
static bool look_at_threads(struct search *search, const char *process)
{
	auto_closedir DIR *threads = NULL;
	const struct dirent *entry;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%.20s/task", process);
	threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		snprintf(path, sizeof(path), "%.20s/task/%.20s", process, entry->d_name);
		if (*entry->d_name != '.' && look_at(search, path) > 0)
			return true;
	}
	return false;
}

static bool finds(struct search *search, const char *process)
{
	int result = look_at(search, process);

	return result == -ENOENT ? look_at_threads(search, process) : result > 0;
}

static void know_own(struct search *search)
{
	struct stat own;

	if (fstatat(search->proc, "self/ns/mnt", &own, 0) == 0)
		is_known(search, own.st_ino);
}

static pid_t find(struct search *search)
{
	auto_closedir DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	if (!proc)
		return 0;
	search->proc = dirfd(proc);
	know_own(search);
	while (!found && (entry = readdir(proc)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' && finds(search, entry->d_name))
			found = (pid_t)atoi(entry->d_name);
	text_free(&search->known);
	return found;
}

/* ---- by the root -------------------------------------------------------------------------------
 */

struct place {
	dev_t filesystem;
	ino_t inode;
};

static bool lives_on(int proc, const char *process, const void *wanted)
{
	auto_close int fd = openat(proc, process, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct place *place = wanted;
	struct stat root;

	return fd >= 0 && fstatat(fd, "root", &root, 0) == 0 && root.st_dev == place->filesystem &&
	       (!place->inode || root.st_ino == place->inode);
}

pid_t inhabitant_find(dev_t filesystem, ino_t inode)
{
	const struct place place = { filesystem, inode };

	return find(&(struct search){ .sees = lives_on, .wanted = &place });
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

static bool mounts_it(int proc, const char *process, const void *wanted)
{
	auto_text struct text mounts = { 0 };
	const char *option = wanted;
	char path[96];

	snprintf(path, sizeof(path), "%.64s/mountinfo", process);
	if (file_read(proc, path, 16U << 20, &mounts, NULL) < 0 || !mounts.data)
		return false;
	for (const char *at = mounts.data; (at = strstr(at, option)); at++)
		if (strchr(",\n", at[strlen(option)]))
			return true;
	return false;
}

pid_t upper_user_find(const char *upper)
{
	auto_text struct text option = { 0 };

	text_add(&option, ",upperdir=");
	add_shown(&option, upper);
	return find(&(struct search){ .sees = mounts_it, .wanted = option.data });
}

int inhabitant_refuse(pid_t process, struct error *err)
{
	return process ? fail(err, EBUSY, "a container still runs on this bundle (process %d)",
			      (int)process)
		       : 0;
}

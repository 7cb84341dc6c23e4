/* below.c -- resolve paths below a root directory (see below.h for the promise).
 *
 * Two walkers with the same answers: the kernel's openat2(2), and one of our own for kernels and
 * filters that do not have it. Ours never hands a path with more than one component to the kernel:
 * it keeps the descriptors of the directories it came through, so that ".." pops and can never pass
 * the root, and it reads links itself. Freestanding: no libc. */
#include "base/below.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/kernel_call.h"

#define PATH_MOST        4096
#define NAME_MOST        255
#define DEPTH_MOST       256
#define LINKS_MOST       40

#define PROC_SUPER_MAGIC 0x9fa0

/* Tests set it, to see both walkers give the same answers. */
bool below_without_openat2;

static int close_descriptor(int fd)
{
	return (int)kernel_call(__NR_close, fd);
}

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static void copy_bytes(char *to, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = from[i];
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
	for (size_t i = 0; i < length; i++)
		if (name[i] != wanted[i])
			return false;
	return wanted[length] == '\0';
}

static int kind_of(int fd)
{
	struct statx status;
	int result = (int)kernel_call(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &status);

	return result < 0 ? result : status.stx_mode & S_IFMT;
}

/* ---- the walker of our own ---- */

struct walk {
	int stack[DEPTH_MOST]; /* O_PATH descriptors; stack[0] is the root, not ours to close */
	int depth;             /* index of the directory we are in */
	int links;
	char rest[PATH_MOST]; /* what is still to be walked */
};

static void walk_end(struct walk *walk)
{
	while (walk->depth > 0)
		close_descriptor(walk->stack[walk->depth--]);
}

/* Put `target` in front of the rest of the path, which is empty or begins with a '/'. */
static int push_link(struct walk *walk, const char *target, size_t length)
{
	size_t rest = length_of(walk->rest);

	if (++walk->links > LINKS_MOST)
		return -ELOOP;
	if (length + rest + 1 > PATH_MOST)
		return -ENAMETOOLONG;
	for (size_t i = rest + 1; i-- > 0;)
		walk->rest[length + i] = walk->rest[i];
	copy_bytes(walk->rest, target, length);
	return 0;
}

/* Links of procfs may be magic ones, whose text means nothing: refused altogether. */
static int follow_link(struct walk *walk, int link)
{
	struct {
		long type;
		long rest[32];
	} file_system;
	char target[PATH_MOST];
	long length = kernel_call(__NR_fstatfs, link, &file_system);

	if (length == 0 && file_system.type == PROC_SUPER_MAGIC)
		return -ELOOP;
	length = kernel_call(__NR_readlinkat, link, "", target, sizeof(target));
	if (length < 0)
		return (int)length;
	if (length == 0 || length == sizeof(target))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		walk_end(walk);
	return push_link(walk, target, (size_t)length);
}

/* Cut the next component off the rest; false at the end. */
static bool next_name(struct walk *walk, char *name, size_t *length)
{
	const char *at = walk->rest;
	size_t skip;

	while (*at == '/')
		at++;
	*length = 0;
	while (at[*length] && at[*length] != '/')
		(*length)++;
	if (*length == 0)
		return false;
	skip = (size_t)(at - walk->rest) + *length;
	copy_bytes(name, at, *length < NAME_MOST ? *length : NAME_MOST);
	name[*length < NAME_MOST ? *length : NAME_MOST] = '\0';
	for (size_t i = 0; (walk->rest[i] = walk->rest[skip + i]); i++)
		;
	return true;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[0] == '\0'; /* "x/" demands a directory: then it is not the last */
}

/* Go into `name`. A last component that must not be followed stays a link (O_PATH). */
static int step_into(struct walk *walk, const char *name, bool follow_last)
{
	int fd = (int)kernel_call(__NR_openat, walk->stack[walk->depth], name,
				  O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	int kind, result = 0;

	if (fd < 0)
		return fd;
	kind = kind_of(fd);
	if (kind < 0)
		result = kind;
	else if (kind == S_IFLNK && (follow_last || !is_last(walk)))
		result = follow_link(walk, fd);
	else if (kind != S_IFDIR && !is_last(walk))
		result = -ENOTDIR;
	else if (walk->depth + 1 == DEPTH_MOST)
		result = -ENAMETOOLONG;
	else {
		walk->stack[++walk->depth] = fd;
		return 0;
	}
	close_descriptor(fd);
	return result;
}

static int walk_path(struct walk *walk, int root, const char *path, bool follow_last)
{
	char name[NAME_MOST + 1];
	size_t length = length_of(path);
	int result = 0;

	walk->stack[0] = root;
	walk->depth = 0;
	walk->links = 0;
	if (length >= PATH_MOST)
		return -ENAMETOOLONG;
	if (length == 0)
		return -ENOENT;
	copy_bytes(walk->rest, path, length + 1);
	while (result == 0 && next_name(walk, name, &length)) {
		if (length > NAME_MOST)
			result = -ENAMETOOLONG;
		else if (is_name(name, length, ".."))
			walk->depth > 0 ? close_descriptor(walk->stack[walk->depth--]) : 0;
		else if (!is_name(name, length, "."))
			result = step_into(walk, name, follow_last);
	}
	return result;
}

/* Turn the O_PATH descriptor of what was found into one with the wanted flags. The file cannot
 * change its type any more; /proc/self/fd is the runtime's own, of a descriptor of ours. */
static int reopen(int fd, int flags)
{
	static const char prefix[] = "/proc/self/fd/";
	char path[sizeof(prefix) + 12], digits[12];
	size_t length = 0, at = sizeof(prefix) - 1;

	copy_bytes(path, prefix, at);
	do
		digits[length++] = (char)('0' + fd % 10);
	while ((fd /= 10) > 0);
	while (length > 0)
		path[at++] = digits[--length];
	path[at] = '\0';
	return (int)kernel_call(__NR_openat, AT_FDCWD, path, (flags & ~O_NOFOLLOW) | O_CLOEXEC, 0);
}

static int finish_walk(struct walk *walk, int flags)
{
	int found = walk->stack[walk->depth];
	int kind = kind_of(found);

	if (kind < 0)
		return kind;
	if (flags & O_DIRECTORY && kind != S_IFDIR)
		return -ENOTDIR;
	if (!(flags & O_PATH))
		return kind == S_IFLNK ? -ELOOP : reopen(found, flags);
	return (int)kernel_call(__NR_fcntl, found, F_DUPFD_CLOEXEC, 0);
}

static int open_by_walk(int root, const char *path, int flags)
{
	struct walk walk;
	int result = walk_path(&walk, root, path, !(flags & O_NOFOLLOW));

	if (result == 0)
		result = finish_walk(&walk, flags);
	walk_end(&walk);
	return result;
}

/* ---- openat2 ---- */

int below_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -ENOSYS;

	/* EAGAIN: a rename or mount raced with ".."; the kernel asks to try again. Who renames
	 * without end shall not keep us: the walker needs no luck. */
	for (int tries = 0; tries < 32 && !below_without_openat2; tries++) {
		fd = (int)kernel_call(__NR_openat2, root, path, &how, sizeof(how));
		if (fd != -EAGAIN)
			break;
	}
	if (fd == -ENOSYS || fd == -EPERM || fd == -EAGAIN)
		return open_by_walk(root, path, flags);
	return fd;
}

/* ---- parents and creation ---- */

int below_open_parent(int root, const char *path, char *name)
{
	char directory[PATH_MOST];
	size_t end = length_of(path), begin;

	if (end >= PATH_MOST)
		return -ENAMETOOLONG;
	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	if (begin == end || is_name(path + begin, end - begin, ".") ||
	    is_name(path + begin, end - begin, ".."))
		return -EINVAL;
	if (end - begin > NAME_MOST)
		return -ENAMETOOLONG;
	copy_bytes(name, path + begin, end - begin);
	name[end - begin] = '\0';
	directory[0] = '.';
	directory[1] = '/';
	if (begin + 3 > PATH_MOST)
		return -ENAMETOOLONG;
	copy_bytes(directory + 2, path, begin);
	directory[2 + begin] = '\0';
	return below_open(root, directory, O_PATH | O_DIRECTORY);
}

/* Make a directory whose parent is there, and open it. */
static int make_last(int root, const char *path, unsigned mode)
{
	char name[NAME_MOST + 1];
	int result, parent = below_open_parent(root, path, name);

	if (parent < 0) /* "..", which exists wherever its directory does */
		return parent == -EINVAL ? -ENOENT : parent;
	result = (int)kernel_call(__NR_mkdirat, parent, name, mode);
	close_descriptor(parent);
	if (result < 0 && result != -EEXIST)
		return result;
	return below_open(root, path, O_PATH | O_DIRECTORY);
}

/* Make what is missing, component by component: each existing prefix is resolved again from the
 * root, so that links on the way are followed inside it. */
static int make_prefix(int root, const char *path, size_t length, unsigned mode)
{
	char prefix[PATH_MOST];
	int result;

	copy_bytes(prefix, path, length);
	prefix[length] = '\0';
	result = below_open(root, prefix, O_PATH | O_DIRECTORY);
	return result == -ENOENT ? make_last(root, prefix, mode) : result;
}

int below_make_directory(int root, const char *path, unsigned mode)
{
	int fd = below_open(root, path[0] ? path : "/", O_PATH | O_DIRECTORY);
	size_t at = 0;

	if (fd != -ENOENT)
		return fd;
	if (length_of(path) >= PATH_MOST)
		return -ENAMETOOLONG;
	fd = make_last(root, path, mode); /* mostly only the last one is missing */
	if (fd != -ENOENT)
		return fd;
	while (path[at]) {
		if (fd >= 0)
			close_descriptor(fd);
		while (path[at] == '/')
			at++;
		while (path[at] && path[at] != '/')
			at++;
		fd = make_prefix(root, path, at, mode);
		if (fd < 0)
			return fd;
		while (path[at] == '/')
			at++;
	}
	return fd;
}

static int open_not_directory(int root, const char *path)
{
	int fd = below_open(root, path, O_PATH);

	if (fd >= 0 && kind_of(fd) == S_IFDIR) {
		close_descriptor(fd);
		return -EISDIR;
	}
	return fd;
}

int below_make_file(int root, const char *path, unsigned mode)
{
	char directory[PATH_MOST], name[NAME_MOST + 1];
	size_t cut = length_of(path);
	int parent, fd = open_not_directory(root, path);

	if (fd != -ENOENT)
		return fd;
	if (cut >= PATH_MOST)
		return -ENAMETOOLONG;
	if (cut > 0 && path[cut - 1] == '/') /* demands a directory */
		return -EISDIR;
	while (cut > 0 && path[cut - 1] != '/')
		cut--;
	copy_bytes(directory, path, cut);
	directory[cut] = '\0';
	parent = below_make_directory(root, directory, 0755);
	if (parent < 0)
		return parent;
	close_descriptor(parent);
	parent = below_open_parent(root, path, name);
	if (parent < 0)
		return parent;
	/* O_EXCL follows no link: a dangling one stays what it is, and the open below says so. */
	fd = (int)kernel_call(__NR_openat, parent, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	close_descriptor(parent);
	if (fd < 0 && fd != -EEXIST)
		return fd;
	if (fd >= 0)
		close_descriptor(fd);
	return open_not_directory(root, path);
}

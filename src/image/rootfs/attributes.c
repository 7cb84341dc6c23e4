/* attributes.c -- carry owner, mode, xattrs and times from one inode to another.
 *
 * The order matters: chown clears the set-id bits and security.capability, so mode and xattrs come
 * after it; the times come last. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"
#include "rootfs_private.h"

#define XATTR_MOST (64 * 1024)

static const char *const left_behind[] = {
	"trusted.overlay.", "user.overlay.", "security.selinux", "security.ima", "security.evm",
};

static bool stays_behind(const char *name)
{
	for (size_t i = 0; i < sizeof(left_behind) / sizeof(left_behind[0]); i++)
		if (text_starts(name, left_behind[i]))
			return true;
	return false;
}

bool attributes_opaque(int directory)
{
	static const char *const marks[] = { "trusted.overlay.opaque", "user.overlay.opaque" };
	char value;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (fgetxattr(directory, marks[i], &value, 1) == 1 && value == 'y')
			return true;
	return false;
}

/* ---- xattrs ---------------------------------------------------------------------------------- */

/* What the l*xattr calls take for an inode: an entry of an open directory, looked up through
 * /proc/self/fd so that nothing but its own name is, and links are not followed. */
struct inode {
	char path[32 + 256];
};

static struct inode inode_of(int directory, const char *entry)
{
	struct inode inode;

	snprintf(inode.path, sizeof(inode.path), "/proc/self/fd/%d/%s", directory, entry);
	return inode;
}

/* An open file: the magic link itself is followed, by the calls without l. */
struct xattr_calls {
	ssize_t (*list)(const char *path, char *names, size_t size);
	ssize_t (*get)(const char *path, const char *name, void *value, size_t size);
	int (*set)(const char *path, const char *name, const void *value, size_t size, int flags);
	int (*remove)(const char *path, const char *name);
};

static const struct xattr_calls of_open_file = { listxattr, getxattr, setxattr, removexattr };
static const struct xattr_calls of_entry = { llistxattr, lgetxattr, lsetxattr, lremovexattr };

struct xattr_pair {
	const struct xattr_calls *calls;
	const struct inode *from, *to;
	const struct rootfs_owners *owners;
};

struct xattr_names {
	char bytes[XATTR_MOST];
	size_t length;
};

/* Not supported here, or not allowed to this caller: the copy goes without. */
static bool xattr_refused(int number)
{
	return number == EOPNOTSUPP || number == EPERM || number == EACCES;
}

static void xattrs_list(const struct xattr_calls *calls, const struct inode *inode,
			struct xattr_names *names)
{
	ssize_t length = calls->list(inode->path, names->bytes, sizeof(names->bytes));

	names->length = length > 0 ? (size_t)length : 0;
}

static bool xattrs_have(const struct xattr_names *names, const char *name)
{
	for (size_t at = 0; at < names->length; at += strlen(names->bytes + at) + 1)
		if (!strcmp(names->bytes + at, name))
			return true;
	return false;
}

/* Inside a user namespace capabilities count only when they name its root (capabilities(7)):
 * struct vfs_cap_data becomes struct vfs_ns_cap_data, little-endian. */
static ssize_t capability_mapped(const struct rootfs_owners *owners, const char *name, char *value,
				 ssize_t length)
{
	uint32_t magic, root;

	if (!owners->uids.count || length != 20 || strcmp(name, "security.capability") != 0 ||
	    !id_to_outside(&owners->uids, 0, &root))
		return length;
	memcpy(&magic, value, sizeof(magic));
	magic = htole32((le32toh(magic) & 0x00ffffff) | 0x03000000);
	root = htole32(root);
	memcpy(value, &magic, sizeof(magic));
	memcpy(value + length, &root, sizeof(root));
	return length + (ssize_t)sizeof(root);
}

static int xattr_copy(const struct xattr_pair *pair, const char *name, struct error *err)
{
	static _Thread_local char value[XATTR_MOST];
	const struct xattr_calls *calls = pair->calls;
	const struct inode *from = pair->from, *to = pair->to;
	ssize_t length = calls->get(from->path, name, value, sizeof(value) - sizeof(uint32_t));

	if (length < 0)
		return errno == ENODATA || xattr_refused(errno)
			       ? 0
			       : fail_call(err, "getxattr", "cannot read the attribute %s", name);
	length = capability_mapped(pair->owners, name, value, length);
	if (calls->set(to->path, name, value, (size_t)length, 0) < 0 && !xattr_refused(errno))
		return fail_call(err, "setxattr", "cannot set the attribute %s", name);
	return 0;
}

static int xattrs_copy(const struct xattr_pair *pair, struct error *err)
{
	static _Thread_local struct xattr_names wanted, present;

	xattrs_list(pair->calls, pair->from, &wanted);
	xattrs_list(pair->calls, pair->to, &present);
	for (size_t at = 0; at < present.length; at += strlen(present.bytes + at) + 1) {
		const char *name = present.bytes + at;

		if (!xattrs_have(&wanted, name) && !stays_behind(name))
			pair->calls->remove(pair->to->path, name);
	}
	for (size_t at = 0; at < wanted.length; at += strlen(wanted.bytes + at) + 1)
		if (!stays_behind(wanted.bytes + at))
			TRY(xattr_copy(pair, wanted.bytes + at, err));
	return 0;
}

/* ---- everything ------------------------------------------------------------------------------ */

static struct inode inode_of_open(int fd)
{
	struct inode inode;

	snprintf(inode.path, sizeof(inode.path), "/proc/self/fd/%d", fd);
	return inode;
}

/* Whom it belongs to on the disk. */
static int owner_of(const struct rootfs_owners *owners, const struct stat *stat, uint32_t *uid,
		    uint32_t *gid, struct error *err)
{
	if (id_to_outside(&owners->uids, stat->st_uid, uid) &&
	    id_to_outside(&owners->gids, stat->st_gid, gid))
		return 0;
	return fail(err, EINVAL, "its owner %u:%u is in no map", stat->st_uid, stat->st_gid);
}

int attributes_copy(int from, int to, const struct rootfs_owners *owners, struct error *err)
{
	struct inode source = inode_of_open(from), copy = inode_of_open(to);
	struct stat stat;
	uint32_t uid, gid;

	if (fstat(from, &stat) < 0)
		return fail_call(err, "fstat", "cannot look at the layer's file");
	TRY(owner_of(owners, &stat, &uid, &gid, err));
	if (!owners->single_id && fchown(to, uid, gid) < 0)
		return fail_call(err, "fchown", "cannot give the copy to %u:%u", uid, gid);
	if (fchmod(to, stat.st_mode & 07777) < 0)
		return fail_call(err, "fchmod", "cannot set the mode of the copy");
	TRY(xattrs_copy(&(struct xattr_pair){ &of_open_file, &source, &copy, owners }, err));
	if (futimens(to, (struct timespec[]){ { .tv_nsec = UTIME_OMIT }, stat.st_mtim }) < 0)
		return fail_call(err, "utimensat", "cannot set the time of the copy");
	return 0;
}

int attributes_copy_at(const struct attributes_pair *pair, const struct rootfs_owners *owners,
		       struct error *err)
{
	const struct stat *stat = pair->stat;
	struct inode source = inode_of(pair->from, pair->name);
	struct inode copy = inode_of(pair->to, pair->name);
	struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, stat->st_mtim };
	uint32_t uid, gid;

	TRY(owner_of(owners, stat, &uid, &gid, err));
	if (!owners->single_id && fchownat(pair->to, pair->name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "fchownat", "cannot give the copy to %u:%u", uid, gid);
	if (!S_ISLNK(stat->st_mode) && fchmodat(pair->to, pair->name, stat->st_mode & 07777, 0) < 0)
		return fail_call(err, "fchmodat", "cannot set the mode of the copy");
	TRY(xattrs_copy(&(struct xattr_pair){ &of_entry, &source, &copy, owners }, err));
	if (utimensat(pair->to, pair->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_call(err, "utimensat", "cannot set the time of the copy");
	return 0;
}

/* xattrs.c -- the extended attributes of entries: which ones an image may set, and setting them. */
#include "applier.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/own.h"
#include "base/text.h"

/* overlayfs' own marks would let an image forge whiteouts and redirects; labels and NFS ACLs belong
 * to the host. */
static const char *const refused[] = {
	"trusted.overlay.",
	"user.overlay.",
	"security.selinux",
	"system.nfs4_acl",
};

static const char *const privileged[] = { "trusted.", "security." };

static bool begins_with_any(const char *name, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_starts(name, prefixes[i]))
			return true;
	return false;
}

bool xattr_allowed(const char *name)
{
	return !begins_with_any(name, refused, sizeof(refused) / sizeof(refused[0]));
}

static bool is_privileged(const char *name)
{
	return begins_with_any(name, privileged, sizeof(privileged) / sizeof(privileged[0]));
}

struct xattr_target xattr_target_place(const struct place *place)
{
	struct xattr_target target = { .owner = place->name, .fd = -1 };

	snprintf(target.path, sizeof(target.path), "/proc/self/fd/%d/%s", place->parent,
		 place->name);
	return target;
}

/* No such namespace on this file system (ENOTSUP), or not for this caller or kind of file. */
static bool may_be_left_out(int number)
{
	return number == ENOTSUP || number == EPERM || number == EACCES;
}

int xattr_set(const struct applier *applier, const struct xattr_target *target, const char *name,
	      const void *value, size_t length, struct error *err)
{
	int result;

	if (applier->options->single_id && is_privileged(name)) {
		applier->result->skipped_xattrs++;
		return 0;
	}
	result = target->fd >= 0 ? fsetxattr(target->fd, name, value, length, 0)
				 : lsetxattr(target->path, name, value, length, 0);
	if (result == 0)
		return 0;
	if (!may_be_left_out(errno))
		return fail_call(err, "setxattr", "cannot set the attribute \"%s\" of \"%s\"", name,
				 target->owner);
	applier->result->skipped_xattrs++;
	return 0;
}

int xattrs_set(const struct applier *applier, const struct entry *entry,
	       const struct xattr_target *target, struct error *err)
{
	const char *name;
	const void *value;
	size_t length;

	if (archive_entry_xattr_count(entry->raw) == 0)
		return 0;
	archive_entry_xattr_reset(entry->raw);
	while (archive_entry_xattr_next(entry->raw, &name, &value, &length) == ARCHIVE_OK)
		if (xattr_allowed(name))
			TRY(xattr_set(applier, target, name, value, length, err));
	return 0;
}

static bool entry_has(const struct entry *entry, const char *wanted)
{
	const char *name;
	const void *value;
	size_t length;

	archive_entry_xattr_reset(entry->raw);
	while (archive_entry_xattr_next(entry->raw, &name, &value, &length) == ARCHIVE_OK)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

void xattrs_clear(const struct entry *entry, int fd)
{
	auto_free char *names = malloc(XATTR_LIST_MAX);
	ssize_t length;

	if (!names)
		abort();
	length = flistxattr(fd, names, XATTR_LIST_MAX);
	for (const char *name = names; length > 0 && name < names + length;
	     name += strlen(name) + 1)
		if (xattr_allowed(name) && !entry_has(entry, name))
			fremovexattr(fd, name);
}

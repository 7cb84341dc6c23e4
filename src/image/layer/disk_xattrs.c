/* disk_xattrs.c -- the extended attributes of a file on disk that an image would have, too. */
#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "applier.h"
#include "base/own.h"
#include "writer.h"

/* Signed or computed by this host's kernel: beside what no image may set anyway. */
static const char *const of_this_host[] = { "security.ima", "security.evm" };

/* Looked up through /proc/self/fd, so that nothing but its own name is, and links are not
 * followed. */
struct address {
	char path[32 + NAME_SIZE];
};

static struct address address_of(const struct named *file)
{
	struct address address;

	snprintf(address.path, sizeof(address.path), "/proc/self/fd/%d/%s", file->parent,
		 file->name);
	return address;
}

static bool belongs_to_image(const char *name)
{
	for (size_t i = 0; i < sizeof(of_this_host) / sizeof(of_this_host[0]); i++)
		if (!strcmp(name, of_this_host[i]))
			return false;
	return xattr_allowed(name);
}

/* No attributes here at all, or not for this caller. */
static bool without(int number)
{
	return number == ENOTSUP || number == EPERM || number == EACCES;
}

static int value_read(const struct address *address, struct disk_xattr *xattr, struct arena *arena,
		      struct error *err)
{
	auto_free char *value = malloc(XATTR_SIZE_MAX);
	ssize_t length;

	if (!value)
		abort();
	length = lgetxattr(address->path, xattr->name, value, XATTR_SIZE_MAX);
	if (length < 0)
		return fail_call(err, "getxattr", "cannot read the attribute \"%s\"", xattr->name);
	xattr->value = arena_copy(arena, value, (size_t)length);
	xattr->length = (size_t)length;
	return 0;
}

static int order_of_names(const void *a, const void *b)
{
	return strcmp(((const struct disk_xattr *)a)->name, ((const struct disk_xattr *)b)->name);
}

int disk_xattrs_read(const struct named *file, struct disk_xattrs *xattrs, struct arena *arena,
		     struct error *err)
{
	struct address address = address_of(file);
	char names[4096], *more = names;
	auto_free char *many = NULL;
	ssize_t length = llistxattr(address.path, names, sizeof(names));

	*xattrs = (struct disk_xattrs){ 0 };
	if (length < 0 && errno == ERANGE) {
		more = many = malloc(XATTR_LIST_MAX);
		if (!many)
			abort();
		length = llistxattr(address.path, many, XATTR_LIST_MAX);
	}
	if (length < 0)
		return without(errno) ? 0 : fail_call(err, "listxattr", "cannot list attributes");
	if (!length)
		return 0;
	xattrs->items = arena_array(arena, (size_t)length / 2 + 1, sizeof(*xattrs->items));
	for (const char *name = more; name < more + length; name += strlen(name) + 1) {
		struct disk_xattr *xattr = &xattrs->items[xattrs->count];

		if (!belongs_to_image(name))
			continue;
		xattr->name = arena_string(arena, name);
		TRY(value_read(&address, xattr, arena, err));
		xattrs->count++;
	}
	qsort(xattrs->items, xattrs->count, sizeof(*xattrs->items), order_of_names);
	return 0;
}

bool disk_xattrs_equal(const struct disk_xattrs *a, const struct disk_xattrs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].name, b->items[i].name) ||
		    a->items[i].length != b->items[i].length ||
		    memcmp(a->items[i].value, b->items[i].value, a->items[i].length))
			return false;
	return true;
}

bool disk_has_mark(const struct named *file, const char *mark, bool user_xattrs)
{
	struct address address = address_of(file);
	char name[64];

	snprintf(name, sizeof(name), "%s.overlay.%s", user_xattrs ? "user" : "trusted", mark);
	return lgetxattr(address.path, name, NULL, 0) >= 0;
}

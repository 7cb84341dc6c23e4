/* driver.c -- the rootfs drivers, and which of them this caller can use. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "rootfs_private.h"

const struct rootfs_driver *const rootfs_drivers[] = { &rootfs_overlay, &rootfs_runtime,
						       &rootfs_copy, &rootfs_view, NULL };

const struct rootfs_driver *rootfs_driver_find(const char *name)
{
	for (size_t i = 0; rootfs_drivers[i]; i++)
		if (text_equal(rootfs_drivers[i]->name, name))
			return rootfs_drivers[i];
	return NULL;
}

bool rootfs_unusable(int number)
{
	static const int numbers[] = { EPERM,   EACCES, ENODEV,  ENOSYS, EINVAL,
				       ENOTSUP, E2BIG,  ENOTBLK, EXDEV };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (number == numbers[i] || number == -numbers[i])
			return true;
	return false;
}

bool rootfs_single_id(void)
{
	return geteuid() != 0;
}

/* The initial user namespace maps every id to itself; no other can. */
bool rootfs_user_xattrs(void)
{
	auto_text struct text map = { 0 };
	uint64_t inside, outside, count;

	if (geteuid() != 0)
		return true;
	if (file_read(AT_FDCWD, "/proc/self/uid_map", 4096, &map, NULL) < 0)
		return false;
	return sscanf(map.data, "%lu %lu %lu", &inside, &outside, &count) != 3 || inside != 0 ||
	       outside != 0 || count != UINT32_MAX;
}

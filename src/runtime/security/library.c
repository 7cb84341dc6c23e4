/* library.c -- libseccomp by dlopen: a container whose filter is in the cache, or that has none,
 * never maps it. */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/security.h"

#define LIBRARY_NAME "libseccomp.so.2"

static int find_functions(struct library *library, struct error *err)
{
#define FIND(function)                                                                             \
	library->function = (__typeof__(library->function))dlsym(library->handle, #function);      \
	if (!library->function)                                                                    \
		return fail(err, ENOSYS, LIBRARY_NAME " has no " #function);
	LIBRARY_ROWS(FIND)
#undef FIND
	return 0;
}

int library_open(struct library *library, struct error *err)
{
	*library = (struct library){ .handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL) };
	if (!library->handle) {
		fail(err, ENOTSUP, "cannot compile the filter: %s", dlerror());
		return fail_hint(err, "install libseccomp (2.5 or later)");
	}
	return find_functions(library, err);
}

void library_close(struct library *library)
{
	if (library->handle)
		dlclose(library->handle);
	library->handle = NULL;
}

const char *seccomp_library_version(void)
{
	static char text[40];
	auto_library struct library library = { 0 };
	const struct scmp_version *version;

	if (library_open(&library, NULL) < 0)
		return NULL;
	version = library.seccomp_version();
	snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}

static bool identify(struct library_stamp *stamp)
{
	struct stat status;

	if (stat(stamp->path, &status) < 0)
		return false;
	stamp->device = status.st_dev;
	stamp->inode = status.st_ino;
	stamp->size = (uint64_t)status.st_size;
	stamp->changed =
		(uint64_t)status.st_ctim.tv_sec * 1000000000u + (uint64_t)status.st_ctim.tv_nsec;
	return true;
}

bool library_stamp(const struct library *library, struct library_stamp *stamp)
{
	struct link_map *map = NULL;

	*stamp = (struct library_stamp){ 0 };
	if (dlinfo(library->handle, RTLD_DI_LINKMAP, &map) < 0 || !map ||
	    strlen(map->l_name) >= sizeof(stamp->path))
		return false;
	strcpy(stamp->path, map->l_name);
	return identify(stamp);
}

bool library_unchanged(const struct library_stamp *stamp)
{
	struct library_stamp now = { 0 };

	if (!memchr(stamp->path, '\0', sizeof(stamp->path)))
		return false;
	memcpy(now.path, stamp->path, sizeof(now.path));
	return identify(&now) && now.device == stamp->device && now.inode == stamp->inode &&
	       now.size == stamp->size && now.changed == stamp->changed;
}

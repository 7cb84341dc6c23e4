/* library.c -- libsystemd by dlopen: only containers of this driver map it. */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>

#define LIBRARY_NAME "libsystemd.so.0"

int systemd_library_open(struct systemd_library *library, struct error *err)
{
	library->handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library->handle) {
		fail(err, ENOTSUP, "cannot talk to systemd: %s", dlerror());
		return fail_hint(err, "install libsystemd, or use --cgroup-manager cgroupfs");
	}
#define FIND(function)                                                                             \
	library->function = (__typeof__(library->function))dlsym(library->handle, #function);      \
	if (!library->function)                                                                    \
		return fail(err, ENOSYS, LIBRARY_NAME " has no " #function);
	LIBRARY_ROWS(FIND)
#undef FIND
	return 0;
}

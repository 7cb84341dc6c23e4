/* proc.c -- procfs, only through the runtime's own verified handle. */
#include <linux/openat2.h>

#include "calls.h"
#include "init.h"

struct fd_path proc_fd_path(int fd)
{
	struct fd_path path = { { 0 } };
	size_t length = text_copy(path.text, "/proc/self/fd/", sizeof(path.text));

	text_decimal(path.text + length, (uint64_t)fd);
	return path;
}

/* "self" is a link inside procfs; nothing else may redirect: no magic links, no other mount. */
static int open_for_writing(int proc, const char *path)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)kernel_call(__NR_openat2, proc, path, &how, sizeof(how));

	if (fd == -ENOSYS || fd == -EPERM)
		fd = call_open(proc, path, O_WRONLY | O_NOFOLLOW, 0);
	return fd;
}

int proc_write(struct init *init, const char *path, const char *value)
{
	long written;
	int fd;

	if (init->proc < 0)
		return init_failed(init, "open /proc", init->proc);
	fd = open_for_writing(init->proc, path);
	if (fd < 0)
		return init_failed(init, "openat2", fd);
	written = call_write(fd, value, text_length(value));
	call_close(fd);
	return written < 0 ? init_failed(init, "write", written) : 0;
}

/* The key as in sysctl.conf (dots) or as a path below /proc/sys (slashes). */
int init_step_SYSCTL(struct init *init, const struct step *step)
{
	const char *key = init_text(init, step->text[0]);
	char path[INIT_PATH];
	size_t prefix = text_copy(path, "sys/", sizeof(path));
	bool dotted = true;

	for (const char *at = key; *at; at++)
		dotted = dotted && *at != '/';
	if (text_copy(path + prefix, key, sizeof(path) - prefix) >= sizeof(path) - prefix)
		return init_failed(init, "openat2", -ENAMETOOLONG);
	for (char *at = path + prefix; dotted && *at; at++)
		if (*at == '.')
			*at = '/';
	return proc_write(init, path, init_text(init, step->text[1]));
}

int init_step_LABEL(struct init *init, const struct step *step)
{
	char path[128];
	size_t prefix = text_copy(path, "thread-self/", sizeof(path));

	text_copy(path + prefix, init_text(init, step->text[0]), sizeof(path) - prefix);
	return proc_write(init, path, init_text(init, step->text[1]));
}

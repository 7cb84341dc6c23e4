/* temporary.c -- files and directories that do not outlive what made them. */
#include "base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"

static const char *place(void)
{
	const char *named = getenv("TMPDIR");

	return named && *named ? named : "/var/tmp";
}

int temporary_file(struct error *err)
{
	auto_close int fd = open(place(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	auto_free char *path = NULL;

	if (fd >= 0)
		return take_fd(&fd);
	/* Not every file system has O_TMPFILE. */
	if (asprintf(&path, "%s/lade-XXXXXX", place()) < 0)
		return fail(err, ENOMEM, "out of memory");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return fail_call(err, "mkostemp", "cannot make a temporary file in %s", place());
	unlink(path);
	return take_fd(&fd);
}

int temporary_directory(char **made, struct error *err)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "%s/lade-XXXXXX", place()) < 0)
		return fail(err, ENOMEM, "out of memory");
	if (!mkdtemp(path))
		return fail_call(err, "mkdtemp", "cannot make a temporary directory in %s",
				 place());
	*made = take_pointer(path);
	return 0;
}

/* standard.c -- the three standard descriptors of a program. */
#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The lowest free number is the one that is missing, since those before it are open by now. Opened
 * the wrong way round, they refuse to be used. */
void standard_occupy(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return;
}

static int not_printed(int number, struct error *err)
{
	return fail_number(err, number, "write", "cannot write to standard output");
}

int standard_print(const char *text, size_t length, struct error *err)
{
	if (fwrite(text, 1, length, stdout) != length)
		return not_printed(errno, err);
	return standard_flush(err);
}

int standard_flush(struct error *err)
{
	if (fflush(stdout) != 0)
		return not_printed(errno, err);
	/* An earlier write failed; why is not known any more. */
	return ferror(stdout) ? not_printed(EIO, err) : 0;
}

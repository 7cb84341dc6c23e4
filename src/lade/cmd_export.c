/* cmd_export.c -- lade export: the files of a bundle or an image as one tar archive. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "commands.h"
#include "image/derive.h"

struct options {
	char *output;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE", "write there (default: standard output)", NULL, 0 },
};
/* clang-format on */

/* Under a temporary name, unless there is something that is no file (a pipe, a device). */
static int open_output(const char *path, char **temporary, struct arena *arena, struct error *err)
{
	struct stat status;
	int fd;

	*temporary = NULL;
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		fd = mkostemp(*temporary = arena_format(arena, "%s.XXXXXX", path), O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "cannot write %s", path) : fd;
}

static int settle_output(const char *temporary, const char *path, int fd, struct error *err)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(fd, 0666 & ~mask) < 0 || rename(temporary, path) < 0)
		return fail_call(err, "rename", "cannot write %s", path);
	return 0;
}

static int export_to_file(const struct store *store, const char *what, const char *path,
			  struct arena *arena, struct error *err)
{
	char *temporary;
	auto_close int fd = open_output(path, &temporary, arena, err);
	int result;

	if (fd < 0)
		return fd;
	result = derive_export(store, what, fd, interrupt_fd(), arena, err);
	if (result >= 0 && temporary)
		result = settle_output(temporary, path, fd, err);
	if (result < 0 && temporary)
		unlink(temporary);
	return result;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const char *what = line->arguments.items[0];
	auto_store struct store store = STORE_NONE;

	if (!options->output && isatty(STDOUT_FILENO))
		return fail(err, EINVAL, "an archive is nothing for a terminal: use --output");
	TRY(command_open_store(line, STORE_USE, &store, err));
	if (options->output)
		return export_to_file(&store, what, options->output, line->arena, err);
	return derive_export(&store, what, STDOUT_FILENO, interrupt_fd(), line->arena, err);
}

const struct command command_export = {
	.name = "export",
	.summary = "write the files of a bundle or an image to a tar archive",
	.arguments = "BUNDLE|IMAGE",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

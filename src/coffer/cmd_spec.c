/* cmd_spec.c -- coffer spec: write an example config.json. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/spec.h"

struct spec_options {
	char *bundle;
	char *file;
	bool rootless;
};

static const struct option_row options[] = {
	{ "bundle", 'b', OPTION_TEXT, offsetof(struct spec_options, bundle), "DIR",
	  "the bundle (default: the current directory)", NULL, 0 },
	{ "file", 'f', OPTION_TEXT, offsetof(struct spec_options, file), "FILE",
	  "name of the file to write (default: config.json)", NULL, 0 },
	{ "rootless", 0, OPTION_FLAG, offsetof(struct spec_options, rootless), NULL,
	  "for a user without privileges", NULL, 0 },
};

/* What open(2) would make of 0666. */
static mode_t ordinary_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct spec_options *chosen = line->options;
	const char *bundle = chosen->bundle ? chosen->bundle : ".";
	const char *name = chosen->file ? chosen->file : "config.json";
	auto_close int directory = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_text struct text document = { 0 };

	if (directory < 0)
		return fail_call(err, "open", "cannot open the bundle \"%s\"", bundle);
	if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail(err, EEXIST, "file %s exists. Remove it first", name);
	spec_example(chosen->rootless, geteuid(), getegid(), &document);
	return file_replace(
		directory, name,
		&(struct file_content){ document.data, document.length, ordinary_mode(), false },
		err);
}

const struct command command_spec = {
	.name = "spec",
	.summary = "write an example config.json",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct spec_options),
	.run = run,
};

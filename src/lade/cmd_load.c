/* cmd_load.c -- lade load: images from an archive, as docker save and podman save write them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"

struct options {
	char *input;
	bool quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "input", 'i', OPTION_TEXT, offsetof(struct options, input), "FILE", "read that archive or layout (default: standard input)", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};
/* clang-format on */

/* An archive says itself what it is; a directory is a layout, or skopeo's flat form. */
static int source_of(const struct command_line *line, const char **source, struct error *err)
{
	const struct options *options = line->options;
	const char *input = options->input;
	struct stat status, index;

	if (!input && line->arguments.count)
		input = line->arguments.items[0];
	if (!input && isatty(STDIN_FILENO))
		return fail(err, EINVAL, "an archive is not typed in: use --input");
	if (!input)
		input = "/proc/self/fd/0";
	if (strchr(input, ':'))
		return fail(err, EINVAL, "--input: a path with ':' cannot be named here");
	if (stat(input, &status) < 0)
		return fail_call(err, "stat", "cannot load %s", input);
	*source = arena_format(line->arena, "docker-archive:%s", input);
	if (S_ISDIR(status.st_mode))
		*source = arena_format(
			line->arena, "%s%s",
			stat(arena_format(line->arena, "%s/index.json", input), &index) == 0
				? "oci:"
				: "dir:",
			input);
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct transfer_options transfer;
	struct progress *progress = NULL;
	struct strings names;
	const char *source = NULL;
	int result;

	TRY(source_of(line, &source, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(network_options_apply(NULL, line->arena, &transfer, err));
	if (!options->quiet)
		progress = progress_open("Loading", source, &transfer, line->arena);
	result = transfer_load(&store, source, &transfer, line->arena, &names, err);
	progress_close(progress);
	TRY(result);
	for (size_t i = 0; i < names.count; i++)
		text_format(&out, "Loaded image: %s\n", names.items[i]);
	return command_print(&out, err);
}

const struct command command_load = {
	.name = "load",
	.summary = "bring the images of an archive into the store",
	.arguments = "[FILE]",
	.least = 0,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

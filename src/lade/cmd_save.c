/* cmd_save.c -- lade save: images of the store into an archive that docker, podman and lade load.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

struct options {
	char *format;
	char *output;
	struct packing_options packing;
	bool multi, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "docker-archive (the default), oci-archive, oci-dir or docker-dir", "docker-archive|oci-archive|oci-dir|docker-dir", 0 },
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE", "write there (default: standard output)", NULL, 0 },
	{ "multi-image-archive", 'm', OPTION_FLAG, offsetof(struct options, multi), NULL, "accepted for podman's sake: several images make such an archive", NULL, 0 },
	PACKING_OPTION_ROWS(struct options, packing),
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};

static const struct {
	const char *format, *transport;
	bool archive;
} formats[] = {
	{ "docker-archive", "docker-archive:", true },
	{ "oci-archive",    "oci-archive:",    true },
	{ "oci-dir",        "oci:",            false },
	{ "docker-dir",     "dir:",            false },
};
/* clang-format on */

static int destination_of(const struct command_line *line, const char **destination,
			  struct error *err)
{
	const struct options *options = line->options;
	const char *output = options->output;
	size_t i = 0;

	while (options->format && strcmp(formats[i].format, options->format) != 0)
		i++;
	if (!output && !formats[i].archive)
		return fail(err, EINVAL, "--format %s needs --output", options->format);
	if (!output && isatty(STDOUT_FILENO))
		return fail(err, EINVAL, "an archive is nothing for a terminal: use --output");
	if (!output)
		output = "/proc/self/fd/1";
	if (strchr(output, ':'))
		return fail(err, EINVAL, "--output: a path with ':' cannot be named here");
	*destination = arena_format(line->arena, "%s%s", formats[i].transport, output);
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct transfer_options transfer;
	struct transfer_packing packing;
	struct strings sources = { 0 };
	const char *destination = NULL;

	TRY(destination_of(line, &destination, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(network_options_apply(NULL, line->arena, &transfer, err));
	TRY(packing_options_apply(&options->packing, &packing, &transfer, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		strings_add(&sources,
			    arena_format(line->arena, "store:%s", line->arguments.items[i]),
			    line->arena);
	transfer.store = &store;
	transfer.keep_names = true;
	return command_copy(&(struct copy_order){ .sources = &sources,
						  .destination = destination,
						  .verb = options->quiet ? NULL : "Saving",
						  .transfer = &transfer },
			    line->arena, err);
}

const struct command command_save = {
	.name = "save",
	.summary = "write images of the store to an archive or a directory",
	.arguments = "IMAGE…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

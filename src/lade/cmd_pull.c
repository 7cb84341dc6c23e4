/* cmd_pull.c -- lade pull: bring images into the store. */

#include "commands.h"

struct options {
	struct network_options network;
	bool quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	NETWORK_OPTION_ROWS(struct options, network),
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};
/* clang-format on */

static int pull(const struct command_line *line, struct store *store, const char *source,
		struct error *err)
{
	const struct options *options = line->options;
	struct progress *progress = NULL;
	struct transfer_options transfer;
	struct store_image image;
	int result;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	if (!options->quiet) {
		progress = progress_open("Pulling", source, line->arena);
		transfer.progress.report = progress_report;
		transfer.progress.context = progress;
	}
	result = transfer_pull(store, source, &transfer, line->arena, &image, err);
	if (progress)
		progress_close(progress);
	return result < 0 ? result : command_print_id(&image, err);
}

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;

	TRY(command_open_store(line, STORE_USE, &store, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		TRY(pull(line, &store, line->arguments.items[i], err));
	return 0;
}

const struct command command_pull = {
	.name = "pull",
	.summary = "fetch an image from a registry, or import it from an OCI layout",
	.arguments = "IMAGE|oci:DIR[:NAME]…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

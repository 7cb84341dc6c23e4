/* cmd_release.c -- lade release: undo lade bundle. */
#include "commands.h"

struct options {
	bool force;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct options, force), NULL, "do not look whether a container still runs on it", NULL, 0 },
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;

	TRY(command_open_store(line, STORE_USE, &store, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		TRY(bundle_release(&store, line->arguments.items[i], options->force, line->arena,
				   err));
	return 0;
}

const struct command command_release = {
	.name = "release",
	.summary = "take a bundle away again: unmount, remove, forget",
	.arguments = "DIR…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

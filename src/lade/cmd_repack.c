/* cmd_repack.c -- lade repack: a bundle's changes as a layer of a new image. */
#include "base/log.h"
#include "derive.h"

struct options {
	struct strings masked;
	bool no_mask_volumes;
	char *compress;
	struct history_options history;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "mask-path", 0, OPTION_LIST, offsetof(struct options, masked), "PATH", "leave out what changed there, and below", NULL, 0 },
	{ "no-mask-volumes", 0, OPTION_FLAG, offsetof(struct options, no_mask_volumes), NULL, "take what changed in the image's volumes as well", NULL, 0 },
	{ "compress", 0, OPTION_TEXT, offsetof(struct options, compress), "HOW", "gzip, zstd or none (default: auto, as the layer below)", "auto|gzip|zstd|none", 0 },
	HISTORY_OPTION_ROWS(struct options, history),
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	struct derive_repack order = {
		.bundle = line->arguments.items[0],
		.masked = options->masked,
		.keep_volumes = options->no_mask_volumes,
		.compress = options->compress,
		.cancel_fd = interrupt_fd(),
	};
	struct derive_step step;
	struct store_image made;
	int changed;

	TRY(derive_step_make(line, &options->history, line->arguments.items[1], &step,
			     &order.latest, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	changed = derive_repack(&store, &order, &step, line->arena, &made, err);
	TRY(changed);
	if (!changed)
		log_info("nothing was changed in %s: %s is the image it was made of", order.bundle,
			 step.name);
	return command_print_id(&made, err);
}

const struct command command_repack = {
	.name = "repack",
	.summary = "make a new image of what was changed in a bundle",
	.arguments = "BUNDLE NAME[:TAG]",
	.least = 2,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

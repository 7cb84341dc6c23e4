/* cmd_gc.c -- lade gc: remove what no image and no bundle needs. */
#include <errno.h>

#include "commands.h"

struct options {
	bool wait;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "wait", 0, OPTION_FLAG, offsetof(struct options, wait), NULL, "wait until no other lade uses the store", NULL, 0 },
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct store_collected collected = { 0 };
	int result;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	result = store_collect(&store, options->wait, &collected, err);
	if (result == -EBUSY)
		fail_hint(err, "lade gc --wait");
	TRY(result);
	text_format(&out, "Removed %llu blobs (%s), %llu layers, %llu partial downloads\n",
		    (unsigned long long)collected.blobs,
		    human_size((int64_t)collected.bytes, line->arena),
		    (unsigned long long)collected.layers, (unsigned long long)collected.ingests);
	return command_print(&out, err);
}

const struct command command_gc = {
	.name = "gc",
	.summary = "remove what no image and no bundle needs",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

/* cmd_diff.c -- lade diff: what the last layer of an image changes, or what another image has not.
 */
#include <string.h>

#include "commands.h"
#include "image/derive.h"

struct options {
	char *format;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "json", "an object of lists instead of lines", "json", 0 },
};

#define DIFFERENCES_ROWS(ROW, T) \
	ROW(T, strings, changed, "changed", none, optional) \
	ROW(T, strings, added,   "added",   none, optional) \
	ROW(T, strings, deleted, "deleted", none, optional)
JSON_STRUCT(listed_differences, DIFFERENCES_ROWS);
JSON_SHAPE(listed_differences, DIFFERENCES_ROWS);
/* clang-format on */

static void add_json(const struct layer_differences *differences, struct arena *arena,
		     struct text *out)
{
	struct listed_differences listed = { 0 };
	struct strings *const lists[] = { [LAYER_ADDED] = &listed.added,
					  [LAYER_CHANGED] = &listed.changed,
					  [LAYER_DELETED] = &listed.deleted };

	for (size_t i = 0; i < differences->count; i++)
		strings_add(lists[differences->items[i].kind], differences->items[i].path, arena);
	json_write(&listed_differences_shape, &listed, true, out);
}

/* podman's letters. Names are strangers': nothing of them may command the terminal. */
static void add_lines(const struct layer_differences *differences, struct text *out)
{
	static const char letters[] = {
		[LAYER_ADDED] = 'A', [LAYER_CHANGED] = 'C', [LAYER_DELETED] = 'D'
	};

	for (size_t i = 0; i < differences->count; i++) {
		text_mask_controls(differences->items[i].path);
		text_format(out, "%c %s\n", letters[differences->items[i].kind],
			    differences->items[i].path);
	}
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const struct derive_diff order = {
		.image = line->arguments.items[0],
		.base = line->arguments.count > 1 ? line->arguments.items[1] : NULL,
		.cancel_fd = interrupt_fd(),
	};
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct layer_differences differences;

	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(derive_diff(&store, &order, line->arena, &differences, err));
	if (options->format)
		add_json(&differences, line->arena, &out);
	else
		add_lines(&differences, &out);
	return command_print(&out, err);
}

const struct command command_diff = {
	.name = "diff",
	.summary = "show what the last layer of an image changes, or where two images differ",
	.arguments = "IMAGE [IMAGE]",
	.least = 1,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

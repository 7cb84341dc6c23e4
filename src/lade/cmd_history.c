/* cmd_history.c -- lade history: how an image came to be, newest step first, as podman shows it. */
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "commands.h"
#include "table.h"

#define COMMAND_WIDTH 45

struct options {
	char *format;
	bool no_trunc, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "table or json", "table|json", 0 },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct options, no_trunc), NULL, "show whole IDs and commands", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show IDs only", NULL, 0 },
};

#define STEP_ROWS(ROW, T) \
	ROW(T, string,  id,          "id",         none, always) \
	ROW(T, string,  created,     "created",    none, always) \
	ROW(T, string,  created_by,  "CreatedBy",  none, always) \
	ROW(T, int64,   size,        "size",       none, always) \
	ROW(T, string,  comment,     "comment",    none, always) \
	ROW(T, boolean, empty_layer, "emptyLayer", none, optional)
JSON_STRUCT(history_step, STEP_ROWS);
JSON_SHAPE(history_step, STEP_ROWS);
/* clang-format on */

static char nothing[] = "", missing[] = "<missing>";

static char *or_nothing(char *text)
{
	return text ? text : nothing;
}

/* Steps with a layer of their own take the manifest's layers in order. */
static size_t list_steps(const struct bundle_image *image, struct history_step *steps)
{
	const struct oci_image_config *config = &image->config;
	size_t layer = 0;

	for (size_t i = 0; i < config->history.count; i++) {
		const struct oci_history *step = &config->history.items[i];
		int64_t size = 0;

		if (!step->empty_layer && layer < image->manifest.layers.count)
			size = image->manifest.layers.items[layer++].size;
		steps[i] = (struct history_step){
			.id = missing,
			.created = or_nothing(step->created),
			.created_by = or_nothing(step->created_by),
			.size = size,
			.comment = or_nothing(step->comment),
			.empty_layer = step->empty_layer,
		};
	}
	if (config->history.count)
		steps[config->history.count - 1].id = image->manifest.config->digest;
	return config->history.count;
}

static const char *shorten_id(const char *id, const struct options *options, struct arena *arena)
{
	const char *hex = strchr(id, ':');

	return !hex || options->no_trunc ? id : arena_format(arena, "%.12s", hex + 1);
}

static char *shorten(const char *text, const struct options *options, struct arena *arena)
{
	char *copy = options->no_trunc || strlen(text) <= COMMAND_WIDTH
			     ? arena_string(arena, text)
			     : arena_format(arena, "%.*s...", COMMAND_WIDTH - 3, text);

	text_mask_controls(copy);
	return copy;
}

static const char *age(const char *created, struct arena *arena)
{
	int64_t seconds;

	return human_parse_time(created, &seconds) ? human_age(time(NULL) - seconds, arena) : "";
}

static void add_table(const struct history_step *steps, size_t count, const struct options *options,
		      struct arena *arena, struct text *out)
{
	static const char *const heading[] = { "ID", "CREATED", "CREATED BY", "SIZE", "COMMENT" };
	struct table table = { .columns = 5, .arena = arena };

	table_add(&table, heading);
	for (size_t i = count; i > 0; i--) {
		const struct history_step *step = &steps[i - 1];
		const char *const cells[] = { shorten_id(step->id, options, arena),
					      age(step->created, arena),
					      shorten(step->created_by, options, arena),
					      human_size(step->size, arena),
					      shorten(step->comment, options, arena) };

		table_add(&table, cells);
	}
	table_print(&table, out);
}

static void add_json(const struct history_step *steps, size_t count, struct text *out)
{
	text_add(out, "[");
	for (size_t i = count; i > 0; i--) {
		text_add(out, i < count ? ",\n" : "\n");
		json_write(&history_step_shape, &steps[i - 1], false, out);
	}
	text_add(out, count ? "\n]\n" : "]\n");
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct bundle_image image;
	struct history_step *steps;
	size_t count;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	TRY(bundle_load_image(&store, line->arguments.items[0], line->arena, &image, err));
	steps = arena_array(line->arena, image.config.history.count + 1, sizeof(*steps));
	count = list_steps(&image, steps);
	if (text_equal(options->format, "json"))
		add_json(steps, count, &out);
	else if (!options->quiet)
		add_table(steps, count, options, line->arena, &out);
	for (size_t i = count; options->quiet && i > 0; i--)
		text_format(&out, "%s\n", shorten_id(steps[i - 1].id, options, line->arena));
	return command_print(&out, err);
}

const struct command command_history = {
	.name = "history",
	.summary = "show how an image came to be",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

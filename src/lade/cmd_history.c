/* cmd_history.c -- lade history: how an image came to be, newest step first, as podman shows it. */
#include <string.h>

#include "base/json.h"
#include "base/template.h"
#include "commands.h"

#define COMMAND_WIDTH 45

struct options {
	char *format, *human;
	bool no_trunc, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "table, json, or a template: {{.CreatedBy}}", NULL, 0 },
	{ "human", 'H', OPTION_TEXT, offsetof(struct options, human), "BOOL", "sizes and ages for people, else bytes and times (default: true)", "true|false", 0 },
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

/* What a template may ask of a step. */
#define SHOWN_ROWS(ROW, T) \
	ROW(T, string,  id,            "ID",           none, always) \
	ROW(T, string,  created,       "Created",      none, always) \
	ROW(T, string,  created_since, "CreatedSince", none, always) \
	ROW(T, string,  created_at,    "CreatedAt",    none, always) \
	ROW(T, string,  created_by,    "CreatedBy",    none, always) \
	ROW(T, string,  size,          "Size",         none, always) \
	ROW(T, string,  comment,       "Comment",      none, always) \
	ROW(T, boolean, empty_layer,   "EmptyLayer",   none, always)
JSON_STRUCT(shown_step, SHOWN_ROWS);
JSON_SHAPE(shown_step, SHOWN_ROWS);
/* clang-format on */

static char nothing[] = "", missing[] = "<missing>";

static char *or_nothing(char *text)
{
	return text ? text : nothing;
}

/* Newest first. Steps with a layer of their own take the manifest's layers in order. */
static size_t list_steps(const struct bundle_image *image, struct history_step *steps)
{
	const struct oci_image_config *config = &image->config;
	size_t layer = 0, count = config->history.count;

	for (size_t i = 0; i < count; i++) {
		const struct oci_history *step = &config->history.items[i];
		int64_t size = 0;

		if (!step->empty_layer && layer < image->manifest.layers.count)
			size = image->manifest.layers.items[layer++].size;
		steps[count - 1 - i] = (struct history_step){
			.id = missing,
			.created = or_nothing(step->created),
			.created_by = or_nothing(step->created_by),
			.size = size,
			.comment = or_nothing(step->comment),
			.empty_layer = step->empty_layer,
		};
	}
	if (count)
		steps[0].id = image->manifest.config->digest;
	return count;
}

static char *shorten_id(char *id, const struct options *options, struct arena *arena)
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

static struct shown_step show_step(const struct history_step *step, const struct options *options,
				   struct arena *arena)
{
	bool human = !text_equal(options->human, "false");

	return (struct shown_step){
		.id = shorten_id(step->id, options, arena),
		.created = human ? human_since(step->created, arena) : step->created,
		.created_since = human_since(step->created, arena),
		.created_at = step->created,
		.created_by = shorten(step->created_by, options, arena),
		.size = human ? human_size(step->size, arena)
			      : arena_format(arena, "%lld", (long long)step->size),
		.comment = shorten(step->comment, options, arena),
		.empty_layer = step->empty_layer,
	};
}

static int add_template(const struct history_step *steps, size_t count,
			const struct command_line *line, struct text *out, struct error *err)
{
	static const char usual[] = "table {{.ID}}\\t{{.Created}}\\t{{.CreatedBy}}\\t{{.Size}}"
				    "\\t{{.Comment}}";
	const struct options *options = line->options;
	struct shown_step *shown = arena_array(line->arena, count + 1, sizeof(*shown));
	const struct template_rows shown_rows = { .shape = &shown_step_shape,
						  .items = shown,
						  .count = count };
	bool table = !options->format || text_equal(options->format, "table");

	for (size_t i = 0; i < count; i++)
		shown[i] = show_step(&steps[i], options, line->arena);
	return template_print(table ? usual : options->format, &shown_rows, line->arena, out, err);
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
		command_add_json(&history_step_shape, steps, count, &out);
	else if (!options->quiet)
		TRY(add_template(steps, count, line, &out, err));
	for (size_t i = 0; options->quiet && i < count; i++)
		text_format(&out, "%s\n", shorten_id(steps[i].id, options, line->arena));
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

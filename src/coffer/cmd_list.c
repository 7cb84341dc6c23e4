/* cmd_list.c -- coffer list: all containers below --root. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"

#define COLUMNS 6

struct list_options {
	char *format;
	bool quiet;
};

static const struct option_row options[] = {
	{ "format", 'f', OPTION_TEXT, offsetof(struct list_options, format), "FORMAT",
	  "table or json", "table|json", 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct list_options, quiet), NULL, "only ids", NULL,
	  0 },
};

struct listing {
	struct container_summary *items;
	size_t count;
};

/* Go prints an empty list as null; runc's users parse that. */
static void print_json(const struct listing *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, i == 0 ? "[" : ",");
		container_document(&list->items[i], out);
	}
	text_add(out, list->count == 0 ? "null\n" : "]\n");
}

static void print_ids(const struct listing *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++)
		text_format(out, "%s\n", list->items[i].state.id);
}

static void make_row(const struct container_summary *summary, struct arena *arena,
		     const char *row[COLUMNS])
{
	const char *owner = container_owner(summary);

	row[0] = summary->state.id;
	row[1] = arena_format(arena, "%d", summary->pid);
	row[2] = status_name(summary->status);
	row[3] = summary->state.bundle;
	row[4] = summary->state.created;
	row[5] = owner ? arena_string(arena, owner)
		       : arena_format(arena, "#%u", summary->state.owner_uid);
}

/* runc's table: columns at least 12 wide, 3 blanks between them. */
static void print_table(const struct listing *list, struct arena *arena, struct text *out)
{
	const char *(*rows)[COLUMNS] = arena_array(arena, list->count + 1, sizeof(*rows));
	static const char *const titles[COLUMNS] = { "ID",     "PID",     "STATUS",
						     "BUNDLE", "CREATED", "OWNER" };
	size_t width[COLUMNS];

	memcpy(rows[0], titles, sizeof(titles));
	for (size_t i = 0; i < list->count; i++)
		make_row(&list->items[i], arena, rows[i + 1]);
	for (size_t column = 0; column < COLUMNS; column++) {
		width[column] = 12;
		for (size_t i = 0; i <= list->count; i++)
			if (strlen(rows[i][column]) + 3 > width[column])
				width[column] = strlen(rows[i][column]) + 3;
	}
	for (size_t i = 0; i <= list->count; i++)
		for (size_t column = 0; column < COLUMNS; column++)
			if (column + 1 < COLUMNS)
				text_format(out, "%-*s", (int)width[column], rows[i][column]);
			else
				text_format(out, "%s\n", rows[i][column]);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct list_options *chosen = line->options;
	auto_text struct text out = { 0 };
	struct listing list = { 0 };

	TRY(container_list(command_root(line), line->arena, &list.items, &list.count, err));
	if (chosen->quiet)
		print_ids(&list, &out);
	else if (text_equal(chosen->format, "json"))
		print_json(&list, &out);
	else
		print_table(&list, line->arena, &out);
	return standard_print(out.data ? out.data : "", out.length, err);
}

const struct command command_list = {
	.name = "list",
	.summary = "list the containers",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct list_options),
	.run = run,
};

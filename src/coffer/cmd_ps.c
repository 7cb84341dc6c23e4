/* cmd_ps.c -- coffer ps: the processes of a container, as host pids or as ps(1) shows them. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"

#define PS_OUTPUT_MOST (16 << 20)

struct ps_options {
	char *format;
};

static const struct option_row options[] = {
	{ "format", 'f', OPTION_TEXT, offsetof(struct ps_options, format), "FORMAT",
	  "table or json", "table|json", 0 },
};

struct pids {
	pid_t *items;
	size_t count;
};

static void print_json(const struct pids *pids, struct text *out)
{
	text_add(out, "[");
	for (size_t i = 0; i < pids->count; i++)
		text_format(out, "%s%d", i > 0 ? "," : "", pids->items[i]);
	text_add(out, "]\n");
}

static bool is_one_of(const struct pids *pids, long pid)
{
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

/* Which column of ps's title line is PID? */
static int pid_column(char *title)
{
	int column = 0;

	for (char *word = strtok(title, " \t"); word; word = strtok(NULL, " \t"), column++)
		if (!strcmp(word, "PID"))
			return column;
	return -1;
}

static long number_in_column(char *line, int column)
{
	char *word = strtok(line, " \t");

	while (word && column-- > 0)
		word = strtok(NULL, " \t");
	return word ? strtol(word, NULL, 10) : -1;
}

static int filter_table(const char *table, const struct pids *pids, struct arena *arena,
			struct text *out, struct error *err)
{
	struct strings lines = strings_split(table, '\n', arena);
	int column = lines.count > 0 ? pid_column(arena_string(arena, lines.items[0])) : -1;

	if (column < 0)
		return fail(err, EINVAL, "the output of ps has no column PID");
	text_format(out, "%s\n", lines.items[0]);
	for (size_t i = 1; i < lines.count; i++) {
		char *copy = arena_string(arena, lines.items[i]);

		if (is_one_of(pids, number_in_column(copy, column)))
			text_format(out, "%s\n", lines.items[i]);
	}
	return 0;
}

/* As runc: run ps(1) with the caller's arguments (-ef) and keep the container's lines. */
static int print_table(const struct command_line *line, const struct pids *pids, struct text *out,
		       struct error *err)
{
	struct strings argv = { 0 };
	struct spawn_request request = { .path = "/bin/ps",
					 .timeout_ms = -1,
					 .output_limit = PS_OUTPUT_MOST };
	static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C";
	char *environment[] = { path, locale, NULL };
	struct spawn_result result = { 0 };
	int status;

	strings_add(&argv, arena_string(line->arena, "ps"), line->arena);
	for (size_t i = 1; i < line->arguments.count; i++)
		strings_add(&argv, line->arguments.items[i], line->arena);
	if (line->arguments.count == 1)
		strings_add(&argv, arena_string(line->arena, "-ef"), line->arena);
	request.argv = argv.items;
	request.envp = environment;
	status = spawn_run(&request, &result, err);
	if (status == 0 && result.status != 0)
		status = fail(err, EINVAL, "ps: %s", result.output.data ? result.output.data : "");
	if (status == 0)
		status = filter_table(result.output.data ? result.output.data : "", pids,
				      line->arena, out, err);
	text_free(&result.output);
	return status;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct ps_options *chosen = line->options;
	auto_text struct text out = { 0 };
	struct pids pids = { 0 };

	TRY(container_pids(command_root(line), line->arguments.items[0], line->arena, &pids.items,
			   &pids.count, err));
	if (text_equal(chosen->format, "json"))
		print_json(&pids, &out);
	else
		TRY(print_table(line, &pids, &out, err));
	return standard_print(out.data, out.length, err);
}

const struct command command_ps = {
	.name = "ps",
	.summary = "show the processes of a container",
	.arguments = "CONTAINER [PS-OPTION…]",
	.least = 1,
	.most = -1,
	.in_order = true,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct ps_options),
	.run = run,
};

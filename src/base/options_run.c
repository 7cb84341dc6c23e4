/* options_run.c -- from a command's words to its run function. */
#include <errno.h>
#include <string.h>

#include "base/options.h"
#include "base/standard.h"

static int check_count(const struct command_line *line, struct error *err)
{
	const struct command *command = line->command;
	int count = (int)line->arguments.count;

	if (count < command->least)
		return fail(err, EINVAL, "%s needs %s", command->name, command->arguments);
	if (command->most >= 0 && count > command->most)
		return fail(err, EINVAL, "%s: unexpected argument \"%s\"", command->name,
			    line->arguments.items[command->most]);
	return 0;
}

static int run_command(const struct program *program, const struct command *command,
		       const void *globals, struct option_words *words, struct arena *arena,
		       struct error *err)
{
	const struct option_set set = { command->options, command->option_count,
					command->in_order };
	void *options = arena_alloc(arena, command->size + 1);
	struct command_line line = { program, command, globals, options, { 0 }, arena };

	words->positional = (struct strings){ 0 };
	TRY(options_parse(&set, words, options, arena, err));
	if (words->help) {
		options_command_help(program, command, stdout);
		return standard_flush(err);
	}
	line.arguments = words->positional;
	while (words->used < words->words->count) /* behind "--", or behind the first one */
		strings_add(&line.arguments, words->words->items[words->used++], arena);
	TRY(check_count(&line, err));
	return command->run(&line, err);
}

/* The words of a command begin at *at: one, or a group's name and one more. Moved behind them.
 * `command` NULL: a group's name alone. */
static int find_command(const struct program *program, const struct strings *words, size_t *at,
			const struct command **command, struct error *err)
{
	const char *name = words->items[(*at)++], *group = NULL;

	*command = NULL;
	if (options_group(program, name)) {
		group = name;
		if (*at >= words->count || words->items[*at][0] == '-' ||
		    !strcmp(words->items[*at], "help"))
			return 0;
		name = words->items[(*at)++];
	}
	*command = group ? options_spelled(program, group, name) : options_command(program, name);
	if (*command)
		return 0;
	return fail(err, EINVAL, "unknown command \"%s%s%s\": see %s %s%s--help",
		    group ? group : "", group ? " " : "", name, program->name, group ? group : "",
		    group ? " " : "");
}

/* "help", "help COMMAND", or nothing at all. */
static int print_help(const struct program *program, const struct option_words *words,
		      struct error *err)
{
	size_t at = words->used + 1;
	const struct command *command;

	if (at < words->words->count) {
		const char *name = words->words->items[at];

		TRY(find_command(program, words->words, &at, &command, err));
		if (command)
			options_command_help(program, command, stdout);
		else
			options_group_help(program, name, stdout);
	} else {
		options_help(program, stdout);
	}
	return standard_flush(err);
}

int options_dispatch(const struct program *program, const void *globals, struct option_words *words,
		     const struct command **command, struct arena *arena, struct error *err)
{
	const char *name =
		words->used < words->words->count ? words->words->items[words->used] : "help";

	*command = NULL;
	if (!strcmp(name, "help"))
		return print_help(program, words, err);
	TRY(find_command(program, words->words, &words->used, command, err));
	if (*command)
		return run_command(program, *command, globals, words, arena, err);
	options_group_help(program, name, stdout);
	return standard_flush(err);
}

/* options_help.c -- --help, from the rows. */
#include <string.h>

#include "base/options.h"

#define NAME_COLUMN 30

static void print_option(const struct option_row *row, FILE *out)
{
	char name[64];
	int width;

	if (row->flags & OPTION_HIDDEN)
		return;
	width = snprintf(name, sizeof(name), "%s%s%s", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
	fprintf(out, row->letter ? "  -%c, " : "      ", row->letter);
	fprintf(out, "--%-*s", NAME_COLUMN - 6, name);
	if (width >= NAME_COLUMN - 6)
		fprintf(out, "\n%*s", NAME_COLUMN + 2, "");
	fprintf(out, "%s\n", row->help);
}

static void print_options(const struct option_row *rows, size_t count, FILE *out)
{
	fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < count; i++)
		print_option(&rows[i], out);
}

void options_help(const struct program *program, FILE *out)
{
	fprintf(out, "%s: %s\n\nUsage: %s [OPTION…] COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n",
		program->name, program->summary, program->name);
	for (const struct command *const *command = program->commands; *command; command++)
		if (!(*command)->hidden)
			fprintf(out, "  %-12s %s\n", (*command)->name, (*command)->summary);
	for (const struct command_spelling *row = program->spellings; row && row->group; row++) {
		bool first = row == program->spellings || strcmp(row->group, row[-1].group) != 0;

		fprintf(out, first ? "%sAlso: %s %s" : "%.0s%.0s|%s",
			row == program->spellings ? "\n" : "", row->group, row->name);
		fputs(row[1].group && !strcmp(row->group, row[1].group) ? "" : "\n", out);
	}
	print_options(program->options, program->option_count, out);
	fprintf(out, "\n%s COMMAND --help tells more about a command.\n", program->name);
}

void options_group_help(const struct program *program, const char *group, FILE *out)
{
	fprintf(out, "Usage: %s %s COMMAND [OPTION…] [ARGUMENT…]\n\nCommands:\n", program->name,
		group);
	for (const struct command_spelling *row = program->spellings; row->group; row++)
		if (!strcmp(row->group, group))
			fprintf(out, "  %-12s %s (%s %s)\n", row->name, row->command->summary,
				program->name, row->command->name);
}

void options_command_help(const struct program *program, const struct command *command, FILE *out)
{
	fprintf(out, "%s %s: %s\n\nUsage: %s %s%s%s%s\n", program->name, command->name,
		command->summary, program->name, command->name,
		command->option_count > 0 ? " [OPTION…]" : "", *command->arguments ? " " : "",
		command->arguments);
	if (command->alias)
		fprintf(out, "\nAlso: %s %s\n", program->name, command->alias);
	if (command->option_count > 0)
		print_options(command->options, command->option_count, out);
}

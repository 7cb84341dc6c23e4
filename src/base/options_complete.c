/* options_complete.c -- completion scripts for bash, zsh and fish, from the rows. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/options.h"

typedef void completion_writer(const struct program *program, FILE *out);

static void print_words(const struct option_row *rows, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		if (!(rows[i].flags & OPTION_HIDDEN))
			fprintf(out, " --%s", rows[i].name);
}

static void print_commands(const struct program *program, FILE *out)
{
	for (const struct command *const *command = program->commands; *command; command++)
		if (!(*command)->hidden)
			fprintf(out, " %s", (*command)->name);
}

/* What prints the names that the command takes, or NULL. */
static const struct argument_names *names_of(const struct program *program,
					     const struct command *command)
{
	const struct argument_names *row = program->names;

	for (; row && row->argument; row++)
		if (command->arguments && strstr(command->arguments, row->argument))
			return row;
	return NULL;
}

static bool names_a_file(const struct option_row *row)
{
	return row->argument && (strstr(row->argument, "FILE") || strstr(row->argument, "DIR") ||
				 strstr(row->argument, "PATH"));
}

/* "json|table" with blanks. */
static void print_choices(const char *choices, FILE *out)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, out);
}

/* The second words of a group. */
static void print_group(const struct program *program, const char *group, FILE *out)
{
	for (const struct command_spelling *row = program->spellings; row->group; row++)
		if (text_equal(row->group, group))
			fprintf(out, " %s", row->name);
}

static bool is_first(const struct command_spelling *row, const struct program *program)
{
	return row == program->spellings || !text_equal(row->group, row[-1].group);
}

/* Words that choose a command; those of a group make the next one the second of two. */
static void print_bash_choice(const struct program *program, FILE *out)
{
	const struct command_spelling *row = program->spellings;

	for (const struct command *const *command = program->commands; *command; command++)
		fprintf(out, "\t\t%s) command=%s; break ;;\n", (*command)->name, (*command)->name);
	for (; row && row->group; row++) {
		if (is_first(row, program))
			fprintf(out, "\t\t%s) group='%s ' ;;\n", row->group, row->group);
		fprintf(out, "\t\t'%s %s') command=%s; break ;;\n", row->group, row->name,
			row->command->name);
	}
}

/* Behind an option that has a value: what it may be; nothing, for bash to offer files. */
static void print_bash_values(const char *command, const struct option_row *rows, size_t count,
			      FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].kind == OPTION_FLAG || rows[i].flags & OPTION_HIDDEN)
			continue;
		fprintf(out, "\t'%s --%s'", command, rows[i].name);
		if (rows[i].letter)
			fprintf(out, "|'%s -%c'", command, rows[i].letter);
		if (rows[i].choices) {
			fputs(") names= options='", out);
			print_choices(rows[i].choices, out);
			fputs("' ;;\n", out);
		} else {
			fputs(") return ;;\n", out);
		}
	}
}

/* Bash takes a name apart at its colons: put it together, and answer with what is behind the last.
 */
static const char bash_begin[] =
	"\tlocal word command= group= options names= i=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\twhile ((i > 1)) && [[ ${COMP_WORDS[i]} == : || ${COMP_WORDS[i-1]} == : ]]; do\n"
	"\t\tcur=${COMP_WORDS[--i]}$cur\n\tdone\n\tCOMPREPLY=()\n";
static const char bash_end[] =
	"\t[[ -z $names || $cur == -* ]] || options=$(eval \"$names\" 2>/dev/null)\n"
	"\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	"\tCOMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\")\n";

/* One function: the first word that is a command decides which options are offered. */
static void write_bash(const struct program *program, FILE *out)
{
	const struct command_spelling *row = program->spellings;

	fprintf(out, "_%s() {\n%s", program->name, bash_begin);
	fprintf(out, "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
		     "\t\tcase $group$word in\n");
	print_bash_choice(program, out);
	fprintf(out, "\t\tesac\n\tdone\n\tcase ${command:-$group} in\n\t'') options='");
	print_commands(program, out);
	for (; row && row->group; row++)
		if (is_first(row, program))
			fprintf(out, " %s", row->group);
	print_words(program->options, program->option_count, out);
	fprintf(out, "' ;;\n");
	for (row = program->spellings; row && row->group; row++) {
		if (!is_first(row, program))
			continue;
		fprintf(out, "\t'%s ') options='", row->group);
		print_group(program, row->group, out);
		fprintf(out, "' ;;\n");
	}
	for (const struct command *const *command = program->commands; *command; command++) {
		fprintf(out, "\t%s) options='", (*command)->name);
		print_words((*command)->options, (*command)->option_count, out);
		fprintf(out, " --help'");
		if (names_of(program, *command))
			fprintf(out, " names='%s'", names_of(program, *command)->command);
		fprintf(out, " ;;\n");
	}
	fprintf(out, "\tesac\n\tcase \"$command ${COMP_WORDS[i-1]}\" in\n");
	print_bash_values("", program->options, program->option_count, out);
	for (const struct command *const *command = program->commands; *command; command++)
		print_bash_values((*command)->name, (*command)->options, (*command)->option_count,
				  out);
	fprintf(out, "\tesac\n%s}\ncomplete -o default -F _%s %s\n", bash_end, program->name,
		program->name);
}

/* In single quotes for zsh: brackets and colons are its syntax. */
static void print_zsh_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void print_zsh_value(const struct option_row *row, FILE *out)
{
	if (!row->argument)
		return;
	fputc(':', out);
	print_zsh_text(row->argument, out);
	if (row->choices) {
		fputs(":(", out);
		print_choices(row->choices, out);
		fputc(')', out);
	} else {
		fputs(names_a_file(row) ? ":_files" : ": ", out);
	}
}

static void print_zsh_names(const struct program *program, FILE *out)
{
	const struct argument_names *row = program->names;

	for (; row && row->argument; row++)
		fprintf(out,
			"_%s_%s() {\n\tlocal -a names\n\tnames=(${(f)\"$(%s 2>/dev/null)\"})\n"
			"\tcompadd -a names\n\t_files\n}\n",
			program->name, row->argument, row->command);
}

static void print_zsh_options(const struct option_row *rows, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].flags & OPTION_HIDDEN)
			continue;
		fprintf(out, " '%s--%s%s[", rows[i].kind == OPTION_LIST ? "*" : "", rows[i].name,
			rows[i].kind == OPTION_FLAG ? "" : "=");
		print_zsh_text(rows[i].help, out);
		fputc(']', out);
		print_zsh_value(&rows[i], out);
		fputc('\'', out);
	}
}

static void write_zsh(const struct program *program, FILE *out)
{
	fprintf(out, "#compdef %s\n", program->name);
	print_zsh_names(program, out);
	fprintf(out, "_%s() {\n\tlocal -a commands\n\tcommands=(\n", program->name);
	for (const struct command *const *command = program->commands; *command; command++) {
		fprintf(out, "\t\t'%s:", (*command)->name);
		print_zsh_text((*command)->summary, out);
		fprintf(out, "'\n");
	}
	fprintf(out, "\t)\n\t_arguments -C");
	print_zsh_options(program->options, program->option_count, out);
	fprintf(out,
		" '1:command:->command' '*::argument:->arguments'\n\tcase $state in\n"
		"\tcommand) _describe command commands ;;\n\targuments)\n\t\tcase $words[1] in\n");
	for (const struct command *const *command = program->commands; *command; command++) {
		fprintf(out, "\t\t%s) _arguments", (*command)->name);
		print_zsh_options((*command)->options, (*command)->option_count, out);
		if (names_of(program, *command))
			fprintf(out, " '*:name:_%s_%s' ;;\n", program->name,
				names_of(program, *command)->argument);
		else
			fprintf(out, " '*:file:_files' ;;\n");
	}
	for (const struct command_spelling *row = program->spellings; row && row->group; row++) {
		if (!is_first(row, program))
			continue;
		fprintf(out, "\t\t%s) compadd --", row->group);
		print_group(program, row->group, out);
		fprintf(out, " ;;\n");
	}
	fprintf(out, "\t\tesac ;;\n\tesac\n}\ncompdef _%s %s\n", program->name, program->name);
}

static void print_fish_text(const char *text, FILE *out)
{
	for (; *text; text++)
		fprintf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void print_fish_options(const struct program *program, const char *condition,
			       const struct option_row *rows, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].flags & OPTION_HIDDEN)
			continue;
		fprintf(out, "complete -c %s -n '%s' -l %s", program->name, condition,
			rows[i].name);
		if (rows[i].letter)
			fprintf(out, " -s %c", rows[i].letter);
		fprintf(out, "%s", rows[i].kind == OPTION_FLAG ? "" : " -r");
		if (rows[i].choices) {
			fputs(" -f -a '", out);
			print_choices(rows[i].choices, out);
			fputc('\'', out);
		}
		fputs(" -d '", out);
		print_fish_text(rows[i].help, out);
		fprintf(out, "'\n");
	}
}

static void write_fish(const struct program *program, FILE *out)
{
	print_fish_options(program, "__fish_use_subcommand", program->options,
			   program->option_count, out);
	for (const struct command *const *command = program->commands; *command; command++) {
		char condition[64];

		fprintf(out, "complete -c %s -n __fish_use_subcommand -f -a %s -d '", program->name,
			(*command)->name);
		print_fish_text((*command)->summary, out);
		fprintf(out, "'\n");
		snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s",
			 (*command)->name);
		print_fish_options(program, condition, (*command)->options,
				   (*command)->option_count, out);
		if (names_of(program, *command))
			fprintf(out, "complete -c %s -n '%s' -a '(%s 2>/dev/null)'\n",
				program->name, condition, names_of(program, *command)->command);
	}
	for (const struct command_spelling *row = program->spellings; row && row->group; row++) {
		if (is_first(row, program))
			fprintf(out, "complete -c %s -n __fish_use_subcommand -f -a %s\n",
				program->name, row->group);
		fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -f -a %s\n",
			program->name, row->group, row->name);
	}
}

int options_complete(const struct program *program, const char *shell, FILE *out, struct error *err)
{
	static const struct {
		const char *name;
		completion_writer *write;
	} shells[] = { { "bash", write_bash }, { "zsh", write_zsh }, { "fish", write_fish } };

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (text_equal(shells[i].name, shell)) {
			shells[i].write(program, out);
			return 0;
		}
	return fail(err, EINVAL, "no completion for the shell \"%s\": there is bash, zsh and fish",
		    shell);
}

/* options.h -- command lines by rows: one table of programs, commands and options feeds the
 * parser, --help, shell completion and the check of the man pages. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum option_kind {
	OPTION_FLAG,   /* bool: --name, or --name=true|false */
	OPTION_TEXT,   /* char *: --name VALUE, --name=VALUE, -n VALUE, -nVALUE */
	OPTION_LIST,   /* struct strings: as OPTION_TEXT, may be repeated */
	OPTION_NUMBER, /* int64_t: as OPTION_TEXT, a whole number */
	OPTION_SIZE,   /* int64_t: bytes, "64m" (number_parse_size) */
};

enum { OPTION_HIDDEN = 1 /* accepted, not shown */, OPTION_REQUIRED = 2 };

struct option_row {
	const char *name; /* long name without dashes */
	char letter;      /* 0: none */
	enum option_kind kind;
	size_t offset;        /* of the member in the command's options struct */
	const char *argument; /* what help calls the value: "DIR"; NULL for flags */
	const char *help;     /* one line, lower case, no full stop */
	const char *choices;  /* "text|json": anything else is refused; NULL: free */
	unsigned flags;
};

struct command_line;

struct command {
	const char *name;
	const char *alias;     /* a second name, or NULL */
	const char *summary;   /* one line, lower case */
	const char *arguments; /* "CONTAINER [SIGNAL]" */
	int least, most;       /* count of positional arguments; most < 0: no limit */
	bool in_order;         /* options end at the first positional argument (exec, ps) */
	const struct option_row *options;
	size_t option_count;
	size_t size; /* of the command's options struct; zeroed before parsing */
	/* Returns the exit code (>= 0), or -errno with err filled. */
	int (*run)(const struct command_line *line, struct error *err);
	int failure; /* exit code when run fails; 0: the program's usual one */
	bool hidden;
};

/* Two words for a command: "image ls" for images, "system df" for df. */
struct command_spelling {
	const char *group, *name;
	const struct command *command;
};

/* What there is for an argument. */
struct argument_names {
	const char *argument; /* as commands call it: "CONTAINER" */
	const char *command;  /* prints the names, a line each; without single quotes */
};

struct program {
	const char *name; /* "coffer" */
	const char *summary;
	const struct option_row *options; /* global ones, before the command */
	size_t option_count;
	const struct command *const *commands; /* NULL-terminated, in the order of --help */
	/* Sorted by group; ends with { NULL }; NULL: none. */
	const struct command_spelling *spellings;
	/* For completion; ends with { NULL }; NULL: none. */
	const struct argument_names *names;
};

/* What a command's run function gets. */
struct command_line {
	const struct program *program;
	const struct command *command;
	const void *globals;      /* the program's options struct */
	const void *options;      /* the command's options struct */
	struct strings arguments; /* positional ones, NULL-terminated */
	struct arena *arena;      /* freed after run */
};

/* The options of one level, and whether they end at the first positional word. */
struct option_set {
	const struct option_row *rows;
	size_t count;
	bool in_order;
};

/* Words on their way through the parser. */
struct option_words {
	const struct strings *words;
	size_t used;               /* index of the first word not consumed; where to begin */
	struct strings positional; /* appended to */
	bool help; /* --help, --usage, -h or -?, unless rows have it: parsing ended there */
};

/* Parse words from words->used on; values are stored by offset. Stops behind "--", at the end, or
 * (in_order) at the first positional word; what is left from words->used on is the caller's.
 * Errors name the option: unknown, without its value, not a number, not a choice. */
int options_parse(const struct option_set *set, struct option_words *words, void *values,
		  struct arena *arena, struct error *err);

/* The command of that name or alias, or NULL. */
const struct command *options_command(const struct program *program, const char *name);

/* Is that the first of two words for a command? And the command of both, or NULL. */
bool options_group(const struct program *program, const char *name);
const struct command *options_spelled(const struct program *program, const char *group,
				      const char *name);

/* The words from words->used on begin with a command, of one word or two: find it (also given back
 * in *command, NULL when there is none), print the program's help for "help" or no word at all, the
 * command's for "help COMMAND", else parse its options, answer --help, check the count of its
 * arguments, and run it. Returns what it returned.
 */
int options_dispatch(const struct program *program, const void *globals, struct option_words *words,
		     const struct command **command, struct arena *arena, struct error *err);

void options_help(const struct program *program, FILE *out);
void options_group_help(const struct program *program, const char *group, FILE *out);
void options_command_help(const struct program *program, const struct command *command, FILE *out);
/* shell: bash, zsh or fish. */
int options_complete(const struct program *program, const char *shell, FILE *out,
		     struct error *err);

#define OPTION_ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

#endif

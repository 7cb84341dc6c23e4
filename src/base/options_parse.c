/* options_parse.c -- words of a command line into a struct, by rows. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/options.h"

struct parser {
	const struct option_row *rows;
	size_t count;
	const struct strings *words;
	size_t at; /* the next word */
	void *values;
	struct arena *arena;
	struct error *err;
	bool help;
};

static const struct option_row *find_long(const struct parser *parser, const char *name,
					  size_t length)
{
	for (size_t i = 0; i < parser->count; i++)
		if (strlen(parser->rows[i].name) == length &&
		    !strncmp(parser->rows[i].name, name, length))
			return &parser->rows[i];
	return NULL;
}

static const struct option_row *find_letter(const struct parser *parser, char letter)
{
	for (size_t i = 0; i < parser->count; i++)
		if (parser->rows[i].letter == letter)
			return &parser->rows[i];
	return NULL;
}

static int set_number(const struct parser *parser, const struct option_row *row, const char *value,
		      int64_t *place)
{
	if (row->kind == OPTION_SIZE && !number_parse_size(value, place))
		return fail(parser->err, EINVAL,
			    "--%s: \"%s\" is not a size (a number with b, k, m, g or t)", row->name,
			    value);
	if (row->kind == OPTION_NUMBER && !number_parse_signed(value, INT64_MIN, INT64_MAX, place))
		return fail(parser->err, EINVAL, "--%s: \"%s\" is not a number", row->name, value);
	return 0;
}

static int set_flag(const struct parser *parser, const struct option_row *row, const char *value,
		    bool *place)
{
	*place = !value || !strcmp(value, "true") || !strcmp(value, "1");
	if (*place || !strcmp(value, "false") || !strcmp(value, "0"))
		return 0;
	return fail(parser->err, EINVAL, "--%s: \"%s\" is neither true nor false", row->name,
		    value);
}

static int set_value(const struct parser *parser, const struct option_row *row, const char *value)
{
	void *place = (char *)parser->values + row->offset;

	if (row->choices && value && !text_among(row->choices, value))
		return fail(parser->err, EINVAL, "--%s: \"%s\" is not one of %s", row->name, value,
			    row->choices);
	switch (row->kind) {
	case OPTION_FLAG:
		return set_flag(parser, row, value, place);
	case OPTION_TEXT:
		*(const char **)place = value;
		return 0;
	case OPTION_LIST:
		strings_add(place, (char *)value, parser->arena);
		return 0;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		return set_number(parser, row, value, place);
	}
	return 0;
}

static int take_value(struct parser *parser, const struct option_row *row)
{
	if (parser->at >= parser->words->count)
		return fail(parser->err, EINVAL, "--%s needs a value: %s", row->name,
			    row->argument ? row->argument : "VALUE");
	return set_value(parser, row, parser->words->items[parser->at++]);
}

/* --name, --name=value, --name value. */
static int parse_long(struct parser *parser, const char *word)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");
	const struct option_row *row = find_long(parser, name, length);

	if (!row && (text_equal(name, "help") || text_equal(name, "usage"))) {
		parser->help = true;
		return 0;
	}
	if (!row)
		return fail(parser->err, EINVAL, "unknown option --%.*s", (int)length, name);
	if (name[length] == '=')
		return set_value(parser, row, name + length + 1);
	return row->kind == OPTION_FLAG ? set_value(parser, row, NULL) : take_value(parser, row);
}

/* -f, -fvalue, -f=value, -f value, and flags in one word. */
static int parse_letters(struct parser *parser, const char *word)
{
	for (const char *at = word + 1; *at; at++) {
		const struct option_row *row = find_letter(parser, *at);

		if (!row && (*at == 'h' || *at == '?')) {
			parser->help = true;
			return 0;
		}
		if (!row)
			return fail(parser->err, EINVAL, "unknown option -%c", *at);
		if (row->kind == OPTION_FLAG && at[1] != '=') {
			TRY(set_value(parser, row, NULL));
			continue;
		}
		if (at[1])
			return set_value(parser, row, at[1] == '=' ? at + 2 : at + 1);
		return take_value(parser, row);
	}
	return 0;
}

static int check_required(const struct parser *parser)
{
	for (size_t i = 0; i < parser->count; i++) {
		const struct option_row *row = &parser->rows[i];
		const void *place = (const char *)parser->values + row->offset;

		if (row->flags & OPTION_REQUIRED && row->kind == OPTION_TEXT &&
		    !*(char *const *)place)
			return fail(parser->err, EINVAL, "--%s is required", row->name);
	}
	return 0;
}

static int parse_words(struct parser *parser, bool in_order, struct strings *positional)
{
	while (parser->at < parser->words->count && !parser->help) {
		char *word = parser->words->items[parser->at];

		if (!strcmp(word, "--")) {
			parser->at++;
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (in_order)
				break;
			strings_add(positional, word, parser->arena);
			parser->at++;
			continue;
		}
		parser->at++;
		TRY(word[1] == '-' ? parse_long(parser, word) : parse_letters(parser, word));
	}
	return 0;
}

int options_parse(const struct option_set *set, struct option_words *words, void *values,
		  struct arena *arena, struct error *err)
{
	struct parser parser = { .rows = set->rows,
				 .count = set->count,
				 .words = words->words,
				 .at = words->used,
				 .values = values,
				 .arena = arena,
				 .err = err };

	TRY(parse_words(&parser, set->in_order, &words->positional));
	words->used = parser.at;
	words->help = parser.help;
	return parser.help ? 0 : check_required(&parser);
}

const struct command *options_command(const struct program *program, const char *name)
{
	for (const struct command *const *command = program->commands; *command; command++)
		if (text_equal((*command)->name, name) || text_equal((*command)->alias, name))
			return *command;
	return NULL;
}

bool options_group(const struct program *program, const char *name)
{
	const struct command_spelling *row = program->spellings;

	while (row && row->group && !text_equal(row->group, name))
		row++;
	return row && row->group;
}

const struct command *options_spelled(const struct program *program, const char *group,
				      const char *name)
{
	const struct command_spelling *row = program->spellings;

	for (; row && row->group; row++)
		if (text_equal(row->group, group) && text_equal(row->name, name))
			return row->command;
	return NULL;
}

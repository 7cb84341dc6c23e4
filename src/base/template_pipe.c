/* template_pipe.c -- what stands in braces: commands, joined by "|", of operands. */
#include <ctype.h>
#include <string.h>

#include "base/number.h"
#include "template_private.h"

#define DEPTH_MOST 64

struct pipe_reader {
	struct template *template;
	const char *at;
	unsigned depth;
};

void template_skip_blanks(const char **at)
{
	while (isspace((unsigned char)**at))
		++*at;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static char *read_name(struct pipe_reader *reader)
{
	const char *from = reader->at;

	while (is_letter(*reader->at))
		reader->at++;
	return arena_copy(reader->template->arena, from, (size_t)(reader->at - from));
}

static int read_fields(struct pipe_reader *reader, struct operand *operand)
{
	while (reader->at[0] == '.' && is_letter(reader->at[1])) {
		reader->at++;
		strings_add(&operand->fields, read_name(reader), reader->template->arena);
	}
	return 0;
}

/* ---- literals -------------------------------------------------------------------------------- */

static int read_raw(struct pipe_reader *reader, struct operand *operand)
{
	const char *from = reader->at + 1, *end = strchr(from, '`');

	if (!end)
		return template_fail(reader->template, reader->at, "the string has no end");
	operand->literal = (struct value){
		.kind = VALUE_STRING,
		.string = arena_copy(reader->template->arena, from, (size_t)(end - from)),
	};
	reader->at = end + 1;
	return 0;
}

static int read_quoted(struct pipe_reader *reader, struct operand *operand)
{
	static const char letters[] = "nrt", meant[] = "\n\r\t";
	char *text = arena_string(reader->template->arena, reader->at + 1), *to = text;
	const char *at = reader->at + 1;

	for (; *at && *at != '"'; at++) {
		const char *letter;

		if (*at == '\\' && at[1]) {
			letter = strchr(letters, *++at);
			*to++ = letter ? meant[letter - letters] : *at;
			continue;
		}
		*to++ = *at;
	}
	if (!*at)
		return template_fail(reader->template, reader->at, "the string has no end");
	*to = '\0';
	operand->literal = (struct value){ .kind = VALUE_STRING, .string = text };
	reader->at = at + 1;
	return 0;
}

static int read_number(struct pipe_reader *reader, struct operand *operand)
{
	size_t length = 1 + strspn(reader->at + 1, "0123456789");
	const char *digits = arena_copy(reader->template->arena, reader->at, length);

	operand->literal.kind = VALUE_INTEGER;
	if (!number_parse_signed(digits, INT64_MIN, INT64_MAX, &operand->literal.integer) ||
	    reader->at[length] == '.' || is_letter(reader->at[length]))
		return template_fail(reader->template, reader->at, "bad number");
	reader->at += length;
	return 0;
}

static int read_word(struct pipe_reader *reader, struct operand *operand)
{
	static const struct {
		const char *word;
		struct value value;
	} constants[] = { { "true", { .kind = VALUE_BOOLEAN, .integer = 1 } },
			  { "false", { .kind = VALUE_BOOLEAN } },
			  { "nil", { .kind = VALUE_NOTHING } } };
	const char *began = reader->at;
	char *word = read_name(reader);

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		if (!strcmp(word, constants[i].word)) {
			operand->literal = constants[i].value;
			return 0;
		}
	if (!template_has_function(word))
		return template_fail(reader->template, began,
				     "there is no function \"%s\" (a field begins with a dot: .%s)",
				     word, word);
	operand->kind = OPERAND_FUNCTION;
	operand->name = word;
	return 0;
}

/* ---- operands -------------------------------------------------------------------------------- */

static int read_commands(struct pipe_reader *reader, struct pipe *pipe);

static int read_parentheses(struct pipe_reader *reader, struct operand *operand)
{
	const char *began = reader->at++;

	operand->kind = OPERAND_PIPE;
	operand->pipe = arena_alloc(reader->template->arena, sizeof(*operand->pipe));
	if (++reader->depth > DEPTH_MOST)
		return template_fail(reader->template, began, "nested too deeply");
	TRY(read_commands(reader, operand->pipe));
	reader->depth--;
	if (*reader->at != ')')
		return template_fail(reader->template, began, "\")\" is missing");
	reader->at++;
	return 0;
}

static int read_variable(struct pipe_reader *reader, struct operand *operand)
{
	reader->at++;
	operand->kind = OPERAND_VARIABLE;
	operand->name = read_name(reader);
	return 0;
}

static int read_atom(struct pipe_reader *reader, struct operand *operand)
{
	char c = *reader->at;

	operand->kind = OPERAND_LITERAL;
	if (c == '"')
		return read_quoted(reader, operand);
	if (c == '`')
		return read_raw(reader, operand);
	if (isdigit((unsigned char)c) || (c == '-' && isdigit((unsigned char)reader->at[1])))
		return read_number(reader, operand);
	if (is_letter(c))
		return read_word(reader, operand);
	if (c == '(')
		return read_parentheses(reader, operand);
	if (c == '$')
		return read_variable(reader, operand);
	operand->kind = OPERAND_DOT;
	if (c != '.')
		return template_fail(reader->template, reader->at, "unexpected \"%.1s\"",
				     reader->at);
	if (!is_letter(reader->at[1]))
		reader->at++;
	return 0;
}

static bool at_end(const struct pipe_reader *reader)
{
	return !*reader->at || *reader->at == '|' || *reader->at == ')' ||
	       text_starts(reader->at, "}}") || text_starts(reader->at, "-}}");
}

static int read_operand(struct pipe_reader *reader, struct operand **place)
{
	struct operand *operand = arena_alloc(reader->template->arena, sizeof(*operand));

	operand->column = (size_t)(reader->at - reader->template->format);
	TRY(read_atom(reader, operand));
	TRY(read_fields(reader, operand));
	*place = operand;
	if (at_end(reader) || isspace((unsigned char)*reader->at))
		return 0;
	return template_fail(reader->template, reader->at, "unexpected \"%.1s\"", reader->at);
}

static int read_commands(struct pipe_reader *reader, struct pipe *pipe)
{
	struct pipe_command **tail = &pipe->commands;

	for (;;) {
		struct pipe_command *command =
			arena_alloc(reader->template->arena, sizeof(*command));
		struct operand **place = &command->operands;

		template_skip_blanks(&reader->at);
		if (at_end(reader))
			return template_fail(reader->template, reader->at, "a value is missing");
		while (!at_end(reader)) {
			TRY(read_operand(reader, place));
			place = &(*place)->next;
			template_skip_blanks(&reader->at);
		}
		*tail = command;
		tail = &command->next;
		if (*reader->at != '|')
			return 0;
		reader->at++;
	}
}

/* "$v :=", "$i, $v :=", "$v =": else nothing is read. */
static void read_declaration(struct pipe_reader *reader, struct pipe *pipe)
{
	const char *began = reader->at;
	const char *first = NULL, *second = NULL;

	if (*reader->at == '$') {
		reader->at++;
		first = read_name(reader);
		template_skip_blanks(&reader->at);
	}
	if (first && *reader->at == ',') {
		reader->at++;
		template_skip_blanks(&reader->at);
		reader->at += *reader->at == '$';
		second = read_name(reader);
		template_skip_blanks(&reader->at);
	}
	if (!first || !*first || (second && !*second) ||
	    !(text_starts(reader->at, ":=") || *reader->at == '=')) {
		reader->at = began;
		return;
	}
	pipe->assign = *reader->at == '=';
	reader->at += pipe->assign ? 1 : 2;
	pipe->variable = first;
	pipe->element = second;
}

int template_read_pipe(struct template *template, const char **at, struct pipe **pipe)
{
	struct pipe_reader reader = { .template = template, .at = *at };

	*pipe = arena_alloc(template->arena, sizeof(**pipe));
	template_skip_blanks(&reader.at);
	read_declaration(&reader, *pipe);
	TRY(read_commands(&reader, *pipe));
	*at = reader.at;
	return 0;
}

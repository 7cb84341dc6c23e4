/* variant.c -- read a value in GVariant's text format (GLib, "GVariant Text Format"): as much of
 * the language as unit properties need, which is basic types and arrays of them. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "property.h"

struct reader {
	const char *at;
	struct arena *arena;
	struct property *property;
	char type; /* of the scalars; 0: not yet known */
	struct error *err;
};

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{ "boolean", 'b' },   { "byte", 'y' },   { "int16", 'n' },  { "uint16", 'q' },
	{ "int32", 'i' },     { "uint32", 'u' }, { "handle", 'h' }, { "int64", 'x' },
	{ "uint64", 't' },    { "double", 'd' }, { "string", 's' }, { "objectpath", 'o' },
	{ "signature", 'g' },
};

static const struct {
	char type;
	int64_t least;
	uint64_t most;
} ranges[] = {
	{ 'y', 0, UINT8_MAX },         { 'n', INT16_MIN, INT16_MAX }, { 'q', 0, UINT16_MAX },
	{ 'i', INT32_MIN, INT32_MAX }, { 'u', 0, UINT32_MAX },        { 'x', INT64_MIN, INT64_MAX },
	{ 't', 0, UINT64_MAX },
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\n");
}

static int complain(struct reader *reader, const char *what)
{
	if (!*reader->at)
		return fail(reader->err, EINVAL, "%s expected, not the end", what);
	return fail(reader->err, EINVAL, "%s expected, not \"%.20s\"", what, reader->at);
}

static bool take(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(reader);
	if (strncmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/* A word is whole: "int32" is not the beginning of "int32x". */
static bool take_word(struct reader *reader, const char *word)
{
	const char *before = reader->at;

	if (take(reader, word) && !isalnum((unsigned char)*reader->at) && *reader->at != '_')
		return true;
	reader->at = before;
	return false;
}

static int expect_type(struct reader *reader, char type, const char *what)
{
	if (reader->type == 0)
		reader->type = type;
	return reader->type == type ? 0 : complain(reader, what);
}

/* "uint64 5" */
static int read_type_word(struct reader *reader)
{
	for (size_t i = 0; i < LENGTH(type_words); i++)
		if (take_word(reader, type_words[i].word)) {
			if (type_words[i].type == 'h')
				return complain(reader, "a value that is no descriptor");
			return expect_type(reader, type_words[i].type, "another type");
		}
	return 0;
}

/* "@as", "@t" */
static int read_signature(struct reader *reader, bool *is_array)
{
	if (!take(reader, "@"))
		return 0;
	if (*reader->at == 'a') {
		*is_array = true;
		reader->at++;
	}
	if (!*reader->at || !strchr("bynqiuxtdsog", *reader->at))
		return complain(reader, "a basic type");
	return expect_type(reader, *reader->at++, "another type");
}

/* Behind the opening quote. */
static int read_quoted(struct reader *reader, char quote)
{
	char *text = arena_alloc(reader->arena, strlen(reader->at) + 1), *end = text;

	for (; *reader->at != quote; reader->at++) {
		if (!*reader->at)
			return complain(reader, "a closing quote");
		if (*reader->at == '\\') {
			static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
			const char *name = strchr(names, *++reader->at);

			if (!*reader->at)
				return complain(reader, "a character behind \\");
			*end++ = name ? values[name - names] : *reader->at;
		} else {
			*end++ = *reader->at;
		}
	}
	reader->at++;
	property_text(reader->property, reader->arena, text);
	return 0;
}

static int read_string(struct reader *reader)
{
	char quote = *reader->at;

	if (reader->type != 'o' && reader->type != 'g')
		TRY(expect_type(reader, 's', "a value of another type"));
	reader->at++;
	return read_quoted(reader, quote);
}

static int read_real(struct reader *reader, const char *word)
{
	char *end;
	double real = strtod(word, &end);

	if (*end || !isfinite(real))
		return complain(reader, "a number");
	property_number(reader->property, reader->arena, 0);
	reader->property->scalars[reader->property->count - 1].real = real;
	return 0;
}

/* Decimal or 0x…; no octal numbers, for which nobody asks on purpose. */
static bool parse_whole(const char *word, char type, uint64_t *number)
{
	bool negative = *word == '-';
	const char *digits = word + (negative || *word == '+');
	uint64_t value;
	char *end;

	if (text_starts(digits, "0x") && strspn(digits + 2, "0123456789abcdefABCDEF") > 0) {
		errno = 0;
		value = strtoull(digits, &end, 16);
		if (*end || errno)
			return false;
	} else if (!number_parse_unsigned(digits, UINT64_MAX, &value)) {
		return false;
	}
	for (size_t i = 0; i < LENGTH(ranges); i++)
		if (ranges[i].type == type) {
			if (negative ? value > -(uint64_t)ranges[i].least : value > ranges[i].most)
				return false;
			*number = negative ? -value : value;
			return true;
		}
	return false;
}

static int read_number(struct reader *reader)
{
	size_t length = strspn(reader->at, "+-.0123456789abcdefABCDEFxX");
	const char *word = arena_copy(reader->arena, reader->at, length), *start = reader->at;
	bool is_hex = strstr(word, "0x") != NULL;
	uint64_t number;

	if (length == 0)
		return complain(reader, "a value");
	if (reader->type == 0)
		reader->type = !is_hex && strpbrk(word, ".eE") ? 'd' : 'i';
	reader->at += length;
	if (reader->type == 'd')
		return read_real(reader, word);
	if (!parse_whole(word, reader->type, &number)) {
		reader->at = start;
		return fail(reader->err, EINVAL, "\"%s\" is no value of type %c", word,
			    reader->type);
	}
	property_number(reader->property, reader->arena, number);
	return 0;
}

static int read_boolean(struct reader *reader, bool value)
{
	TRY(expect_type(reader, 'b', "a value of another type"));
	property_number(reader->property, reader->arena, value);
	return 0;
}

static int read_scalar(struct reader *reader)
{
	TRY(read_type_word(reader));
	skip_blanks(reader);
	if (*reader->at == '\'' || *reader->at == '"')
		return read_string(reader);
	if (take_word(reader, "true"))
		return read_boolean(reader, true);
	if (take_word(reader, "false"))
		return read_boolean(reader, false);
	return read_number(reader);
}

/* Behind the bracket. */
static int read_array(struct reader *reader)
{
	if (take(reader, "]"))
		return reader->type ? 0
				    : complain(reader, "the type of an empty array (\"@as []\")");
	do
		TRY(read_scalar(reader));
	while (take(reader, ","));
	return take(reader, "]") ? 0 : complain(reader, "\",\" or \"]\"");
}

int variant_parse(const char *text, struct arena *arena, struct property *property,
		  struct error *err)
{
	struct reader reader = { .at = text, .arena = arena, .property = property, .err = err };
	bool is_array = false;

	TRY(read_signature(&reader, &is_array));
	if (take(&reader, "[")) {
		is_array = true;
		TRY(read_array(&reader));
	} else if (is_array) {
		return complain(&reader, "\"[\"");
	} else {
		TRY(read_scalar(&reader));
	}
	skip_blanks(&reader);
	if (*reader.at)
		return complain(&reader, "the end");
	property->type = arena_format(arena, "%s%c", is_array ? "a" : "", reader.type);
	return 0;
}

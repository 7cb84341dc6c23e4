/* settings_text.c -- characters, lines, strings and numbers of configuration files. */
#include "settings_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_MOST 24 /* how much of a strange word errors repeat */

int text_at_refuse(const struct text_at *scan, const char *at, const char *format, ...)
{
	char what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	fail(scan->err, EINVAL, "%s", what);
	return fail_where(scan->err, "%s (line %u:%u)", scan->file, scan->line,
			  (unsigned)(at - scan->line_start) + 1);
}

int text_at_expected(const struct text_at *scan, const char *what)
{
	size_t length = strcspn(scan->at, " \t\r\n,]}");

	if (scan->at == scan->end)
		return text_at_refuse(scan, scan->at, "expected %s, found the end of the file",
				      what);
	if (*scan->at == '\n' || *scan->at == '\r')
		return text_at_refuse(scan, scan->at, "expected %s, found the end of the line",
				      what);
	if (length == 0)
		length = 1;
	return text_at_refuse(scan, scan->at, "expected %s, found \"%.*s\"", what,
			      (int)(length < FOUND_MOST ? length : FOUND_MOST), scan->at);
}

static bool is_forbidden(const char *at)
{
	unsigned char c = (unsigned char)*at;

	return (c < 0x20 && !strchr("\t\r\n", c)) || c == 0x7f || c == 0 ||
	       (c == '\r' && at[1] != '\n');
}

/* Once over everything, so that whatever reads on may trust the bytes. */
static int check_characters(struct text_at *scan)
{
	while (scan->at < scan->end) {
		size_t length = text_character(scan->at, (size_t)(scan->end - scan->at));

		if (!length)
			return text_at_refuse(scan, scan->at, "not UTF-8");
		if (is_forbidden(scan->at))
			return text_at_refuse(scan, scan->at, "a control character");
		if (*scan->at == '\n') {
			scan->line++;
			scan->line_start = scan->at + 1;
		}
		scan->at += length;
	}
	return 0;
}

int text_at_begin(struct text_at *scan, const struct text *text, const char *file,
		  struct arena *arena, struct error *err)
{
	const char *start = text->data ? text->data : "";

	*scan = (struct text_at){ .at = start,
				  .end = start + text->length,
				  .line_start = start,
				  .line = 1,
				  .file = file,
				  .arena = arena,
				  .err = err };
	if (text->length >= 3 && !memcmp(start, "\xef\xbb\xbf", 3))
		scan->at = scan->line_start = start += 3;
	TRY(check_characters(scan));
	scan->at = scan->line_start = start;
	scan->line = 1;
	return 0;
}

bool text_at_line_end(struct text_at *scan)
{
	if (*scan->at == '\r' && scan->at[1] == '\n')
		scan->at++;
	else if (*scan->at != '\n')
		return false;
	scan->at++;
	scan->line++;
	scan->line_start = scan->at;
	return true;
}

void text_at_blanks(struct text_at *scan)
{
	while (*scan->at == ' ' || *scan->at == '\t')
		scan->at++;
}

struct setting *text_at_new(const struct text_at *scan, enum setting_kind kind)
{
	struct setting *setting = arena_alloc(scan->arena, sizeof(*setting));

	setting->kind = kind;
	setting->file = scan->file;
	setting->line = scan->line;
	setting->column = (unsigned)(scan->at - scan->line_start) + 1;
	return setting;
}

int text_at_add(const struct text_at *scan, struct setting *table, struct setting *value)
{
	const struct setting *other = setting_get(table, value->key);

	if (other)
		return setting_refuse(value, scan->err,
				      "\"%.200s\" is set twice (first in line %u)", value->key,
				      other->line);
	setting_add(table, value);
	return 0;
}

int text_at_deeper(struct text_at *scan)
{
	if (++scan->depth > SETTINGS_DEPTH_MOST)
		return text_at_refuse(scan, scan->at, "nested too deeply");
	return 0;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool hex_digits(const struct text_at *scan, size_t count, unsigned long *value)
{
	char digits[9] = "";

	for (size_t i = 0; i < count; i++) {
		if (!isxdigit((unsigned char)scan->at[i]))
			return false;
		digits[i] = scan->at[i];
	}
	*value = strtoul(digits, NULL, 16);
	return true;
}

static void add_character(struct text *out, unsigned long code)
{
	char bytes[4];
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(first[length] | code);
	text_add_bytes(out, bytes, length);
}

/* JSON writes characters above U+FFFF as a pair of surrogates. */
static unsigned long second_half(struct text_at *scan, unsigned long high)
{
	unsigned long low;

	if (high < 0xd800 || high > 0xdbff || scan->at[0] != '\\' || scan->at[1] != 'u')
		return high;
	scan->at += 2;
	if (!hex_digits(scan, 4, &low) || low < 0xdc00 || low > 0xdfff)
		return high;
	scan->at += 4;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static int take_code(struct text_at *scan, size_t digits, struct text *out)
{
	const char *start = scan->at - 2;
	unsigned long code;

	if (!hex_digits(scan, digits, &code))
		return text_at_refuse(scan, start, "\\%c needs %zu hex digits", start[1], digits);
	scan->at += digits;
	code = digits == 4 ? second_half(scan, code) : code;
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return text_at_refuse(scan, start, "no character has this code");
	add_character(out, code);
	return 0;
}

int text_at_escape(struct text_at *scan, const char *letters, struct text *out)
{
	char letter = *++scan->at;

	for (const char *pair = letters; *pair; pair += 2)
		if (*pair == letter && letter != 'u' && letter != 'U') {
			text_add_bytes(out, pair + 1, 1);
			scan->at++;
			return 0;
		}
	scan->at++;
	if (letter == 'u')
		return take_code(scan, 4, out);
	if (letter == 'U' && strchr(letters, 'U'))
		return take_code(scan, 8, out);
	return text_at_refuse(scan, scan->at - 2, "unknown escape in a string");
}

int text_at_quoted(struct text_at *scan, const char *letters, char **string)
{
	const char *start = scan->at++;
	auto_text struct text out = { 0 };

	while (*scan->at != '"') {
		if (scan->at == scan->end || *scan->at == '\n' || *scan->at == '\r')
			return text_at_refuse(scan, start, "the string does not end in its line");
		if (*scan->at == '\\')
			TRY(text_at_escape(scan, letters, &out));
		else
			text_add_bytes(&out, scan->at++, 1);
	}
	scan->at++;
	*string = arena_copy(scan->arena, out.data ? out.data : "", out.length);
	return 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

int text_at_integer(const struct text_at *scan, const char *word, int64_t *value)
{
	const char *digits = word + (*word == '-' || *word == '+');
	char *end;

	if (!isdigit((unsigned char)*digits) ||
	    (*digits == '0' && isdigit((unsigned char)digits[1])))
		return text_at_refuse(scan, scan->at, "\"%.40s\" is no whole number", word);
	errno = 0;
	*value = strtoll(word, &end, 10);
	if (*end)
		return text_at_refuse(scan, scan->at, "\"%.40s\" is no whole number", word);
	if (errno)
		return text_at_refuse(scan, scan->at, "%.40s is too large", word);
	return 0;
}

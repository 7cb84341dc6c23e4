/* settings_toml.c -- TOML 1.0 as a tree of settings, without fractions and dates.
 *
 * A table may be opened by a header once; what a dotted key made, a header does not reopen; what
 * stands in braces is complete. `origin` remembers which of these a table is. */
#include <ctype.h>
#include <string.h>

#include "settings_text.h"

static const char letters[] = "\"\"\\\\b\bf\fn\nr\rt\tUU";

#define BARE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

enum origin {
	FROM_PATH,   /* named on the way to a deeper header: may be opened later */
	FROM_HEADER, /* [x], or an element of [[x]] */
	FROM_DOTS,   /* x in x.y = 1 */
	FROM_VALUE,  /* { } or [ ]: complete */
};

static int read_value(struct text_at *scan, struct setting **value);

static void skip_comment(struct text_at *scan)
{
	text_at_blanks(scan);
	if (*scan->at == '#')
		while (scan->at < scan->end && *scan->at != '\n' && *scan->at != '\r')
			scan->at++;
}

/* Blanks, comments and lines' ends. */
static void skip(struct text_at *scan)
{
	do
		skip_comment(scan);
	while (text_at_line_end(scan));
}

/* ---- strings --------------------------------------------------------------------------------- */

static int read_literal(struct text_at *scan, char **string)
{
	const char *start = scan->at++;
	size_t length = strcspn(scan->at, "'\r\n");

	if (scan->at[length] != '\'')
		return text_at_refuse(scan, start, "the string does not end in its line");
	*string = arena_copy(scan->arena, scan->at, length);
	scan->at += length + 1;
	return 0;
}

/* A backslash at the line's end joins it with what the next lines have. */
static bool join_lines(struct text_at *scan)
{
	size_t blanks = strspn(scan->at + 1, " \t");
	const char *after = scan->at + 1 + blanks;

	if (*after != '\n' && *after != '\r')
		return false;
	scan->at = after;
	while (text_at_line_end(scan))
		text_at_blanks(scan);
	return true;
}

/* One or two quotes before the closing three are the string's own. */
static bool closes(const struct text_at *scan, char quote)
{
	const char *at = scan->at;

	return at[0] == quote && at[1] == quote && at[2] == quote && at[3] != quote;
}

static int take_part(struct text_at *scan, char quote, struct text *out)
{
	const char *before = scan->at;

	if (quote == '"' && *scan->at == '\\')
		return join_lines(scan) ? 0 : text_at_escape(scan, letters, out);
	if (text_at_line_end(scan)) {
		text_add_bytes(out, before, (size_t)(scan->at - before));
		return 0;
	}
	text_add_bytes(out, scan->at++, 1);
	return 0;
}

static int read_long(struct text_at *scan, char quote, char **string)
{
	const struct text_at start = *scan;
	auto_text struct text out = { 0 };

	scan->at += 3;
	text_at_line_end(scan);
	while (!closes(scan, quote)) {
		if (scan->at == scan->end)
			return text_at_refuse(&start, start.at, "the string does not end");
		TRY(take_part(scan, quote, &out));
	}
	scan->at += 3;
	*string = arena_copy(scan->arena, out.data ? out.data : "", out.length);
	return 0;
}

static bool is_long(const struct text_at *scan)
{
	return scan->at[0] && scan->at[1] == scan->at[0] && scan->at[2] == scan->at[0];
}

static int read_string(struct text_at *scan, char **string)
{
	if (is_long(scan))
		return read_long(scan, *scan->at, string);
	return *scan->at == '"' ? text_at_quoted(scan, letters, string)
				: read_literal(scan, string);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int read_key(struct text_at *scan, char **key)
{
	size_t length = strspn(scan->at, BARE);

	if (*scan->at == '"' && !is_long(scan))
		return text_at_quoted(scan, letters, key);
	if (*scan->at == '\'' && !is_long(scan))
		return read_literal(scan, key);
	if (length == 0)
		return text_at_expected(scan, "a key");
	*key = arena_copy(scan->arena, scan->at, length);
	scan->at += length;
	return 0;
}

/* The table below `table` of that name, made where there is none. */
static int enter(struct text_at *scan, struct setting **table, const struct setting *place,
		 bool dotted)
{
	struct setting *found = setting_get(*table, place->key);
	enum origin wanted = dotted ? FROM_DOTS : FROM_PATH;

	if (!found) {
		found = arena_alloc(scan->arena, sizeof(*found));
		*found = *place;
		found->kind = SETTING_TABLE;
		found->origin = (unsigned char)wanted;
		setting_add(*table, found);
	} else if (!dotted && found->kind == SETTING_LIST && found->origin == FROM_HEADER) {
		found = found->last;
	} else if (found->kind != SETTING_TABLE) {
		return setting_refuse(place, scan->err, "\"%.200s\" is %s (line %u), not a table",
				      place->key, setting_kind_name(found->kind), found->line);
	} else if (found->origin == FROM_VALUE || (dotted && found->origin != FROM_DOTS)) {
		return setting_refuse(
			place, scan->err,
			"the table \"%.200s\" is complete (line %u): nothing is added", place->key,
			found->line);
	}
	*table = found;
	return 0;
}

/* a.b.c: enter a and b; `last` gets c and its place. */
static int read_path(struct text_at *scan, struct setting **table, bool dotted,
		     struct setting *last)
{
	for (;;) {
		*last = *text_at_new(scan, SETTING_TABLE);
		TRY(read_key(scan, &last->key));
		text_at_blanks(scan);
		if (*scan->at != '.')
			return 0;
		scan->at++;
		text_at_blanks(scan);
		TRY(enter(scan, table, last, dotted));
	}
}

static int read_pair(struct text_at *scan, struct setting *table)
{
	struct setting place, *value;

	TRY(read_path(scan, &table, true, &place));
	if (*scan->at != '=')
		return text_at_expected(scan, "\"=\"");
	scan->at++;
	text_at_blanks(scan);
	if (setting_get(table, place.key))
		return text_at_add(scan, table, &place);
	TRY(read_value(scan, &value));
	value->key = place.key;
	setting_add(table, value);
	return 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int read_list(struct text_at *scan, struct setting **list)
{
	*list = text_at_new(scan, SETTING_LIST);
	(*list)->origin = FROM_VALUE;
	TRY(text_at_deeper(scan));
	scan->at++;
	for (;;) {
		struct setting *item;

		skip(scan);
		if (*scan->at == ']')
			break;
		TRY(read_value(scan, &item));
		setting_add(*list, item);
		skip(scan);
		if (*scan->at == ']')
			break;
		if (*scan->at != ',')
			return text_at_expected(scan, "\",\" or \"]\"");
		scan->at++;
	}
	scan->at++;
	scan->depth--;
	return 0;
}

/* Nothing is added later to what stands in braces, nor to what its dotted keys made. */
static void complete(struct setting *table)
{
	table->origin = FROM_VALUE;
	for (struct setting *entry = table->first; entry; entry = entry->next)
		if (entry->kind == SETTING_TABLE)
			complete(entry);
}

static int read_braces(struct text_at *scan, struct setting **table)
{
	*table = text_at_new(scan, SETTING_TABLE);
	TRY(text_at_deeper(scan));
	scan->at++;
	text_at_blanks(scan);
	while (*scan->at != '}') {
		TRY(read_pair(scan, *table));
		text_at_blanks(scan);
		if (*scan->at == '}')
			break;
		if (*scan->at != ',')
			return text_at_expected(scan, "\",\" or \"}\" in the same line");
		scan->at++;
		text_at_blanks(scan);
		if (*scan->at == '}')
			return text_at_expected(scan, "a key");
	}
	scan->at++;
	scan->depth--;
	complete(*table);
	return 0;
}

/* Digits may be parted by single underscores. */
static char *without_underscores(const struct text_at *scan, const char *word)
{
	char *plain = arena_string(scan->arena, word), *out = plain;

	for (const char *at = word; *at; at++) {
		bool parts = *at == '_' && at > word && isxdigit((unsigned char)at[-1]) &&
			     isxdigit((unsigned char)at[1]);

		if (!parts)
			*out++ = *at;
	}
	*out = '\0';
	return plain;
}

/* 0xff, 0o17, 0b1 */
static int read_based(const struct text_at *scan, const char *word, int64_t *value)
{
	unsigned base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : 2;
	const char *const digits = "0123456789abcdef";
	uint64_t sum = 0;

	for (const char *at = word + 2; *at; at++) {
		const char *digit = strchr(digits, tolower((unsigned char)*at));

		if (!digit || (unsigned)(digit - digits) >= base || sum > INT64_MAX / base)
			return text_at_refuse(scan, scan->at, "\"%.40s\" is no whole number", word);
		sum = sum * base + (unsigned)(digit - digits);
	}
	*value = (int64_t)sum;
	return word[2] && sum <= INT64_MAX
		       ? 0
		       : text_at_refuse(scan, scan->at, "\"%.40s\" is no whole number", word);
}

static int read_number(struct text_at *scan, const char *word, struct setting *value)
{
	const char *plain = without_underscores(scan, word);

	value->kind = SETTING_INTEGER;
	if (*plain == '0' && plain[1] && strchr("xob", plain[1]))
		return read_based(scan, plain, &value->integer);
	if (strpbrk(plain, ".:eE") || (isdigit((unsigned char)*plain) && strchr(plain + 1, '-')))
		return text_at_refuse(scan, scan->at, "fractions and dates are not used here");
	return text_at_integer(scan, plain, &value->integer);
}

static int read_word(struct text_at *scan, struct setting **value)
{
	size_t length = strspn(scan->at, BARE "+.:");
	const char *word = arena_copy(scan->arena, scan->at, length);

	*value = text_at_new(scan, SETTING_BOOLEAN);
	if (!strcmp(word, "true") || !strcmp(word, "false"))
		(*value)->boolean = *word == 't';
	else if (*word && (isdigit((unsigned char)*word) || *word == '+' || *word == '-'))
		TRY(read_number(scan, word, *value));
	else
		return text_at_expected(scan, "a value");
	scan->at += length;
	return 0;
}

static int read_value(struct text_at *scan, struct setting **value)
{
	if (*scan->at == '[')
		return read_list(scan, value);
	if (*scan->at == '{')
		return read_braces(scan, value);
	if (*scan->at != '"' && *scan->at != '\'')
		return read_word(scan, value);
	*value = text_at_new(scan, SETTING_STRING);
	return read_string(scan, &(*value)->string);
}

/* ---- headers and lines ----------------------------------------------------------------------- */

/* [a.b] */
static int open_table(const struct text_at *scan, struct setting **table,
		      const struct setting *place)
{
	struct setting *found = setting_get(*table, place->key);

	if (found && (found->kind != SETTING_TABLE || found->origin != FROM_PATH))
		return text_at_add(scan, *table, (struct setting *)place);
	if (!found) {
		found = arena_alloc(scan->arena, sizeof(*found));
		*found = *place;
		setting_add(*table, found);
	}
	found->origin = FROM_HEADER;
	*table = found;
	return 0;
}

/* [[a.b]] */
static int open_element(const struct text_at *scan, struct setting **table,
			const struct setting *place)
{
	struct setting *list = setting_get(*table, place->key);
	struct setting *element = arena_alloc(scan->arena, sizeof(*element));

	if (list && (list->kind != SETTING_LIST || list->origin != FROM_HEADER))
		return text_at_add(scan, *table, (struct setting *)place);
	if (!list) {
		list = arena_alloc(scan->arena, sizeof(*list));
		*list = *place;
		list->kind = SETTING_LIST;
		list->origin = FROM_HEADER;
		setting_add(*table, list);
	}
	*element = *place;
	element->key = NULL;
	element->origin = FROM_HEADER;
	setting_add(list, element);
	*table = element;
	return 0;
}

static int read_header(struct text_at *scan, struct setting **table)
{
	bool element = scan->at[1] == '[';
	struct setting place;

	scan->at += element ? 2 : 1;
	text_at_blanks(scan);
	TRY(read_path(scan, table, false, &place));
	if (*scan->at != ']' || (element && scan->at[1] != ']'))
		return text_at_expected(scan, element ? "\"]]\"" : "\"]\"");
	scan->at += element ? 2 : 1;
	return element ? open_element(scan, table, &place) : open_table(scan, table, &place);
}

int settings_read_toml(const struct text *text, const char *file, struct arena *arena,
		       struct setting **root, struct error *err)
{
	struct setting *table;
	struct text_at scan;

	TRY(text_at_begin(&scan, text, file, arena, err));
	*root = table = text_at_new(&scan, SETTING_TABLE);
	for (skip(&scan); scan.at < scan.end; skip(&scan)) {
		if (*scan.at == '[') {
			table = *root;
			TRY(read_header(&scan, &table));
		} else {
			TRY(read_pair(&scan, table));
		}
		skip_comment(&scan);
		if (scan.at < scan.end && *scan.at != '\n' && *scan.at != '\r')
			return text_at_expected(&scan, "the end of the line");
	}
	return 0;
}

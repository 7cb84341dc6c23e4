/* settings_json.c -- JSON (RFC 8259) as a tree of settings: policy.json(5). */
#include <ctype.h>
#include <string.h>

#include "settings_text.h"

static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

static int read_value(struct text_at *scan, struct setting **value);

static void skip(struct text_at *scan)
{
	do
		text_at_blanks(scan);
	while (text_at_line_end(scan));
}

/* Behind a value in a list or table: a comma, or the end. 1: there is more. */
static int go_on(struct text_at *scan, char end)
{
	skip(scan);
	if (*scan->at == ',') {
		scan->at++;
		skip(scan);
		return 1;
	}
	if (*scan->at != end)
		return text_at_expected(scan, end == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
	scan->at++;
	scan->depth--;
	return 0;
}

/* Behind the opening bracket. 0: it is empty, and over. */
static int go_in(struct text_at *scan, char end)
{
	TRY(text_at_deeper(scan));
	scan->at++;
	skip(scan);
	if (*scan->at != end)
		return 1;
	scan->at++;
	scan->depth--;
	return 0;
}

static int read_entry(struct text_at *scan, struct setting *table)
{
	struct setting place = *text_at_new(scan, SETTING_STRING), *value;

	if (*scan->at != '"')
		return text_at_expected(scan, "a key in double quotes");
	TRY(text_at_quoted(scan, letters, &place.key));
	if (setting_get(table, place.key))
		return text_at_add(scan, table, &place);
	skip(scan);
	if (*scan->at != ':')
		return text_at_expected(scan, "\":\"");
	scan->at++;
	skip(scan);
	TRY(read_value(scan, &value));
	value->key = place.key;
	setting_add(table, value);
	return 0;
}

static int read_table(struct text_at *scan, struct setting **table)
{
	int more;

	*table = text_at_new(scan, SETTING_TABLE);
	TRY(more = go_in(scan, '}'));
	while (more) {
		TRY(read_entry(scan, *table));
		TRY(more = go_on(scan, '}'));
	}
	return 0;
}

static int read_list(struct text_at *scan, struct setting **list)
{
	int more;

	*list = text_at_new(scan, SETTING_LIST);
	TRY(more = go_in(scan, ']'));
	while (more) {
		struct setting *item;

		TRY(read_value(scan, &item));
		setting_add(*list, item);
		TRY(more = go_on(scan, ']'));
	}
	return 0;
}

static int read_word(struct text_at *scan, struct setting **value)
{
	size_t length = strspn(scan->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789+-.");
	const char *word = arena_copy(scan->arena, scan->at, length);

	*value = text_at_new(scan, SETTING_BOOLEAN);
	if (!strcmp(word, "true") || !strcmp(word, "false")) {
		(*value)->boolean = *word == 't';
	} else if (!strcmp(word, "null")) {
		(*value)->kind = SETTING_NULL;
	} else if (*word == '-' || isdigit((unsigned char)*word)) {
		(*value)->kind = SETTING_INTEGER;
		TRY(text_at_integer(scan, word, &(*value)->integer));
	} else {
		return text_at_expected(scan, "a value");
	}
	scan->at += length;
	return 0;
}

static int read_value(struct text_at *scan, struct setting **value)
{
	if (*scan->at == '{')
		return read_table(scan, value);
	if (*scan->at == '[')
		return read_list(scan, value);
	if (*scan->at != '"')
		return read_word(scan, value);
	*value = text_at_new(scan, SETTING_STRING);
	return text_at_quoted(scan, letters, &(*value)->string);
}

int settings_read_json(const struct text *text, const char *file, struct arena *arena,
		       struct setting **root, struct error *err)
{
	struct text_at scan;

	TRY(text_at_begin(&scan, text, file, arena, err));
	skip(&scan);
	if (*scan.at != '{')
		return text_at_expected(&scan, "\"{\"");
	TRY(read_table(&scan, root));
	skip(&scan);
	return scan.at == scan.end ? 0 : text_at_expected(&scan, "nothing more");
}

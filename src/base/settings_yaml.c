/* settings_yaml.c -- of YAML the block mappings of plain and quoted scalars: registries.d(5).
 *
 * Lists, flow collections, anchors, tags, block scalars, several documents and scalars over
 * several lines are refused: none is used there, and guessing would be worse. */
#include <string.h>

#include "settings_text.h"

static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\tUU";

struct level {
	struct setting *table;
	size_t indent;
};

struct yaml {
	struct text_at scan;
	struct level levels[SETTINGS_DEPTH_MOST];
	size_t depth;
	struct setting *pending; /* the last line's key, where its value may follow deeper */
};

static void skip_comment(struct text_at *scan)
{
	text_at_blanks(scan);
	if (*scan->at == '#')
		while (scan->at < scan->end && *scan->at != '\n' && *scan->at != '\r')
			scan->at++;
}

/* 'it''s' */
static int read_single_quoted(struct text_at *scan, char **string)
{
	const char *start = scan->at++;
	auto_text struct text out = { 0 };

	while (*scan->at != '\'' || scan->at[1] == '\'') {
		if (scan->at == scan->end || *scan->at == '\n' || *scan->at == '\r')
			return text_at_refuse(scan, start, "the string does not end in its line");
		scan->at += *scan->at == '\'';
		text_add_bytes(&out, scan->at++, 1);
	}
	scan->at++;
	*string = arena_copy(scan->arena, out.data ? out.data : "", out.length);
	return 0;
}

/* A plain scalar ends before ": ", " #" and the line's end. */
static size_t plain_length(const char *at)
{
	size_t length = 0;

	while (at[length] && at[length] != '\n' && at[length] != '\r') {
		char after = at[length + 1];

		if (at[length] == ':' && (!after || strchr(" \t\r\n", after)))
			break;
		if (strchr(" \t", at[length]) && after == '#')
			break;
		length++;
	}
	while (length && strchr(" \t", at[length - 1]))
		length--;
	return length;
}

static int read_scalar(struct text_at *scan, char **string, bool *plain)
{
	size_t length = plain_length(scan->at);

	*plain = false;
	if (*scan->at == '"')
		return text_at_quoted(scan, letters, string);
	if (*scan->at == '\'')
		return read_single_quoted(scan, string);
	if (length &&
	    (strchr("&*!|>%@`{}[],?", *scan->at) ||
	     (*scan->at == '-' && (length == 1 || scan->at[1] == ' ')) ||
	     (length == 3 && (!strncmp(scan->at, "---", 3) || !strncmp(scan->at, "...", 3)))))
		return text_at_refuse(scan, scan->at,
				      "only mappings of strings are understood here");
	*plain = true;
	*string = arena_copy(scan->arena, scan->at, length);
	scan->at += length;
	return 0;
}

static int read_key(struct text_at *scan, struct setting *entry)
{
	bool plain;

	TRY(read_scalar(scan, &entry->key, &plain));
	text_at_blanks(scan);
	if (!*entry->key || *scan->at != ':' || !strchr(" \t\r\n", scan->at[1]))
		return text_at_expected(scan, "\"KEY: VALUE\"");
	scan->at++;
	skip_comment(scan);
	return 0;
}

static int read_value(struct text_at *scan, struct setting *entry)
{
	bool plain;

	entry->line = scan->line;
	entry->column = (unsigned)(scan->at - scan->line_start) + 1;
	TRY(read_scalar(scan, &entry->string, &plain));
	if (plain && (!strcmp(entry->string, "true") || !strcmp(entry->string, "false"))) {
		entry->kind = SETTING_BOOLEAN;
		entry->boolean = *entry->string == 't';
	}
	skip_comment(scan);
	if (scan->at < scan->end && *scan->at != '\n' && *scan->at != '\r')
		return text_at_expected(scan, "the end of the line");
	return 0;
}

/* The table that a line of this indentation belongs to. */
static int find_level(struct yaml *yaml, size_t indent)
{
	struct text_at *scan = &yaml->scan;

	if (indent > yaml->levels[yaml->depth].indent) {
		if (!yaml->pending || yaml->depth + 1 == SETTINGS_DEPTH_MOST)
			return text_at_refuse(scan, scan->at, "is indented too far");
		yaml->pending->kind = SETTING_TABLE;
		yaml->levels[++yaml->depth] = (struct level){ yaml->pending, indent };
	}
	while (indent < yaml->levels[yaml->depth].indent && yaml->depth > 0)
		yaml->depth--;
	if (indent != yaml->levels[yaml->depth].indent)
		return text_at_refuse(scan, scan->at, "is indented as no line above");
	return 0;
}

static int read_line(struct yaml *yaml)
{
	struct text_at *scan = &yaml->scan;
	size_t indent = strspn(scan->at, " ");
	struct setting *entry;

	scan->at += indent;
	if (*scan->at == '\t')
		return text_at_refuse(scan, scan->at, "a tab in the indentation");
	TRY(find_level(yaml, indent));
	entry = text_at_new(scan, SETTING_STRING);
	TRY(read_key(scan, entry));
	TRY(text_at_add(scan, yaml->levels[yaml->depth].table, entry));
	if (scan->at < scan->end && *scan->at != '\n' && *scan->at != '\r') {
		yaml->pending = NULL;
		return read_value(scan, entry);
	}
	/* Nothing may follow: an empty mapping, which is what it would have held. */
	entry->kind = SETTING_TABLE;
	yaml->pending = entry;
	return 0;
}

static bool is_empty_line(const struct text_at *scan)
{
	char first = scan->at[strspn(scan->at, " \t")];

	return !first || strchr("#\r\n", first);
}

int settings_read_yaml(const struct text *text, const char *file, struct arena *arena,
		       struct setting **root, struct error *err)
{
	struct yaml yaml = { .depth = 0 };

	TRY(text_at_begin(&yaml.scan, text, file, arena, err));
	*root = yaml.levels[0].table = text_at_new(&yaml.scan, SETTING_TABLE);
	if (text_starts(yaml.scan.at, "---\n"))
		yaml.scan.at += 3;
	while (yaml.scan.at < yaml.scan.end) {
		if (is_empty_line(&yaml.scan))
			skip_comment(&yaml.scan);
		else
			TRY(read_line(&yaml));
		text_at_line_end(&yaml.scan);
	}
	return 0;
}

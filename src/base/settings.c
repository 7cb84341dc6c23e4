/* settings.c -- trees of settings, and their binding to structs by rows. */
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "settings_text.h"

#define FILE_MOST (1 << 20)

int settings_load(const char *path, settings_reader *reader, struct arena *arena,
		  struct setting **root, struct error *err)
{
	auto_text struct text text = { 0 };

	TRY(file_read(AT_FDCWD, path, FILE_MOST, &text, err));
	return reader(&text, arena_string(arena, path), arena, root, err);
}

struct setting *setting_get(const struct setting *table, const char *key)
{
	for (struct setting *entry = table->first; entry; entry = entry->next)
		if (!strcmp(entry->key, key))
			return entry;
	return NULL;
}

void setting_add(struct setting *to, struct setting *value)
{
	if (to->last)
		to->last->next = value;
	else
		to->first = value;
	to->last = value;
	to->count++;
}

int setting_refuse(const struct setting *setting, struct error *err, const char *format, ...)
{
	char what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	fail(err, EINVAL, "%s", what);
	return fail_where(err, "%s (line %u:%u)", setting->file, setting->line, setting->column);
}

const char *setting_kind_name(enum setting_kind kind)
{
	static const char *const names[] = {
		[SETTING_STRING] = "a string",  [SETTING_BOOLEAN] = "true or false",
		[SETTING_INTEGER] = "a number", [SETTING_LIST] = "a list",
		[SETTING_TABLE] = "a table",    [SETTING_NULL] = "null",
	};

	return names[kind];
}

/* ---- binding --------------------------------------------------------------------------------- */

static const enum setting_kind kind_of_member[] = {
	[SETTING_TO_STRING] = SETTING_STRING,  [SETTING_TO_BOOLEAN] = SETTING_BOOLEAN,
	[SETTING_TO_CHOICE] = SETTING_BOOLEAN, [SETTING_TO_STRINGS] = SETTING_LIST,
	[SETTING_TO_LIST] = SETTING_LIST,      [SETTING_TO_TABLE] = SETTING_TABLE,
};

static int check_kind(const struct setting *value, enum setting_kind kind, struct error *err)
{
	if (value->kind == kind)
		return 0;
	return setting_refuse(value, err, "%s%sexpected %s, found %s", value->key ? value->key : "",
			      value->key ? ": " : "", setting_kind_name(kind),
			      setting_kind_name(value->kind));
}

static int take_strings(const struct setting *list, struct strings *strings, struct arena *arena,
			struct error *err)
{
	for (const struct setting *item = list->first; item; item = item->next) {
		TRY(check_kind(item, SETTING_STRING, err));
		strings_add(strings, item->string, arena);
	}
	return 0;
}

static int take_value(const struct setting *value, const struct setting_row *row, void *place,
		      struct arena *arena, struct error *err)
{
	if (row->member != SETTING_TO_ANYTHING)
		TRY(check_kind(value, kind_of_member[row->member], err));
	switch (row->member) {
	case SETTING_TO_STRING:
		if (row->choices && !text_among(row->choices, value->string))
			return setting_refuse(value, err, "%s: \"%.100s\" is none of %s",
					      value->key, value->string, row->choices);
		*(char **)place = value->string;
		return 0;
	case SETTING_TO_BOOLEAN:
		*(bool *)place = value->boolean;
		return 0;
	case SETTING_TO_CHOICE:
		*(bool **)place = arena_alloc(arena, sizeof(bool));
		**(bool **)place = value->boolean;
		return 0;
	case SETTING_TO_STRINGS:
		return take_strings(value, place, arena, err);
	default:
		*(const struct setting **)place = value;
		return 0;
	}
}

static const struct setting_row *row_of(const struct setting_rows *rows, const char *key)
{
	for (size_t i = 0; i < rows->count; i++)
		if (!strcmp(rows->rows[i].key, key))
			return &rows->rows[i];
	return NULL;
}

int settings_bind(const struct setting *table, const struct setting_rows *rows, void *object,
		  struct arena *arena, struct error *err)
{
	TRY(check_kind(table, SETTING_TABLE, err));
	for (const struct setting *value = table->first; value; value = value->next) {
		const struct setting_row *row = row_of(rows, value->key);

		if (row)
			TRY(take_value(value, row, (char *)object + row->offset, arena, err));
		else if (!rows->lenient)
			return setting_refuse(value, err, "unknown key \"%.200s\"", value->key);
		else
			log_warning("%s (line %u:%u): unknown key \"%.200s\"", value->file,
				    value->line, value->column, value->key);
	}
	return 0;
}

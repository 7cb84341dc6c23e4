/* json_read.c -- bind a JSON document to a struct by its rows.
 *
 * yajl finds the tokens; a stack of levels knows where each value goes. A level is an object of a
 * shape, an array, or a map; a value's slot says which C type waits for it. What no row knows is
 * skipped (its depth is counted). Strings and arrays end up in the arena. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "json_path.h"
#include "json_reader.h"

static void current_path(const struct reader *reader, struct text *path)
{
	for (int i = 0; i < reader->depth; i++) {
		const struct level *level = &reader->levels[i];

		if (level->kind == LEVEL_ARRAY)
			text_format(path, "[%zu]", level->count > 0 ? level->count - 1 : 0);
		else if (level->key)
			json_path_add_key(path, level->key);
	}
}

/* What was put in front of the document's first line does not count. */
static unsigned own_column(const struct reader *reader, unsigned line, unsigned column)
{
	return line == 1 && column > reader->front ? column - reader->front : column;
}

/* "NAME: PATH (line L:C)" for the value at the present path (or one key below it). */
int reader_refuse(struct reader *reader, const char *key, const char *what)
{
	auto_text struct text path = { 0 };
	unsigned line = 1, column = 1;

	current_path(reader, &path);
	if (key)
		json_path_add_key(&path, key);
	json_locate(reader->text, reader->length, path.data ? path.data : "", &line, &column);
	fail(reader->err, EINVAL, "%s", what);
	fail_where(reader->err, "%s%s%s (line %u:%u)", reader->name, path.length > 0 ? ": " : "",
		   path.length > 0 ? path.data : "", line, own_column(reader, line, column));
	reader->result = -EINVAL;
	return 0; /* yajl: cancel */
}

/* Elements of an array or map are structs in place, fields are pointers to them. */
static bool is_element(const struct level *level)
{
	return level && level->kind != LEVEL_OBJECT;
}

/* ---- objects, arrays, keys ---- */

static int push(struct reader *reader, const struct level *level)
{
	if (reader->depth == DEPTH_MOST)
		return reader_refuse(reader, NULL, "nested too deeply");
	reader->levels[reader->depth++] = *level;
	return 1;
}

static int skip_deeper(struct reader *reader)
{
	if (++reader->skipped + reader->depth > DEPTH_MOST)
		return reader_refuse(reader, NULL, "nested too deeply");
	return 1;
}

/* A structured value that no row knows, or one that is kept as text. */
static int skip_value(struct reader *reader, const struct slot *slot)
{
	if (slot->use == SLOT_VALUE)
		reader_begin_raw(reader, slot->place);
	return skip_deeper(reader);
}

static int push_object(struct reader *reader, const struct slot *slot)
{
	struct level level = { .kind = LEVEL_OBJECT, .shape = slot->shape };

	if (!reader_top(reader)) {
		level.object = reader->root;
		reader->root_seen = true;
	} else if (is_element(reader_top(reader))) {
		level.object = slot->place;
	} else {
		level.object = arena_alloc(reader->arena, slot->shape->size);
		*(void **)slot->place = level.object;
	}
	return push(reader, &level);
}

static int on_start_map(void *context)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return skip_deeper(reader);
	slot = reader_next_slot(reader);
	if (slot.use == SLOT_NONE || slot.kind == JSON_raw)
		return skip_value(reader, &slot);
	if (slot.kind == JSON_object)
		return push_object(reader, &slot);
	if (slot.kind == JSON_string_map || slot.kind == JSON_object_map)
		return push(reader, &(struct level){ .kind = LEVEL_MAP,
						     .shape = slot.shape,
						     .container = slot.kind,
						     .place = slot.place });
	return reader_wrong_type(reader, slot.kind, "an object");
}

static int on_start_array(void *context)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return skip_deeper(reader);
	slot = reader_next_slot(reader);
	if (slot.use == SLOT_NONE || slot.kind == JSON_raw)
		return skip_value(reader, &slot);
	if (slot.kind == JSON_strings || slot.kind == JSON_uint32s || slot.kind == JSON_objects)
		return push(reader, &(struct level){ .kind = LEVEL_ARRAY,
						     .shape = slot.shape,
						     .container = slot.kind,
						     .place = slot.place });
	return reader_wrong_type(reader, slot.kind, "an array");
}

/* The end of a skipped value; true: that is all. */
static bool end_skipped(struct reader *reader)
{
	if (reader->skipped == 0)
		return false;
	if (--reader->skipped == 0)
		reader_end_raw(reader);
	return true;
}

static int check_required(struct reader *reader, const struct level *level)
{
	for (size_t i = 0; i < level->shape->count; i++) {
		const struct json_field *field = &level->shape->fields[i];

		if (field->need == JSON_required && !(level->seen >> i & 1))
			return reader_refuse(reader, field->key, "is required and missing");
	}
	return 1;
}

static int finish_map(struct reader *reader, struct level *level)
{
	level->key = level_find_twice(level);
	if (level->key)
		return reader_refuse(reader, NULL, "is there twice");
	level_finish(level);
	return 1;
}

static int on_end_map(void *context)
{
	struct reader *reader = context;
	struct level *level = reader_top(reader);

	if (end_skipped(reader))
		return 1;
	level->key = NULL;
	if (!(level->kind == LEVEL_MAP ? finish_map(reader, level) : check_required(reader, level)))
		return 0;
	reader->depth--;
	return 1;
}

static int on_end_array(void *context)
{
	struct reader *reader = context;

	if (end_skipped(reader))
		return 1;
	level_finish(reader_top(reader));
	reader->depth--;
	return 1;
}

static void note_unknown(struct reader *reader)
{
	auto_text struct text path = { 0 };

	if (!reader->notes)
		return;
	current_path(reader, &path);
	strings_add(&reader->notes->unknown, arena_string(reader->arena, path.data), reader->arena);
}

static int enter_field(struct reader *reader, struct level *level)
{
	level->field = NULL;
	for (size_t i = 0; i < level->shape->count; i++) {
		if (strcmp(level->shape->fields[i].key, level->key) != 0)
			continue;
		if (level->seen >> i & 1)
			return reader_refuse(reader, NULL, "is there twice");
		level->seen |= 1ULL << i;
		level->field = &level->shape->fields[i];
		return 1;
	}
	note_unknown(reader);
	return 1;
}

static int on_key(void *context, const unsigned char *bytes, size_t length)
{
	struct reader *reader = context;
	struct level *level = reader_top(reader);

	if (reader->skipped > 0)
		return 1;
	if (memchr(bytes, 0, length))
		return reader_refuse(reader, NULL, "a key has a zero byte");
	reader->key_end = yajl_get_bytes_consumed(reader->yajl);
	level->key = arena_copy(reader->arena, bytes, length);
	return level->kind == LEVEL_OBJECT ? enter_field(reader, level) : 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = reader_on_null,
	.yajl_boolean = reader_on_boolean,
	.yajl_number = reader_on_number,
	.yajl_string = reader_on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* ---- the document ---- */

/* yajl's words behind "parse error: " or "lexical error: ", at the place it stopped. */
static int syntax_error(struct reader *reader, bool at_end)
{
	unsigned char *said = yajl_get_error(reader->yajl, 0, NULL, 0);
	const char *words = said ? strstr((const char *)said, ": ") : NULL;
	size_t at = at_end ? reader->length : yajl_get_bytes_consumed(reader->yajl);
	unsigned line, column;
	char what[128];

	snprintf(what, sizeof(what), "%s", words ? words + 2 : "no JSON");
	what[strcspn(what, "\n")] = '\0';
	for (size_t end = strlen(what); end > 0 && what[end - 1] == ' '; end--)
		what[end - 1] = '\0';
	json_position(reader->text, reader->length, at > 0 ? at - 1 : 0, &line, &column);
	fail(reader->err, EINVAL, "%s", what);
	fail_where(reader->err, "%s (line %u:%u)", reader->name, line,
		   own_column(reader, line, column));
	if (said)
		yajl_free_error(reader->yajl, said);
	return -EINVAL;
}

static int check_characters(struct reader *reader)
{
	const char *at = json_find_no_character(reader->text, reader->length);
	unsigned line, column;

	if (!at)
		return 0;
	json_position(reader->text, reader->length, (size_t)(at - reader->text), &line, &column);
	fail(reader->err, EINVAL, *at == '\\' ? "half a surrogate pair" : "not UTF-8");
	return fail_where(reader->err, "%s (line %u:%u)", reader->name, line,
			  own_column(reader, line, column));
}

static int parse(struct reader *reader)
{
	yajl_status status;
	bool at_end;

	TRY(check_characters(reader));
	status = yajl_parse(reader->yajl, (const unsigned char *)reader->text, reader->length);
	at_end = status == yajl_status_ok;
	if (at_end)
		status = yajl_complete_parse(reader->yajl);
	if (reader->result < 0)
		return reader->result;
	if (status != yajl_status_ok)
		return syntax_error(reader, at_end);
	if (!reader->root_seen) {
		fail(reader->err, EINVAL, "expected an object");
		return fail_where(reader->err, "%s", reader->name);
	}
	return 0;
}

int json_read(const struct json_source *source, const struct json_shape *shape, void *object,
	      struct arena *arena, struct json_notes *notes, struct error *err)
{
	struct reader reader = {
		.text = source->text,
		.length = source->length,
		.name = source->name,
		.front = source->front,
		.arena = arena,
		.notes = notes,
		.err = err,
		.root_shape = shape,
		.root = object,
	};
	int result;

	memset(object, 0, shape->size);
	reader.yajl = yajl_alloc(&callbacks, NULL, &reader);
	if (!reader.yajl)
		return fail(err, ENOMEM, "%s: out of memory", source->name);
	result = parse(&reader);
	yajl_free(reader.yajl);
	return result;
}

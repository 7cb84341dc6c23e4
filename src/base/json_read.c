/* json_read.c -- bind a JSON document to a struct by its rows.
 *
 * yajl finds the tokens; a stack of levels knows where each value goes. A level is an object of a
 * shape, an array, or a map; a value's slot says which C type waits for it. What no row knows is
 * skipped (its depth is counted). Strings and arrays end up in the arena. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/json.h"
#include "base/number.h"
#include "json_path.h"

#define DEPTH_MOST   64
#define FIELDS_MOST  64
#define MAP_COMPARED 512 /* keys of a map that are compared for duplicates */

enum level_kind { LEVEL_OBJECT, LEVEL_ARRAY, LEVEL_MAP };

struct level {
	enum level_kind kind;
	const struct json_shape *shape; /* of the object, or of array and map elements */
	void *object;                   /* LEVEL_OBJECT: the struct being filled */
	uint64_t seen;                  /* a bit a field */
	enum json_kind container;       /* array, map: kind of the field it is the value of */
	void *place;                    /* array, map: that field */
	char *items;
	char **keys; /* object_map */
	size_t count, capacity;
	const struct json_field *field; /* LEVEL_OBJECT: of the key just read, NULL: unknown */
	char *key;                      /* of the value that comes next */
};

struct reader {
	const char *text;
	size_t length;
	const char *name;
	struct arena *arena;
	struct json_notes *notes;
	struct error *err;
	yajl_handle yajl;
	const struct json_shape *root_shape;
	void *root;
	bool root_seen;
	struct level levels[DEPTH_MOST];
	int depth;   /* levels in use */
	int skipped; /* open brackets of a value that nobody wants */
	size_t key_end;
	char **raw; /* where the text of the skipped value goes, or NULL */
	size_t raw_begin;
	int result;
};

/* Where the next value goes. */
struct slot {
	enum { SLOT_NONE, SLOT_VALUE } use;
	enum json_kind kind;
	void *place;
	const struct json_shape *shape;
};

static const char *const expected_words[] = {
	[JSON_string] = "a string",
	[JSON_boolean] = "a boolean",
	[JSON_opt_boolean] = "a boolean",
	[JSON_int32] = "a whole number",
	[JSON_int64] = "a whole number",
	[JSON_uint32] = "a whole number",
	[JSON_uint64] = "a whole number",
	[JSON_opt_int32] = "a whole number",
	[JSON_opt_int64] = "a whole number",
	[JSON_opt_uint32] = "a whole number",
	[JSON_opt_uint64] = "a whole number",
	[JSON_strings] = "an array of strings",
	[JSON_uint32s] = "an array of numbers",
	[JSON_object] = "an object",
	[JSON_objects] = "an array of objects",
	[JSON_string_map] = "an object of strings",
	[JSON_object_map] = "an object of objects",
	[JSON_raw] = "a value",
};

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

/* "NAME: PATH (line L:C)" for the value at the present path (or one key below it). */
static int refuse(struct reader *reader, const char *key, const char *what)
{
	auto_text struct text path = { 0 };
	unsigned line = 1, column = 1;

	current_path(reader, &path);
	if (key)
		json_path_add_key(&path, key);
	json_locate(reader->text, reader->length, path.data ? path.data : "", &line, &column);
	fail(reader->err, EINVAL, "%s", what);
	fail_where(reader->err, "%s%s%s (line %u:%u)", reader->name, path.length > 0 ? ": " : "",
		   path.length > 0 ? path.data : "", line, column);
	reader->result = -EINVAL;
	return 0; /* yajl: cancel */
}

static int wrong_type(struct reader *reader, enum json_kind kind, const char *found)
{
	char what[128];

	snprintf(what, sizeof(what), "expected %s, found %s", expected_words[kind], found);
	return refuse(reader, NULL, what);
}

static struct level *top(struct reader *reader)
{
	return reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
}

/* ---- growing arrays and maps ---- */

static size_t item_size(const struct level *level)
{
	switch (level->container) {
	case JSON_strings:
		return sizeof(char *);
	case JSON_uint32s:
		return sizeof(uint32_t);
	case JSON_string_map:
		return sizeof(struct string_pair);
	default:
		return level->shape->size;
	}
}

/* One more element, zeroed; one behind the last is always there and zero (argv's NULL). */
static void *append(struct reader *reader, struct level *level)
{
	size_t size = item_size(level);

	if (level->count + 1 >= level->capacity) {
		size_t capacity = level->capacity ? 2 * level->capacity : 8;
		char *items = arena_array(reader->arena, capacity, size);

		if (level->count > 0)
			memcpy(items, level->items, level->count * size);
		if (level->container == JSON_object_map) {
			char **keys = arena_array(reader->arena, capacity, sizeof(*keys));

			if (level->count > 0)
				memcpy(keys, level->keys, level->count * sizeof(*keys));
			level->keys = keys;
		}
		level->items = items;
		level->capacity = capacity;
	}
	return level->items + level->count++ * size;
}

static void finish_items(const struct level *level)
{
	if (level->container == JSON_object_map) {
		struct {
			char **keys;
			void *items;
			size_t count;
		} map = { level->keys, level->items, level->count };

		memcpy(level->place, &map, sizeof(map));
	} else {
		struct {
			void *items;
			size_t count;
		} list = { level->items, level->count };

		memcpy(level->place, &list, sizeof(list));
	}
}

/* ---- where a value goes ---- */

static struct slot slot_in_array(struct reader *reader, struct level *level)
{
	struct slot slot = { .use = SLOT_VALUE,
			     .place = append(reader, level),
			     .shape = level->shape };

	slot.kind = level->container == JSON_strings   ? JSON_string
		    : level->container == JSON_uint32s ? JSON_uint32
						       : JSON_object;
	return slot;
}

static struct slot slot_in_map(struct reader *reader, struct level *level)
{
	struct slot slot = { .use = SLOT_VALUE,
			     .place = append(reader, level),
			     .shape = level->shape };

	if (level->container == JSON_object_map) {
		level->keys[level->count - 1] = level->key;
		slot.kind = JSON_object;
	} else {
		struct string_pair *pair = slot.place;

		pair->key = level->key;
		slot.place = &pair->value;
		slot.kind = JSON_string;
	}
	return slot;
}

static struct slot next_slot(struct reader *reader)
{
	struct level *level = top(reader);

	if (!level)
		return (struct slot){ SLOT_VALUE, JSON_object, NULL, reader->root_shape };
	if (level->kind == LEVEL_ARRAY)
		return slot_in_array(reader, level);
	if (level->kind == LEVEL_MAP)
		return slot_in_map(reader, level);
	if (!level->field)
		return (struct slot){ .use = SLOT_NONE };
	return (struct slot){ SLOT_VALUE, level->field->kind,
			      (char *)level->object + level->field->offset, level->field->shape };
}

/* Elements of an array or map are structs in place, fields are pointers to them. */
static bool is_element(const struct level *level)
{
	return level && level->kind != LEVEL_OBJECT;
}

/* ---- raw values ---- */

static void begin_raw(struct reader *reader, char **place)
{
	size_t at = reader->key_end;

	while (at < reader->length && strchr(" \t\r\n:", reader->text[at]))
		at++;
	reader->raw_begin = at;
	reader->raw = place;
}

static void end_raw(struct reader *reader)
{
	size_t end = yajl_get_bytes_consumed(reader->yajl);

	if (!reader->raw)
		return;
	*reader->raw = arena_copy(reader->arena, reader->text + reader->raw_begin,
				  end - reader->raw_begin);
	reader->raw = NULL;
}

/* A scalar that is not wanted as a value: unknown, or kept as text. True: it is dealt with. */
static bool passed_over(struct reader *reader, const struct slot *slot)
{
	if (slot->use == SLOT_NONE)
		return true;
	if (slot->kind != JSON_raw)
		return false;
	begin_raw(reader, slot->place);
	end_raw(reader);
	return true;
}

/* ---- scalars ---- */

static int on_null(void *context)
{
	struct reader *reader = context;
	struct level *level = top(reader);

	if (reader->skipped > 0)
		return 1;
	if (!level || level->kind != LEVEL_OBJECT)
		return refuse(reader, NULL, "a null has no place here");
	if (level->field) /* as if it were absent */
		level->seen &= ~(1ULL << (level->field - level->shape->fields));
	return 1;
}

static int on_boolean(void *context, int value)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return 1;
	slot = next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	if (slot.kind == JSON_boolean) {
		*(bool *)slot.place = value;
	} else if (slot.kind == JSON_opt_boolean) {
		bool *copy = arena_alloc(reader->arena, sizeof(*copy));

		*copy = value;
		*(bool **)slot.place = copy;
	} else {
		return wrong_type(reader, slot.kind, "a boolean");
	}
	return 1;
}

struct integer_kind {
	enum json_kind kind;
	bool is_signed, is_pointer;
	unsigned size;
	int64_t least;
	uint64_t most;
};

static const struct integer_kind integer_kinds[] = {
	{ JSON_int32, true, false, 4, INT32_MIN, INT32_MAX },
	{ JSON_int64, true, false, 8, INT64_MIN, INT64_MAX },
	{ JSON_uint32, false, false, 4, 0, UINT32_MAX },
	{ JSON_uint64, false, false, 8, 0, UINT64_MAX },
	{ JSON_opt_int32, true, true, 4, INT32_MIN, INT32_MAX },
	{ JSON_opt_int64, true, true, 8, INT64_MIN, INT64_MAX },
	{ JSON_opt_uint32, false, true, 4, 0, UINT32_MAX },
	{ JSON_opt_uint64, false, true, 8, 0, UINT64_MAX },
};

static const struct integer_kind *integer_kind(enum json_kind kind)
{
	for (size_t i = 0; i < sizeof(integer_kinds) / sizeof(integer_kinds[0]); i++)
		if (integer_kinds[i].kind == kind)
			return &integer_kinds[i];
	return NULL;
}

static int store_integer(struct reader *reader, const struct slot *slot,
			 const struct integer_kind *integer, const char *digits)
{
	uint64_t bits = 0;
	int64_t value = 0;
	void *place = slot->place;
	bool fits = integer->is_signed ? number_parse_signed(digits, integer->least,
							     (int64_t)integer->most, &value)
				       : number_parse_unsigned(digits, integer->most, &bits);

	if (!fits) {
		char what[96];

		snprintf(what, sizeof(what), "%.32s is not a whole number of %u %s bits", digits,
			 8 * integer->size, integer->is_signed ? "signed" : "unsigned");
		return refuse(reader, NULL, what);
	}
	if (integer->is_signed)
		bits = (uint64_t)value;
	if (integer->is_pointer) {
		place = arena_alloc(reader->arena, integer->size);
		*(void **)slot->place = place;
	}
	if (integer->size == 4)
		*(uint32_t *)place = (uint32_t)bits;
	else
		*(uint64_t *)place = bits;
	return 1;
}

static int on_number(void *context, const char *digits, size_t length)
{
	struct reader *reader = context;
	const struct integer_kind *integer;
	struct slot slot;
	char copy[64];

	if (reader->skipped > 0)
		return 1;
	slot = next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	integer = integer_kind(slot.kind);
	if (!integer)
		return wrong_type(reader, slot.kind, "a number");
	if (length >= sizeof(copy))
		length = sizeof(copy) - 1;
	memcpy(copy, digits, length);
	copy[length] = '\0';
	return store_integer(reader, &slot, integer, copy);
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return 1;
	slot = next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	if (slot.kind != JSON_string)
		return wrong_type(reader, slot.kind, "a string");
	if (memchr(bytes, 0, length))
		return refuse(reader, NULL, "the string has a zero byte");
	*(char **)slot.place = arena_copy(reader->arena, bytes, length);
	return 1;
}

/* ---- objects, arrays, keys ---- */

static int push(struct reader *reader, const struct level *level)
{
	if (reader->depth == DEPTH_MOST)
		return refuse(reader, NULL, "nested too deeply");
	reader->levels[reader->depth++] = *level;
	return 1;
}

static int skip_deeper(struct reader *reader)
{
	if (++reader->skipped + reader->depth > DEPTH_MOST)
		return refuse(reader, NULL, "nested too deeply");
	return 1;
}

/* A structured value that no row knows, or one that is kept as text. */
static int skip_value(struct reader *reader, const struct slot *slot)
{
	if (slot->use == SLOT_VALUE)
		begin_raw(reader, slot->place);
	return skip_deeper(reader);
}

static int push_object(struct reader *reader, const struct slot *slot)
{
	struct level level = { .kind = LEVEL_OBJECT, .shape = slot->shape };

	if (!top(reader)) {
		level.object = reader->root;
		reader->root_seen = true;
	} else if (is_element(top(reader))) {
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
	slot = next_slot(reader);
	if (slot.use == SLOT_NONE || slot.kind == JSON_raw)
		return skip_value(reader, &slot);
	if (slot.kind == JSON_object)
		return push_object(reader, &slot);
	if (slot.kind == JSON_string_map || slot.kind == JSON_object_map)
		return push(reader, &(struct level){ .kind = LEVEL_MAP,
						     .shape = slot.shape,
						     .container = slot.kind,
						     .place = slot.place });
	return wrong_type(reader, slot.kind, "an object");
}

static int on_start_array(void *context)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return skip_deeper(reader);
	slot = next_slot(reader);
	if (slot.use == SLOT_NONE || slot.kind == JSON_raw)
		return skip_value(reader, &slot);
	if (slot.kind == JSON_strings || slot.kind == JSON_uint32s || slot.kind == JSON_objects)
		return push(reader, &(struct level){ .kind = LEVEL_ARRAY,
						     .shape = slot.shape,
						     .container = slot.kind,
						     .place = slot.place });
	return wrong_type(reader, slot.kind, "an array");
}

/* The end of a skipped value; true: that is all. */
static bool end_skipped(struct reader *reader)
{
	if (reader->skipped == 0)
		return false;
	if (--reader->skipped == 0)
		end_raw(reader);
	return true;
}

static int check_required(struct reader *reader, const struct level *level)
{
	for (size_t i = 0; i < level->shape->count; i++) {
		const struct json_field *field = &level->shape->fields[i];

		if (field->need == JSON_required && !(level->seen >> i & 1))
			return refuse(reader, field->key, "is required and missing");
	}
	return 1;
}

static int on_end_map(void *context)
{
	struct reader *reader = context;
	struct level *level = top(reader);

	if (end_skipped(reader))
		return 1;
	level->key = NULL;
	if (level->kind == LEVEL_MAP)
		finish_items(level);
	else if (!check_required(reader, level))
		return 0;
	reader->depth--;
	return 1;
}

static int on_end_array(void *context)
{
	struct reader *reader = context;

	if (end_skipped(reader))
		return 1;
	finish_items(top(reader));
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
	for (size_t i = 0; i < level->shape->count && i < FIELDS_MOST; i++) {
		if (strcmp(level->shape->fields[i].key, level->key) != 0)
			continue;
		if (level->seen >> i & 1)
			return refuse(reader, NULL, "is there twice");
		level->seen |= 1ULL << i;
		level->field = &level->shape->fields[i];
		return 1;
	}
	note_unknown(reader);
	return 1;
}

static bool map_has(const struct level *level, const char *key)
{
	for (size_t i = 0; i < level->count && i < MAP_COMPARED; i++) {
		const char *other = level->container == JSON_object_map
					    ? level->keys[i]
					    : ((struct string_pair *)level->items)[i].key;

		if (!strcmp(other, key))
			return true;
	}
	return false;
}

static int on_key(void *context, const unsigned char *bytes, size_t length)
{
	struct reader *reader = context;
	struct level *level = top(reader);

	if (reader->skipped > 0)
		return 1;
	if (memchr(bytes, 0, length))
		return refuse(reader, NULL, "a key has a zero byte");
	reader->key_end = yajl_get_bytes_consumed(reader->yajl);
	level->key = arena_copy(reader->arena, bytes, length);
	if (level->kind == LEVEL_OBJECT)
		return enter_field(reader, level);
	return map_has(level, level->key) ? refuse(reader, NULL, "is there twice") : 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* ---- the document ---- */

/* yajl's words behind "parse error: " or "lexical error: ", at the place it stopped. */
static int syntax_error(struct reader *reader)
{
	unsigned char *said = yajl_get_error(reader->yajl, 0, NULL, 0);
	const char *words = said ? strstr((const char *)said, ": ") : NULL;
	size_t at = yajl_get_bytes_consumed(reader->yajl);
	unsigned line, column;
	char what[128];

	snprintf(what, sizeof(what), "%s", words ? words + 2 : "no JSON");
	what[strcspn(what, "\n")] = '\0';
	for (size_t end = strlen(what); end > 0 && what[end - 1] == ' '; end--)
		what[end - 1] = '\0';
	json_position(reader->text, reader->length, at > 0 ? at - 1 : 0, &line, &column);
	fail(reader->err, EINVAL, "%s", what);
	fail_where(reader->err, "%s (line %u:%u)", reader->name, line, column);
	if (said)
		yajl_free_error(reader->yajl, said);
	return -EINVAL;
}

static int parse(struct reader *reader)
{
	yajl_status status =
		yajl_parse(reader->yajl, (const unsigned char *)reader->text, reader->length);

	if (status == yajl_status_ok)
		status = yajl_complete_parse(reader->yajl);
	if (reader->result < 0)
		return reader->result;
	if (status != yajl_status_ok)
		return syntax_error(reader);
	if (!reader->root_seen) {
		fail(reader->err, EINVAL, "expected an object");
		return fail_where(reader->err, "%s", reader->name);
	}
	return 0;
}

int json_read(const char *text, size_t length, const char *name, const struct json_shape *shape,
	      void *object, struct arena *arena, struct json_notes *notes, struct error *err)
{
	struct reader reader = {
		.text = text,
		.length = length,
		.name = name,
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
		return fail(err, ENOMEM, "%s: out of memory", name);
	result = parse(&reader);
	yajl_free(reader.yajl);
	return result;
}

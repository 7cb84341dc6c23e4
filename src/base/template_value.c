/* template_value.c -- values by their rows: fields, items, truth, and how Go prints them. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "json_lists.h"
#include "template_private.h"

/* Letters and digits alone, without case: "created_by", "CreatedBy"; "Id", "ID". */
static bool same_name(const char *key, const char *typed)
{
	for (;;) {
		while (*key && !isalnum((unsigned char)*key))
			key++;
		while (*typed && !isalnum((unsigned char)*typed))
			typed++;
		if (!*key || !*typed)
			return *key == *typed;
		if (tolower((unsigned char)*key++) != tolower((unsigned char)*typed++))
			return false;
	}
}

static struct value string_value(const char *string)
{
	return (struct value){ .kind = VALUE_STRING, .string = string ? string : "" };
}

static struct value object_value(const struct json_shape *shape, const void *data)
{
	return (struct value){ .kind = VALUE_OBJECT, .shape = shape, .data = data };
}

static bool is_time(const struct template *template, const char *key)
{
	const char *const *times = template->rows->times;

	while (times && *times)
		if (!strcmp(*times++, key))
			return true;
	return false;
}

#define NUMBER(type) (place ? (int64_t) * (const type *)place : 0)
#define OPTIONAL(type)                                                                             \
	(place && *(type *const *)place                                                            \
		 ? (struct value){ .kind = VALUE_INTEGER,                                          \
				   .integer = (int64_t) * *(type *const *)place }                  \
		 : (struct value){ .kind = VALUE_NOTHING })

static struct value number_value(const struct json_field *field, const void *place)
{
	struct value value = { .kind = VALUE_INTEGER };

	switch ((enum json_kind)field->kind) {
	case JSON_int32:
		value.integer = NUMBER(int32_t);
		break;
	case JSON_uint32:
		value.integer = NUMBER(uint32_t);
		break;
	case JSON_opt_int32:
		return OPTIONAL(int32_t);
	case JSON_opt_uint32:
		return OPTIONAL(uint32_t);
	case JSON_opt_int64:
	case JSON_opt_uint64:
		return OPTIONAL(int64_t);
	default:
		value.integer = NUMBER(int64_t);
	}
	return value;
}

/* `place` NULL: the struct is not there, its fields are empty. */
static struct value member(const struct template *template, const struct json_field *field,
			   const void *place)
{
	switch ((enum json_kind)field->kind) {
	case JSON_string: {
		struct value value = string_value(place ? *(char *const *)place : NULL);

		if (is_time(template, field->key))
			value.kind = VALUE_TIME;
		return value;
	}
	case JSON_boolean:
		return (struct value){ .kind = VALUE_BOOLEAN,
				       .integer = place && *(const bool *)place };
	case JSON_opt_boolean:
		return (struct value){ .kind = VALUE_BOOLEAN,
				       .integer = place && *(bool *const *)place &&
						  **(bool *const *)place };
	case JSON_strings:
		return (struct value){ .kind = VALUE_STRINGS, .data = place };
	case JSON_object:
		return object_value(field->shape, place ? *(void *const *)place : NULL);
	case JSON_objects:
		return (struct value){ VALUE_OBJECTS, field->shape, place, NULL, 0 };
	case JSON_string_map:
		return (struct value){ .kind = VALUE_MAP, .data = place };
	case JSON_object_map:
		return (struct value){ VALUE_SET, field->shape, place, NULL, 0 };
	case JSON_raw:
		return (struct value){ .kind = VALUE_RAW,
				       .string = place && *(char *const *)place
							 ? *(char *const *)place
							 : "null" };
	case JSON_uint32s:
		return (struct value){ .kind = VALUE_NOTHING };
	default:
		return number_value(field, place);
	}
}

static const struct json_field *find_field(const struct json_shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (!strcmp(shape->fields[i].key, name))
			return &shape->fields[i];
	for (size_t i = 0; i < shape->count; i++)
		if (same_name(shape->fields[i].key, name))
			return &shape->fields[i];
	return NULL;
}

static struct value field_value(const struct template *template, const struct value *object,
				const struct json_field *field)
{
	return member(template, field,
		      object->data ? (const char *)object->data + field->offset : NULL);
}

int value_field(const struct template *template, const struct value *value, const char *name,
		struct value *field)
{
	if (value->kind == VALUE_OBJECT) {
		const struct json_field *row = find_field(value->shape, name);

		if (!row)
			return -ENOENT;
		*field = field_value(template, value, row);
		return 0;
	}
	if (value->kind != VALUE_MAP && value->kind != VALUE_SET)
		return -ENOENT;
	if (!value_item(value, name, 0, field))
		*field = (struct value){ .kind = VALUE_NOTHING };
	return 0;
}

/* ---- items ----------------------------------------------------------------------------------- */

size_t value_count(const struct value *value)
{
	if (value->kind == VALUE_STRING || value->kind == VALUE_TIME || value->kind == VALUE_RAW)
		return strlen(value->string);
	if (!value->data)
		return 0;
	switch (value->kind) {
	case VALUE_OBJECTS:
		return json_list_at(value->data).count;
	case VALUE_STRINGS:
		return ((const struct strings *)value->data)->count;
	case VALUE_MAP:
		return ((const struct string_map *)value->data)->count;
	case VALUE_SET:
		return json_object_map_at(value->data).count;
	default:
		return 0;
	}
}

static const char *key_at(const struct value *value, size_t at)
{
	if (value->kind == VALUE_MAP)
		return ((const struct string_map *)value->data)->items[at].key;
	return json_object_map_at(value->data).keys[at];
}

struct value value_key(const struct value *value, size_t at)
{
	if (value->kind == VALUE_MAP || value->kind == VALUE_SET)
		return string_value(key_at(value, at));
	return (struct value){ .kind = VALUE_INTEGER, .integer = (int64_t)at };
}

static bool find_key(const struct value *value, const char *key, size_t *at)
{
	for (*at = 0; *at < value_count(value); ++*at)
		if (!strcmp(key_at(value, *at), key))
			return true;
	return false;
}

bool value_item(const struct value *value, const char *key, int64_t position, struct value *item)
{
	bool by_key = value->kind == VALUE_MAP || value->kind == VALUE_SET;
	size_t at = (size_t)position;

	if (by_key ? key && !find_key(value, key, &at) : key != NULL)
		return false;
	if (position < 0 || at >= value_count(value))
		return false;
	switch (value->kind) {
	case VALUE_OBJECTS:
		*item = object_value(value->shape,
				     json_list_at(value->data).items + at * value->shape->size);
		return true;
	case VALUE_SET:
		*item = object_value(value->shape, json_object_map_at(value->data).items +
							   at * value->shape->size);
		return true;
	case VALUE_STRINGS:
		*item = string_value(((const struct strings *)value->data)->items[at]);
		return true;
	case VALUE_MAP:
		*item = string_value(((const struct string_map *)value->data)->items[at].value);
		return true;
	default:
		return false;
	}
}

bool value_true(const struct value *value)
{
	switch (value->kind) {
	case VALUE_INTEGER:
	case VALUE_BOOLEAN:
		return value->integer != 0;
	case VALUE_OBJECT:
		return value->data != NULL;
	case VALUE_RAW:
		return strcmp(value->string, "null") != 0;
	default:
		return value_count(value) > 0;
	}
}

/* ---- printing -------------------------------------------------------------------------------- */

/* "2024-01-01T00:00:00Z" as Go's time.Time: "2024-01-01 00:00:00 +0000 UTC". */
static void print_time(const char *time, struct text *out)
{
	size_t clock = strcspn(time, "Zz+"), date = strcspn(time, "Tt");
	const char *zone = time + clock;
	const char *minus = time[date] ? strchr(time + date, '-') : NULL;

	if (minus && !*zone)
		zone = minus;
	if (!time[date] || !*zone) {
		text_add(out, time);
		return;
	}
	text_format(out, "%.*s %.*s ", (int)date, time, (int)(zone - time - (int)date) - 1,
		    time + date + 1);
	if (*zone == 'Z' || *zone == 'z')
		text_add(out, "+0000 UTC");
	else
		text_format(out, "%.3s%s %.3s%s", zone, strlen(zone) > 4 ? zone + 4 : "", zone,
			    strlen(zone) > 4 ? zone + 4 : "");
}

/* Go sorts the keys of a map. */
static void print_map(const struct template *template, const struct value *value, struct text *out)
{
	size_t count = value_count(value), best;
	const char *last = NULL;

	text_add(out, "map[");
	for (size_t done = 0; done < count; done++) {
		struct value item;

		best = count;
		for (size_t i = 0; i < count; i++)
			if ((!last || strcmp(key_at(value, i), last) > 0) &&
			    (best == count || strcmp(key_at(value, i), key_at(value, best)) < 0))
				best = i;
		if (best == count)
			break;
		last = key_at(value, best);
		text_format(out, "%s%s:", done ? " " : "", last);
		value_item(value, last, 0, &item);
		value_print(template, &item, out);
	}
	text_add(out, "]");
}

static void print_list(const struct template *template, const struct value *value, struct text *out)
{
	text_add(out, "[");
	for (size_t i = 0; i < value_count(value); i++) {
		struct value item;

		value_item(value, NULL, (int64_t)i, &item);
		text_add(out, i ? " " : "");
		value_print(template, &item, out);
	}
	text_add(out, "]");
}

static void print_object(const struct template *template, const struct value *value,
			 struct text *out)
{
	bool first = true;

	text_add(out, value->data ? "{" : "<nil>");
	for (size_t i = 0; value->data && i < value->shape->count; i++) {
		struct value field = field_value(template, value, &value->shape->fields[i]);

		if (field.kind == VALUE_RAW && !value_true(&field))
			continue;
		text_add(out, first ? "" : " ");
		value_print(template, &field, out);
		first = false;
	}
	text_add(out, value->data ? "}" : "");
}

/* What is the same in JSON. */
static bool print_scalar(const struct value *value, struct text *out)
{
	switch (value->kind) {
	case VALUE_RAW:
		text_add(out, value->string);
		return true;
	case VALUE_INTEGER:
		text_format(out, "%" PRId64, value->integer);
		return true;
	case VALUE_BOOLEAN:
		text_add(out, value->integer ? "true" : "false");
		return true;
	default:
		return false;
	}
}

void value_print(const struct template *template, const struct value *value, struct text *out)
{
	if (print_scalar(value, out))
		return;
	switch (value->kind) {
	case VALUE_NOTHING:
		text_add(out, "<no value>");
		return;
	case VALUE_STRING:
		text_add(out, value->string);
		return;
	case VALUE_TIME:
		print_time(value->string, out);
		return;
	case VALUE_OBJECT:
		print_object(template, value, out);
		return;
	case VALUE_OBJECTS:
	case VALUE_STRINGS:
		print_list(template, value, out);
		return;
	case VALUE_MAP:
	case VALUE_SET:
		print_map(template, value, out);
		return;
	default:
		return;
	}
}

char *value_text(const struct template *template, const struct value *value)
{
	auto_text struct text out = { 0 };

	text_add(&out, "");
	value_print(template, value, &out);
	return arena_copy(template->arena, out.data ? out.data : "", out.length);
}

static void json_items(const struct value *value, struct text *out)
{
	bool keys = value->kind == VALUE_MAP || value->kind == VALUE_SET;

	text_add(out, keys ? "{" : "[");
	for (size_t i = 0; i < value_count(value); i++) {
		struct value item;

		text_add(out, i ? "," : "");
		if (keys) {
			json_write_string(key_at(value, i), out);
			text_add(out, ":");
		}
		value_item(value, NULL, (int64_t)i, &item);
		value_json(&item, out);
	}
	text_add(out, keys ? "}" : "]");
}

void value_json(const struct value *value, struct text *out)
{
	if (print_scalar(value, out))
		return;
	switch (value->kind) {
	case VALUE_STRING:
	case VALUE_TIME:
		json_write_string(value->string, out);
		return;
	case VALUE_OBJECT:
		if (value->data)
			json_write(value->shape, value->data, false, out);
		else
			text_add(out, "null");
		return;
	case VALUE_NOTHING:
		text_add(out, "null");
		return;
	default:
		if (value_count(value) == 0)
			text_add(out, "null");
		else
			json_items(value, out);
	}
}

/* json_write.c -- a struct as JSON, by its rows. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "json_lists.h"

struct writer {
	struct text *out;
	bool pretty;
	int depth;
};

static void new_line(const struct writer *writer)
{
	if (!writer->pretty)
		return;
	text_add(writer->out, "\n");
	for (int i = 0; i < writer->depth; i++)
		text_add(writer->out, "  ");
}

static void open_bracket(struct writer *writer, const char *bracket)
{
	text_add(writer->out, bracket);
	writer->depth++;
}

/* empty: "{}" on one line. */
static void close_bracket(struct writer *writer, const char *bracket, bool empty)
{
	writer->depth--;
	if (!empty)
		new_line(writer);
	text_add(writer->out, bracket);
}

static void next_item(const struct writer *writer, bool first)
{
	if (!first)
		text_add(writer->out, ",");
	new_line(writer);
}

static void write_key(const struct writer *writer, const char *key, bool first)
{
	next_item(writer, first);
	json_write_string(key, writer->out);
	text_add(writer->out, writer->pretty ? ": " : ":");
}

/* As Go's encoder has it: what ends a line in JavaScript is escaped, what is no character becomes
 * U+FFFD. */
static void write_odd_character(const char *at, size_t length, struct text *out)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *escape = strchr(plain, *at);

	if (length == 0)
		text_add(out, "\\ufffd");
	else if (escape)
		text_format(out, "\\%c", letters[escape - plain]);
	else if (length == 1)
		text_format(out, "\\u%04x", (unsigned char)*at);
	else
		text_format(out, "\\u202%x", (unsigned)at[2] & 0xf);
}

static bool is_odd(const char *at, size_t length)
{
	return length == 0 || (unsigned char)*at < ' ' || *at == '"' || *at == '\\' ||
	       (length == 3 && (!memcmp(at, "\xe2\x80\xa8", 3) || !memcmp(at, "\xe2\x80\xa9", 3)));
}

void json_write_string(const char *string, struct text *out)
{
	const char *end = string + strlen(string), *run = string;

	text_add(out, "\"");
	for (const char *at = string; at < end;) {
		size_t length = text_character(at, (size_t)(end - at));
		size_t step = length > 0 ? length : 1;

		if (is_odd(at, length)) {
			text_add_bytes(out, run, (size_t)(at - run));
			write_odd_character(at, length, out);
			run = at + step;
		}
		at += step;
	}
	text_add(out, run);
	text_add(out, "\"");
}

/* Does an optional field have something to say? */
static bool is_set(const struct json_field *field, const void *place)
{
	switch ((enum json_kind)field->kind) {
	case JSON_boolean:
		return *(const bool *)place;
	case JSON_int32:
	case JSON_uint32:
		return *(const uint32_t *)place != 0;
	case JSON_int64:
	case JSON_uint64:
		return *(const uint64_t *)place != 0;
	case JSON_strings:
	case JSON_uint32s:
	case JSON_objects:
	case JSON_string_map:
		return json_list_at(place).count > 0;
	case JSON_object_map:
		return json_object_map_at(place).count > 0;
	default:
		return *(void *const *)place != NULL;
	}
}

static void write_object(struct writer *writer, const struct json_shape *shape, const void *object);

static void write_list(struct writer *writer, const struct json_field *field, const void *place)
{
	const struct json_list list = json_list_at(place);

	open_bracket(writer, "[");
	for (size_t i = 0; i < list.count; i++) {
		next_item(writer, i == 0);
		if (field->kind == JSON_strings)
			json_write_string(((char *const *)(const void *)list.items)[i],
					  writer->out);
		else if (field->kind == JSON_uint32s)
			text_format(writer->out, "%" PRIu32,
				    ((const uint32_t *)(const void *)list.items)[i]);
		else
			write_object(writer, field->shape, list.items + i * field->shape->size);
	}
	close_bracket(writer, "]", list.count == 0);
}

static void write_string_map(struct writer *writer, const struct string_map *map)
{
	open_bracket(writer, "{");
	for (size_t i = 0; i < map->count; i++) {
		write_key(writer, map->items[i].key, i == 0);
		json_write_string(map->items[i].value ? map->items[i].value : "", writer->out);
	}
	close_bracket(writer, "}", map->count == 0);
}

static void write_object_map(struct writer *writer, const struct json_field *field,
			     const void *place)
{
	const struct json_object_map map = json_object_map_at(place);

	open_bracket(writer, "{");
	for (size_t i = 0; i < map.count; i++) {
		write_key(writer, map.keys[i], i == 0);
		write_object(writer, field->shape, map.items + i * field->shape->size);
	}
	close_bracket(writer, "}", map.count == 0);
}

/* `place` is where a plain value lies, also for the opt_ kinds. */
static void write_scalar(struct writer *writer, enum json_kind kind, const void *place)
{
	switch (kind) {
	case JSON_boolean:
	case JSON_opt_boolean:
		text_add(writer->out, *(const bool *)place ? "true" : "false");
		break;
	case JSON_int32:
	case JSON_opt_int32:
		text_format(writer->out, "%" PRId32, *(const int32_t *)place);
		break;
	case JSON_int64:
	case JSON_opt_int64:
		text_format(writer->out, "%" PRId64, *(const int64_t *)place);
		break;
	case JSON_uint32:
	case JSON_opt_uint32:
		text_format(writer->out, "%" PRIu32, *(const uint32_t *)place);
		break;
	default:
		text_format(writer->out, "%" PRIu64, *(const uint64_t *)place);
		break;
	}
}

static void write_pointed(struct writer *writer, const struct json_field *field,
			  const void *pointed)
{
	if (!pointed)
		text_add(writer->out, field->kind == JSON_string ? "\"\"" : "null");
	else if (field->kind == JSON_string)
		json_write_string(pointed, writer->out);
	else if (field->kind == JSON_raw)
		text_add(writer->out, pointed);
	else if (field->kind == JSON_object)
		write_object(writer, field->shape, pointed);
	else
		write_scalar(writer, (enum json_kind)field->kind, pointed);
}

static void write_value(struct writer *writer, const struct json_field *field, const void *place)
{
	switch ((enum json_kind)field->kind) {
	case JSON_boolean:
	case JSON_int32:
	case JSON_int64:
	case JSON_uint32:
	case JSON_uint64:
		write_scalar(writer, (enum json_kind)field->kind, place);
		break;
	case JSON_strings:
	case JSON_uint32s:
	case JSON_objects:
		write_list(writer, field, place);
		break;
	case JSON_string_map:
		write_string_map(writer, place);
		break;
	case JSON_object_map:
		write_object_map(writer, field, place);
		break;
	default:
		write_pointed(writer, field, *(void *const *)place);
		break;
	}
}

static void write_object(struct writer *writer, const struct json_shape *shape, const void *object)
{
	bool first = true;

	open_bracket(writer, "{");
	for (size_t i = 0; i < shape->count; i++) {
		const struct json_field *field = &shape->fields[i];
		const void *place = (const char *)object + field->offset;

		if (field->need == JSON_optional && !is_set(field, place))
			continue;
		write_key(writer, field->key, first);
		write_value(writer, field, place);
		first = false;
	}
	close_bracket(writer, "}", first);
}

void json_write(const struct json_shape *shape, const void *object, bool pretty, struct text *out)
{
	struct writer writer = { out, pretty, 0 };

	write_object(&writer, shape, object);
	if (pretty)
		text_add(out, "\n");
}

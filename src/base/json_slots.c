/* json_slots.c -- where a value of the document goes: a field, an element, an entry of a map. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "json_reader.h"

struct level *reader_top(struct reader *reader)
{
	return reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
}

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

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *key_at(const struct level *level, size_t index)
{
	if (level->container == JSON_object_map)
		return level->keys[index];
	return ((struct string_pair *)(void *)level->items)[index].key;
}

/* Sorted: a hostile document cannot make this quadratic. */
char *level_find_twice(const struct level *level)
{
	auto_free char **keys = NULL;

	if (level->count < 2)
		return NULL;
	keys = calloc(level->count, sizeof(*keys));
	if (!keys)
		abort();
	for (size_t i = 0; i < level->count; i++)
		keys[i] = key_at(level, i);
	qsort(keys, level->count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < level->count; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			return keys[i];
	return NULL;
}

void level_finish(const struct level *level)
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

struct slot reader_next_slot(struct reader *reader)
{
	struct level *level = reader_top(reader);

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

void reader_begin_raw(struct reader *reader, char **place)
{
	size_t at = reader->key_end;

	while (at < reader->length && strchr(" \t\r\n:", reader->text[at]))
		at++;
	reader->raw_begin = at;
	reader->raw = place;
}

void reader_end_raw(struct reader *reader)
{
	size_t end = yajl_get_bytes_consumed(reader->yajl);

	if (!reader->raw)
		return;
	*reader->raw = arena_copy(reader->arena, reader->text + reader->raw_begin,
				  end - reader->raw_begin);
	reader->raw = NULL;
}

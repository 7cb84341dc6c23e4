/* text.c -- strings: a growing buffer, lists of strings, and the questions asked of them.
 *
 * As with arenas, running out of memory aborts: what is read from outside is limited first. */
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_reserve(struct text *text, size_t more)
{
	size_t needed, size = text->size ? text->size : 64;
	char *data;

	if (__builtin_add_overflow(text->length, more, &needed) || needed >= SIZE_MAX / 2)
		abort();
	if (needed < text->size)
		return;
	while (size <= needed)
		size *= 2;
	data = realloc(text->data, size);
	if (!data)
		abort();
	text->data = data;
	text->size = size;
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
	text_reserve(text, length);
	if (length > 0)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_vformat(struct text *text, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		abort();
	text_reserve(text, (size_t)length);
	vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
	text->length += (size_t)length;
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(text, format, args);
	va_end(args);
}

void text_clear(struct text *text)
{
	text->length = 0;
	if (text->data)
		text->data[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

/* Room for one more item and the terminator; an array that is not of our making is copied. */
static void *array_grow(void *items, size_t count, size_t *room, size_t item_size,
			struct arena *arena)
{
	void *grown;

	if (count + 1 < *room)
		return items;
	*room = (count + 2) * 2;
	grown = arena_array(arena, *room, item_size);
	if (count > 0)
		memcpy(grown, items, count * item_size);
	return grown;
}

void strings_add(struct strings *list, char *string, struct arena *arena)
{
	list->items = array_grow(list->items, list->count, &list->room, sizeof(char *), arena);
	list->items[list->count++] = string;
	list->items[list->count] = NULL;
}

bool strings_have(const struct strings *list, const char *string)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_equal(list->items[i], string))
			return true;
	return false;
}

void strings_set_variable(struct strings *env, char *assignment, struct arena *arena)
{
	size_t length = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < env->count; i++)
		if (!strncmp(env->items[i], assignment, length)) {
			env->items[i] = assignment;
			return;
		}
	strings_add(env, assignment, arena);
}

static int order_of_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(char *), order_of_bytes);
}

struct strings strings_split(const char *string, char separator, struct arena *arena)
{
	struct strings pieces = { 0 };
	const char *end;

	while ((end = strchr(string, separator))) {
		strings_add(&pieces, arena_copy(arena, string, (size_t)(end - string)), arena);
		string = end + 1;
	}
	strings_add(&pieces, arena_string(arena, string), arena);
	return pieces;
}

static struct string_pair *map_find(const struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->items[i].key, key))
			return &map->items[i];
	return NULL;
}

const char *string_map_get(const struct string_map *map, const char *key)
{
	const struct string_pair *pair = map_find(map, key);

	return pair ? pair->value : NULL;
}

void string_map_set(struct string_map *map, char *key, char *value, struct arena *arena)
{
	struct string_pair *pair = map_find(map, key);

	if (pair) {
		pair->value = value;
		return;
	}
	map->items = array_grow(map->items, map->count, &map->room, sizeof(*map->items), arena);
	map->items[map->count++] = (struct string_pair){ key, value };
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts(const char *string, const char *prefix)
{
	return text_after(string, prefix) != NULL;
}

bool text_ends(const char *string, const char *suffix)
{
	size_t length = string ? strlen(string) : 0;
	size_t suffix_length = strlen(suffix);

	return string && length >= suffix_length &&
	       strcmp(string + length - suffix_length, suffix) == 0;
}

const char *text_after(const char *string, const char *prefix)
{
	size_t length = strlen(prefix);

	return string && strncmp(string, prefix, length) == 0 ? string + length : NULL;
}

bool text_among(const char *choices, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == length && !strncmp(at, word, length))
			return true;
	return false;
}

/* By the first byte: the length, and the range of the second byte (RFC 3629, section 4); all
 * further ones are 80 to bf. */
static const struct {
	unsigned char first, last, length, least, most;
} characters[] = {
	{ 0x00, 0x7f, 1, 0x00, 0xff }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t text_character(const char *bytes, size_t length)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	size_t row = 0;

	while (row < sizeof(characters) / sizeof(characters[0]) && byte[0] > characters[row].last)
		row++;
	if (row == sizeof(characters) / sizeof(characters[0]) || byte[0] < characters[row].first ||
	    length < characters[row].length)
		return 0;
	for (size_t i = 1; i < characters[row].length; i++) {
		unsigned char least = i == 1 ? characters[row].least : 0x80;
		unsigned char most = i == 1 ? characters[row].most : 0xbf;

		if (byte[i] < least || byte[i] > most)
			return 0;
	}
	return characters[row].length;
}

void text_mask_controls(char *line)
{
	for (; *line; line++) {
		unsigned char second = (unsigned char)line[1];

		/* U+0080 to U+009F command terminals too: 0xc2 and a byte of that range. */
		if (line[0] == '\xc2' && second >= 0x80 && second < 0xa0)
			line[0] = line[1] = '?';
		if (iscntrl((unsigned char)*line))
			*line = '?';
	}
}

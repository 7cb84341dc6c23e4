/* property.c -- make and print properties. */
#include "property.h"

#include <inttypes.h>
#include <string.h>

struct property *property_add(struct properties *list, struct arena *arena, const char *name,
			      const char *type)
{
	struct property *property;

	if (list->count == list->room) {
		struct property *old = list->items;

		list->room = list->room ? 2 * list->room : 16;
		list->items = arena_array(arena, list->room, sizeof(*list->items));
		if (list->count)
			memcpy(list->items, old, list->count * sizeof(*old));
	}
	property = &list->items[list->count++];
	*property = (struct property){ .name = name, .type = type };
	return property;
}

/* Scalars come in ones and twos, but for device lists and processor masks: those grow. */
static union property_scalar *add_scalar(struct property *property, struct arena *arena)
{
	bool is_full = (property->count & (property->count - 1)) == 0; /* 0, 1, 2, 4, 8 … */

	if (is_full) {
		size_t room = property->count ? 2 * property->count : 1;
		union property_scalar *old = property->scalars;

		property->scalars = arena_array(arena, room, sizeof(*old));
		if (property->count)
			memcpy(property->scalars, old, property->count * sizeof(*old));
	}
	return &property->scalars[property->count++];
}

void property_number(struct property *property, struct arena *arena, uint64_t number)
{
	add_scalar(property, arena)->number = number;
}

void property_text(struct property *property, struct arena *arena, const char *text)
{
	add_scalar(property, arena)->text = text;
}

static void say_scalar(struct text *words, char type, const union property_scalar *scalar)
{
	if (strchr("sog", type))
		text_format(words, " %s", scalar->text);
	else if (type == 'd')
		text_format(words, " %g", scalar->real);
	else if (strchr("nix", type))
		text_format(words, " %" PRId64, (int64_t)scalar->number);
	else if (type == 't' && scalar->number == PROPERTY_INFINITY)
		text_format(words, " infinity");
	else
		text_format(words, " %" PRIu64, scalar->number);
}

const char *property_words(const struct property *property, struct arena *arena)
{
	auto_text struct text words = { 0 };
	char types[8] = "";
	size_t length = 0;

	for (const char *c = property->type; *c && length < sizeof(types) - 1; c++)
		if (!strchr("a()", *c))
			types[length++] = *c;
	text_format(&words, "%s=%s", property->name, property->type);
	for (size_t i = 0; i < property->count; i++)
		say_scalar(&words, types[i % length], &property->scalars[i]);
	return arena_string(arena, words.data);
}

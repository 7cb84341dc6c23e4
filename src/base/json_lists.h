/* json_lists.h -- what members of the kinds objects and object_map look like, whatever they hold:
 * copied out of the struct, for its own type is another one. */
#ifndef BASE_JSON_LISTS_H
#define BASE_JSON_LISTS_H

#include <stddef.h>
#include <string.h>

struct json_list { /* strings and string_map begin so, too */
	const char *items;
	size_t count;
};

struct json_object_map {
	char *const *keys;
	const char *items;
	size_t count;
};

static inline struct json_list json_list_at(const void *place)
{
	struct json_list list;

	memcpy(&list, place, sizeof(list));
	return list;
}

static inline struct json_object_map json_object_map_at(const void *place)
{
	struct json_object_map map;

	memcpy(&map, place, sizeof(map));
	return map;
}

#endif

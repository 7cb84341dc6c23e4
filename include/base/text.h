/* text.h -- strings: a growing buffer, lists of strings, and the questions asked of them. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* A growing buffer; `data` is always NUL-terminated once something was added. Start with { 0 }. */
struct text {
	char *data; /* malloc'd; freed by text_free */
	size_t length;
	size_t size;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vformat(struct text *text, const char *format, va_list args);
/* Room for `more` bytes and the terminator behind what is there, for whoever fills it himself. */
void text_reserve(struct text *text, size_t more);
void text_clear(struct text *text); /* keeps the memory */
void text_free(struct text *text);
#define auto_text __attribute__((cleanup(text_free)))

/* A list of strings, NULL-terminated when made by strings_add, so that `items` serves as argv. */
struct strings {
	char **items;
	size_t count;
	size_t room; /* private to strings_add; 0: the array is not its own and is copied first */
};

/* Append; the array grows in the arena, the string itself is not copied. */
void strings_add(struct strings *list, char *string, struct arena *arena);
bool strings_have(const struct strings *list, const char *string);
/* NAME=VALUE into an environment: in the place of the one of that name, else behind the others. */
void strings_set_variable(struct strings *env, char *assignment, struct arena *arena);
/* In their order as bytes. */
void strings_sort(struct strings *list);
/* Cut `string` at every `separator`; empty pieces are kept. Pieces live in the arena. */
struct strings strings_split(const char *string, char separator, struct arena *arena);

struct string_pair {
	char *key;
	char *value;
};

struct string_map {
	struct string_pair *items;
	size_t count;
	size_t room; /* private to string_map_set; 0 as for strings */
};

/* The value, or NULL. */
const char *string_map_get(const struct string_map *map, const char *key);
/* Replace or append; the array grows in the arena, strings are not copied. */
void string_map_set(struct string_map *map, char *key, char *value, struct arena *arena);

bool text_equal(const char *a, const char *b);                  /* NULL equals only NULL */
bool text_starts(const char *string, const char *prefix);       /* false for NULL */
bool text_ends(const char *string, const char *suffix);         /* false for NULL */
const char *text_after(const char *string, const char *prefix); /* behind the prefix, or NULL */
bool text_among(const char *choices, const char *word);         /* "a|b|c"; false for NULL */
/* The length (1 to 4) of the UTF-8 character that `bytes` begins with; 0 where it is none: cut
 * short, overlong, a surrogate, or above U+10FFFF. `length` is what may be read, at least 1. */
size_t text_character(const char *bytes, size_t length);

/* Put "?" where a character would command a terminal: what strangers wrote is printed so. */
void text_mask_controls(char *line);

#endif

/* json_reader.h -- what the chapters of the JSON reader share: levels, slots, the reader itself. */
#ifndef BASE_JSON_READER_H
#define BASE_JSON_READER_H

#include <yajl/yajl_parse.h>

#include "base/json.h"

#define DEPTH_MOST 64

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
	unsigned front; /* struct json_source */
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

/* json_read.c: "NAME: PATH (line L:C)" for the value at the present path, or one key below it.
 * Returns 0, which tells yajl to stop. */
int reader_refuse(struct reader *reader, const char *key, const char *what);

/* json_characters.c: where the document has something that is no character, or NULL. */
const char *json_find_no_character(const char *text, size_t length);

/* json_slots.c: the level on top, or NULL before the document. */
struct level *reader_top(struct reader *reader);
/* Where the next value goes; in an array or a map one more element is made. */
struct slot reader_next_slot(struct reader *reader);
/* A key that a map level has twice, or NULL. */
char *level_find_twice(const struct level *level);
/* Store what an array or map level has collected. */
void level_finish(const struct level *level);
/* A value that is kept as text begins behind the last key, and ends here. */
void reader_begin_raw(struct reader *reader, char **place);
void reader_end_raw(struct reader *reader);

/* json_scalars.c: "expected a string, found a number". Returns 0. */
int reader_wrong_type(struct reader *reader, enum json_kind kind, const char *found);
int reader_on_null(void *context);
int reader_on_boolean(void *context, int value);
int reader_on_number(void *context, const char *digits, size_t length);
int reader_on_string(void *context, const unsigned char *bytes, size_t length);

#endif

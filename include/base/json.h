/* json.h -- JSON bound to C structs by rows.
 *
 * One list of rows makes the struct, its reader, its writer, and what else is asked of the fields
 * (the schema check, the fuzz dictionary, help). A row is
 *
 *     ROW(T, kind, member, "key", shape, need)
 *
 *   T       as it stands: the macro's own argument, the struct's name
 *   kind    the C type and the JSON type, see JSON_MEMBER_* below
 *   shape   for object, objects, object_map: the name of another such struct; else `none`
 *   need    optional  may be absent; written when set
 *           required  must be there when reading; always written
 *           always    may be absent when reading; always written
 *
 *     #define SPEC_USER_ROWS(ROW, T) \
 *             ROW(T, uint32,  uid,             "uid",            none, always) \
 *             ROW(T, uint32s, additional_gids, "additionalGids", none, optional)
 *     JSON_STRUCT(spec_user, SPEC_USER_ROWS);      // in a header
 *     JSON_SHAPE(spec_user, SPEC_USER_ROWS);       // in one .c file
 *
 * The tokenizer is yajl. On top of it: a wrong type, an out-of-range number, a key that is there
 * twice, a missing required key, nesting deeper than 64, text behind the document, what is not
 * strict UTF-8 are errors (-EINVAL) that name the path with line and column:
 *
 *     where = "NAME: PATH (line LINE:COLUMN)", what = "expected a string, found a number"
 *
 * A struct has at most 64 rows. `null` is the same as absent, which the item of an array cannot be.
 * Unknown keys are ignored, or collected. Errors leave the object half filled.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum json_kind {
	JSON_string,      /* char *, NULL when absent */
	JSON_boolean,     /* bool, false when absent */
	JSON_opt_boolean, /* bool *, NULL when absent */
	JSON_int32,       /* int32_t, 0 when absent */
	JSON_int64,       /* int64_t */
	JSON_uint32,      /* uint32_t */
	JSON_uint64,      /* uint64_t */
	JSON_opt_int32,   /* int32_t *, NULL when absent */
	JSON_opt_int64,   /* int64_t * */
	JSON_opt_uint32,  /* uint32_t * */
	JSON_opt_uint64,  /* uint64_t * */
	JSON_strings,     /* struct strings */
	JSON_uint32s,     /* struct json_uint32s */
	JSON_object,      /* struct SHAPE *, NULL when absent */
	JSON_objects,     /* struct { struct SHAPE *items; size_t count; } */
	JSON_string_map,  /* struct string_map: any keys, string values */
	JSON_object_map,  /* struct { char **keys; struct SHAPE *items; size_t count; } */
	JSON_raw,         /* char *: the value's JSON text as it stands in the document */
};

struct json_uint32s {
	uint32_t *items;
	size_t count;
};

#define JSON_MEMBER_string(member, shape)      char *member;
#define JSON_MEMBER_boolean(member, shape)     bool member;
#define JSON_MEMBER_opt_boolean(member, shape) bool *member;
#define JSON_MEMBER_int32(member, shape)       int32_t member;
#define JSON_MEMBER_int64(member, shape)       int64_t member;
#define JSON_MEMBER_uint32(member, shape)      uint32_t member;
#define JSON_MEMBER_uint64(member, shape)      uint64_t member;
#define JSON_MEMBER_opt_int32(member, shape)   int32_t *member;
#define JSON_MEMBER_opt_int64(member, shape)   int64_t *member;
#define JSON_MEMBER_opt_uint32(member, shape)  uint32_t *member;
#define JSON_MEMBER_opt_uint64(member, shape)  uint64_t *member;
#define JSON_MEMBER_strings(member, shape)     struct strings member;
#define JSON_MEMBER_uint32s(member, shape)     struct json_uint32s member;
#define JSON_MEMBER_object(member, shape)      struct shape *member;
#define JSON_MEMBER_objects(member, shape)                                                         \
	struct {                                                                                   \
		struct shape *items;                                                               \
		size_t count;                                                                      \
	} member;
#define JSON_MEMBER_string_map(member, shape) struct string_map member;
#define JSON_MEMBER_object_map(member, shape)                                                      \
	struct {                                                                                   \
		char **keys;                                                                       \
		struct shape *items;                                                               \
		size_t count;                                                                      \
	} member;
#define JSON_MEMBER_raw(member, shape)                     char *member;

#define JSON_MEMBER_ROW(T, kind, member, key, shape, need) JSON_MEMBER_##kind(member, shape)

enum json_need { JSON_optional, JSON_required, JSON_always };

struct json_shape;

struct json_field {
	const char *key;
	uint8_t kind; /* enum json_kind */
	uint8_t need; /* enum json_need */
	uint16_t offset;
	const struct json_shape *shape;
};

struct json_shape {
	const char *name;
	size_t size;
	const struct json_field *fields;
	size_t count;
};

#define JSON_STRUCT(name, ROWS)                                                                    \
	struct name {                                                                              \
		ROWS(JSON_MEMBER_ROW, name)                                                        \
	};                                                                                         \
	extern const struct json_shape name##_shape

#define JSON_SHAPE_POINTER_string(shape)      NULL
#define JSON_SHAPE_POINTER_boolean(shape)     NULL
#define JSON_SHAPE_POINTER_opt_boolean(shape) NULL
#define JSON_SHAPE_POINTER_int32(shape)       NULL
#define JSON_SHAPE_POINTER_int64(shape)       NULL
#define JSON_SHAPE_POINTER_uint32(shape)      NULL
#define JSON_SHAPE_POINTER_uint64(shape)      NULL
#define JSON_SHAPE_POINTER_opt_int32(shape)   NULL
#define JSON_SHAPE_POINTER_opt_int64(shape)   NULL
#define JSON_SHAPE_POINTER_opt_uint32(shape)  NULL
#define JSON_SHAPE_POINTER_opt_uint64(shape)  NULL
#define JSON_SHAPE_POINTER_strings(shape)     NULL
#define JSON_SHAPE_POINTER_uint32s(shape)     NULL
#define JSON_SHAPE_POINTER_object(shape)      &shape##_shape
#define JSON_SHAPE_POINTER_objects(shape)     &shape##_shape
#define JSON_SHAPE_POINTER_string_map(shape)  NULL
#define JSON_SHAPE_POINTER_object_map(shape)  &shape##_shape
#define JSON_SHAPE_POINTER_raw(shape)         NULL

#define JSON_FIELD_ROW(T, kind, member, key, shape, need)                                          \
	{ key, JSON_##kind, JSON_##need, offsetof(struct T, member),                               \
	  JSON_SHAPE_POINTER_##kind(shape) },

#define JSON_SHAPE(name, ROWS)                                                                     \
	static const struct json_field name##_fields[] = { ROWS(JSON_FIELD_ROW, name) };           \
	_Static_assert(sizeof(name##_fields) / sizeof(name##_fields[0]) <= 64,                     \
		       #name " has more fields than json_read has bits for");                      \
	const struct json_shape name##_shape = { #name, sizeof(struct name), name##_fields,        \
						 sizeof(name##_fields) /                           \
							 sizeof(name##_fields[0]) }

/* Where a reader puts the paths of keys that no row knows (for `check`); NULL: nowhere. */
struct json_notes {
	struct strings unknown; /* "linux.resourses", in the reading arena */
};

/* A document in memory; it need not be NUL-terminated. */
struct json_source {
	const char *text;
	size_t length;
	const char *name; /* what errors call it: "config.json", a URL, a digest */
	unsigned front;   /* bytes that the caller put in front: no column counts them */
};

/* Read the document into `*object` (zeroed here first). Strings and arrays live in the arena;
 * nothing points into the text afterwards. notes may be NULL. */
int json_read(const struct json_source *source, const struct json_shape *shape, void *object,
	      struct arena *arena, struct json_notes *notes, struct error *err);

/* Find `path` ("mounts[3].source", "linux.sysctl[\"net.ipv4.ip_forward\"]") in a document:
 * line and column (from 1) of its value, or of the nearest enclosing value that exists.
 * Errors are rare, so positions are looked up instead of kept. */
bool json_locate(const char *text, size_t length, const char *path, unsigned *line,
		 unsigned *column);

/* Append the object as JSON; pretty: two-space indentation and a newline at the end. */
void json_write(const struct json_shape *shape, const void *object, bool pretty, struct text *out);

/* Append `string` as a JSON string with its quotes: the bytes that Go's encoder writes with its
 * HTML escaping off, so what is no UTF-8 becomes U+FFFD. */
void json_write_string(const char *string, struct text *out);

#endif

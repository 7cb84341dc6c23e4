/* json_scalars.c -- null, booleans, numbers and strings into their slots. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "json_reader.h"

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

int reader_wrong_type(struct reader *reader, enum json_kind kind, const char *found)
{
	char what[128];

	snprintf(what, sizeof(what), "expected %s, found %s", expected_words[kind], found);
	return reader_refuse(reader, NULL, what);
}

/* A scalar that is not wanted as a value: unknown, or kept as text. True: it is dealt with. */
static bool passed_over(struct reader *reader, const struct slot *slot)
{
	if (slot->use == SLOT_NONE)
		return true;
	if (slot->kind != JSON_raw)
		return false;
	reader_begin_raw(reader, slot->place);
	reader_end_raw(reader);
	return true;
}

int reader_on_null(void *context)
{
	struct reader *reader = context;
	struct level *level = reader_top(reader);

	if (reader->skipped > 0)
		return 1;
	if (!level || level->kind == LEVEL_ARRAY) {
		reader_next_slot(reader);
		return reader_refuse(reader, NULL, "a null has no place here");
	}
	if (level->kind == LEVEL_OBJECT && level->field) /* as if it were absent */
		level->seen &= ~(1ULL << (level->field - level->shape->fields));
	return 1;
}

int reader_on_boolean(void *context, int value)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return 1;
	slot = reader_next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	if (slot.kind == JSON_boolean) {
		*(bool *)slot.place = value;
	} else if (slot.kind == JSON_opt_boolean) {
		bool *copy = arena_alloc(reader->arena, sizeof(*copy));

		*copy = value;
		*(bool **)slot.place = copy;
	} else {
		return reader_wrong_type(reader, slot.kind, "a boolean");
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
		return reader_refuse(reader, NULL, what);
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

int reader_on_number(void *context, const char *digits, size_t length)
{
	struct reader *reader = context;
	const struct integer_kind *integer;
	struct slot slot;
	char copy[64];

	if (reader->skipped > 0)
		return 1;
	slot = reader_next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	integer = integer_kind(slot.kind);
	if (!integer)
		return reader_wrong_type(reader, slot.kind, "a number");
	if (length >= sizeof(copy))
		length = sizeof(copy) - 1;
	memcpy(copy, digits, length);
	copy[length] = '\0';
	return store_integer(reader, &slot, integer, copy);
}

int reader_on_string(void *context, const unsigned char *bytes, size_t length)
{
	struct reader *reader = context;
	struct slot slot;

	if (reader->skipped > 0)
		return 1;
	slot = reader_next_slot(reader);
	if (passed_over(reader, &slot))
		return 1;
	if (slot.kind != JSON_string)
		return reader_wrong_type(reader, slot.kind, "a string");
	if (memchr(bytes, 0, length))
		return reader_refuse(reader, NULL, "the string has a zero byte");
	*(char **)slot.place = arena_copy(reader->arena, bytes, length);
	return 1;
}

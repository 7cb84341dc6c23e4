/* protobuf.c -- the wire format of protocol buffers: a key (field number and kind), then a number
 * of seven bits a byte, or a length and so many bytes. */
#include "protobuf.h"

#include <errno.h>
#include <string.h>

enum { WIRE_NUMBER = 0, WIRE_EIGHT = 1, WIRE_BYTES = 2, WIRE_FOUR = 5 };
#define FIELD_MOST 536870911u

static void add_varint(struct text *out, uint64_t value)
{
	unsigned char bytes[10];
	size_t length = 0;

	do {
		bytes[length] = (unsigned char)(value & 0x7f);
		value >>= 7;
		if (value)
			bytes[length] |= 0x80;
		length++;
	} while (value);
	text_add_bytes(out, bytes, length);
}

static void add_key(struct text *out, unsigned field, unsigned wire)
{
	add_varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_add_number(struct text *out, unsigned field, uint64_t value)
{
	add_key(out, field, WIRE_NUMBER);
	add_varint(out, value);
}

void protobuf_add_bytes(struct text *out, unsigned field, const void *bytes, size_t length)
{
	add_key(out, field, WIRE_BYTES);
	add_varint(out, length);
	text_add_bytes(out, bytes, length);
}

void protobuf_add_text(struct text *out, unsigned field, const char *text)
{
	protobuf_add_bytes(out, field, text, strlen(text));
}

/* Ten bytes hold 64 bits; of the last one only one bit is used. */
static int read_varint(struct protobuf_reader *reader, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = *reader->at++;

		if (shift == 63 && byte > 1)
			return -EBADMSG;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static int take_bytes(struct protobuf_reader *reader, uint64_t length, struct protobuf_field *field)
{
	if (length > (uint64_t)(reader->end - reader->at))
		return -EBADMSG;
	field->bytes = reader->at;
	field->length = (size_t)length;
	reader->at += length;
	return 0;
}

static int read_value(struct protobuf_reader *reader, unsigned wire, struct protobuf_field *field)
{
	struct protobuf_field skipped;
	uint64_t length = 0;
	int result;

	switch (wire) {
	case WIRE_NUMBER:
		return read_varint(reader, &field->value);
	case WIRE_BYTES:
		result = read_varint(reader, &length);
		return result < 0 ? result : take_bytes(reader, length, field);
	case WIRE_EIGHT:
		return take_bytes(reader, 8, &skipped);
	case WIRE_FOUR:
		return take_bytes(reader, 4, &skipped);
	default: /* groups are of another age */
		return -EBADMSG;
	}
}

int protobuf_next(struct protobuf_reader *reader, struct protobuf_field *field)
{
	uint64_t key = 0;
	int result;

	*field = (struct protobuf_field){ 0 };
	if (reader->at == reader->end)
		return 0;
	if (read_varint(reader, &key) < 0 || key >> 3 == 0 || key >> 3 > FIELD_MOST)
		return -EBADMSG;
	field->number = (unsigned)(key >> 3);
	result = read_value(reader, key & 7, field);
	return result < 0 ? result : 1;
}

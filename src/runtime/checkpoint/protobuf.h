/* protobuf.h -- the wire format of protocol buffers, as far as criu's messages use it: numbers
 * (varint) and bytes with their length. Fields of other widths are read over. */
#ifndef CHECKPOINT_PROTOBUF_H
#define CHECKPOINT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

void protobuf_add_number(struct text *out, unsigned field, uint64_t value);
void protobuf_add_bytes(struct text *out, unsigned field, const void *bytes, size_t length);
void protobuf_add_text(struct text *out, unsigned field, const char *text);

/* What is left of a message. */
struct protobuf_reader {
	const unsigned char *at, *end;
};

struct protobuf_field {
	unsigned number;
	uint64_t value;             /* of a number; 0 else */
	const unsigned char *bytes; /* of a string or a message, inside the reader's; NULL else */
	size_t length;
};

/* 1: a field, 0: the end of the message, -EBADMSG: it is none. */
int protobuf_next(struct protobuf_reader *reader, struct protobuf_field *field);

#endif

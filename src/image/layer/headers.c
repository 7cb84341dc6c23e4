/* headers.c -- a strict look at every header of a tar archive, before libarchive reads it.
 *
 * libarchive is made to get something out of any archive; a layer is data from a stranger, and two
 * programs must not see two different file systems in it (CVE-2025-62518). So the headers are
 * walked here on their own, by a few rules: a right checksum, a known type, a size that is no
 * nonsense, none where there is no data; PAX records that are exactly as long as they say; nothing
 * behind a lone block of zeros. What libarchive then reports must agree with what was seen here
 * (apply.c). Nothing is taken from here but that agreement. */
#include "headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define EXTENSION_MOST (1U << 20)

enum header_content {
	DATA,       /* an entry with `size` bytes */
	NO_DATA,    /* an entry without */
	OLD_SPARSE, /* an entry with `size` stored bytes, maybe more header blocks first */
	RECORDS,    /* PAX records about the next entry */
	ABOUT,      /* something else about the next entry, or about all */
};

static const struct header_type {
	char type;
	enum header_content content;
} header_types[] = {
	{ '0', DATA },    { '\0', DATA },   { '7', DATA },       { '1', NO_DATA }, { '2', NO_DATA },
	{ '3', NO_DATA }, { '4', NO_DATA }, { '5', NO_DATA },    { '6', NO_DATA }, { 'x', RECORDS },
	{ 'g', ABOUT },   { 'L', ABOUT },   { 'S', OLD_SPARSE }, { 'K', ABOUT },
};

static const struct header_type *type_find(char type)
{
	for (size_t i = 0; i < sizeof(header_types) / sizeof(header_types[0]); i++)
		if (header_types[i].type == type)
			return &header_types[i];
	return NULL;
}

/* Octal digits between blanks and a NUL or blank, or base 256 with the first bit set. */
static bool field_parse(const unsigned char *field, size_t length, uint64_t *value)
{
	size_t at = 0;

	*value = 0;
	if (field[0] & 0x80) {
		if (field[0] != 0x80)
			return false; /* negative, or more than 2^64 */
		for (at = 1; at < length; at++) {
			if (*value >> 55)
				return false;
			*value = *value << 8 | field[at];
		}
		return true;
	}
	while (at < length && field[at] == ' ')
		at++;
	for (; at < length && field[at] >= '0' && field[at] <= '7'; at++)
		*value = *value << 3 | (uint64_t)(field[at] - '0');
	return at == length || field[at] == '\0' || field[at] == ' ';
}

static bool checksum_right(const unsigned char *block)
{
	uint64_t told;
	int64_t sum = 0, sum_signed = 0; /* old tars added up signed bytes */

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		unsigned char byte = i >= 148 && i < 156 ? ' ' : block[i];

		sum += byte;
		sum_signed += (signed char)byte;
	}
	return field_parse(block + 148, 8, &told) &&
	       ((int64_t)told == sum || (int64_t)told == sum_signed);
}

static uint64_t padded(uint64_t size)
{
	return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

static void fact_add(struct header_walk *walk, const struct header_fact *fact)
{
	if (walk->facts_at == walk->facts_count)
		walk->facts_at = walk->facts_count = 0;
	if (walk->facts_count == walk->facts_size) {
		walk->facts_size = walk->facts_size ? 2 * walk->facts_size : 1024;
		walk->facts = reallocarray(walk->facts, walk->facts_size, sizeof(*fact));
		if (!walk->facts)
			abort();
	}
	walk->facts[walk->facts_count++] = *fact;
}

static int entry_begin(struct header_walk *walk, const struct header_type *type, uint64_t size,
		       struct error *err)
{
	struct header_fact fact = { type->type, walk->next_sparse, size };

	if (walk->next_has_size)
		fact.size = walk->next_size;
	walk->next_has_size = walk->next_sparse = false;
	if (fact.size > INT64_MAX - TAR_BLOCK)
		return fail(err, EBADMSG, "the archive is broken: an entry of impossible size");
	if (type->content == NO_DATA && fact.size > 0)
		return fail(err, EBADMSG,
			    "the archive is broken: an entry of type '%c' has %llu bytes of data",
			    fact.type, (unsigned long long)fact.size);
	walk->skip = padded(fact.size);
	walk->padding = walk->skip - fact.size;
	if (type->content == OLD_SPARSE) {
		fact.sparse = true;
		walk->sparse_continues = walk->block[482] != 0;
	}
	fact_add(walk, &fact);
	return 0;
}

static int extension_begin(struct header_walk *walk, const struct header_type *type, uint64_t size,
			   struct error *err)
{
	if (size > EXTENSION_MOST)
		return fail(err, EBADMSG, "the archive is broken: an extended header of %llu bytes",
			    (unsigned long long)size);
	walk->skip = padded(size);
	walk->padding = 0;
	if (type->content != RECORDS || size == 0)
		return 0;
	walk->collecting = type->type;
	walk->records_length = (size_t)size;
	text_clear(&walk->records);
	return 0;
}

static int header_read(struct header_walk *walk, struct error *err)
{
	static const unsigned char zeros[TAR_BLOCK];
	const struct header_type *type;
	uint64_t size;

	if (walk->sparse_continues) {
		walk->sparse_continues = walk->block[504] != 0;
		return 0;
	}
	if (memcmp(walk->block, zeros, TAR_BLOCK) == 0) {
		walk->ended = ++walk->zero_blocks == 2;
		return 0;
	}
	if (walk->zero_blocks > 0)
		return fail(err, EBADMSG,
			    "the archive is broken: it goes on behind a block of zeros");
	if (!checksum_right(walk->block))
		return fail(err, EBADMSG, "the archive is broken: no tar header where one must be");
	type = type_find((char)walk->block[156]);
	if (!type)
		return fail(err, EBADMSG, "the archive has an entry of unknown type '%c'",
			    walk->block[156]);
	if (!field_parse(walk->block + 124, 12, &size))
		return fail(err, EBADMSG, "the archive is broken: an entry of impossible size");
	return type->content == RECORDS || type->content == ABOUT
		       ? extension_begin(walk, type, size, err)
		       : entry_begin(walk, type, size, err);
}

/* ---- PAX records: "LENGTH KEY=VALUE\n" ---- */

static int record_take(struct header_walk *walk, char *key, const char *value, size_t length,
		       struct error *err)
{
	if (text_starts(key, "GNU.sparse."))
		walk->next_sparse = true;
	if ((text_equal(key, "path") || text_equal(key, "linkpath")) && memchr(value, 0, length))
		return fail(err, EBADMSG, "the archive is broken: a name with a NUL in it");
	if (!text_equal(key, "size"))
		return 0;
	if (memchr(value, 0, length) || !number_parse_unsigned(value, INT64_MAX, &walk->next_size))
		return fail(err, EBADMSG, "the archive is broken: an entry of impossible size");
	walk->next_has_size = true;
	return 0;
}

/* The length of the record at `record`, its own digits included; 0 when it is broken. */
static size_t record_length(const char *record, size_t left, size_t *digits)
{
	size_t length = 0, at = 0;

	while (at < left && at < 8 && record[at] >= '0' && record[at] <= '9')
		length = length * 10 + (size_t)(record[at++] - '0');
	if (at == 0 || at >= left || record[at] != ' ' || length > left || length < at + 4 ||
	    record[length - 1] != '\n')
		return 0;
	*digits = at;
	return length;
}

static int records_read(struct header_walk *walk, struct error *err)
{
	char *record = walk->records.data;
	size_t left = walk->records_length;

	while (left > 0) {
		size_t digits, length = record_length(record, left, &digits);
		char *key = record + digits + 1, *equals;

		if (length == 0)
			return fail(err, EBADMSG, "the archive is broken: a wrong PAX record");
		record[length - 1] = '\0';
		equals = memchr(key, '=', length - digits - 2);
		if (!equals || equals == key || memchr(key, 0, (size_t)(equals - key)))
			return fail(err, EBADMSG, "the archive is broken: a wrong PAX record");
		*equals = '\0';
		TRY(record_take(walk, key, equals + 1, (size_t)(record + length - 1 - (equals + 1)),
				err));
		record += length;
		left -= length;
	}
	return 0;
}

/* ---- the walk ---- */

static int data_pass(struct header_walk *walk, const unsigned char *bytes, size_t length,
		     struct error *err)
{
	walk->skip -= length;
	if (!walk->collecting)
		return 0;
	text_add_bytes(&walk->records, bytes, length);
	if (walk->skip > 0)
		return 0;
	walk->collecting = 0;
	return records_read(walk, err);
}

int headers_look(struct header_walk *walk, const unsigned char *bytes, size_t length,
		 struct error *err)
{
	while (length > 0 && !walk->ended) {
		size_t part;

		if (walk->skip > 0 && !walk->sparse_continues) {
			part = walk->skip < length ? (size_t)walk->skip : length;
			TRY(data_pass(walk, bytes, part, err));
		} else {
			part = TAR_BLOCK - walk->have;
			part = part < length ? part : length;
			memcpy(walk->block + walk->have, bytes, part);
			walk->have += part;
			if (walk->have == TAR_BLOCK) {
				walk->have = 0;
				TRY(header_read(walk, err));
			}
		}
		bytes += part;
		length -= part;
	}
	return 0;
}

size_t headers_lacking(const struct header_walk *walk)
{
	return !walk->ended && walk->skip <= walk->padding && !walk->sparse_continues
		       ? (size_t)walk->skip
		       : 0;
}

int headers_end(const struct header_walk *walk, struct error *err)
{
	if (walk->ended || headers_lacking(walk) > 0 ||
	    (walk->skip == 0 && walk->have == 0 && !walk->sparse_continues))
		return 0;
	return fail(err, EBADMSG, "the archive is broken: it ends in the middle of an entry");
}

bool headers_next(struct header_walk *walk, struct header_fact *fact)
{
	if (walk->facts_at == walk->facts_count)
		return false;
	*fact = walk->facts[walk->facts_at++];
	return true;
}

void headers_close(struct header_walk *walk)
{
	text_free(&walk->records);
	free(walk->facts);
	*walk = (struct header_walk){ 0 };
}

/* json_characters.c -- is every character of a document one?
 *
 * yajl lets pass overlong forms, surrogates and what is above U+10FFFF, and makes "?" of half a
 * surrogate pair that is escaped: two different names would become the same. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_reader.h"

static bool is_code(const char *at, size_t left)
{
	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++)
		if (!isxdigit((unsigned char)at[i]))
			return false;
	return true;
}

static unsigned long code_of(const char *at)
{
	const char digits[] = { at[2], at[3], at[4], at[5], '\0' };

	return strtoul(digits, NULL, 16);
}

/* The length of the escape at `at`; 0 for half a surrogate pair. Bad escapes are for yajl. */
static size_t escape_length(const char *at, size_t left)
{
	unsigned long code;

	if (!is_code(at, left))
		return left < 2 ? left : 2;
	code = code_of(at);
	if (code < 0xd800 || code > 0xdfff)
		return 6;
	if (code < 0xdc00 && is_code(at + 6, left - 6) && (code_of(at + 6) & 0xfc00) == 0xdc00)
		return 12;
	return 0;
}

/* How many bytes are plain ASCII without a backslash, eight at a time: mostly all. */
static size_t plain_length(const char *text, size_t length)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	size_t at = 0;

	for (uint64_t word; at + sizeof(word) <= length; at += sizeof(word)) {
		uint64_t backslashes;

		memcpy(&word, text + at, sizeof(word));
		backslashes = word ^ ('\\' * ones);
		if ((word | ((backslashes - ones) & ~backslashes)) & highs)
			break;
	}
	return at;
}

const char *json_find_no_character(const char *text, size_t length)
{
	for (size_t at = plain_length(text, length); at < length;) {
		size_t step = text[at] == '\\' ? escape_length(text + at, length - at)
					       : text_character(text + at, length - at);

		if (step == 0)
			return text + at;
		at += step;
		at += plain_length(text + at, length - at);
	}
	return NULL;
}

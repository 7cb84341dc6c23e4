/* number.c -- numbers out of strings, strictly. */
#include "base/number.h"

#include <stddef.h>
#include <strings.h>

/* Digits up to the first other character, which *end then points at. */
static bool digits_parse(const char *string, uint64_t most, uint64_t *value, const char **end)
{
	uint64_t sum = 0;

	if (*string < '0' || *string > '9')
		return false;
	for (; *string >= '0' && *string <= '9'; string++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(*string - '0'), &sum))
			return false;
	if (sum > most)
		return false;
	*value = sum;
	*end = string;
	return true;
}

bool number_parse_unsigned(const char *string, uint64_t most, uint64_t *value)
{
	const char *end;
	uint64_t parsed;

	if (!string || !digits_parse(string, most, &parsed, &end) || *end)
		return false;
	*value = parsed;
	return true;
}

bool number_parse_signed(const char *string, int64_t least, int64_t most, int64_t *value)
{
	bool negative = string && *string == '-';
	uint64_t size;
	int64_t parsed;

	if (!number_parse_unsigned(negative ? string + 1 : string, (uint64_t)INT64_MAX + negative,
				   &size))
		return false;
	/* Negated as unsigned: -INT64_MIN has no positive twin. */
	parsed = (int64_t)(negative ? 0 - size : size);
	if (parsed < least || parsed > most)
		return false;
	*value = parsed;
	return true;
}

bool number_parse_id(const char *string, uint32_t *id)
{
	uint64_t parsed;

	if (!number_parse_unsigned(string, UINT32_MAX - 1, &parsed))
		return false;
	*id = (uint32_t)parsed;
	return true;
}

static const struct {
	const char *suffix;
	unsigned shift;
} size_suffixes[] = {
	{ "", 0 },     { "b", 0 },   { "k", 10 },   { "kb", 10 },  { "kib", 10 },
	{ "m", 20 },   { "mb", 20 }, { "mib", 20 }, { "g", 30 },   { "gb", 30 },
	{ "gib", 30 }, { "t", 40 },  { "tb", 40 },  { "tib", 40 },
};

bool number_parse_size(const char *string, int64_t *bytes)
{
	const char *suffix;
	uint64_t count;

	if (number_parse_signed(string, -1, -1, bytes))
		return true;
	if (!string || !digits_parse(string, INT64_MAX, &count, &suffix))
		return false;
	for (size_t i = 0; i < sizeof(size_suffixes) / sizeof(size_suffixes[0]); i++) {
		if (strcasecmp(suffix, size_suffixes[i].suffix) != 0)
			continue;
		if (count > (uint64_t)INT64_MAX >> size_suffixes[i].shift)
			return false;
		*bytes = (int64_t)(count << size_suffixes[i].shift);
		return true;
	}
	return false;
}

/* number.c -- numbers out of strings, strictly. */
#include "base/number.h"

#include <stddef.h>
#include <string.h>
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
	{ "", 0 },    { "b", 0 },    { "k", 10 }, { "kb", 10 }, { "kib", 10 }, { "m", 20 },
	{ "mb", 20 }, { "mib", 20 }, { "g", 30 }, { "gb", 30 }, { "gib", 30 }, { "t", 40 },
	{ "tb", 40 }, { "tib", 40 }, { "p", 50 }, { "pb", 50 }, { "pib", 50 },
};

/* -1: none. */
static int size_shift(const char *suffix)
{
	for (size_t i = 0; i < sizeof(size_suffixes) / sizeof(size_suffixes[0]); i++)
		if (strcasecmp(suffix, size_suffixes[i].suffix) == 0)
			return (int)size_suffixes[i].shift;
	return -1;
}

/* ".25" of `unit` */
static int64_t fraction_of(const char *point, int64_t unit)
{
	int64_t numerator = 0, denominator = 1;

	for (const char *digit = point + 1; *digit >= '0' && *digit <= '9'; digit++)
		if (denominator < 1000000) {
			numerator = 10 * numerator + (*digit - '0');
			denominator *= 10;
		}
	return unit / denominator * numerator + unit % denominator * numerator / denominator;
}

bool number_parse_size(const char *string, int64_t *bytes)
{
	const char *point, *suffix;
	uint64_t count;
	int64_t part = 0;
	int shift;

	if (number_parse_signed(string, -1, -1, bytes))
		return true;
	if (!string || !digits_parse(string, INT64_MAX, &count, &point))
		return false;
	suffix = *point == '.' ? point + 1 + strspn(point + 1, "0123456789") : point;
	shift = size_shift(suffix + (*suffix == ' ' && suffix[1]));
	if (shift < 0 || suffix == point + 1 || count > (uint64_t)INT64_MAX >> shift)
		return false;
	if (*point == '.')
		part = fraction_of(point, (int64_t)1 << shift);
	return !__builtin_add_overflow((int64_t)(count << shift), part, bytes);
}

static const struct {
	const char *name;
	int64_t nanoseconds;
} duration_units[] = {
	{ "ns", 1 },         { "us", 1000 },       { "\u00b5s", 1000 },    { "ms", 1000000 },
	{ "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 },
};

/* The longest unit that `string` begins with; its length in *length, 0: none. */
static int64_t duration_unit(const char *string, size_t *length)
{
	int64_t unit = 0;

	*length = 0;
	for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
		size_t own = strlen(duration_units[i].name);

		if (own > *length && strncmp(string, duration_units[i].name, own) == 0) {
			*length = own;
			unit = duration_units[i].nanoseconds;
		}
	}
	return unit;
}

/* Behind the digits, their fraction and unit. */
static bool duration_part(const char *string, int64_t *nanoseconds, const char **end)
{
	const char *digits_end, *unit_at;
	uint64_t count;
	int64_t unit, part = 0;
	size_t length;

	if (!digits_parse(string, INT64_MAX, &count, &digits_end))
		return false;
	unit_at = digits_end;
	if (*digits_end == '.')
		unit_at += 1 + strspn(digits_end + 1, "0123456789");
	unit = duration_unit(unit_at, &length);
	if (length == 0)
		return false;
	if (*digits_end == '.')
		part = fraction_of(digits_end, unit);
	*end = unit_at + length;
	return !__builtin_mul_overflow((int64_t)count, unit, nanoseconds) &&
	       !__builtin_add_overflow(*nanoseconds, part, nanoseconds);
}

bool number_parse_duration(const char *string, int64_t *nanoseconds)
{
	int64_t sum = 0, part;
	uint64_t seconds;

	if (number_parse_unsigned(string, INT64_MAX / 1000000000, &seconds)) {
		*nanoseconds = (int64_t)seconds * 1000000000;
		return true;
	}
	if (!string || !*string)
		return false;
	while (*string)
		if (!duration_part(string, &part, &string) ||
		    __builtin_add_overflow(sum, part, &sum))
			return false;
	*nanoseconds = sum;
	return true;
}

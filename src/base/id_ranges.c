/* id_ranges.c -- ids through a map, both ways. */
#include <stdio.h>
#include <string.h>

#include "base/id_ranges.h"
#include "base/number.h"

bool id_to_outside(const struct id_ranges *ranges, uint32_t inside, uint32_t *outside)
{
	*outside = inside;
	for (size_t i = 0; i < ranges->count; i++) {
		const struct id_range *range = &ranges->items[i];

		if (inside < range->inside || inside - range->inside >= range->size)
			continue;
		*outside = range->outside + (inside - range->inside);
		return true;
	}
	return ranges->count == 0;
}

bool id_to_inside(const struct id_ranges *ranges, uint32_t outside, uint32_t *inside)
{
	*inside = outside;
	for (size_t i = 0; i < ranges->count; i++) {
		const struct id_range *range = &ranges->items[i];

		if (outside < range->outside || outside - range->outside >= range->size)
			continue;
		*inside = range->inside + (outside - range->outside);
		return true;
	}
	return ranges->count == 0;
}

bool id_range_parse(const char *text, struct id_range *range)
{
	uint32_t *const numbers[] = { &range->inside, &range->outside, &range->size };
	size_t count = 0;

	range->size = 1;
	for (; count < 3; count++) {
		size_t length = strcspn(text, ":");
		char number[16];

		if (length >= sizeof(number))
			return false;
		memcpy(number, text, length);
		number[length] = '\0';
		if (!number_parse_id(number, numbers[count]))
			return false;
		text += length;
		if (!*text)
			break;
		text++;
	}
	return count >= 1 && count < 3 && range->size > 0 &&
	       range->size - 1 <= UINT32_MAX - 1 - range->inside &&
	       range->size - 1 <= UINT32_MAX - 1 - range->outside;
}

/* id_ranges.h -- which ids inside (a container, an image) are which outside (the host, a disk). */
#ifndef BASE_ID_RANGES_H
#define BASE_ID_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_range { /* `size` ids, from `inside` and from `outside` on */
	uint32_t inside, outside, size;
};

struct id_ranges { /* none: they are the same */
	const struct id_range *items;
	size_t count;
};

/* false: the id is in no range. */
bool id_to_outside(const struct id_ranges *ranges, uint32_t inside, uint32_t *outside);
bool id_to_inside(const struct id_ranges *ranges, uint32_t outside, uint32_t *inside);

/* "INSIDE:OUTSIDE[:SIZE]", SIZE is 1 where it is missing. */
bool id_range_parse(const char *text, struct id_range *range);

#endif

/* arena.c -- chunks of memory that are freed together.
 *
 * Chunks grow: most arenas stay small, and one that does not gets its pages from the kernel many at
 * a time (MAP_POPULATE): a fault for each page costs more than what is done in it. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_FIRST  4096
#define CHUNK_MOST   65536
#define CHUNK_GROWTH 4
#define ALONE        4096 /* a larger block does not share a chunk */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	bool mapped;
	alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		abort();
	chunk->size = size;
	return chunk;
}

static struct arena_chunk *chunk_map(size_t total)
{
	struct arena_chunk *chunk = mmap(NULL, total, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (chunk == MAP_FAILED)
		abort();
	chunk->size = total - sizeof(*chunk);
	chunk->mapped = true;
	return chunk;
}

static struct arena_chunk *chunk_after(const struct arena_chunk *last)
{
	size_t total = last ? (last->size + sizeof(*last)) * CHUNK_GROWTH : CHUNK_FIRST;

	if (total <= CHUNK_FIRST)
		return chunk_new(CHUNK_FIRST - sizeof(*last));
	return chunk_map(total < CHUNK_MOST ? total / CHUNK_FIRST * CHUNK_FIRST : CHUNK_MOST);
}

static void chunk_free(struct arena_chunk *chunk)
{
	if (chunk->mapped)
		munmap(chunk, chunk->size + sizeof(*chunk));
	else
		free(chunk);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunk;
	void *memory;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + align - 1) & ~(align - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		bool alone = size > ALONE - sizeof(*chunk);
		struct arena_chunk *fresh = alone ? chunk_new(size) : chunk_after(chunk);

		/* A block of its own goes behind the chunk in use, whose rest stays usable. */
		if (chunk && alone) {
			fresh->next = chunk->next;
			chunk->next = fresh;
		} else {
			fresh->next = chunk;
			arena->chunk = fresh;
		}
		chunk = fresh;
	}
	memory = chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
	return string ? arena_copy(arena, string, strlen(string)) : NULL;
}

char *arena_vformat(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *string;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		abort();
	string = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(string, (size_t)length + 1, format, args);
	return string;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *string;

	va_start(args, format);
	string = arena_vformat(arena, format, args);
	va_end(args);
	return string;
}

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunk;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		chunk_free(chunk);
		chunk = next;
	}
	arena->chunk = NULL;
}

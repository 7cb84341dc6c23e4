/* arena.h -- memory that is freed all at once.
 *
 * A command, a request or an image has one arena; whatever it parses or composes lives there.
 * Allocation never returns NULL: when memory is exhausted the process aborts (what is read from
 * outside is limited in size before it is kept, so this means the machine is out of memory). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena { /* start with { 0 } */
	struct arena_chunk *chunk;
};

/* Zeroed, aligned for any type, valid until arena_free. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size, aborting on overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of `length` bytes with a 0 behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
char *arena_string(struct arena *arena, const char *string); /* NULL stays NULL */
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *arena, const char *format, va_list args);
void arena_free(struct arena *arena);

#define auto_arena __attribute__((cleanup(arena_free)))

#endif

/* progress_bars.h -- what is known of a transfer's blobs, and how that looks: no terminal, no
 * clock. */
#ifndef LADE_PROGRESS_BARS_H
#define LADE_PROGRESS_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "image/transfer.h"

enum bar_state { BAR_WAITS, BAR_MOVES, BAR_DONE, BAR_EXISTS };

struct bar {
	enum bar_state state;
	char name[16]; /* the digest's first digits */
	int64_t done, total;
	/* How fast: bytes a second, as of the last sample. */
	int64_t rate;
	int64_t sampled, sampled_done; /* when, and how much was done then; < 0: no sample yet */
};

struct bars {
	struct bar *items;
	size_t count;
};

struct bars_screen {
	size_t lines, columns;
};

void bars_begin(struct bars *bars, size_t count, struct arena *arena);
/* Something happened at `now` (milliseconds of any clock that only goes forward). */
void bars_update(struct bars *bars, const struct transfer_event *event, int64_t now);
/* The lines that show it, each with "\n", none longer than the screen is wide: one a blob and a
 * total; the total alone where they would not fit. `erase` goes before each "\n". Returns how many.
 */
size_t bars_draw(const struct bars *bars, int64_t now, const struct bars_screen *screen,
		 const char *erase, struct text *out);

/* Bytes a second of all that moves, and the seconds that are left; -1: nobody knows. */
int64_t bars_rate(const struct bars *bars, int64_t now);
int64_t bars_left(const struct bars *bars, int64_t now);

#endif

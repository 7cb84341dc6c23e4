/* channel.h -- one direction of a relay. Private to console/. */
#ifndef CONSOLE_CHANNEL_H
#define CONSOLE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#define CHANNEL_SIZE 16384

struct channel {
	int from, to;
	bool ended;  /* nothing more comes from `from` */
	bool broken; /* nobody reads `to`: what comes is dropped */
	size_t start, end;
	char bytes[CHANNEL_SIZE];
};

/* Empty; the bytes are not touched (they are many, and mostly not needed). */
void channel_open(struct channel *channel, int from, int to);

bool channel_wants_input(const struct channel *channel);
bool channel_has_output(const struct channel *channel);

/* One read(2), when there is room; false when nothing was there to read. */
bool channel_fill(struct channel *channel);
/* One write(2), when there is something to write and poll(2) said that it would not block. */
void channel_drain(struct channel *channel);

#endif

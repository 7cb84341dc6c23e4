/* ring.h -- bytes from the thread that fetches to the thread that unpacks. */
#ifndef TRANSFER_RING_H
#define TRANSFER_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RING_SIZE (1024 * 1024)

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *bytes;
	size_t head, filled; /* where reading goes on, how much there is */
	bool ended;          /* no more will be written */
	bool broken;         /* and what was written is not all */
	bool closed;         /* nobody reads any more */
};

void ring_init(struct ring *ring);
void ring_free(struct ring *ring);

/* All bytes, waiting for room; false when nobody reads any more. */
bool ring_write(struct ring *ring, const void *bytes, size_t length);
/* broken: the reader gets an error instead of the end. */
void ring_end(struct ring *ring, bool broken);

/* Some bytes, waiting for them; 0 at the end, -ECANCELED when the writer gave up. */
ssize_t ring_read(struct ring *ring, void *buffer, size_t size);
void ring_close(struct ring *ring);

#endif

/* stream.h -- bytes from the thread that fetches to the thread that unpacks. */
#ifndef TRANSFER_STREAM_H
#define TRANSFER_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STREAM_SIZE (1024 * 1024)

struct stream {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *ring;
	size_t head, filled; /* where reading goes on, how much there is */
	bool ended;          /* no more will be written */
	bool broken;         /* and what was written is not all */
	bool closed;         /* nobody reads any more */
};

void stream_init(struct stream *stream);
void stream_free(struct stream *stream);

/* All bytes, waiting for room; false when nobody reads any more. */
bool stream_write(struct stream *stream, const void *bytes, size_t length);
/* broken: the reader gets an error instead of the end. */
void stream_end(struct stream *stream, bool broken);

/* Some bytes, waiting for them; 0 at the end, -ECANCELED when the writer gave up. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t size);
void stream_close(struct stream *stream);

#endif

/* stream.c -- a bounded ring between two threads: one writes, one reads, either may give up.
 * Bounded, so that a slow disk slows the download down instead of filling the memory. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void stream_init(struct stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	pthread_mutex_init(&stream->lock, NULL);
	pthread_cond_init(&stream->changed, NULL);
	stream->ring = malloc(STREAM_SIZE);
	if (!stream->ring)
		abort();
}

void stream_free(struct stream *stream)
{
	pthread_cond_destroy(&stream->changed);
	pthread_mutex_destroy(&stream->lock);
	free(stream->ring);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* As much as fits without wrapping; the lock is held. */
static size_t put_some(struct stream *stream, const char *bytes, size_t length)
{
	size_t tail = (stream->head + stream->filled) % STREAM_SIZE;
	size_t room = smaller(STREAM_SIZE - stream->filled, STREAM_SIZE - tail);
	size_t some = smaller(room, length);

	memcpy(stream->ring + tail, bytes, some);
	stream->filled += some;
	return some;
}

bool stream_write(struct stream *stream, const void *bytes, size_t length)
{
	const char *rest = bytes;
	bool open;

	pthread_mutex_lock(&stream->lock);
	while (length && !stream->closed) {
		size_t some = put_some(stream, rest, length);

		rest += some;
		length -= some;
		if (some)
			pthread_cond_signal(&stream->changed);
		else
			pthread_cond_wait(&stream->changed, &stream->lock);
	}
	open = !stream->closed;
	pthread_mutex_unlock(&stream->lock);
	return open;
}

void stream_end(struct stream *stream, bool broken)
{
	pthread_mutex_lock(&stream->lock);
	stream->ended = true;
	stream->broken = broken;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&stream->lock);
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size)
{
	ssize_t result;

	pthread_mutex_lock(&stream->lock);
	while (!stream->filled && !stream->ended)
		pthread_cond_wait(&stream->changed, &stream->lock);
	if (stream->broken) {
		result = -ECANCELED;
	} else {
		size_t some = smaller(smaller(size, stream->filled), STREAM_SIZE - stream->head);

		memcpy(buffer, stream->ring + stream->head, some);
		stream->head = (stream->head + some) % STREAM_SIZE;
		stream->filled -= some;
		result = (ssize_t)some;
		pthread_cond_signal(&stream->changed);
	}
	pthread_mutex_unlock(&stream->lock);
	return result;
}

void stream_close(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	stream->closed = true;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&stream->lock);
}

/* ring.c -- a bounded ring between two threads: one writes, one reads, either may give up.
 * Bounded, so that a slow disk slows the download down instead of filling the memory. */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ring_init(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->changed, NULL);
	ring->bytes = malloc(RING_SIZE);
	if (!ring->bytes)
		abort();
}

void ring_free(struct ring *ring)
{
	pthread_cond_destroy(&ring->changed);
	pthread_mutex_destroy(&ring->lock);
	free(ring->bytes);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* As much as fits without wrapping; the lock is held. */
static size_t put_some(struct ring *ring, const char *bytes, size_t length)
{
	size_t tail = (ring->head + ring->filled) % RING_SIZE;
	size_t room = smaller(RING_SIZE - ring->filled, RING_SIZE - tail);
	size_t some = smaller(room, length);

	memcpy(ring->bytes + tail, bytes, some);
	ring->filled += some;
	return some;
}

bool ring_write(struct ring *ring, const void *bytes, size_t length)
{
	const char *rest = bytes;
	bool open;

	pthread_mutex_lock(&ring->lock);
	while (length && !ring->closed) {
		size_t some = put_some(ring, rest, length);

		rest += some;
		length -= some;
		if (some)
			pthread_cond_signal(&ring->changed);
		else
			pthread_cond_wait(&ring->changed, &ring->lock);
	}
	open = !ring->closed;
	pthread_mutex_unlock(&ring->lock);
	return open;
}

void ring_end(struct ring *ring, bool broken)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	ring->broken = broken;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

ssize_t ring_read(struct ring *ring, void *buffer, size_t size)
{
	ssize_t result;

	pthread_mutex_lock(&ring->lock);
	while (!ring->filled && !ring->ended)
		pthread_cond_wait(&ring->changed, &ring->lock);
	if (ring->broken) {
		result = -ECANCELED;
	} else {
		size_t some = smaller(smaller(size, ring->filled), RING_SIZE - ring->head);

		memcpy(buffer, ring->bytes + ring->head, some);
		ring->head = (ring->head + some) % RING_SIZE;
		ring->filled -= some;
		result = (ssize_t)some;
		pthread_cond_signal(&ring->changed);
	}
	pthread_mutex_unlock(&ring->lock);
	return result;
}

void ring_close(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->closed = true;
	pthread_cond_broadcast(&ring->changed);
	pthread_mutex_unlock(&ring->lock);
}

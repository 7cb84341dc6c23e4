/* pool.h -- several threads work on a list of tasks. */
#ifndef TRANSFER_POOL_H
#define TRANSFER_POOL_H

#include <stddef.h>

#include "base/error.h"

struct pool {
	int jobs;     /* threads; 0: 4 */
	size_t tasks; /* how many there are; they are taken in order */
	int stop;     /* an eventfd that is written to when a task failed */
	void *context;
	/* What a thread of its own needs: made before any of them starts, by the caller's. */
	int (*enter)(void *context, void **worker, struct error *err);
	int (*work)(void *worker, size_t task, struct error *err);
	/* Not called where `enter` failed. */
	void (*leave)(void *worker);
};

/* Run all tasks. The first failure is the one told; it stops everybody: nobody takes a new task,
 * and what is on its way sees `stop`. */
int pool_run(const struct pool *pool, struct error *err);

/* A descriptor that is readable when the caller's `cancel_fd` is (> 0) or `stop`, a new eventfd,
 * is. Both are the caller's to close. */
int pool_open_stop(int cancel_fd, int *stop, struct error *err);

#endif

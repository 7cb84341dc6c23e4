/* pool.c -- several threads work on the tasks of one image, in their order. The first failure is
 * kept and stops everybody: the others' transfers see the eventfd, nobody takes a new task. */
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/own.h"

#define JOBS_DEFAULT 4
#define JOBS_MOST    16

/* What the threads share. */
struct shared {
	const struct pool *pool;
	pthread_mutex_t lock; /* guards what follows */
	size_t next;
	struct error first; /* the first failure; number 0: none */
};

struct hand {
	struct shared *shared;
	void *worker;
	pthread_t thread;
};

static bool take_task(struct shared *shared, size_t *task)
{
	bool taken;

	pthread_mutex_lock(&shared->lock);
	taken = !shared->first.number && shared->next < shared->pool->tasks;
	if (taken)
		*task = shared->next++;
	pthread_mutex_unlock(&shared->lock);
	return taken;
}

static void keep_first(struct shared *shared, const struct error *err)
{
	pthread_mutex_lock(&shared->lock);
	if (!shared->first.number) {
		shared->first = *err;
		eventfd_write(shared->pool->stop, 1);
	}
	pthread_mutex_unlock(&shared->lock);
}

static void *work(void *context)
{
	struct hand *hand = context;
	size_t task;

	while (take_task(hand->shared, &task)) {
		struct error err = { 0 };

		if (hand->shared->pool->work(hand->worker, task, &err) < 0)
			keep_first(hand->shared, &err);
	}
	return NULL;
}

static size_t count_threads(const struct pool *pool)
{
	int wanted = pool->jobs > 0 ? pool->jobs : JOBS_DEFAULT;
	size_t most = wanted > JOBS_MOST ? JOBS_MOST : (size_t)wanted;

	return pool->tasks < most ? pool->tasks : most;
}

static int start(struct shared *shared, struct hand *hand, struct error *err)
{
	int number;

	hand->shared = shared;
	TRY(shared->pool->enter(shared->pool->context, &hand->worker, err));
	number = pthread_create(&hand->thread, NULL, work, hand);
	if (!number)
		return 0;
	shared->pool->leave(hand->worker);
	return fail_number(err, number, "pthread_create", "cannot start a thread");
}

int pool_run(const struct pool *pool, struct error *err)
{
	struct shared shared = { .pool = pool, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct hand hands[JOBS_MOST] = { 0 };
	size_t wanted = count_threads(pool), count = 0;
	struct error failure = { 0 };

	while (count < wanted && start(&shared, &hands[count], &failure) >= 0)
		count++;
	if (count < wanted)
		keep_first(&shared, &failure);
	for (size_t i = 0; i < count; i++) {
		pthread_join(hands[i].thread, NULL);
		pool->leave(hands[i].worker);
	}
	if (!shared.first.number)
		return 0;
	if (err)
		*err = shared.first;
	return -shared.first.number;
}

int pool_open_stop(int cancel_fd, int *stop, struct error *err)
{
	struct epoll_event readable = { .events = EPOLLIN };
	auto_close int both = epoll_create1(EPOLL_CLOEXEC);
	auto_close int own = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (both < 0 || own < 0 || epoll_ctl(both, EPOLL_CTL_ADD, own, &readable) < 0 ||
	    (cancel_fd > 0 && epoll_ctl(both, EPOLL_CTL_ADD, cancel_fd, &readable) < 0))
		return fail_call(err, "epoll_ctl", "cannot prepare to cancel transfers");
	*stop = take_fd(&own);
	return take_fd(&both);
}

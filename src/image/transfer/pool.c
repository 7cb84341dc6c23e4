/* pool.c -- several threads work on the layers of one image, the largest first. The first failure
 * is kept and stops everybody: the others' transfers see the eventfd, nobody takes a new layer. */
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "transfer_private.h"

#define JOBS_DEFAULT 4
#define JOBS_MOST    16

struct worker {
	struct pull *pull;
	struct source source;
	pthread_t thread;
};

static struct layer_job *take_job(struct pull *pull)
{
	struct layer_job *job = NULL;

	pthread_mutex_lock(&pull->lock);
	if (!pull->first.number && pull->next < pull->order_count)
		job = pull->order[pull->next++];
	pthread_mutex_unlock(&pull->lock);
	return job;
}

static void keep_first(struct pull *pull, const struct error *err)
{
	pthread_mutex_lock(&pull->lock);
	if (!pull->first.number) {
		pull->first = *err;
		eventfd_write(pull->stop, 1);
	}
	pthread_mutex_unlock(&pull->lock);
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct layer_job *job;

	while ((job = take_job(worker->pull))) {
		struct error err = { 0 };

		if (pull_layer(worker->pull, &worker->source, job, &err) < 0)
			keep_first(worker->pull, &err);
	}
	return NULL;
}

static size_t count_workers(const struct pull *pull)
{
	int wanted = pull->options->jobs > 0 ? pull->options->jobs : JOBS_DEFAULT;
	size_t most = wanted > JOBS_MOST ? JOBS_MOST : (size_t)wanted;

	return pull->order_count < most ? pull->order_count : most;
}

static int start_worker(struct pull *pull, struct worker *worker, struct error *err)
{
	int number;

	worker->pull = pull;
	TRY(pull->source.kind->fork(&pull->source, &worker->source, err));
	number = pthread_create(&worker->thread, NULL, work, worker);
	if (!number)
		return 0;
	source_close(&worker->source);
	return fail_number(err, number, "pthread_create", "cannot start a thread");
}

int pull_layers(struct pull *pull, struct error *err)
{
	struct worker workers[JOBS_MOST] = { 0 };
	size_t wanted = count_workers(pull), count = 0;
	struct error start = { 0 };

	while (count < wanted && start_worker(pull, &workers[count], &start) >= 0)
		count++;
	if (count < wanted)
		keep_first(pull, &start);
	for (size_t i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		source_close(&workers[i].source);
	}
	if (!pull->first.number)
		return 0;
	if (err)
		*err = pull->first;
	return -pull->first.number;
}

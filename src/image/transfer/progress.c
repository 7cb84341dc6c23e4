/* progress.c -- tell the caller how it goes, one call at a time. */
#include "transfer_private.h"

void pull_report(struct pull *pull, enum transfer_event_kind kind, const struct layer_job *job,
		 int64_t done)
{
	struct transfer_event event = { .kind = kind, .layers = pull->job_count, .done = done };

	if (!pull->options->progress.report)
		return;
	if (job) {
		event.layer = job->index;
		event.digest = job->descriptor->digest;
		event.total = job->descriptor->size;
	}
	pthread_mutex_lock(&pull->lock);
	pull->options->progress.report(pull->options->progress.context, &event);
	pthread_mutex_unlock(&pull->lock);
}

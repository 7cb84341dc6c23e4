/* transfer_private.h -- one pull: what its threads share, and what each layer needs. */
#ifndef TRANSFER_PRIVATE_H
#define TRANSFER_PRIVATE_H

#include <pthread.h>

#include "image/layer.h"
#include "source.h"

struct layer_job {
	size_t index; /* in the manifest */
	const struct oci_descriptor *descriptor;
	const char *diff_id;
	bool need_blob, need_tree;
	bool needs_parents; /* found out while applying: comes again, after the others */
};

struct pull {
	struct store *store;
	const struct transfer_options *options;
	struct arena *arena;
	struct source source;
	struct oci_manifest manifest;
	struct oci_image_config config;

	struct layer_job *jobs; /* one a layer; the same blob twice is one job that needs work */
	size_t job_count;
	struct layer_job **order; /* those that need work, the largest first */
	size_t order_count;

	pthread_mutex_t lock; /* guards the calls of progress.report */
	int stop;             /* eventfd: readable once something failed */
};

/* pull.c: transfer_pull, of a reference that is parsed already. */
int pull_reference(struct store *store, const struct reference *reference,
		   const struct transfer_options *options, struct arena *arena,
		   struct store_image *image, struct error *err);

/* progress.c: tell the caller, one call at a time. */
void pull_report(struct pull *pull, enum transfer_event_kind kind, const struct layer_job *job,
		 int64_t done);

/* layer.c: fetch, verify, unpack one layer; finished in the store, not committed. */
int pull_layer(struct pull *pull, struct source *source, struct layer_job *job, struct error *err);
/* The same for a layer with hard links into its parents, whose trees are there now. */
int pull_dependent_layer(struct pull *pull, struct layer_job *job, struct error *err);

#endif

/* layer.c -- one layer's way into the store.
 *
 * Two threads: this one fetches and feeds, a second one unpacks what is fed. Neither believes
 * anything before the end: the blob counts when size and digest are right, the tree when its DiffID
 * is the config's. A blob that does not even decompress is fetched to its end all the same, because
 * then its digest tells whether the network or the image is broken. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/own.h"
#include "ring.h"
#include "transfer_private.h"

#define RESUME_CHUNK (256 * 1024)
#define REPORT_EVERY (64 * 1024)

struct unpacking {
	struct ring ring;
	struct layer_options options;
	struct staging *staging;
	struct layer_result result;
	struct error err;
	int status;
	pthread_t thread;
};

struct feed {
	struct pull *pull;
	const struct layer_job *job;
	struct ingest *ingest;
	struct ring *ring; /* NULL: the tree is there already */
	struct unpacking unpacking;
	int64_t reported;
};

static struct layer_options layer_options_of(const struct pull *pull, const struct layer_job *job)
{
	return (struct layer_options){
		.form = LAYER_OVERLAY,
		.user_xattrs = pull->options->user_xattrs,
		.single_id = pull->options->single_id,
		.name = job->descriptor->digest,
	};
}

/* ---- the thread that unpacks ----------------------------------------------------------------- */

static ssize_t read_fed(void *context, void *buffer, size_t size, struct error *err)
{
	ssize_t got = ring_read(context, buffer, size);

	return got < 0 ? fail(err, (int)-got, "the download was broken off") : got;
}

static void *unpack(void *context)
{
	struct unpacking *unpacking = context;
	struct layer_source source = { read_fed, &unpacking->ring };

	unpacking->status = layer_apply(&source, unpacking->staging->dir, &unpacking->options,
					&unpacking->result, &unpacking->err);
	ring_close(&unpacking->ring);
	return NULL;
}

static int start_unpacking(struct unpacking *unpacking, struct error *err)
{
	int number;

	ring_init(&unpacking->ring);
	number = pthread_create(&unpacking->thread, NULL, unpack, unpacking);
	if (number) {
		ring_free(&unpacking->ring);
		return fail_number(err, number, "pthread_create", "cannot start a thread");
	}
	return 0;
}

static void join_unpacking(struct unpacking *unpacking, bool broken)
{
	ring_end(&unpacking->ring, broken);
	pthread_join(unpacking->thread, NULL);
	ring_free(&unpacking->ring);
}

/* ---- the thread that feeds ------------------------------------------------------------------- */

static void report_moved(struct feed *feed, int64_t done)
{
	if (done - feed->reported < REPORT_EVERY && done < feed->job->descriptor->size)
		return;
	feed->reported = done;
	pull_report(feed->pull, TRANSFER_MOVED, feed->job, done);
}

/* The unpacker stopped reading: a broken archive may be a broken download, so go on to the digest;
 * anything else (a full disk) ends it. */
static int feed_unpacker(struct feed *feed, const void *bytes, size_t length, struct error *err)
{
	if (!feed->ring || ring_write(feed->ring, bytes, length))
		return 0;
	feed->ring = NULL;
	if (feed->unpacking.status == -EBADMSG || feed->unpacking.status >= 0)
		return 0;
	return fail(err, EPIPE, "the layer could not be unpacked");
}

static int feed_write(void *context, const void *bytes, size_t length, struct error *err)
{
	struct feed *feed = context;

	TRY(ingest_write(feed->ingest, bytes, length, err));
	TRY(feed_unpacker(feed, bytes, length, err));
	report_moved(feed, feed->ingest->offset);
	return 0;
}

/* What an interrupted run left is hashed and unpacked as if it came now. */
static int feed_begun(struct feed *feed, struct digest_hash *hash, struct error *err)
{
	auto_free char *buffer = malloc(RESUME_CHUNK);
	int64_t offset = 0, end = feed->ingest->offset;

	if (!buffer)
		return fail(err, ENOMEM, "out of memory");
	while (offset < end) {
		ssize_t got = ingest_read(feed->ingest, buffer, RESUME_CHUNK, offset, err);

		if (got <= 0)
			return got < 0 ? (int)got
				       : fail(err, EIO, "a partial download became shorter");
		digest_update(hash, buffer, (size_t)got);
		TRY(feed_unpacker(feed, buffer, (size_t)got, err));
		offset += got;
		report_moved(feed, offset);
	}
	return 0;
}

static int fetch(struct feed *feed, struct source *source, struct error *err)
{
	const struct oci_descriptor *descriptor = feed->job->descriptor;
	auto_digest struct digest_hash hash = { 0 };
	struct registry_sink sink = { .write = feed_write, .context = feed };
	int result;

	if (feed->ingest->offset > 0) {
		TRY(digest_begin(&hash, digest_algorithm(descriptor->digest), err));
		TRY(feed_begun(feed, &hash, err));
		sink.offset = (uint64_t)feed->ingest->offset;
		sink.hash = &hash;
	}
	feed->ingest->verified = true; /* fetch_blob does: no second hash in the store */
	result = source->kind->fetch_blob(source, descriptor, &sink, err);
	if (result == -EBADMSG) /* what is there is rubbish: nothing to go on with next time */
		ingest_restart(feed->ingest, NULL);
	TRY(result);
	return ingest_finish(feed->ingest, err);
}

/* ---- one layer ------------------------------------------------------------------------------- */

static int fetch_and_unpack(struct feed *feed, struct source *source, struct staging *staging,
			    struct layer_result *result, struct error *err)
{
	struct unpacking *unpacking = &feed->unpacking;
	int fetched;

	unpacking->options = layer_options_of(feed->pull, feed->job);
	unpacking->staging = staging;
	TRY(start_unpacking(unpacking, err));
	feed->ring = &unpacking->ring;
	fetched = fetch(feed, source, err);
	join_unpacking(unpacking, fetched < 0);
	*result = unpacking->result;
	if (fetched < 0 && fetched != -EPIPE)
		return fetched;
	if (unpacking->status < 0 && err)
		*err = unpacking->err;
	return unpacking->status;
}

static int unpack_stored(struct pull *pull, const struct layer_job *job,
			 const struct layer_options *options, struct staging *staging,
			 struct layer_result *result, struct error *err)
{
	auto_close int blob =
		store_open_blob(pull->store, job->descriptor->digest, job->descriptor->size, err);

	return blob < 0 ? blob : layer_apply_fd(blob, staging->dir, options, result, err);
}

static int check_diff_id(const struct layer_job *job, const struct layer_result *result,
			 struct error *err)
{
	if (!strcmp(result->diff_id, job->diff_id))
		return 0;
	return fail(err, EBADMSG, "layer %s unpacks to %s, but the image's config says %s",
		    job->descriptor->digest, result->diff_id, job->diff_id);
}

static int move_layer(struct pull *pull, struct source *source, struct layer_job *job,
		      struct error *err)
{
	const struct oci_descriptor *descriptor = job->descriptor;
	struct layer_options options = layer_options_of(pull, job);
	auto_ingest struct ingest ingest = INGEST_NONE;
	auto_staging struct staging staging = STAGING_NONE;
	struct feed feed = { .pull = pull, .job = job, .ingest = &ingest };
	struct layer_result result = { 0 };
	int there = 1;

	if (job->need_blob)
		TRY(there = ingest_open(pull->store, descriptor->digest, descriptor->size, &ingest,
					err));
	if (!job->need_tree)
		return there ? 0 : fetch(&feed, source, err);
	TRY(staging_open(pull->store, &staging, err));
	if (there)
		TRY(unpack_stored(pull, job, &options, &staging, &result, err));
	else
		TRY(fetch_and_unpack(&feed, source, &staging, &result, err));
	TRY(check_diff_id(job, &result, err));
	job->needs_parents = result.needs_parents;
	return job->needs_parents ? 0 : staging_finish(&staging, job->diff_id, err);
}

int pull_layer(struct pull *pull, struct source *source, struct layer_job *job, struct error *err)
{
	pull_report(pull, TRANSFER_STARTED, job, 0);
	if (move_layer(pull, source, job, err) < 0)
		return fail_where(err, "layer %.19s", job->descriptor->digest);
	pull_report(pull, TRANSFER_VERIFIED, job, job->descriptor->size);
	return 0;
}

/* ---- layers that link into their parents ----------------------------------------------------- */

static int apply_over(struct pull *pull, struct layer_job *job, struct layer_options *options,
		      struct error *err)
{
	const struct strings *diff_ids = &pull->config.rootfs->diff_ids;
	auto_staging struct staging staging = STAGING_NONE;
	struct layer_result result = { 0 };
	char chain[LAYER_DIFF_ID_SIZE] = "", next[LAYER_DIFF_ID_SIZE];

	TRY(staging_open(pull->store, &staging, err));
	TRY(unpack_stored(pull, job, options, &staging, &result, err));
	TRY(check_diff_id(job, &result, err));
	for (size_t i = 0; i <= job->index; i++) {
		layer_chain_id(chain, diff_ids->items[i], next);
		memcpy(chain, next, sizeof(chain));
	}
	return staging_finish(&staging, chain, err);
}

static int open_parent(struct pull *pull, size_t index, struct error *err)
{
	const char *path =
		store_layer_path(pull->store, &pull->config.rootfs->diff_ids, index, pull->arena);
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return fail(err, ENOENT, "the tree of layer %zu is missing", index + 1);
	return fd;
}

int pull_dependent_layer(struct pull *pull, struct layer_job *job, struct error *err)
{
	struct layer_options options = layer_options_of(pull, job);
	int *lower = arena_array(pull->arena, job->index + 1, sizeof(*lower));
	int result = 0;

	while (result >= 0 && options.lower_count < job->index) {
		result = open_parent(pull, job->index - options.lower_count - 1, err);
		if (result >= 0)
			lower[options.lower_count++] = result;
	}
	options.lower = lower;
	if (result >= 0)
		result = apply_over(pull, job, &options, err);
	while (options.lower_count)
		close(lower[--options.lower_count]);
	return result < 0 ? fail_where(err, "layer %.19s", job->descriptor->digest) : 0;
}

/* pull.c -- the story of a pull: which image, what of it is missing, bring that, give it its name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/own.h"
#include "pool.h"
#include "transfer_private.h"

/* ---- which image ----------------------------------------------------------------------------- */

static int keep(struct pull *pull, const struct registry_manifest *fetched, struct error *err)
{
	return store_put_blob(pull->store, fetched->digest, fetched->bytes, fetched->length, err);
}

/* From an index to the entry for this platform. */
static int follow_index(struct pull *pull, struct registry_manifest *fetched, struct error *err)
{
	struct oci_document document = registry_document(fetched);
	const struct oci_descriptor *chosen;
	struct oci_index index;

	TRY(oci_index_read(&document, &index, pull->arena, err));
	TRY(oci_index_select(&index, pull->source.platform, &chosen, err));
	return source_fetch_described(&pull->source, chosen, pull->arena, fetched, err);
}

static int find_manifest(struct pull *pull, struct registry_manifest *fetched,
			 struct store_image *image, struct error *err)
{
	enum oci_kind kind = OCI_UNKNOWN;

	TRY(pull->source.kind->resolve(&pull->source, pull->arena, fetched, err));
	for (int depth = 0; depth <= OCI_INDEX_DEPTH; depth++) {
		struct oci_document document = registry_document(fetched);

		TRY(oci_document_kind(&document, &kind, err));
		/* Of an index one image is taken: that one's signatures count. */
		if (kind != OCI_INDEX)
			TRY(source_check(&pull->source, fetched, err));
		TRY(keep(pull, fetched, err));
		if (kind != OCI_INDEX)
			return oci_manifest_read(&document, &pull->manifest, pull->arena, err);
		if (!depth)
			image->index_digest = arena_string(pull->arena, fetched->digest);
		TRY(follow_index(pull, fetched, err));
	}
	return fail(err, EINVAL, "index %s leads to indexes only", image->index_digest);
}

static int find_config(struct pull *pull, struct error *err)
{
	const struct oci_descriptor *descriptor = pull->manifest.config;
	struct oci_document document = {
		.length = (size_t)descriptor->size,
		.name = descriptor->digest,
		.media_type = descriptor->media_type,
	};
	char *bytes;

	if (oci_media_type(descriptor->media_type)->kind != OCI_CONFIG)
		return fail(err, ENOTSUP, "%s is not an image: its config is of type %s",
			    reference_format(pull->source.reference, pull->arena),
			    descriptor->media_type ? descriptor->media_type : "unknown");
	TRY(pull->source.kind->fetch_document(&pull->source, descriptor, pull->arena, &bytes, err));
	document.bytes = bytes;
	TRY(oci_image_config_read(&document, &pull->config, pull->arena, err));
	TRY(oci_image_check(&pull->manifest, &pull->config, descriptor->digest, err));
	return store_put_blob(pull->store, descriptor->digest, bytes, document.length, err);
}

static void warn_of_platform(const struct pull *pull)
{
	const struct oci_platform have = {
		.os = pull->config.os,
		.architecture = pull->config.architecture,
		.variant = pull->config.variant,
	};

	if (have.os && have.architecture && !oci_platform_rank(pull->source.platform, &have))
		log_warning("the image is for %s, not for %s",
			    oci_platform_format(&have, pull->arena),
			    oci_platform_format(pull->source.platform, pull->arena));
}

/* ---- what is missing ------------------------------------------------------------------------- */

static bool same_as_earlier(const struct pull *pull, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(pull->jobs[i].descriptor->digest, pull->jobs[index].descriptor->digest))
			return true;
	return false;
}

static int larger_first(const void *a, const void *b)
{
	int64_t size_a = (*(struct layer_job *const *)a)->descriptor->size;
	int64_t size_b = (*(struct layer_job *const *)b)->descriptor->size;

	return size_a < size_b ? 1 : size_a > size_b ? -1 : 0;
}

/* `diff_ids` NULL: it is no image, its blobs are kept and nothing is unpacked. */
static void list_jobs(struct pull *pull, const struct strings *diff_ids)
{
	pull->order_count = 0;
	pull->job_count = pull->manifest.layers.count;
	pull->jobs = arena_array(pull->arena, pull->job_count + 1, sizeof(*pull->jobs));
	pull->order = arena_array(pull->arena, pull->job_count + 1, sizeof(struct layer_job *));
	pull_report(pull, TRANSFER_RESOLVED, NULL, 0);
	for (size_t i = 0; i < pull->job_count; i++) {
		struct layer_job *job = &pull->jobs[i];

		job->index = i;
		job->descriptor = &pull->manifest.layers.items[i];
		job->diff_id = diff_ids ? diff_ids->items[i] : NULL;
		job->need_blob = !store_have_blob(pull->store, job->descriptor->digest);
		job->need_tree =
			diff_ids && !store_layer_path(pull->store, diff_ids, i, pull->arena);
		if ((job->need_blob || job->need_tree) && !same_as_earlier(pull, i)) {
			pull->order[pull->order_count++] = job;
			pull_report(pull, TRANSFER_LISTED, job, 0);
		} else {
			pull_report(pull, TRANSFER_EXISTS, job, job->descriptor->size);
		}
	}
	if (pull->order_count)
		qsort(pull->order, pull->order_count, sizeof(struct layer_job *), larger_first);
}

/* ---- bring it -------------------------------------------------------------------------------- */

/* A layer with links into its parents is known by its whole chain, so the same blob in another
 * place is another tree: all of them that have no tree are made here, the lowest first. */
static int bring_dependent_layers(struct pull *pull, struct error *err)
{
	const struct strings *diff_ids = &pull->config.rootfs->diff_ids;

	for (size_t i = 0; i < pull->job_count; i++) {
		if (store_layer_path(pull->store, diff_ids, i, pull->arena))
			continue;
		TRY(pull_dependent_layer(pull, &pull->jobs[i], err));
		TRY(store_commit(pull->store, err));
	}
	return 0;
}

/* A thread's own. */
struct fetcher {
	struct pull *pull;
	struct source source;
};

static int enter(void *context, void **worker, struct error *err)
{
	struct pull *pull = context;
	struct fetcher *fetcher = arena_alloc(pull->arena, sizeof(*fetcher));

	fetcher->pull = pull;
	*worker = fetcher;
	return pull->source.kind->fork(&pull->source, &fetcher->source, err);
}

static int fetch(void *worker, size_t task, struct error *err)
{
	struct fetcher *fetcher = worker;

	return pull_layer(fetcher->pull, &fetcher->source, fetcher->pull->order[task], err);
}

static void leave(void *worker)
{
	struct fetcher *fetcher = worker;

	source_close(&fetcher->source);
}

/* By several threads. */
static int pull_layers(struct pull *pull, struct error *err)
{
	const struct pool pool = {
		.jobs = pull->options->jobs,
		.tasks = pull->order_count,
		.stop = pull->stop,
		.context = pull,
		.enter = enter,
		.work = fetch,
		.leave = leave,
	};

	return pool_run(&pool, err);
}

static int bring_layers(struct pull *pull, struct error *err)
{
	TRY(pull_layers(pull, err));
	pull_report(pull, TRANSFER_COMMIT, NULL, 0);
	TRY(store_commit(pull->store, err));
	return bring_dependent_layers(pull, err);
}

static void note_where(const struct pull *pull)
{
	if (pull->source.reference->transport == REFERENCE_REGISTRY)
		note_origin(pull->store, pull->source.reference, &pull->manifest, pull->arena);
}

/* ---- the pull -------------------------------------------------------------------------------- */

static char *name_of(const struct pull *pull)
{
	if (pull->options->unnamed)
		return NULL;
	return pull->options->name ? arena_string(pull->arena, pull->options->name)
				   : pull->source.kind->name(&pull->source, pull->arena);
}

static int pull_image(struct pull *pull, struct store_image *image, struct error *err)
{
	struct registry_manifest fetched = { 0 };

	TRY(find_manifest(pull, &fetched, image, err));
	TRY(find_config(pull, err));
	warn_of_platform(pull);
	list_jobs(pull, &pull->config.rootfs->diff_ids);
	TRY(bring_layers(pull, err));
	image->name = name_of(pull);
	image->digest = arena_string(pull->arena, fetched.digest);
	image->media_type = fetched.media_type;
	image->size = (int64_t)fetched.length;
	image->id = pull->manifest.config->digest;
	note_where(pull);
	return pull->options->nameless ? 0 : store_set_name(pull->store, image, err);
}

/* ---- an index whole ------------------------------------------------------------------------- */

/* Attestations and other artifacts travel with the images of an index. */
static bool is_image(const struct oci_manifest *manifest)
{
	for (size_t i = 0; i < manifest->layers.count; i++) {
		enum oci_kind kind = oci_media_type(manifest->layers.items[i].media_type)->kind;

		if (kind != OCI_LAYER && kind != OCI_FOREIGN_LAYER)
			return false;
	}
	return oci_media_type(manifest->config->media_type)->kind == OCI_CONFIG;
}

static int bring_artifact(struct pull *pull, struct error *err)
{
	const struct oci_descriptor *config = pull->manifest.config;
	char *bytes;

	TRY(pull->source.kind->fetch_document(&pull->source, config, pull->arena, &bytes, err));
	TRY(store_put_blob(pull->store, config->digest, bytes, (size_t)config->size, err));
	list_jobs(pull, NULL);
	TRY(pull_layers(pull, err));
	return store_commit(pull->store, err);
}

static int bring_entry(struct pull *pull, const struct oci_document *document, struct error *err)
{
	TRY(oci_manifest_read(document, &pull->manifest, pull->arena, err));
	if (!is_image(&pull->manifest))
		return bring_artifact(pull, err);
	TRY(find_config(pull, err));
	list_jobs(pull, &pull->config.rootfs->diff_ids);
	TRY(bring_layers(pull, err));
	note_where(pull);
	return 0;
}

static int bring_index(struct pull *pull, const struct registry_manifest *fetched, int depth,
		       struct error *err)
{
	struct oci_document document = registry_document(fetched);
	struct oci_index index;

	if (depth > OCI_INDEX_DEPTH)
		return fail(err, EINVAL, "the index %s is nested too deeply", fetched->digest);
	TRY(oci_index_read(&document, &index, pull->arena, err));
	for (size_t i = 0; i < index.manifests.count; i++) {
		struct registry_manifest part = { 0 };
		enum oci_kind kind = OCI_UNKNOWN;

		TRY(source_fetch_described(&pull->source, &index.manifests.items[i], pull->arena,
					   &part, err));
		document = registry_document(&part);
		TRY(oci_document_kind(&document, &kind, err));
		TRY(source_check(&pull->source, &part, err));
		TRY(keep(pull, &part, err));
		TRY(kind == OCI_INDEX ? bring_index(pull, &part, depth + 1, err)
				      : bring_entry(pull, &document, err));
	}
	return 0;
}

/* Every platform; the name means the index. What is no index is a single image. */
static int pull_index(struct pull *pull, struct store_image *image, struct error *err)
{
	struct registry_manifest fetched = { 0 };
	enum oci_kind kind = OCI_UNKNOWN;
	struct oci_document document;

	TRY(pull->source.kind->resolve(&pull->source, pull->arena, &fetched, err));
	document = registry_document(&fetched);
	TRY(oci_document_kind(&document, &kind, err));
	if (kind != OCI_INDEX)
		return pull_image(pull, image, err);
	TRY(source_check(&pull->source, &fetched, err));
	TRY(keep(pull, &fetched, err));
	TRY(bring_index(pull, &fetched, 0, err));
	TRY(store_commit(pull->store, err));
	if (pull->options->nameless)
		return 0;
	image->name = name_of(pull);
	image->index = arena_alloc(pull->arena, sizeof(*image->index));
	image->index->digest = arena_string(pull->arena, fetched.digest);
	image->index->media_type = fetched.media_type && *fetched.media_type
					   ? fetched.media_type
					   : arena_string(pull->arena, OCI_TYPE_INDEX);
	image->index->size = (int64_t)fetched.length;
	TRY(store_set_name(pull->store, image, err));
	return store_find_image(pull->store, image->name ? image->name : image->index->digest,
				pull->arena, image, err);
}

int pull_reference(struct store *store, const struct reference *reference,
		   const struct transfer_options *options, struct arena *arena,
		   struct store_image *image, struct error *err)
{
	struct transfer_options own = *options;
	struct pull pull = { .store = store,
			     .options = &own,
			     .arena = arena,
			     .stop = -1,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	struct oci_platform platform = { 0 };
	auto_close int cancel = pool_open_stop(options->registry.cancel_fd, &pull.stop, err);
	auto_close int stop = pull.stop;
	int result;

	*image = (struct store_image){ 0 };
	if (cancel < 0)
		return cancel;
	own.registry.cancel_fd = cancel;
	if (!options->platform)
		oci_platform_host(&platform, arena);
	result = source_open(reference, options->platform ? options->platform : &platform, &own,
			     &pull.source, err);
	if (result >= 0)
		result = options->all_platforms ? pull_index(&pull, image, err)
						: pull_image(&pull, image, err);
	source_close(&pull.source);
	return result;
}

int transfer_pull(struct store *store, const char *source, const struct transfer_options *options,
		  struct arena *arena, struct store_image *image, struct error *err)
{
	struct reference reference;

	TRY(reference_parse(source, arena, &reference, err));
	if (reference.transport == REFERENCE_STORE)
		return fail(err, EINVAL, "%s is in the store already", source);
	return pull_reference(store, &reference, options, arena, image, err);
}

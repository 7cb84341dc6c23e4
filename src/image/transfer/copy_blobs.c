/* copy_blobs.c -- the content of one manifest on its way: the largest first, several at the same
 * time where the destination can take them so; what is there already stays where it is. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "copy_private.h"
#include "pool.h"

/* The blobs of one manifest: its layers, and the config behind them. */
struct freight {
	struct copy *copy;
	size_t count; /* as progress counts them */
	struct cargo *order;
	size_t order_count;
};

struct cargo {
	const struct oci_descriptor *descriptor;
	const char *digest; /* as it comes */
	size_t index;       /* in the manifest */
	struct packed_layer packed;
};

/* A thread's own. */
struct carrier {
	struct freight *freight;
	struct source source;
	struct destination destination;
	struct arena arena;
	struct cargo *cargo; /* what it carries */
};

/* ---- progress -------------------------------------------------------------------------------- */

static void tell(struct copy *copy, const struct transfer_event *event)
{
	if (!copy->options->progress.report)
		return;
	pthread_mutex_lock(&copy->lock);
	copy->options->progress.report(copy->options->progress.context, event);
	pthread_mutex_unlock(&copy->lock);
}

static void report(const struct freight *freight, const struct cargo *cargo,
		   enum transfer_event_kind kind, int64_t done)
{
	const struct transfer_event event = {
		.kind = kind,
		.layer = cargo->index,
		.layers = freight->count,
		.digest = cargo->descriptor->digest,
		.done = done,
		.total = cargo->descriptor->size,
	};

	tell(freight->copy, &event);
}

static void moved(void *context, int64_t done)
{
	const struct carrier *carrier = context;

	report(carrier->freight, carrier->cargo, TRANSFER_MOVED, done);
}

/* ---- one blob -------------------------------------------------------------------------------- */

static int put(struct carrier *carrier, const struct oci_descriptor *descriptor, int fd,
	       struct error *err)
{
	const struct parcel parcel = {
		.descriptor = descriptor, .fd = fd, .moved = moved, .context = carrier
	};

	return carrier->destination.kind->put_blob(&carrier->destination, &parcel, err);
}

static int bring(struct carrier *carrier, const struct oci_descriptor *descriptor,
		 struct error *err)
{
	auto_close int fd = carrier->source.kind->open_blob(&carrier->source, descriptor, err);

	return fd < 0 ? fd : put(carrier, descriptor, fd, err);
}

/* Compressed another way: what it becomes is known only then. */
static int bring_packed(struct carrier *carrier, struct error *err)
{
	const struct transfer_packing *packing = carrier->freight->copy->options->packing;
	struct cargo *cargo = carrier->cargo;
	struct oci_descriptor descriptor = *cargo->descriptor;
	auto_close int fd = carrier->source.kind->open_blob(&carrier->source, &descriptor, err);
	auto_close int packed = -1;
	int there;

	if (fd < 0)
		return fd;
	packed = pack_layer(packing, fd, &descriptor, &cargo->packed, err);
	if (packed < 0)
		return packed;
	pack_describe(&descriptor, &cargo->packed, &carrier->arena);
	TRY(there = carrier->destination.kind->have_blob(&carrier->destination, &descriptor, err));
	return there ? 0 : put(carrier, &descriptor, packed, err);
}

static int carry(void *worker, size_t task, struct error *err)
{
	struct carrier *carrier = worker;
	const struct freight *freight = carrier->freight;
	struct cargo *cargo = &freight->order[task];
	bool packing = pack_is_wanted(freight->copy->options->packing, cargo->descriptor);
	int there = 0;

	carrier->cargo = cargo;
	if (!packing)
		TRY(there = carrier->destination.kind->have_blob(&carrier->destination,
								 cargo->descriptor, err));
	if (there) {
		report(freight, cargo, TRANSFER_EXISTS, cargo->descriptor->size);
		return 0;
	}
	report(freight, cargo, TRANSFER_STARTED, 0);
	TRY(packing ? bring_packed(carrier, err) : bring(carrier, cargo->descriptor, err));
	report(freight, cargo, TRANSFER_VERIFIED, cargo->descriptor->size);
	return 0;
}

/* ---- the threads ----------------------------------------------------------------------------- */

/* Whoever cannot be forked is used by one thread alone, while the caller waits. */
static int enter(void *context, void **worker, struct error *err)
{
	struct freight *freight = context;
	struct copy *copy = freight->copy;
	struct carrier *carrier = calloc(1, sizeof(*carrier));
	int result;

	if (!carrier)
		abort();
	*worker = carrier;
	carrier->freight = freight;
	result = copy->source.kind->fork(&copy->source, &carrier->source, err);
	if (result < 0) {
		free(carrier);
		return result;
	}
	carrier->destination = *copy->destination;
	if (copy->destination->kind->fork) {
		carrier->destination.arena = &carrier->arena;
		result = copy->destination->kind->fork(copy->destination, &carrier->destination,
						       err);
	}
	if (result < 0) {
		source_close(&carrier->source);
		free(carrier);
	}
	return result;
}

static void leave(void *worker)
{
	struct carrier *carrier = worker;

	if (carrier->destination.kind->fork)
		carrier->destination.kind->leave(&carrier->destination);
	source_close(&carrier->source);
	arena_free(&carrier->arena);
	free(carrier);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* "Foreign" layers are fetched from the URLs that the image names, by whoever may (image-spec
 * layer.md, "Non-Distributable Layers"). */
static bool is_foreign(const struct oci_descriptor *descriptor)
{
	return oci_media_type(descriptor->media_type)->kind == OCI_FOREIGN_LAYER &&
	       descriptor->urls.count > 0;
}

static bool is_listed(const struct freight *freight, const struct oci_descriptor *descriptor)
{
	for (size_t i = 0; i < freight->order_count; i++)
		if (!strcmp(freight->order[i].descriptor->digest, descriptor->digest))
			return true;
	return false;
}

static void list_cargo(struct freight *freight, const struct oci_descriptor *descriptor,
		       size_t index)
{
	const struct cargo cargo = { .descriptor = descriptor,
				     .digest = descriptor->digest,
				     .index = index };

	if (is_listed(freight, descriptor)) {
		report(freight, &cargo, TRANSFER_EXISTS, descriptor->size);
		return;
	}
	freight->order[freight->order_count++] = cargo;
	report(freight, &cargo, TRANSFER_LISTED, 0);
}

static int larger_first(const void *a, const void *b)
{
	int64_t size_a = ((const struct cargo *)a)->descriptor->size;
	int64_t size_b = ((const struct cargo *)b)->descriptor->size;

	return size_a < size_b ? 1 : size_a > size_b ? -1 : 0;
}

/* The config goes first, by the caller's own hand: what that finds out about the destination (the
 * way to talk to it, a token) each thread's fork then knows. */
static int carry_first(struct freight *freight, struct error *err)
{
	struct carrier carrier = { .freight = freight,
				   .source = freight->copy->source,
				   .destination = *freight->copy->destination };
	int result = carry(&carrier, 0, err);

	arena_free(&carrier.arena);
	return result;
}

static int carry_other(void *worker, size_t task, struct error *err)
{
	return carry(worker, task + 1, err);
}

static int list_freight(struct freight *freight, const struct oci_manifest *manifest,
			struct error *err)
{
	const struct transfer_event resolved = { .kind = TRANSFER_RESOLVED,
						 .layers = freight->count };

	tell(freight->copy, &resolved);
	TRY(digest_check(manifest->config->digest, "blob", err));
	list_cargo(freight, manifest->config, manifest->layers.count);
	for (size_t i = 0; i < manifest->layers.count; i++) {
		const struct oci_descriptor *layer = &manifest->layers.items[i];

		TRY(digest_check(layer->digest, "blob", err));
		if (pack_is_wanted(freight->copy->options->packing, layer))
			TRY(pack_check(freight->copy->options->packing, layer, err));
		if (!is_foreign(layer))
			list_cargo(freight, layer, i);
	}
	qsort(freight->order + 1, freight->order_count - 1, sizeof(*freight->order), larger_first);
	return 0;
}

/* A layer may be there several times. */
static int describe_packed(const struct freight *freight, struct oci_manifest *manifest,
			   struct arena *arena)
{
	int changed = 0;

	for (size_t i = 0; i < manifest->layers.count; i++)
		for (size_t j = 0; j < freight->order_count; j++) {
			const struct cargo *cargo = &freight->order[j];

			if (!*cargo->packed.digest ||
			    strcmp(cargo->digest, manifest->layers.items[i].digest) != 0)
				continue;
			pack_describe(&manifest->layers.items[i], &cargo->packed, arena);
			changed = 1;
			break;
		}
	return changed;
}

int copy_blobs(struct copy *copy, struct oci_manifest *manifest, struct error *err)
{
	const size_t count = manifest->layers.count + 1;
	struct freight freight = {
		.copy = copy,
		.count = count,
		.order = arena_array(copy->arena, count, sizeof(*freight.order)),
	};
	struct pool pool = {
		.jobs = copy->destination->kind->fork ? copy->options->jobs : 1,
		.stop = copy->stop,
		.context = &freight,
		.enter = enter,
		.work = carry_other,
		.leave = leave,
	};

	TRY(list_freight(&freight, manifest, err));
	TRY(carry_first(&freight, err));
	pool.tasks = freight.order_count - 1;
	TRY(pool_run(&pool, err));
	return describe_packed(&freight, manifest, copy->arena);
}

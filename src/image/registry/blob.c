/* blob.c -- a blob into a sink: every byte once, in order, counted and hashed; a broken transfer
 * goes on by Range where it stopped. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "registry_private.h"

#define PROGRESS_THAT_COUNTS (1 << 20) /* bytes that make the tries count from the start again */

struct fetch {
	const struct oci_descriptor *descriptor;
	const struct registry_sink *sink;
	struct digest_hash *hash;
	uint64_t done;    /* bytes of the blob written and hashed */
	uint64_t to_skip; /* of an answer that begins at 0 although more was asked for */
	struct http_answer *answer;
	bool began;
};

/* A 200 to a request with Range is the whole blob; a 206 must begin where it was asked to. */
static int begin_answer(struct fetch *fetch, struct error *err)
{
	const char *range = fetch->answer->content_range;
	uint64_t from = range && !strncmp(range, "bytes ", 6) ? strtoull(range + 6, NULL, 10) : 0;

	fetch->began = true;
	fetch->to_skip = 0;
	if (fetch->answer->status == 206 && from != fetch->done)
		return fail(err, EPROTO,
			    "the registry answers with bytes from %" PRIu64 " instead of %" PRIu64,
			    from, fetch->done);
	if (fetch->answer->status != 206)
		fetch->to_skip = fetch->done;
	return 0;
}

static int take(void *context, const void *bytes, size_t length, struct error *err)
{
	struct fetch *fetch = context;
	const char *at = bytes;
	uint64_t size = (uint64_t)fetch->descriptor->size;

	if (!fetch->began)
		TRY(begin_answer(fetch, err));
	if (fetch->to_skip > 0) {
		size_t skipped = fetch->to_skip < length ? (size_t)fetch->to_skip : length;

		fetch->to_skip -= skipped;
		at += skipped;
		length -= skipped;
	}
	if (length > size - fetch->done)
		return fail(err, EBADMSG, "has more than the promised %" PRIu64 " bytes", size);
	if (length == 0)
		return 0;
	digest_update(fetch->hash, at, length);
	fetch->done += length;
	return fetch->sink->write(fetch->sink->context, at, length, err);
}

static int fetch_rest(struct registry *registry, struct fetch *fetch, struct http_answer *answer,
		      struct error *err)
{
	const struct request request = {
		.path = arena_format(answer->arena, "blobs/%s", fetch->descriptor->digest),
		.from = fetch->done,
		.sink = take,
		.context = fetch,
	};
	int result;

	fetch->began = false;
	result = request_once(registry, &request, answer, err);
	if (result == 0 && fetch->done < (uint64_t)fetch->descriptor->size)
		return fail(err, ECONNRESET, "has only %" PRIu64 " of the promised %lld bytes",
			    fetch->done, (long long)fetch->descriptor->size);
	return result;
}

static int fetch_all(struct registry *registry, struct fetch *fetch, struct error *err)
{
	struct http_answer *answer = fetch->answer;
	int result = 0;

	for (int tried = 1; fetch->done < (uint64_t)fetch->descriptor->size || tried == 1;
	     tried++) {
		uint64_t before = fetch->done;

		if (fetch->descriptor->size == 0)
			break; /* nothing to ask for */
		result = fetch_rest(registry, fetch, answer, err);
		if (result == 0)
			break;
		if (fetch->done - before >= PROGRESS_THAT_COUNTS)
			tried = 1;
		if (!request_again(registry, result, answer, tried, err))
			break;
	}
	text_free(&answer->body);
	return result;
}

static int fetch_and_verify(struct registry *registry, struct fetch *fetch, struct error *err)
{
	const struct oci_descriptor *descriptor = fetch->descriptor;
	int result = fetch->done > (uint64_t)descriptor->size
			     ? fail(err, EBADMSG, "has more than the promised %lld bytes",
				    (long long)descriptor->size)
			     : fetch_all(registry, fetch, err);

	if (result < 0) {
		digest_free(fetch->hash);
		return result;
	}
	return digest_verify(fetch->hash, descriptor->digest, descriptor->size, err);
}

int registry_fetch_blob(struct registry *registry, const struct oci_descriptor *descriptor,
			const struct registry_sink *sink, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	struct digest_hash own = { 0 };
	struct fetch fetch = { .answer = &answer,
			       .descriptor = descriptor,
			       .sink = sink,
			       .done = sink->offset,
			       .hash = sink->hash ? sink->hash : &own };

	if (digest_check(descriptor->digest, "blob", err) < 0) {
		digest_free(fetch.hash);
		return -EINVAL;
	}
	if (!sink->hash)
		TRY(digest_begin(&own, digest_algorithm(descriptor->digest), err));
	if (fetch_and_verify(registry, &fetch, err) < 0)
		return fail_where(err, "%s: blob %s", registry->host, descriptor->digest);
	return 0;
}

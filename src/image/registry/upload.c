/* upload.c -- blobs, manifests and deletions: what changes a repository (distribution-spec,
 * "Push").
 *
 * A blob goes in one PUT, which every registry takes. When that breaks, the registry is asked how
 * much it has and the rest is sent by PATCH, piece by piece; an upload that it has forgotten begins
 * again; where something refuses so large a body, smaller ones are tried. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "registry_private.h"

#define BLOB_TYPE   "application/octet-stream"
#define PIECE_SIZE  (16 << 20)
#define PIECE_LEAST (1 << 20)
/* Some registries ask for pieces of so much (OCI-Chunk-Min-Length); more is no honest wish. */
#define PIECE_MOST (1 << 30)

int registry_have_blob(struct registry *registry, const struct oci_descriptor *descriptor,
		       struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = {
		.path = arena_format(&scratch, "blobs/%s", descriptor->digest),
		.head = true,
	};
	int result;

	TRY(digest_check(descriptor->digest, "blob", err));
	result = request_whole(registry, &request, &answer, err);
	text_free(&answer.body);
	if (result == 0 || answer.status != 404)
		return result < 0 ? result : 1;
	if (err)
		*err = (struct error){ 0 };
	return 0;
}

/* ---- one upload ------------------------------------------------------------------------------ */

struct upload {
	struct registry *registry;
	const struct registry_upload *wanted;
	struct http_answer *answer;
	const char *location; /* where it goes on; NULL: it has not begun */
	int64_t piece;        /* at most so much in one request; 0: everything */
	int64_t piece_least;
};

/* The location of an answer is the next one to use; each answer may name another. */
static int take_location(struct upload *upload, struct error *err)
{
	return request_location(upload->registry, upload->answer, "blobs/uploads/",
				&upload->location, err);
}

static int begin(struct upload *upload, struct error *err)
{
	const struct request request = { .method = "POST", .path = "blobs/uploads/" };

	TRY(request_once(upload->registry, &request, upload->answer, err));
	if (upload->answer->chunk_least > 0 && upload->answer->chunk_least <= PIECE_MOST)
		upload->piece_least = upload->answer->chunk_least;
	return take_location(upload, err);
}

static const char *closing_url(const struct upload *upload)
{
	return arena_format(upload->answer->arena, "%s%sdigest=%s", upload->location,
			    strchr(upload->location, '?') ? "&" : "?",
			    upload->wanted->descriptor->digest);
}

static struct http_body body_from(const struct upload *upload, int64_t offset)
{
	const struct registry_upload *wanted = upload->wanted;

	return (struct http_body){
		.type = BLOB_TYPE,
		.fd = wanted->fd,
		.from = wanted->from + offset,
		.size = wanted->descriptor->size - offset,
		.before = offset,
		.sent = wanted->sent,
		.context = wanted->context,
	};
}

static int send_whole(struct upload *upload, struct error *err)
{
	const struct http_body body = body_from(upload, 0);
	const struct request request = {
		.method = "PUT",
		.path = closing_url(upload),
		.body = &body,
	};

	return request_once(upload->registry, &request, upload->answer, err);
}

/* How much the registry has of it: "0-499" are 500 bytes; no Range at all: none. */
static int ask_offset(struct upload *upload, int64_t *offset, struct error *err)
{
	const struct request request = { .path = upload->location };
	const char *last;
	uint64_t at;

	TRY(request_once(upload->registry, &request, upload->answer, err));
	last = text_after(upload->answer->range ? upload->answer->range : "", "0-");
	*offset = 0; /* "0-0" is how some say nothing */
	if (last && number_parse_unsigned(last, INT64_MAX, &at) && at > 0 &&
	    (int64_t)at < upload->wanted->descriptor->size)
		*offset = (int64_t)at + 1;
	return upload->answer->location ? take_location(upload, err) : 0;
}

static int64_t piece_size(const struct upload *upload, int64_t left)
{
	int64_t size = upload->piece ? upload->piece : PIECE_SIZE;

	if (size < upload->piece_least)
		size = upload->piece_least;
	return size < left ? size : left;
}

static int send_piece(struct upload *upload, int64_t offset, int64_t size, struct error *err)
{
	struct http_body body = body_from(upload, offset);
	const struct request request = {
		.method = "PATCH",
		.path = upload->location,
		.body = &body,
		.content_range = arena_format(upload->answer->arena, "%" PRId64 "-%" PRId64, offset,
					      offset + size - 1),
	};

	body.size = size;
	TRY(request_once(upload->registry, &request, upload->answer, err));
	return take_location(upload, err);
}

static int send_rest(struct upload *upload, int64_t offset, struct error *err)
{
	const int64_t end = upload->wanted->descriptor->size;
	struct http_body nothing = { .type = BLOB_TYPE, .bytes = "" };
	struct request close = { .method = "PUT", .body = &nothing };

	while (offset < end) {
		int64_t size = piece_size(upload, end - offset);

		TRY(send_piece(upload, offset, size, err));
		offset += size;
	}
	close.path = closing_url(upload);
	return request_once(upload->registry, &close, upload->answer, err);
}

/* The way after a failure. What came whole although the answer did not come is there; what the
 * registry does not know any more begins again. */
static int go_on(struct upload *upload, struct error *err)
{
	int64_t offset = 0;

	if (upload->location &&
	    registry_have_blob(upload->registry, upload->wanted->descriptor, err) == 1)
		return 0;
	if (upload->location && ask_offset(upload, &offset, err) == 0 && offset > 0)
		return send_rest(upload, offset, err);
	if (err && err->number == ECANCELED)
		return -ECANCELED;
	upload->location = NULL;
	TRY(begin(upload, err));
	return upload->piece ? send_rest(upload, 0, err) : send_whole(upload, err);
}

/* Refusals that another way may cure: the body is too large for something on the way, the registry
 * has another count of what came, or it has forgotten the upload. */
static bool is_curable(struct upload *upload)
{
	const long status = upload->answer->status;

	if (status == 413 && upload->piece != PIECE_LEAST) {
		upload->piece = upload->piece ? upload->piece / 4 : PIECE_SIZE;
		return true;
	}
	return (status == 404 || status == 416) && upload->location;
}

static int send_with_tries(struct upload *upload, struct error *err)
{
	int result = begin(upload, err);

	if (result == 0)
		result = send_whole(upload, err);
	for (int tried = 1; result < 0; tried++) {
		bool cured = tried <= upload->registry->retries && is_curable(upload);

		if (!cured && !request_again(upload->registry, result, upload->answer, tried, err))
			return result;
		result = go_on(upload, err);
	}
	return result;
}

int registry_push_blob(struct registry *registry, const struct registry_upload *wanted,
		       struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	struct upload upload = { .registry = registry, .wanted = wanted, .answer = &answer };
	int result;

	TRY(digest_check(wanted->descriptor->digest, "blob", err));
	result = send_with_tries(&upload, err);
	text_free(&answer.body);
	if (result < 0)
		return fail_where(err, "%s: blob %s", registry->host, wanted->descriptor->digest);
	return 0;
}

/* A registry that does not mount has begun an upload instead, which nobody will go on with. */
static void cancel(struct registry *registry, struct http_answer *answer)
{
	struct request request = { .method = "DELETE" };

	if (request_location(registry, answer, "blobs/uploads/", &request.path, NULL) == 0)
		request_once(registry, &request, answer, NULL);
}

int registry_mount_blob(struct registry *registry, const struct oci_descriptor *descriptor,
			const char *from, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = {
		.method = "POST",
		.path = arena_format(&scratch, "blobs/uploads/?mount=%s&from=%s",
				     descriptor->digest, from),
	};
	int result = request_whole(registry, &request, &answer, err);
	bool mounted = result == 0 && answer.status == 201;

	if (result == 0 && !mounted)
		cancel(registry, &answer);
	text_free(&answer.body);
	if (result == -ECANCELED)
		return result;
	if (err)
		*err = (struct error){ 0 };
	return mounted;
}

/* ---- manifests ------------------------------------------------------------------------------- */

int registry_push_manifest(struct registry *registry, const char *target,
			   const struct registry_manifest *manifest, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct http_body body = {
		.type = manifest->media_type,
		.bytes = manifest->bytes,
		.size = (int64_t)manifest->length,
	};
	const struct request request = {
		.method = "PUT",
		.path = arena_format(&scratch, "manifests/%s", target),
		.body = &body,
	};
	int result = request_whole(registry, &request, &answer, err);

	text_free(&answer.body);
	if (result == 0 && digest_valid(answer.digest) &&
	    digest_algorithm(answer.digest) == digest_algorithm(manifest->digest) &&
	    strcmp(answer.digest, manifest->digest) != 0)
		result = fail(err, EBADMSG, "the registry stored %s as %s", manifest->digest,
			      answer.digest);
	if (result == 0 && !answer.subject)
		result = referrers_note(registry, manifest, err);
	return result < 0 ? fail_where(err, "%s: manifest %s", registry->host, target) : 0;
}

int registry_delete(struct registry *registry, const char *target, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = {
		.method = "DELETE",
		.path = arena_format(&scratch, "manifests/%s", target),
	};
	int result = request_whole(registry, &request, &answer, err);

	text_free(&answer.body);
	if (result < 0 && answer.status == 405)
		fail_hint(err, "this registry does not allow deleting%s",
			  digest_valid(target) ? "" : " by tag: name the digest");
	return result < 0 ? fail_where(err, "%s: manifest %s", registry->host, target) : 0;
}

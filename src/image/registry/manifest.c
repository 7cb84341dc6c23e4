/* manifest.c -- manifests, indexes and other small documents, verbatim and verified. */
#include <errno.h>
#include <string.h>

#include "registry_private.h"

/* The order in which registries are asked; unknown types still come as they are. */
#define ACCEPT                                                                                     \
	OCI_TYPE_INDEX ", application/vnd.oci.image.manifest.v1+json, "                            \
		       "application/vnd.docker.distribution.manifest.list.v2+json, "               \
		       "application/vnd.docker.distribution.manifest.v2+json, */*;q=0.1"

struct oci_document registry_document(const struct registry_manifest *manifest)
{
	return (struct oci_document){ manifest->bytes, manifest->length, manifest->digest,
				      manifest->media_type };
}

static int keep_bytes(void *context, const void *bytes, size_t length, struct error *err)
{
	struct text *text = context;

	if (text->length + length > OCI_DOCUMENT_LIMIT)
		return fail(err, EFBIG, "the document has more than %u bytes", OCI_DOCUMENT_LIMIT);
	text_add_bytes(text, bytes, length);
	return 0;
}

/* Content-Type without parameters. */
static char *media_type_of(const struct http_answer *answer, struct arena *arena)
{
	const char *type = answer->content_type ? answer->content_type : "";

	return arena_copy(arena, type, strcspn(type, "; "));
}

static bool is_vague(const char *type)
{
	return !*type || !strcmp(type, "application/json") || !strcmp(type, "text/plain") ||
	       !strcmp(type, "application/octet-stream");
}

static int check_expected(const char *expected, const char *digest, struct error *err)
{
	if (expected && strcmp(expected, digest) != 0)
		return fail(err, EBADMSG, "the registry sent a document with the digest %s",
			    digest);
	return 0;
}

/* Pass a result through; a failure gets the place. */
static int located(const struct registry *registry, const char *target, int result,
		   struct error *err)
{
	return result < 0 ? fail_where(err, "%s: manifest %s", registry->host, target) : result;
}

/* Hashed with the algorithm that was asked for, so that the two can be compared. */
static void take_document(struct registry_manifest *manifest, const char *expected,
			  const struct text *body, struct arena *arena)
{
	manifest->bytes = arena_copy(arena, body->data ? body->data : "", body->length);
	manifest->length = body->length;
	digest_of(expected ? digest_algorithm(expected) : DIGEST_SHA256, manifest->bytes,
		  manifest->length, manifest->digest);
}

int registry_fetch_manifest(struct registry *registry, const char *target, struct arena *arena,
			    struct registry_manifest *manifest, struct error *err)
{
	const char *expected = digest_valid(target) ? target : NULL;
	auto_text struct text body = { 0 };
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = {
		.path = arena_format(&scratch, "manifests/%s", target),
		.accept = ACCEPT,
		.sink = keep_bytes,
		.context = &body,
	};
	int result = request_whole(registry, &request, &answer, err);

	text_free(&answer.body);
	if (result < 0)
		return located(registry, target, result, err);
	take_document(manifest, expected, &body, arena);
	manifest->media_type = media_type_of(&answer, arena);
	if (is_vague(manifest->media_type))
		manifest->media_type = arena_string(arena, "");
	return located(registry, target, check_expected(expected, manifest->digest, err), err);
}

static int check_described(const struct registry_manifest *manifest,
			   const struct oci_descriptor *descriptor, struct error *err)
{
	if ((int64_t)manifest->length != descriptor->size)
		return fail(err, EBADMSG, "has %zu bytes, the descriptor says %lld",
			    manifest->length, (long long)descriptor->size);
	if (*manifest->media_type && descriptor->media_type &&
	    strcmp(manifest->media_type, descriptor->media_type) != 0)
		return fail(err, EPROTO, "is served as %.100s, the descriptor says %.100s",
			    manifest->media_type, descriptor->media_type);
	return 0;
}

int registry_fetch_described(struct registry *registry, const struct oci_descriptor *descriptor,
			     struct arena *arena, struct registry_manifest *manifest,
			     struct error *err)
{
	TRY(digest_check(descriptor->digest, "manifest", err));
	TRY(registry_fetch_manifest(registry, descriptor->digest, arena, manifest, err));
	return located(registry, descriptor->digest, check_described(manifest, descriptor, err),
		       err);
}

int registry_resolve(struct registry *registry, const char *target, char digest[DIGEST_SIZE],
		     struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct http_answer answer = { .arena = &arena };
	const struct request request = {
		.path = arena_format(&arena, "manifests/%s", target),
		.head = true,
		.accept = ACCEPT,
	};
	struct registry_manifest manifest;
	int result = request_whole(registry, &request, &answer, err);

	text_free(&answer.body);
	if (result == 0 && digest_valid(answer.digest)) {
		memcpy(digest, answer.digest, strlen(answer.digest) + 1);
		return 0;
	}
	if (result < 0 && answer.status != 405)
		return result;
	TRY(registry_fetch_manifest(registry, target, &arena, &manifest, err));
	memcpy(digest, manifest.digest, DIGEST_SIZE);
	return 0;
}

struct growing {
	struct text text;
};

static int keep_blob(void *context, const void *bytes, size_t length, struct error *err)
{
	return keep_bytes(&((struct growing *)context)->text, bytes, length, err);
}

int registry_fetch_document(struct registry *registry, const struct oci_descriptor *descriptor,
			    struct arena *arena, char **bytes, struct error *err)
{
	struct growing growing = { 0 };
	const struct registry_sink sink = { .write = keep_blob, .context = &growing };
	int result;

	if (descriptor->size > OCI_DOCUMENT_LIMIT)
		return fail(err, EFBIG, "blob %s: %lld bytes are too many for a document",
			    descriptor->digest, (long long)descriptor->size);
	result = registry_fetch_blob(registry, descriptor, &sink, err);
	if (result == 0)
		*bytes = arena_copy(arena, growing.text.data ? growing.text.data : "",
				    growing.text.length);
	text_free(&growing.text);
	return result;
}

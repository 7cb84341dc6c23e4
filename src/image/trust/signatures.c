/* signatures.c -- where the signatures of an image are: files beside a dir:, a lookaside store
 * (containers-registries.d(5)), attachments in the repository. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "image/digest.h"
#include "trust_private.h"

#define SIGNATURES_MOST 128       /* of one image */
#define TOTAL_MOST      (8 << 20) /* bytes of them */
#define PAYLOAD_TYPE    "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNATURE_NAME  "dev.cosignproject.cosign/signature"
#define SIGSTORE_FRONT  "\0sigstore-json\n"

struct found {
	const struct trust_image *image;
	const struct signature_judge *judge;
	struct arena *arena; /* names and documents */
	size_t total;
	char digest[DIGEST_SIZE]; /* of the manifest */
};

static int count(struct found *found, size_t length, struct error *err)
{
	found->total += length;
	if (found->total <= TOTAL_MOST)
		return 0;
	return fail(err, EFBIG, "the image has more than %d bytes of signatures", TOTAL_MOST);
}

/* 1: it is enough. */
static int show(struct found *found, const struct signature *signature, struct error *err)
{
	TRY(count(found, signature->length, err));
	return found->judge->judge(found->judge->context, signature, NULL, err);
}

static int show_wrong(struct found *found, const struct error *wrong, struct error *err)
{
	TRY(count(found, SIGNATURE_MOST, err));
	return found->judge->judge(found->judge->context, NULL, wrong, err);
}

/* ---- files that hold one signature each -------------------------------------------------------
 */

/* clang-format off */
#define SIGSTORE_FILE_ROWS(ROW, T) \
	ROW(T, string,     type,        "mimeType",    none, required) \
	ROW(T, string,     payload,     "payload",     none, required) \
	ROW(T, string_map, annotations, "annotations", none, optional)
JSON_STRUCT(sigstore_file, SIGSTORE_FILE_ROWS);
JSON_SHAPE(sigstore_file, SIGSTORE_FILE_ROWS);
/* clang-format on */

/* A sigstore signature as podman keeps it in files. What is none is nobody's signature. */
static int show_sigstore(struct found *found, const char *bytes, size_t length, struct error *err)
{
	const struct json_source source = { bytes, length, "a sigstore signature", 0 };
	auto_arena struct arena arena = { 0 };
	auto_text struct text payload = { 0 };
	struct sigstore_file file;
	const char *base64;

	if (json_read(&source, &sigstore_file_shape, &file, &arena, NULL, NULL) < 0 ||
	    strcmp(file.type, PAYLOAD_TYPE) != 0 || !base64_decode(file.payload, &payload))
		return 0;
	base64 = string_map_get(&file.annotations, SIGNATURE_NAME);
	if (!base64)
		return 0;
	return show(found, &(struct signature){ payload.data, payload.length, base64 }, err);
}

static int show_file(struct found *found, const struct text *text, struct error *err)
{
	const size_t front = sizeof(SIGSTORE_FRONT) - 1;
	const char *bytes = text->data ? text->data : "";

	if (text->length > front && !memcmp(bytes, SIGSTORE_FRONT, front))
		return show_sigstore(found, bytes + front, text->length - front, err);
	return show(found, &(struct signature){ bytes, text->length, NULL }, err);
}

typedef int read_signature(struct found *found, const char *place, struct text *text,
			   struct error *err);

static int read_file(struct found *found, const char *path, struct text *text, struct error *err)
{
	int result = file_read(AT_FDCWD, path, SIGNATURE_MOST, text, err);

	(void)found;
	return result == -ENOTDIR ? -ENOENT : result;
}

static int fetch_file(struct found *found, const char *url, struct text *text, struct error *err)
{
	return registry_fetch_elsewhere(found->image->registry, url, SIGNATURE_MOST, text, err);
}

/* signature-1, signature-2, … until one is missing. */
static int show_files(struct found *found, const char *stem, read_signature *reader,
		      struct error *err)
{
	for (int number = 1; number <= SIGNATURES_MOST; number++) {
		auto_text struct text text = { 0 };
		struct error own = { 0 };
		const char *place = arena_format(found->arena, "%s/signature-%d", stem, number);
		int result = reader(found, place, &text, &own), enough;

		if (result == -ENOENT)
			return 0;
		if (result < 0 && result != -EFBIG) {
			if (err)
				*err = own;
			return result;
		}
		TRY(enough = result < 0 ? show_wrong(found, &own, err)
					: show_file(found, &text, err));
		if (enough)
			return 1;
	}
	return 0;
}

static int look_aside(struct found *found, const char *base, struct error *err)
{
	const char *stem = arena_format(
		found->arena, "%s/%s@%s=%s", base, found->image->place->path,
		digest_algorithm_name(digest_algorithm(found->digest)), digest_hex(found->digest));
	const char *path = text_after(stem, "file://");

	return path ? show_files(found, path, read_file, err)
		    : show_files(found, stem, fetch_file, err);
}

/* ---- attachments ------------------------------------------------------------------------------
 */

static int show_attachment(struct found *found, const struct oci_descriptor *layer,
			   struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *base64 = string_map_get(&layer->annotations, SIGNATURE_NAME);
	char *payload;

	if (!text_equal(layer->media_type, PAYLOAD_TYPE) || !base64)
		return 0;
	if (layer->size > SIGNATURE_MOST) {
		struct error wrong = { 0 };

		fail(&wrong, EFBIG, "a signature of more than %d bytes", SIGNATURE_MOST);
		return show_wrong(found, &wrong, err);
	}
	TRY(registry_fetch_document(found->image->registry, layer, &arena, &payload, err));
	return show(found, &(struct signature){ payload, (size_t)layer->size, base64 }, err);
}

/* cosign's manifest under the tag sha256-HEX.sig, a layer a signature. */
static int show_attachments(struct found *found, struct error *err)
{
	struct registry_manifest fetched;
	struct oci_document document;
	struct oci_manifest manifest;
	const char *tag = arena_format(found->arena, "%s-%s.sig",
				       digest_algorithm_name(digest_algorithm(found->digest)),
				       digest_hex(found->digest));
	int result =
		registry_fetch_manifest(found->image->registry, tag, found->arena, &fetched, err);

	if (result == -ENOENT) {
		if (err)
			*err = (struct error){ 0 };
		return 0;
	}
	TRY(result);
	document = (struct oci_document){ fetched.bytes, fetched.length, tag, fetched.media_type };
	TRY(oci_manifest_read(&document, &manifest, found->arena, err));
	for (size_t i = 0; i < manifest.layers.count && i < SIGNATURES_MOST; i++) {
		int enough;

		TRY(enough = show_attachment(found, &manifest.layers.items[i], err));
		if (enough)
			return 1;
	}
	return 0;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static int find_in_registry(struct found *found, struct error *err)
{
	struct configuration_signatures where;
	int enough = 0;

	TRY(configuration_signatures(found->image->place, found->arena, &where, err));
	if (where.lookaside)
		TRY(enough = look_aside(found, where.lookaside, err));
	if (enough)
		return enough;
	return where.attachments ? show_attachments(found, err) : 0;
}

int signatures_find(const struct trust_image *image, const struct signature_judge *judge,
		    struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct found found = { .image = image, .judge = judge, .arena = &arena };

	digest_of(DIGEST_SHA256, image->manifest, image->length, found.digest);
	if (image->name->transport == REFERENCE_DIRECTORY)
		return show_files(&found, image->name->directory, read_file, err);
	return image->registry ? find_in_registry(&found, err) : 0;
}

/* signatures.c -- where the signatures of an image are: files beside a dir:, a lookaside store
 * (containers-registries.d(5)), attachments in the repository. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "image/digest.h"
#include "trust_private.h"

#define SIGNATURE_MOST  (4 << 20)
#define SIGNATURES_MOST 128 /* of one image */
#define PAYLOAD_TYPE    "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNATURE_NAME  "dev.cosignproject.cosign/signature"
#define SIGSTORE_FRONT  "\0sigstore-json\n"

struct found {
	const struct trust_image *image;
	struct arena *arena;
	struct signature **end;
	char digest[DIGEST_SIZE]; /* of the manifest */
};

static void add(struct found *found, const char *bytes, size_t length, const char *base64)
{
	struct signature *signature = arena_alloc(found->arena, sizeof(*signature));

	*signature = (struct signature){ bytes, length, base64, NULL };
	*found->end = signature;
	found->end = &signature->next;
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
static void add_sigstore(struct found *found, const char *bytes, size_t length)
{
	const struct json_source source = { bytes, length, "a sigstore signature", 0 };
	auto_text struct text payload = { 0 };
	struct sigstore_file file;
	const char *base64;

	if (json_read(&source, &sigstore_file_shape, &file, found->arena, NULL, NULL) < 0 ||
	    strcmp(file.type, PAYLOAD_TYPE) != 0 || !base64_decode(file.payload, &payload))
		return;
	base64 = string_map_get(&file.annotations, SIGNATURE_NAME);
	if (base64)
		add(found, arena_copy(found->arena, payload.data, payload.length), payload.length,
		    base64);
}

static void add_file(struct found *found, const struct text *text)
{
	const size_t front = sizeof(SIGSTORE_FRONT) - 1;
	const char *bytes = arena_copy(found->arena, text->data ? text->data : "", text->length);

	if (text->length > front && !memcmp(bytes, SIGSTORE_FRONT, front))
		add_sigstore(found, bytes + front, text->length - front);
	else
		add(found, bytes, text->length, NULL);
}

/* signature-1, signature-2, … until one is missing. */
static int read_files(struct found *found, const char *stem, struct error *err)
{
	for (int number = 1; number <= SIGNATURES_MOST; number++) {
		auto_text struct text text = { 0 };
		const char *path = arena_format(found->arena, "%s/signature-%d", stem, number);
		int result = file_read(AT_FDCWD, path, SIGNATURE_MOST, &text, err);

		if (result == -ENOENT || result == -ENOTDIR) {
			if (err)
				*err = (struct error){ 0 };
			return 0;
		}
		TRY(result);
		add_file(found, &text);
	}
	return 0;
}

static int fetch_files(struct found *found, const char *stem, struct error *err)
{
	for (int number = 1; number <= SIGNATURES_MOST; number++) {
		auto_text struct text text = { 0 };
		const char *url = arena_format(found->arena, "%s/signature-%d", stem, number);
		int result = registry_fetch_elsewhere(found->image->registry, url, SIGNATURE_MOST,
						      &text, err);

		if (result == -ENOENT) {
			if (err)
				*err = (struct error){ 0 };
			return 0;
		}
		TRY(result);
		add_file(found, &text);
	}
	return 0;
}

static int look_aside(struct found *found, const char *base, struct error *err)
{
	const char *stem = arena_format(
		found->arena, "%s/%s@%s=%s", base, found->image->place->path,
		digest_algorithm_name(digest_algorithm(found->digest)), digest_hex(found->digest));
	const char *path = text_after(stem, "file://");

	return path ? read_files(found, path, err) : fetch_files(found, stem, err);
}

/* ---- attachments ------------------------------------------------------------------------------
 */

static int add_attachment(struct found *found, const struct oci_descriptor *layer,
			  struct error *err)
{
	const char *base64 = string_map_get(&layer->annotations, SIGNATURE_NAME);
	char *payload;

	if (!text_equal(layer->media_type, PAYLOAD_TYPE) || !base64)
		return 0;
	TRY(registry_fetch_document(found->image->registry, layer, found->arena, &payload, err));
	add(found, payload, (size_t)layer->size, base64);
	return 0;
}

/* cosign's manifest under the tag sha256-HEX.sig, a layer a signature. */
static int fetch_attachments(struct found *found, struct error *err)
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
	for (size_t i = 0; i < manifest.layers.count && i < SIGNATURES_MOST; i++)
		TRY(add_attachment(found, &manifest.layers.items[i], err));
	return 0;
}

/* ---- all --------------------------------------------------------------------------------------
 */

static int find_in_registry(struct found *found, struct error *err)
{
	struct configuration_signatures where;

	TRY(configuration_signatures(found->image->place, found->arena, &where, err));
	if (where.lookaside)
		TRY(look_aside(found, where.lookaside, err));
	return where.attachments ? fetch_attachments(found, err) : 0;
}

int signatures_find(const struct trust_image *image, struct arena *arena, struct signature **first,
		    struct error *err)
{
	struct found found = { .image = image, .arena = arena, .end = first };

	*first = NULL;
	digest_of(DIGEST_SHA256, image->manifest, image->length, found.digest);
	if (image->name->transport == REFERENCE_DIRECTORY)
		return read_files(&found, image->name->directory, err);
	return image->registry ? find_in_registry(&found, err) : 0;
}

/* referrers.c -- what refers to a manifest: signatures, SBOMs, attestations (distribution-spec,
 * "Listing Referrers" and "Pushing Manifests with Subject").
 *
 * Registries without the API have an index under the tag ALGORITHM-HEX of the subject instead,
 * which its clients keep: read, changed, written. Two who do that at once can lose one entry; the
 * specification knows no better way. */
#include <errno.h>
#include <string.h>

#include "registry_private.h"

static char *tag_of(const char *digest, struct arena *arena)
{
	return arena_format(arena, "%s-%.64s", digest_algorithm_name(digest_algorithm(digest)),
			    digest_hex(digest));
}

static int read_index(struct registry *registry, const char *target, struct arena *arena,
		      struct oci_index *index, struct error *err)
{
	struct registry_manifest manifest;
	struct oci_document document;

	TRY(registry_fetch_manifest(registry, target, arena, &manifest, err));
	document = (struct oci_document){ .bytes = manifest.bytes,
					  .length = manifest.length,
					  .name = target,
					  .media_type = manifest.media_type };
	return oci_index_read(&document, index, arena, err);
}

/* No such tag: nothing refers to it. */
static int read_fallback(struct registry *registry, const char *digest, struct arena *arena,
			 struct oci_index *index, struct error *err)
{
	int result = read_index(registry, tag_of(digest, arena), arena, index, err);

	if (result != -ENOENT)
		return result;
	if (err)
		*err = (struct error){ 0 };
	*index = (struct oci_index){ 0 };
	return 0;
}

static void keep_type(struct oci_index *index, const char *artifact_type)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->manifests.count; i++)
		if (text_equal(index->manifests.items[i].artifact_type, artifact_type))
			index->manifests.items[kept++] = index->manifests.items[i];
	index->manifests.count = kept;
}

int registry_list_referrers(struct registry *registry, const char *digest,
			    const char *artifact_type, struct arena *arena, struct oci_index *index,
			    struct error *err)
{
	struct http_answer answer = { .arena = arena };
	int result;

	TRY(digest_check(digest, "subject", err));
	result = listing_get(registry, arena_format(arena, "referrers/%s", digest), &answer,
			     &oci_index_shape, index, err);
	text_free(&answer.body);
	if (result < 0 && (answer.status == 404 || answer.status == 400 || answer.status == 405))
		result = read_fallback(registry, digest, arena, index, err);
	TRY(result);
	for (size_t i = 0; i < index->manifests.count; i++)
		TRY(digest_check(index->manifests.items[i].digest, "referrer", err));
	/* Asked for all and chosen here: not every registry filters, and some say so falsely. */
	if (artifact_type)
		keep_type(index, artifact_type);
	return 0;
}

/* ---- in the registry's place ----------------------------------------------------------------- */

/* What the index says of a manifest or index that has a subject; -ENOENT: it has none. */
static int describe(const struct registry_manifest *pushed, struct arena *arena,
		    struct oci_descriptor *entry, const char **subject, struct error *err)
{
	const struct oci_document document = registry_document(pushed);
	struct oci_manifest manifest = { 0 };
	struct oci_index index = { 0 };
	enum oci_kind kind;

	TRY(oci_document_kind(&document, &kind, err));
	TRY(kind == OCI_INDEX ? oci_index_read(&document, &index, arena, err)
			      : oci_manifest_read(&document, &manifest, arena, err));
	*entry = (struct oci_descriptor){
		.media_type = pushed->media_type,
		.digest = arena_string(arena, pushed->digest),
		.size = (int64_t)pushed->length,
		.artifact_type = kind == OCI_INDEX ? index.artifact_type : manifest.artifact_type,
		.annotations = kind == OCI_INDEX ? index.annotations : manifest.annotations,
	};
	if (!entry->artifact_type && manifest.config)
		entry->artifact_type = manifest.config->media_type;
	if (!index.subject && !manifest.subject)
		return -ENOENT;
	*subject = index.subject ? index.subject->digest : manifest.subject->digest;
	return 0;
}

/* false: it is there already. */
static bool add_entry(struct oci_index *index, const struct oci_descriptor *entry,
		      struct arena *arena)
{
	size_t count = index->manifests.count;
	struct oci_descriptor *items = arena_array(arena, count + 1, sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		if (text_equal(index->manifests.items[i].digest, entry->digest))
			return false;
		items[i] = index->manifests.items[i];
	}
	items[count] = *entry;
	index->manifests.items = items;
	index->manifests.count = count + 1;
	return true;
}

static int write_index(struct registry *registry, struct oci_index *index, const char *tag,
		       struct error *err)
{
	static char type[] = OCI_TYPE_INDEX;
	auto_text struct text text = { 0 };
	struct registry_manifest document = { .media_type = type };

	index->schema_version = 2;
	index->media_type = type;
	json_write(&oci_index_shape, index, false, &text);
	document.bytes = text.data;
	document.length = text.length;
	digest_of(DIGEST_SHA256, text.data, text.length, document.digest);
	return registry_push_manifest(registry, tag, &document, err);
}

int referrers_note(struct registry *registry, const struct registry_manifest *manifest,
		   struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct oci_descriptor entry;
	struct oci_index index;
	const char *subject = NULL;
	int result = describe(manifest, &arena, &entry, &subject, err);

	if (result < 0)
		return result == -ENOENT ? 0 : result;
	TRY(read_fallback(registry, subject, &arena, &index, err));
	if (!add_entry(&index, &entry, &arena))
		return 0;
	return write_index(registry, &index, tag_of(subject, &arena), err);
}

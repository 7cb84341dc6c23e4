/* documents.c -- read an image's documents and refuse what breaks the specifications' rules.
 *
 * A manifest and an index are told apart before either is read: a document that could be taken
 * for both by two readers (CVE-2021-41190), or that says another type than it was served with, is
 * nobody's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image/digest.h"
#include "image/oci.h"

JSON_SHAPE(oci_nothing, OCI_NOTHING_ROWS);
JSON_SHAPE(oci_platform, OCI_PLATFORM_ROWS);
JSON_SHAPE(oci_descriptor, OCI_DESCRIPTOR_ROWS);
JSON_SHAPE(oci_manifest, OCI_MANIFEST_ROWS);
JSON_SHAPE(oci_index, OCI_INDEX_ROWS);
JSON_SHAPE(oci_execution, OCI_EXECUTION_ROWS);
JSON_SHAPE(oci_rootfs, OCI_ROOTFS_ROWS);
JSON_SHAPE(oci_history, OCI_HISTORY_ROWS);
JSON_SHAPE(oci_image_config, OCI_IMAGE_CONFIG_ROWS);
JSON_SHAPE(oci_layout, OCI_LAYOUT_ROWS);

/* What tells the kinds of documents apart. */
/* clang-format off */
#define DOCUMENT_TRAITS_ROWS(ROW, T) \
	ROW(T, opt_int64, schema_version, "schemaVersion", none, optional) \
	ROW(T, string,    media_type,     "mediaType",     none, optional) \
	ROW(T, raw,       manifests,      "manifests",     none, optional) \
	ROW(T, raw,       layers,         "layers",        none, optional) \
	ROW(T, raw,       config,         "config",        none, optional) \
	ROW(T, raw,       fs_layers,      "fsLayers",      none, optional)
/* clang-format on */
JSON_STRUCT(document_traits, DOCUMENT_TRAITS_ROWS);
JSON_SHAPE(document_traits, DOCUMENT_TRAITS_ROWS);

/* Pass a result through; a failure gets the document's name. */
static int located(const char *name, int result, struct error *err)
{
	if (result < 0)
		fail_where(err, "%s", name);
	return result;
}

static int refuse_schema1(struct error *err)
{
	fail(err, ENOTSUP, "a Docker schema 1 manifest: this format is no longer supported");
	fail_hint(err, "rebuild the image, or pull and push it again with a newer tool");
	return -ENOTSUP;
}

/* Some servers know no better than these; then only the document itself counts. */
static bool type_is_vague(const char *media_type)
{
	static const char *const vague[] = { "", "application/json", "text/plain",
					     "application/octet-stream", "binary/octet-stream" };

	for (size_t i = 0; media_type && i < sizeof(vague) / sizeof(vague[0]); i++)
		if (strlen(vague[i]) == strcspn(media_type, "; \t") &&
		    text_starts(media_type, vague[i]))
			return true;
	return !media_type;
}

static bool types_equal(const char *a, const char *b)
{
	size_t length = strcspn(a, "; \t");

	return length == strcspn(b, "; \t") && !strncasecmp(a, b, length);
}

static int kind_from_traits(const struct document_traits *traits, const char *served,
			    enum oci_kind *kind, struct error *err)
{
	const char *type = traits->media_type && *traits->media_type ? traits->media_type : served;
	enum oci_kind shaped = traits->manifests ? OCI_INDEX : OCI_MANIFEST;
	enum oci_kind named = type_is_vague(type) ? shaped : oci_media_type(type)->kind;

	if (named == OCI_SCHEMA1 || traits->fs_layers ||
	    (traits->schema_version && *traits->schema_version == 1))
		return refuse_schema1(err);
	if (!type_is_vague(served) && !types_equal(type, served))
		return fail(err, EINVAL, "mediaType is \"%.120s\", but was given as \"%.120s\"",
			    type, served);
	if (named != OCI_INDEX && named != OCI_MANIFEST)
		return fail(err, ENOTSUP, "media type \"%.120s\" is neither an image nor an index",
			    type);
	if (traits->manifests && (traits->layers || traits->config))
		return fail(err, EINVAL, "both an index (manifests) and a manifest (layers)");
	if (!traits->manifests && !traits->layers && !traits->config)
		return fail(err, EINVAL, "neither an index (manifests) nor a manifest (layers)");
	if (named != shaped)
		return fail(err, EINVAL, "media type \"%.120s\", but the content of %s", type,
			    shaped == OCI_INDEX ? "an index" : "a manifest");
	if (traits->schema_version && *traits->schema_version != 2)
		return fail(err, EINVAL, "schemaVersion is %lld, must be 2",
			    (long long)*traits->schema_version);
	*kind = named;
	return 0;
}

static int read_document(const struct oci_document *document, const struct json_shape *shape,
			 void *object, struct arena *arena, struct error *err)
{
	if (document->length > OCI_DOCUMENT_LIMIT)
		return located(document->name,
			       fail(err, EFBIG, "longer than %u bytes", OCI_DOCUMENT_LIMIT), err);
	return json_read(&(struct json_source){ document->bytes, document->length, document->name },
			 shape, object, arena, NULL, err);
}

int oci_document_kind(const struct oci_document *document, enum oci_kind *kind, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct document_traits traits;

	if (oci_media_type(document->media_type)->kind == OCI_SCHEMA1)
		return located(document->name, refuse_schema1(err), err);
	TRY(read_document(document, &document_traits_shape, &traits, &arena, err));
	return located(document->name, kind_from_traits(&traits, document->media_type, kind, err),
		       err);
}

/* `field` names it, with `index` where it is one of several (else -1). */
static int check_descriptor(const struct oci_descriptor *descriptor, const char *field, long index,
			    struct error *err)
{
	char what[64];

	if (index < 0)
		snprintf(what, sizeof(what), "%s", field);
	else
		snprintf(what, sizeof(what), "%s[%ld]", field, index);
	TRY(digest_check(descriptor->digest, what, err));
	if (descriptor->size < 0)
		return fail(err, EINVAL, "%s: size is %lld, must not be negative", what,
			    (long long)descriptor->size);
	return 0;
}

static int check_descriptors(const struct oci_descriptor *items, size_t count, const char *field,
			     struct error *err)
{
	for (size_t i = 0; i < count; i++)
		TRY(check_descriptor(&items[i], field, (long)i, err));
	return 0;
}

static int expect_kind(const struct oci_document *document, enum oci_kind wanted, struct error *err)
{
	enum oci_kind kind;

	TRY(oci_document_kind(document, &kind, err));
	if (kind == wanted)
		return 0;
	return located(document->name,
		       fail(err, EINVAL,
			    kind == OCI_INDEX ? "an index where a manifest was expected"
					      : "a manifest where an index was expected"),
		       err);
}

static int check_index(const struct oci_index *index, struct error *err)
{
	TRY(check_descriptors(index->manifests.items, index->manifests.count, "manifests", err));
	return index->subject ? check_descriptor(index->subject, "subject", -1, err) : 0;
}

int oci_index_read(const struct oci_document *document, struct oci_index *index,
		   struct arena *arena, struct error *err)
{
	TRY(expect_kind(document, OCI_INDEX, err));
	TRY(read_document(document, &oci_index_shape, index, arena, err));
	return located(document->name, check_index(index, err), err);
}

static int check_manifest(const struct oci_manifest *manifest, struct error *err)
{
	TRY(check_descriptor(manifest->config, "config", -1, err));
	TRY(check_descriptors(manifest->layers.items, manifest->layers.count, "layers", err));
	return manifest->subject ? check_descriptor(manifest->subject, "subject", -1, err) : 0;
}

int oci_manifest_read(const struct oci_document *document, struct oci_manifest *manifest,
		      struct arena *arena, struct error *err)
{
	TRY(expect_kind(document, OCI_MANIFEST, err));
	TRY(read_document(document, &oci_manifest_shape, manifest, arena, err));
	return located(document->name, check_manifest(manifest, err), err);
}

static int check_config(const struct oci_image_config *config, struct error *err)
{
	const struct oci_rootfs *rootfs = config->rootfs;
	char what[64];

	if (!text_equal(rootfs->type, "layers"))
		return fail(err, EINVAL, "rootfs.type is \"%.60s\", must be \"layers\"",
			    rootfs->type ? rootfs->type : "");
	for (size_t i = 0; i < rootfs->diff_ids.count; i++) {
		snprintf(what, sizeof(what), "rootfs.diff_ids[%zu]", i);
		TRY(digest_check(rootfs->diff_ids.items[i], what, err));
	}
	return 0;
}

int oci_image_config_read(const struct oci_document *document, struct oci_image_config *config,
			  struct arena *arena, struct error *err)
{
	TRY(read_document(document, &oci_image_config_shape, config, arena, err));
	return located(document->name, check_config(config, err), err);
}

int oci_layout_read(const struct oci_document *document, struct oci_layout *layout,
		    struct arena *arena, struct error *err)
{
	TRY(read_document(document, &oci_layout_shape, layout, arena, err));
	if (text_starts(layout->version, "1."))
		return 0;
	return located(
		document->name,
		fail(err, ENOTSUP, "imageLayoutVersion \"%.40s\" is not known", layout->version),
		err);
}

static int check_layer_type(const struct oci_descriptor *layer, size_t index, struct error *err)
{
	const char *type = layer->media_type ? layer->media_type : "";
	enum oci_kind kind = oci_media_type(type)->kind;

	if (kind == OCI_LAYER || kind == OCI_FOREIGN_LAYER)
		return 0;
	fail(err, ENOTSUP, "layers[%zu]: cannot unpack media type \"%.120s\"", index, type);
	if (text_ends(type, "+encrypted"))
		fail_hint(err, "the layer is encrypted");
	return -ENOTSUP;
}

static int check_image(const struct oci_manifest *manifest, const struct oci_image_config *config,
		       struct error *err)
{
	const char *type = manifest->config->media_type ? manifest->config->media_type : "";
	size_t layers = manifest->layers.count, diff_ids = config->rootfs->diff_ids.count;

	if (oci_media_type(type)->kind != OCI_CONFIG)
		return fail(err, ENOTSUP, "not a container image but \"%.120s\"",
			    manifest->artifact_type ? manifest->artifact_type : type);
	if (layers > OCI_LAYERS_MOST)
		return fail(err, EFBIG, "the image has %zu layers, more than %d", layers,
			    OCI_LAYERS_MOST);
	if (layers != diff_ids)
		return fail(err, EINVAL, "the manifest has %zu layers, the config %zu diff_ids",
			    layers, diff_ids);
	for (size_t i = 0; i < layers; i++)
		TRY(check_layer_type(&manifest->layers.items[i], i, err));
	return 0;
}

int oci_image_check(const struct oci_manifest *manifest, const struct oci_image_config *config,
		    const char *name, struct error *err)
{
	return located(name, check_image(manifest, config, err), err);
}

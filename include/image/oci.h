/* oci.h -- the documents of an image: descriptors, manifests, indexes, configs, layouts.
 *
 * The shapes hold what image-spec 1.1 and Docker's schema 2 have in common by rows. Readers here
 * check what the specifications ask before anything is believed:
 *   - `mediaType`, where present, is the type the document was served or described as, and a
 *     document is an index or a manifest, never both (CVE-2021-41190);
 *   - every digest fits the grammar, every size is >= 0;
 *   - Docker schema 1 is refused with a hint.
 * Unknown fields are ignored, unknown media types are no error until somebody must unpack them.
 * Documents are kept verbatim by whoever stores them: their digest is over the bytes as served. */
#ifndef IMAGE_OCI_H
#define IMAGE_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* Manifests, indexes and configs may be this long (the distribution-spec's guidance). */
#define OCI_DOCUMENT_LIMIT (4U << 20)
/* Docker stops at 127, overlayfs at 500; the time for all ChainIDs grows by the square. */
#define OCI_LAYERS_MOST     1000

#define OCI_TYPE_INDEX      "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG     "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_LAYER      "application/vnd.oci.image.layer.v1.tar"
#define OCI_TYPE_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_TYPE_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define OCI_TYPE_EMPTY      "application/vnd.oci.empty.v1+json"

/* Annotations on the descriptors of a layout's index.json. */
#define OCI_REF_NAME "org.opencontainers.image.ref.name"

/* ---- media types ----------------------------------------------------------------------------- */

enum oci_kind {
	OCI_UNKNOWN, /* can be copied, not understood */
	OCI_INDEX,
	OCI_MANIFEST,
	OCI_SCHEMA1, /* Docker's first manifest format: refused */
	OCI_CONFIG,
	OCI_LAYER,
	OCI_FOREIGN_LAYER, /* "nondistributable"; may be fetched, `urls` never with credentials */
	OCI_EMPTY,         /* "{}", of artifacts */
};

enum oci_compression { OCI_PLAIN, OCI_GZIP, OCI_ZSTD };

struct oci_media_type {
	const char *name;
	enum oci_kind kind;
	enum oci_compression compression;
	bool docker; /* Docker's name for it */
};

/* The row of that name; parameters ("; charset=utf-8") are ignored. Never NULL: an unknown or
 * missing name gives a row of kind OCI_UNKNOWN. */
const struct oci_media_type *oci_media_type(const char *name);

/* The name of such a layer's type, OCI's or Docker's. */
const char *oci_layer_type(enum oci_compression compression, bool docker);

/* What to send as Accept for a manifest or index: every type of ours, the OCI ones first. */
extern const char oci_accept_manifests[];

/* ---- shapes ---------------------------------------------------------------------------------- */

/* clang-format off */

/* A JSON object whose content does not matter: the values of ExposedPorts and Volumes. */
#define OCI_NOTHING_ROWS(ROW, T) \
	ROW(T, raw, content, "", none, optional)
JSON_STRUCT(oci_nothing, OCI_NOTHING_ROWS);

#define OCI_PLATFORM_ROWS(ROW, T) \
	ROW(T, string,  architecture, "architecture", none, always) \
	ROW(T, string,  os,           "os",           none, always) \
	ROW(T, string,  os_version,   "os.version",   none, optional) \
	ROW(T, strings, os_features,  "os.features",  none, optional) \
	ROW(T, string,  variant,      "variant",      none, optional)
JSON_STRUCT(oci_platform, OCI_PLATFORM_ROWS);

#define OCI_DESCRIPTOR_ROWS(ROW, T) \
	ROW(T, string,     media_type,    "mediaType",    none,         always) \
	ROW(T, string,     digest,        "digest",       none,         required) \
	ROW(T, int64,      size,          "size",         none,         required) \
	ROW(T, strings,    urls,          "urls",         none,         optional) \
	ROW(T, string_map, annotations,   "annotations",  none,         optional) \
	ROW(T, object,     platform,      "platform",     oci_platform, optional) \
	ROW(T, string,     artifact_type, "artifactType", none,         optional) \
	ROW(T, string,     data,          "data",         none,         optional)
JSON_STRUCT(oci_descriptor, OCI_DESCRIPTOR_ROWS);

#define OCI_MANIFEST_ROWS(ROW, T) \
	ROW(T, int32,      schema_version, "schemaVersion", none,           always) \
	ROW(T, string,     media_type,     "mediaType",     none,           optional) \
	ROW(T, string,     artifact_type,  "artifactType",  none,           optional) \
	ROW(T, object,     config,         "config",        oci_descriptor, required) \
	ROW(T, objects,    layers,         "layers",        oci_descriptor, always) \
	ROW(T, object,     subject,        "subject",       oci_descriptor, optional) \
	ROW(T, string_map, annotations,    "annotations",   none,           optional)
JSON_STRUCT(oci_manifest, OCI_MANIFEST_ROWS);

#define OCI_INDEX_ROWS(ROW, T) \
	ROW(T, int32,      schema_version, "schemaVersion", none,           always) \
	ROW(T, string,     media_type,     "mediaType",     none,           optional) \
	ROW(T, string,     artifact_type,  "artifactType",  none,           optional) \
	ROW(T, objects,    manifests,      "manifests",     oci_descriptor, always) \
	ROW(T, object,     subject,        "subject",       oci_descriptor, optional) \
	ROW(T, string_map, annotations,    "annotations",   none,           optional)
JSON_STRUCT(oci_index, OCI_INDEX_ROWS);

/* The last five are Docker's additions; conversion ignores them, `inspect` shows them. */
#define OCI_EXECUTION_ROWS(ROW, T) \
	ROW(T, string,     user,          "User",         none,        optional) \
	ROW(T, object_map, exposed_ports, "ExposedPorts", oci_nothing, optional) \
	ROW(T, strings,    env,           "Env",          none,        optional) \
	ROW(T, strings,    entrypoint,    "Entrypoint",   none,        optional) \
	ROW(T, strings,    cmd,           "Cmd",          none,        optional) \
	ROW(T, object_map, volumes,       "Volumes",      oci_nothing, optional) \
	ROW(T, string,     working_dir,   "WorkingDir",   none,        optional) \
	ROW(T, string_map, labels,        "Labels",       none,        optional) \
	ROW(T, string,     stop_signal,   "StopSignal",   none,        optional) \
	ROW(T, raw,        healthcheck,   "Healthcheck",  none,        optional) \
	ROW(T, strings,    on_build,      "OnBuild",      none,        optional) \
	ROW(T, strings,    shell,         "Shell",        none,        optional) \
	ROW(T, opt_int64,  stop_timeout,  "StopTimeout",  none,        optional) \
	ROW(T, boolean,    args_escaped,  "ArgsEscaped",  none,        optional)
JSON_STRUCT(oci_execution, OCI_EXECUTION_ROWS);

#define OCI_ROOTFS_ROWS(ROW, T) \
	ROW(T, string,  type,     "type",     none, always) \
	ROW(T, strings, diff_ids, "diff_ids", none, always)
JSON_STRUCT(oci_rootfs, OCI_ROOTFS_ROWS);

#define OCI_HISTORY_ROWS(ROW, T) \
	ROW(T, string,  created,     "created",     none, optional) \
	ROW(T, string,  created_by,  "created_by",  none, optional) \
	ROW(T, string,  author,      "author",      none, optional) \
	ROW(T, string,  comment,     "comment",     none, optional) \
	ROW(T, boolean, empty_layer, "empty_layer", none, optional)
JSON_STRUCT(oci_history, OCI_HISTORY_ROWS);

#define OCI_IMAGE_CONFIG_ROWS(ROW, T) \
	ROW(T, string,  created,      "created",      none,          optional) \
	ROW(T, string,  author,       "author",       none,          optional) \
	ROW(T, string,  architecture, "architecture", none,          always) \
	ROW(T, string,  variant,      "variant",      none,          optional) \
	ROW(T, string,  os,           "os",           none,          always) \
	ROW(T, string,  os_version,   "os.version",   none,          optional) \
	ROW(T, strings, os_features,  "os.features",  none,          optional) \
	ROW(T, object,  config,       "config",       oci_execution, optional) \
	ROW(T, object,  rootfs,       "rootfs",       oci_rootfs,    required) \
	ROW(T, objects, history,      "history",      oci_history,   optional)
JSON_STRUCT(oci_image_config, OCI_IMAGE_CONFIG_ROWS);

#define OCI_LAYOUT_ROWS(ROW, T) \
	ROW(T, string, version, "imageLayoutVersion", none, required)
JSON_STRUCT(oci_layout, OCI_LAYOUT_ROWS);

/* clang-format on */

/* ---- reading, with the rules ----------------------------------------------------------------- */

/* A document as it came: `name` is what errors call it (a URL, "index.json", a digest);
 * `media_type` what it was served or described as, NULL or "" where nothing said so. */
struct oci_document {
	const char *bytes;
	size_t length;
	const char *name;
	const char *media_type;
};

/* Index or manifest? From the bytes and the media type, which must agree. `*kind` is OCI_INDEX or
 * OCI_MANIFEST; anything else is an error (EINVAL; schema 1: ENOTSUP with a hint). */
int oci_document_kind(const struct oci_document *document, enum oci_kind *kind, struct error *err);

/* Each refuses a document of another kind. Everything read lives in the arena. */
int oci_index_read(const struct oci_document *document, struct oci_index *index,
		   struct arena *arena, struct error *err);
int oci_manifest_read(const struct oci_document *document, struct oci_manifest *manifest,
		      struct arena *arena, struct error *err);
/* rootfs.type is "layers", every DiffID is a digest. */
int oci_image_config_read(const struct oci_document *document, struct oci_image_config *config,
			  struct arena *arena, struct error *err);
/* imageLayoutVersion is one we know (1.x). */
int oci_layout_read(const struct oci_document *document, struct oci_layout *layout,
		    struct arena *arena, struct error *err);

/* The two documents of an image fit: as many DiffIDs as layers, all layers of a kind we unpack. */
int oci_image_check(const struct oci_manifest *manifest, const struct oci_image_config *config,
		    const char *name, struct error *err);

/* ---- platforms ------------------------------------------------------------------------------- */

/* An index inside an index inside …: deeper is refused by whoever follows them. */
#define OCI_INDEX_DEPTH 4

/* What this machine runs, normalised: os "linux", architecture and variant by GOARCH's names
 * ("amd64", "arm"/"v7", "arm64"); of amd64 the highest level the processor has ("v3"). */
void oci_platform_host(struct oci_platform *platform, struct arena *arena);

/* "os/arch[/variant]", "arch" or "os" alone fills the rest from the host. Normalised: x86_64,
 * aarch64, armhf, armel, i386 … EINVAL for what is no platform. */
int oci_platform_parse(const char *text, struct oci_platform *platform, struct arena *arena,
		       struct error *err);

/* "linux/arm/v7" */
char *oci_platform_format(const struct oci_platform *platform, struct arena *arena);

/* How well an image for `have` runs on `want`: 0 not at all, higher is better. Variants as
 * containerd counts them (arm v7 runs v7, v6, v5; arm64 v8.2 runs v8.2, v8.1, v8, then 32-bit
 * arm; amd64 v3 runs v3, v2, v1, then 386). os.version and os.features play no role on Linux. */
unsigned oci_platform_rank(const struct oci_platform *want, const struct oci_platform *have);

/* The entry of the index for that platform: best rank, then first. unknown/unknown (attestations)
 * and artifacts never match; a nested index without a platform of its own, then a manifest
 * without one, are what is left when no entry names a platform that fits. The result may be an
 * index again: fetch it and select again, at most OCI_INDEX_DEPTH times.
 * ENOENT names the wanted platform and those that exist. Points into the index. */
int oci_index_select(const struct oci_index *index, const struct oci_platform *want,
		     const struct oci_descriptor **chosen, struct error *err);

#endif

/* media_types.c -- a row a media type of image-spec 1.1 and of Docker's schema 2. */
#include <string.h>
#include <strings.h>

#include "image/oci.h"

#define OCI    "application/vnd.oci."
#define DOCKER "application/vnd.docker."

/* clang-format off */
static const struct oci_media_type media_types[] = {
	{ OCI_TYPE_INDEX,    OCI_INDEX },
	{ OCI_TYPE_MANIFEST, OCI_MANIFEST },
	{ OCI_TYPE_CONFIG,   OCI_CONFIG },
	{ OCI_TYPE_EMPTY,    OCI_EMPTY },
	{ OCI_TYPE_LAYER,      OCI_LAYER, OCI_PLAIN },
	{ OCI_TYPE_LAYER_GZIP, OCI_LAYER, OCI_GZIP },
	{ OCI_TYPE_LAYER_ZSTD, OCI_LAYER, OCI_ZSTD },
	{ OCI "image.layer.nondistributable.v1.tar",      OCI_FOREIGN_LAYER, OCI_PLAIN },
	{ OCI "image.layer.nondistributable.v1.tar+gzip", OCI_FOREIGN_LAYER, OCI_GZIP },
	{ OCI "image.layer.nondistributable.v1.tar+zstd", OCI_FOREIGN_LAYER, OCI_ZSTD },

	{ DOCKER "distribution.manifest.list.v2+json", OCI_INDEX,    .docker = true },
	{ DOCKER "distribution.manifest.v2+json",      OCI_MANIFEST, .docker = true },
	{ DOCKER "distribution.manifest.v1+json",      OCI_SCHEMA1,  .docker = true },
	{ DOCKER "distribution.manifest.v1+prettyjws", OCI_SCHEMA1,  .docker = true },
	{ DOCKER "container.image.v1+json",            OCI_CONFIG,   .docker = true },
	{ DOCKER "image.rootfs.diff.tar",              OCI_LAYER, OCI_PLAIN, true },
	{ DOCKER "image.rootfs.diff.tar.gzip",         OCI_LAYER, OCI_GZIP,  true },
	{ DOCKER "image.rootfs.diff.tar.zstd",         OCI_LAYER, OCI_ZSTD,  true },
	{ DOCKER "image.rootfs.foreign.diff.tar",      OCI_FOREIGN_LAYER, OCI_PLAIN, true },
	{ DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI_FOREIGN_LAYER, OCI_GZIP,  true },
};
/* clang-format on */

const char oci_accept_manifests[] = OCI_TYPE_INDEX ", " OCI_TYPE_MANIFEST ", " DOCKER
						   "distribution.manifest.list.v2+json, " DOCKER
						   "distribution.manifest.v2+json";

const struct oci_media_type *oci_media_type(const char *name)
{
	static const struct oci_media_type unknown = { "", OCI_UNKNOWN };
	size_t length = name ? strcspn(name, "; \t") : 0;

	for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++) {
		const struct oci_media_type *row = &media_types[i];

		/* Media types compare without regard to case (RFC 9110, 8.3.1). */
		if (strlen(row->name) == length && !strncasecmp(row->name, name, length))
			return row;
	}
	return &unknown;
}

const char *oci_layer_type(enum oci_compression compression, bool docker)
{
	const struct oci_media_type *row = media_types;

	while (row->kind != OCI_LAYER || row->compression != compression || row->docker != docker)
		row++;
	return row->name;
}

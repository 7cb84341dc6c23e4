/* image.c -- find an image in the store and read its documents. */
#include <errno.h>

#include "bundle_private.h"

static int read_document(const struct store *store, const char *digest, const char *media_type,
			 struct text *text, struct oci_document *document, struct error *err)
{
	TRY(store_read_blob(store, digest, OCI_DOCUMENT_LIMIT, text, err));
	*document = (struct oci_document){
		.bytes = text->data ? text->data : "",
		.length = text->length,
		.name = digest,
		.media_type = media_type,
	};
	return 0;
}

int bundle_load_platform(const struct store *store, const char *what,
			 const struct oci_platform *platform, struct arena *arena,
			 struct bundle_image *image, struct error *err)
{
	auto_text struct text manifest = { 0 }, config = { 0 };
	struct oci_document document;

	*image = (struct bundle_image){ 0 };
	TRY(store_find_image(store, what, arena, &image->stored, err));
	TRY(store_select_platform(store, platform, arena, &image->stored, err));
	TRY(read_document(store, image->stored.digest, image->stored.media_type, &manifest,
			  &document, err));
	TRY(oci_manifest_read(&document, &image->manifest, arena, err));
	TRY(read_document(store, image->manifest.config->digest, NULL, &config, &document, err));
	TRY(oci_image_config_read(&document, &image->config, arena, err));
	return oci_image_check(&image->manifest, &image->config, image->stored.digest, err);
}

int bundle_load_image(const struct store *store, const char *what, struct arena *arena,
		      struct bundle_image *image, struct error *err)
{
	return bundle_load_platform(store, what, NULL, arena, image, err);
}

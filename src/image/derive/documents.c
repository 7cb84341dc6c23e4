/* documents.c -- manifest and config of a new image, edited out of those of the old one. */
#include <errno.h>
#include <string.h>

#include "base/json_edit.h"
#include "derive_private.h"

int documents_read(const struct store *store, const struct bundle_image *image,
		   struct documents *documents, struct error *err)
{
	const struct store_image *stored = &image->stored;

	*documents = (struct documents){ .media_type = stored->media_type,
					 .docker = oci_media_type(stored->media_type)->docker };
	TRY(store_read_blob(store, stored->digest, OCI_DOCUMENT_LIMIT, &documents->manifest, err));
	return store_read_blob(store, image->manifest.config->digest, OCI_DOCUMENT_LIMIT,
			       &documents->config, err);
}

void documents_free(struct documents *documents)
{
	text_free(&documents->manifest);
	text_free(&documents->config);
}

void documents_set_string(struct text *document, const char *path, const char *string)
{
	auto_text struct text value = { 0 };

	if (string)
		json_write_string(string, &value);
	json_edit_set(document, path, string ? value.data : NULL);
}

/* ---- layers and history -----------------------------------------------------------------------
 */

void documents_add_layer(struct documents *documents, const struct layer_written *layer,
			 enum oci_compression compression)
{
	auto_text struct text item = { 0 };

	text_format(&item, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%lld}",
		    oci_layer_type(compression, documents->docker), layer->digest,
		    (long long)layer->size);
	json_edit_append(&documents->manifest, "layers", item.data);
	text_clear(&item);
	text_format(&item, "\"%s\"", layer->diff_id);
	json_edit_append(&documents->config, "rootfs.diff_ids", item.data);
}

void documents_add_history(struct documents *documents, const struct derive_step *step,
			   const struct bundle_image *image, bool empty_layer)
{
	struct oci_history entry = {
		.created = step->history_created ? step->history_created : step->created,
		.created_by = step->created_by,
		.author = step->author ? step->author : image->config.author,
		.comment = step->comment,
		.empty_layer = empty_layer,
	};
	auto_text struct text item = { 0 };

	if (step->no_history)
		return;
	json_write(&oci_history_shape, &entry, false, &item);
	json_edit_append(&documents->config, "history", item.data);
}

/* ---- into the store ---------------------------------------------------------------------------
 */

int name_give(struct store *store, const struct store_image *image, const char *name,
	      struct arena *arena, struct store_image *made, struct error *err)
{
	struct store_image named = *image;

	named.name = arena_string(arena, name);
	TRY(store_set_name(store, &named, err));
	return store_find_image(store, name, arena, made, err);
}

int document_put(struct store *store, const struct text *document, char digest[DIGEST_SIZE],
		 struct error *err)
{
	if (document->length > OCI_DOCUMENT_LIMIT)
		return fail(err, EFBIG, "the image's documents would become too large");
	digest_of(DIGEST_SHA256, document->data, document->length, digest);
	return store_put_blob(store, digest, document->data, document->length, err);
}

static void describe_config(struct text *manifest, const struct text *config, const char *digest)
{
	auto_text struct text size = { 0 };

	text_format(&size, "%zu", config->length);
	documents_set_string(manifest, "config.digest", digest);
	json_edit_set(manifest, "config.size", size.data);
	json_edit_set(manifest, "config.data", NULL); /* the old one, embedded */
}

int documents_commit(struct documents *documents, struct store *store,
		     const struct derive_step *step, struct arena *arena, struct store_image *made,
		     struct error *err)
{
	struct store_image derived = { .media_type = documents->media_type };
	char config[DIGEST_SIZE], manifest[DIGEST_SIZE];

	TRY(document_put(store, &documents->config, config, err));
	describe_config(&documents->manifest, &documents->config, config);
	TRY(document_put(store, &documents->manifest, manifest, err));
	TRY(store_commit(store, err));
	derived.digest = manifest;
	derived.size = (int64_t)documents->manifest.length;
	return name_give(store, &derived, step->name, arena, made, err);
}

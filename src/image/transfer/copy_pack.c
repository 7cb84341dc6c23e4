/* copy_pack.c -- layers that are compressed another way on their way, when that was asked for: the
 * archive's own bytes stay, so the config stays, too; digests of layers, manifests and indexes are
 * new ones. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "base/temporary.h"
#include "copy_private.h"
#include "image/layer.h"
#include "image/layer_writer.h"

/* What other clients wrote about the blob that is no more: tables of its content. */
static const char *const stale_annotations[] = {
	"io.github.containers.zstd-chunked.",
	"containerd.io/snapshot/stargz/",
	"io.containers.estargz.",
};

bool pack_is_wanted(const struct transfer_packing *packing, const struct oci_descriptor *layer)
{
	const struct oci_media_type *type = oci_media_type(layer->media_type);

	return packing && type->kind == OCI_LAYER &&
	       (packing->force || type->compression != packing->compression);
}

int pack_check(const struct transfer_packing *packing, const struct oci_descriptor *layer,
	       struct error *err)
{
	if (packing->compression != OCI_ZSTD || !oci_media_type(layer->media_type)->docker)
		return 0;
	fail(err, ENOTSUP, "Docker's manifests have no layers in zstd");
	return fail_hint(err, "copy the image to an OCI one first, with a client that converts it");
}

static int pack(const struct transfer_packing *packing, int from, int to,
		const struct oci_descriptor *layer, struct packed_layer *packed, struct error *err)
{
	auto_packer struct packer packer = { 0 };
	struct layer_result result;

	TRY(packer_open_level(&packer, packing->compression, packing->level, to, err));
	TRY(layer_decompress_into(from, &packer, layer->digest, &result, err));
	TRY(packer_finish(&packer, NULL, packed->digest, err));
	packed->size = (int64_t)packer.blob_size;
	return 0;
}

int pack_layer(const struct transfer_packing *packing, int from, const struct oci_descriptor *layer,
	       struct packed_layer *packed, struct error *err)
{
	auto_close int to = temporary_file(err);

	if (to < 0)
		return to;
	TRY(pack(packing, from, to, layer, packed, err));
	packed->media_type =
		oci_layer_type(packing->compression, oci_media_type(layer->media_type)->docker);
	return take_fd(&to);
}

static bool is_stale(const char *annotation)
{
	for (size_t i = 0; i < sizeof(stale_annotations) / sizeof(stale_annotations[0]); i++)
		if (text_starts(annotation, stale_annotations[i]))
			return true;
	return false;
}

void pack_describe(struct oci_descriptor *layer, const struct packed_layer *packed,
		   struct arena *arena)
{
	struct string_map kept = { 0 };

	for (size_t i = 0; i < layer->annotations.count; i++)
		if (!is_stale(layer->annotations.items[i].key))
			string_map_set(&kept, layer->annotations.items[i].key,
				       layer->annotations.items[i].value, arena);
	layer->annotations = kept;
	layer->media_type = arena_string(arena, packed->media_type);
	layer->digest = arena_string(arena, packed->digest);
	layer->size = packed->size;
	layer->data = NULL;
}

void pack_document(struct registry_manifest *document, const struct json_shape *shape,
		   const void *object, struct arena *arena)
{
	auto_text struct text text = { 0 };

	json_write(shape, object, false, &text);
	document->bytes = arena_copy(arena, text.data, text.length);
	document->length = text.length;
	digest_of(DIGEST_SHA256, text.data, text.length, document->digest);
}

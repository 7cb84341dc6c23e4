/* import.c -- an archive of a root filesystem as an image of one layer.
 *
 * A compressed archive is the layer's blob as it came; a plain one is compressed. Either is
 * unpacked as any layer is, so what is hostile in it ends here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/own.h"
#include "derive_private.h"

#define CHUNK (256U << 10)

struct importing {
	struct store *store;
	const struct derive_import *order;
	struct arena *arena;
	enum oci_compression compression; /* of the blob */
	char digest[DIGEST_SIZE];
	int64_t size;
	struct layer_result layer;
};

/* ---- the blob ---------------------------------------------------------------------------------
 */

static const struct {
	const char *name, *magic;
	size_t length;
	enum oci_compression kept; /* OCI_PLAIN: refused */
} forms[] = {
	{ "gzip", "\x1f\x8b", 2, OCI_GZIP },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, OCI_ZSTD },
	{ "xz",
	  "\xfd"
	  "7zXZ",
	  5, OCI_PLAIN },
	{ "bzip2", "BZh", 3, OCI_PLAIN },
};

static int recognize(struct importing *importing, const char *bytes, size_t length,
		     enum oci_compression *as, struct error *err)
{
	importing->compression = OCI_GZIP;
	*as = OCI_GZIP;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (length < forms[i].length || memcmp(bytes, forms[i].magic, forms[i].length) != 0)
			continue;
		if (forms[i].kept == OCI_PLAIN)
			return fail(err, ENOTSUP,
				    "the archive is compressed with %s: images know gzip and zstd",
				    forms[i].name);
		importing->compression = forms[i].kept;
		*as = OCI_PLAIN;
	}
	return 0;
}

static ssize_t read_chunk(int fd, char *buffer, struct error *err)
{
	size_t done = 0;

	while (done < CHUNK) {
		ssize_t got = read(fd, buffer + done, CHUNK - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_call(err, "read", "cannot read the archive");
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int write_blob(struct importing *importing, struct draft *draft, struct error *err)
{
	auto_free char *buffer = malloc(CHUNK);
	auto_packer struct packer packer = { 0 };
	enum oci_compression as;
	ssize_t length;

	if (!buffer)
		abort();
	TRY(length = read_chunk(importing->order->archive, buffer, err));
	if (!length)
		return fail(err, EINVAL, "the archive is empty");
	TRY(recognize(importing, buffer, (size_t)length, &as, err));
	TRY(packer_open(&packer, as, draft->fd, err));
	while (length > 0) {
		TRY(packer_write(&packer, buffer, (size_t)length, err));
		TRY(cancel_check(importing->order->cancel_fd, err));
		TRY(length = read_chunk(importing->order->archive, buffer, err));
	}
	TRY(packer_finish(&packer, NULL, importing->digest, err));
	importing->size = (int64_t)packer.blob_size;
	return 0;
}

static int unpack_blob(struct importing *importing, const struct draft *draft, struct error *err)
{
	auto_staging struct staging staging = STAGING_NONE;

	TRY(draft_unpack(draft, "archive", &staging, &importing->layer, err));
	if (importing->layer.needs_parents)
		return fail(err, EBADMSG, "the archive has hard links to files that are not in it");
	return staging_finish(&staging, importing->layer.diff_id, err);
}

/* ---- the documents ----------------------------------------------------------------------------
 */

static int put(struct importing *importing, const struct json_shape *shape, const void *object,
	       struct oci_descriptor *descriptor, struct error *err)
{
	auto_text struct text text = { 0 };
	char digest[DIGEST_SIZE];

	json_write(shape, object, false, &text);
	TRY(document_put(importing->store, &text, digest, err));
	descriptor->digest = arena_string(importing->arena, digest);
	descriptor->size = (int64_t)text.length;
	return 0;
}

static int put_config(struct importing *importing, struct oci_descriptor *descriptor,
		      struct error *err)
{
	const struct derive_import *order = importing->order;
	struct oci_execution execution = { 0 };
	struct oci_history step = { .created = order->created,
				    .created_by = order->created_by,
				    .comment = order->message };
	char *diff_ids[] = { importing->layer.diff_id };
	struct oci_rootfs rootfs = { .type = (char *)"layers", .diff_ids = { diff_ids, 1, 0 } };
	struct oci_image_config config = {
		.created = order->created,
		.architecture = order->platform->architecture,
		.variant = order->platform->variant,
		.os = order->platform->os,
		.config = &execution,
		.rootfs = &rootfs,
	};

	config.history.items = &step;
	config.history.count = 1;
	for (size_t i = 0; i < order->changes.count; i++)
		TRY(instruction_apply(order->changes.items[i], &execution, importing->arena, err));
	return put(importing, &oci_image_config_shape, &config, descriptor, err);
}

static int put_documents(struct importing *importing, struct store_image *made, struct error *err)
{
	struct oci_descriptor config = { .media_type = (char *)OCI_TYPE_CONFIG }, described = { 0 };
	struct oci_descriptor layer = {
		.media_type = (char *)oci_layer_type(importing->compression, false),
		.digest = importing->digest,
		.size = importing->size,
	};
	struct oci_manifest manifest = {
		.schema_version = 2,
		.media_type = (char *)OCI_TYPE_MANIFEST,
		.config = &config,
	};

	TRY(put_config(importing, &config, err));
	manifest.layers.items = &layer;
	manifest.layers.count = 1;
	TRY(put(importing, &oci_manifest_shape, &manifest, &described, err));
	TRY(store_commit(importing->store, err));
	*made = (struct store_image){
		.name = importing->order->name,
		.media_type = (char *)OCI_TYPE_MANIFEST,
		.digest = described.digest,
		.size = described.size,
		.id = config.digest,
	};
	return store_set_name(importing->store, made, err);
}

int derive_import(struct store *store, const struct derive_import *order, struct arena *arena,
		  struct store_image *made, struct error *err)
{
	struct importing importing = { .store = store, .order = order, .arena = arena };
	auto_draft struct draft draft = DRAFT_NONE;

	TRY(draft_open(store, &draft, err));
	TRY(write_blob(&importing, &draft, err));
	TRY(unpack_blob(&importing, &draft, err));
	TRY(draft_finish(&draft, importing.digest, err));
	return put_documents(&importing, made, err);
}

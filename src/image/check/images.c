/* images.c -- every image: are its documents there, do they fit, is all there that they refer to?
 */
#include <errno.h>
#include <string.h>

#include "base/cancel.h"
#include "base/own.h"
#include "check_private.h"

static const char *name_of(const struct check *check, const struct store_image *image)
{
	return arena_format(check->arena, "image %s",
			    image->name ? image->name : store_image_key(image));
}

/* NULL: it is there, with its size. */
static const char *wrong_with_blob(const struct check *check,
				   const struct oci_descriptor *descriptor)
{
	auto_close int fd =
		store_open_blob(check->store, descriptor->digest, descriptor->size, NULL);

	if (fd >= 0)
		return NULL;
	return arena_format(check->arena, "its blob %s is %s", descriptor->digest,
			    store_have_blob(check->store, descriptor->digest) ? "of another size"
									      : "missing");
}

/* The first thing that is wrong with a manifest's blobs. Foreign layers may be elsewhere. */
static const char *wrong_with_parts(const struct check *check,
				    const struct store_documents *documents)
{
	const struct oci_manifest *manifest = &documents->manifest;
	const char *wrong = wrong_with_blob(check, manifest->config);

	for (size_t i = 0; !wrong && i < manifest->layers.count; i++) {
		const struct oci_descriptor *layer = &manifest->layers.items[i];

		if (oci_media_type(layer->media_type)->kind == OCI_FOREIGN_LAYER &&
		    !store_have_blob(check->store, layer->digest))
			continue;
		wrong = wrong_with_blob(check, layer);
	}
	return wrong;
}

/* Broken blobs were told already; they are as good as missing for what comes now. */
static bool has_broken_parts(const struct check *check, const struct store_documents *documents)
{
	for (size_t i = 0; i < documents->manifest.layers.count; i++)
		if (check_is_broken(check, documents->manifest.layers.items[i].digest))
			return true;
	return false;
}

static const char *wrong_with_manifest(const struct check *check, const char *digest,
				       struct store_documents *documents)
{
	struct error err = { 0 };
	const char *wrong;
	char line[2048];

	if (!store_have_blob(check->store, digest))
		return arena_format(check->arena, "its manifest %s is missing", digest);
	if (store_read_documents(check->store, digest, check->arena, documents, &err) == 0) {
		wrong = wrong_with_parts(check, documents);
		if (wrong || !documents->image)
			return wrong;
		if (oci_image_check(&documents->manifest, &documents->config, digest, &err) >= 0)
			return NULL;
	}
	error_format(&err, line, sizeof(line));
	return arena_string(check->arena, line);
}

/* Attestations have no layers that anybody unpacks. */
static bool is_attestation(const struct store_documents *documents)
{
	for (size_t i = 0; i < documents->manifest.layers.count; i++) {
		enum oci_kind kind =
			oci_media_type(documents->manifest.layers.items[i].media_type)->kind;

		if (kind != OCI_LAYER && kind != OCI_FOREIGN_LAYER)
			return true;
	}
	return !documents->image;
}

static int check_manifest(struct check *check, const struct store_image *image, const char *digest,
			  struct error *err)
{
	struct store_documents documents = { 0 };
	const char *wrong = wrong_with_manifest(check, digest, &documents);
	struct error why = { 0 };
	int repaired = 1;

	if (wrong && documents.manifest.config && is_attestation(&documents) &&
	    !wrong_with_parts(check, &documents))
		return 0;
	if (wrong && check->options->repair) {
		repaired = transfer_restore(check->store, image, check->options->transfer,
					    check->arena, &why);
		if (repaired == 0 && wrong_with_manifest(check, digest, &documents))
			repaired = fail(&why, EBADMSG, "what was fetched did not help");
	}
	if (wrong)
		check_tell(check, name_of(check, image), wrong, repaired, &why);
	if ((wrong && repaired != 0) || is_attestation(&documents) ||
	    has_broken_parts(check, &documents))
		return 0;
	for (size_t i = 0; i < documents.manifest.layers.count; i++)
		TRY(check_tree(check, &documents, i, err));
	return 0;
}

/* An index that is called by name is here whole, or ought to be. */
static void check_index(struct check *check, const struct store_image *image)
{
	const char *digest = image->absent.count ? image->absent.items[0] : image->index->digest;
	const char *wrong = arena_format(check->arena, "its manifest %s is missing", digest);
	struct error why = { 0 };
	int repaired = 1;

	if (image->manifests.count && !image->absent.count)
		return;
	if (!image->manifests.count && !image->absent.count)
		wrong = "its index cannot be read";
	if (check->options->repair)
		repaired = transfer_restore(check->store, image, check->options->transfer,
					    check->arena, &why);
	check_tell(check, name_of(check, image), wrong, repaired, &why);
}

/* As it is now; 1: another lade has removed it. */
static int find_again(const struct check *check, const struct store_image *image,
		      struct store_image *fresh, struct error *err)
{
	const char *key = image->name ? image->name : store_image_key(image);
	const struct store_image *found;
	struct store_images images;
	struct error why = { 0 };
	int result;

	TRY(store_list_images(check->store, check->arena, &images, err));
	result = store_choose_image(&images, key, check->arena, &found, &why);
	if (result == -ENOENT)
		return 1;
	if (result < 0) {
		*err = why;
		return result;
	}
	*fresh = *found;
	return 0;
}

static int check_image(struct check *check, const struct store_image *image, struct error *err)
{
	struct store_image fresh;
	int gone = find_again(check, image, &fresh, err);

	if (!gone)
		check->result->images++;
	if (!gone && fresh.index) {
		check_index(check, &fresh);
		gone = find_again(check, image, &fresh, err); /* as it is repaired */
	}
	if (gone)
		return gone < 0 ? gone : 0;
	for (size_t i = 0; i < fresh.manifests.count; i++)
		TRY(check_manifest(check, &fresh, fresh.manifests.items[i], err));
	return fresh.index ? 0 : check_manifest(check, &fresh, fresh.digest, err);
}

int check_images(struct check *check, struct error *err)
{
	for (size_t i = 0; i < check->images.count; i++) {
		TRY(cancel_check(check->options->cancel_fd, err));
		if (!check->images.items[i].read_only && !store_image_repeats(&check->images, i))
			TRY(check_image(check, &check->images.items[i], err));
	}
	return 0;
}

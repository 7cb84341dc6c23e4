/* blobs.c -- every blob of the store against its name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/own.h"
#include "check_private.h"

#define CHUNK     (1U << 20)
#define PATH_SIZE 192

bool check_is_broken(const struct check *check, const char *digest)
{
	return strings_have(&check->broken, digest);
}

static int hash_file(const struct check *check, int fd, const char *digest, char found[DIGEST_SIZE],
		     struct error *err)
{
	auto_digest struct digest_hash hash = { 0 };
	auto_free char *buffer = malloc(CHUNK);
	ssize_t length;

	if (!buffer)
		abort();
	TRY(digest_begin(&hash, digest_algorithm(digest), err));
	while ((length = read(fd, buffer, CHUNK)) != 0) {
		if (length < 0 && errno != EINTR)
			return fail_call(err, "read", "cannot read it");
		if (length > 0)
			digest_update(&hash, buffer, (size_t)length);
		TRY(cancel_check(check->options->cancel_fd, err));
	}
	digest_end(&hash, found);
	return 0;
}

/* NULL: it is right. */
static const char *wrong_with(struct check *check, int dir, const char *name, const char *digest,
			      struct error *err)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char found[DIGEST_SIZE], line[2048];
	struct error one = { 0 };
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return "it is no file that can be read";
	if (check->options->quick)
		return NULL;
	if (hash_file(check, fd, digest, found, &one) < 0) {
		if (one.number == ECANCELED && err)
			*err = one;
		error_format(&one, line, sizeof(line));
		return arena_string(check->arena, line);
	}
	return strcmp(found, digest) == 0
		       ? NULL
		       : arena_format(check->arena, "its content has the digest %s", found);
}

static bool is_referred(const struct check *check, const struct store_documents *documents,
			const char *digest)
{
	if (text_equal(documents->manifest.config->digest, digest))
		return true;
	for (size_t i = 0; i < documents->manifest.layers.count; i++)
		if (text_equal(documents->manifest.layers.items[i].digest, digest))
			return true;
	return false;
}

static bool manifest_refers(const struct check *check, const char *manifest, const char *digest)
{
	struct store_documents documents;

	return manifest && (text_equal(manifest, digest) ||
			    (store_read_documents(check->store, manifest, check->arena, &documents,
						  NULL) == 0 &&
			     is_referred(check, &documents, digest)));
}

/* A document that is broken hides what it refers to: then the image is one to try. */
static bool image_refers(const struct check *check, const struct store_image *image,
			 const char *digest)
{
	if (!image->id || text_equal(store_image_key(image), digest) ||
	    manifest_refers(check, image->digest, digest))
		return true;
	for (size_t i = 0; i < image->manifests.count; i++)
		if (manifest_refers(check, image->manifests.items[i], digest))
			return true;
	return false;
}

/* From where an image with that blob came; each is tried. */
static int fetch_again(struct check *check, const char *digest, struct error *err)
{
	int result = fail(err, ENOENT, "no image of the store needs it: lade gc removes it");

	for (size_t i = 0; i < check->images.count; i++) {
		const struct store_image *image = &check->images.items[i];

		if (!image_refers(check, image, digest))
			continue;
		*err = (struct error){ 0 };
		TRY(check_put_aside(check, digest, err));
		result = transfer_restore(check->store, image, check->options->transfer,
					  check->arena, err);
		if (result >= 0 && !store_have_blob(check->store, digest))
			result = fail(err, ENOENT, "%s does not have it", image->name);
		check_put_back(check, digest);
		if (result >= 0 || result == -ECANCELED)
			break;
	}
	return result;
}

static int check_blob(struct check *check, int dir, const char *digest, const char *name,
		      struct error *err)
{
	struct error cancelled = { 0 }, why = { 0 };
	const char *wrong = wrong_with(check, dir, name, digest, &cancelled);
	int repaired = 1;

	check->result->blobs++;
	if (cancelled.number) {
		if (err)
			*err = cancelled;
		return -cancelled.number;
	}
	if (!wrong)
		return 0;
	strings_add(&check->broken, arena_string(check->arena, digest), check->arena);
	if (check->options->repair)
		repaired = fetch_again(check, digest, &why);
	if (repaired == -ECANCELED) {
		if (err)
			*err = why;
		return repaired;
	}
	if (repaired == 0)
		check->broken.count--;
	check_tell(check, arena_format(check->arena, "blob %s", digest), wrong, repaired, &why);
	return 0;
}

/* The names first: repairing puts new files there. */
static int check_folder(struct check *check, const char *algorithm, struct error *err)
{
	int fd = openat(check->store->dir, arena_format(check->arena, "blobs/%s", algorithm),
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct strings names = { 0 };

	if (!stream)
		return fail_call(err, "openat", "cannot read \"%s/blobs/%s\"", check->store->path,
				 algorithm);
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strings_add(&names, arena_string(check->arena, entry->d_name),
				    check->arena);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		const char *digest = arena_format(check->arena, "%s:%s", algorithm, names.items[i]);

		if (digest_valid(digest))
			TRY(check_blob(check, fd, digest, names.items[i], err));
		else
			check_tell(check,
				   arena_format(check->arena, "blobs/%s/%s", algorithm,
						names.items[i]),
				   "its name is no digest", 1, NULL);
	}
	return 0;
}

int check_blobs(struct check *check, struct error *err)
{
	TRY(check_folder(check, "sha256", err));
	return check_folder(check, "sha512", err);
}

/* ---- aside and back ---------------------------------------------------------------------------
 */

static void paths_of(const char *digest, char path[PATH_SIZE], char aside[PATH_SIZE])
{
	const char *algorithm = digest_algorithm_name(digest_algorithm(digest));

	snprintf(path, PATH_SIZE, "blobs/%s/%s", algorithm, digest_hex(digest));
	snprintf(aside, PATH_SIZE, "ingest/broken-%.24s", digest_hex(digest));
}

int check_put_aside(struct check *check, const char *digest, struct error *err)
{
	char path[PATH_SIZE], aside[PATH_SIZE];

	paths_of(digest, path, aside);
	if (renameat(check->store->dir, path, check->store->dir, aside) < 0 && errno != ENOENT)
		return fail_call(err, "renameat", "cannot put the broken blob aside");
	return 0;
}

void check_put_back(struct check *check, const char *digest)
{
	char path[PATH_SIZE], aside[PATH_SIZE];
	int dir = check->store->dir;

	paths_of(digest, path, aside);
	if (renameat2(dir, aside, dir, path, RENAME_NOREPLACE) < 0)
		unlinkat(dir, aside, 0);
}

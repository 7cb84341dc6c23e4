/* remove.c -- take names away. */
#include <errno.h>
#include <unistd.h>

#include "base/own.h"
#include "store_private.h"

/* What is to be done: `name` alone, or everything of the image. */
struct removal {
	const struct store_image *image;
	const char *digest; /* in index.json */
	const char *name;
	size_t names;     /* the image has in all */
	size_t remaining; /* after the removal */
};

static void removal_plan(const struct store_images *images, const struct store_image *image,
			 enum image_match match, struct removal *removal)
{
	*removal = (struct removal){ .image = image, .digest = store_image_key(image) };
	for (size_t i = 0; i < images->count; i++)
		removal->names += text_equal(store_image_key(&images->items[i]), removal->digest);
	if (match == MATCH_NAME) {
		removal->name = image->name;
		removal->remaining = removal->names - 1;
	}
}

/* A view (lade mount) is a record, too. */
static int fail_used(const struct store_bundle *bundle, const char *what, struct error *err)
{
	if (text_equal(bundle->rootfs, "view")) {
		fail(err, EBUSY, "the image %s is mounted at \"%s/rootfs\"", what, bundle->path);
		fail_hint(err, "lade unmount it, or use --force");
		return -EBUSY;
	}
	fail(err, EBUSY, "the image %s is used by the bundle \"%s\"", what, bundle->path);
	fail_hint(err, "release the bundle, or use --force");
	return -EBUSY;
}

static int check_bundles(const struct store *store, const struct removal *removal, const char *what,
			 struct arena *arena, struct error *err)
{
	struct store_bundles bundles;

	TRY(store_list_bundles(store, arena, &bundles, err));
	for (size_t i = 0; i < bundles.count; i++)
		if (store_image_has(removal->image, bundles.items[i].digest))
			return fail_used(&bundles.items[i], what, err);
	return 0;
}

static bool is_removed(const struct removal *removal, const struct oci_descriptor *descriptor)
{
	return text_equal(descriptor->digest, removal->digest) &&
	       (!removal->name || text_equal(index_name_of(descriptor), removal->name));
}

static int names_remove(const struct store *store, const struct removal *removal,
			struct arena *arena, struct strings *untagged, struct error *err)
{
	struct oci_index index;
	size_t kept = 0;

	TRY(index_read(store, arena, &index, err));
	for (size_t i = 0; i < index.manifests.count; i++) {
		const struct oci_descriptor *descriptor = &index.manifests.items[i];
		const char *name = index_name_of(descriptor);

		if (!is_removed(removal, descriptor))
			index.manifests.items[kept++] = *descriptor;
		else if (name)
			strings_add(untagged, arena_string(arena, name), arena);
	}
	index.manifests.count = kept;
	return index_write(store, &index, err);
}

int store_remove_image(struct store *store, const char *what, bool force, struct arena *arena,
		       struct strings *untagged, struct error *err)
{
	auto_close int lock = index_lock(store, err);
	const struct store_image *image;
	struct store_images images;
	struct removal removal;
	enum image_match match;

	if (lock < 0)
		return lock;
	TRY(store_list_images(store, arena, &images, err));
	TRY(image_match(&images, what, arena, &image, &match, err));
	removal_plan(&images, image, match, &removal);
	if (!removal.names || (removal.name && image->read_only))
		return fail(err, EROFS, "the image %s is in an additional store: it is read-only",
			    what);
	if (!removal.name && removal.names > 1 && !force) {
		fail(err, EEXIST, "the image %s has %zu names", what, removal.names);
		fail_hint(err, "remove it by its names, or use --force");
		return -EEXIST;
	}
	if (removal.remaining == 0 && !force)
		TRY(check_bundles(store, &removal, what, arena, err));
	return names_remove(store, &removal, arena, untagged, err);
}

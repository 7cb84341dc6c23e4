/* store_images.c -- names, finding, removal, bundles, the collector. */
#include "store_case.h"

#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define ALPINE "docker.io/library/alpine:latest"

static void find(struct store_case *test, const char *what, const char *digest)
{
	struct store_image image;

	if (store_find_image(&test->store, what, &test->arena, &image, &test->err) < 0)
		fail_msg("%s: %s", what, line_of(test));
	assert_string_equal(image.digest, digest);
}

static void test_an_image_is_found_by_all_its_names(void **state)
{
	struct store_case *test = *state;
	struct made_image made;
	char *short_id, index[] =
				"sha256:1111111111111111111111111111111111111111111111111111111111"
				"111111";

	image_make(test, "a", &made);
	made.image.index_digest = index;
	image_name(test, &made, ALPINE);
	short_id = arena_format(&test->arena, "%.12s", digest_hex(made.config));
	find(test, ALPINE, made.manifest);
	find(test, "alpine", made.manifest);
	find(test, "library/alpine:latest", made.manifest);
	find(test, made.config, made.manifest);
	find(test, made.manifest, made.manifest);
	find(test, index, made.manifest);
	find(test, digest_hex(made.config), made.manifest);
	find(test, short_id, made.manifest);
	find(test, arena_format(&test->arena, "alpine@%s", made.manifest), made.manifest);
	find(test, arena_format(&test->arena, "alpine@%s", index), made.manifest);
}

static void test_what_is_not_there_is_not_found(void **state)
{
	static const char *const names[] = { "alpine:3", "busybox", "0000", "../x", "", "ab" };
	struct store_case *test = *state;
	struct store_image image;
	struct made_image made;

	image_make(test, "a", &made);
	image_name(test, &made, ALPINE);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
			store_find_image(&test->store, names[i], &test->arena, &image, &test->err),
			-ENOENT);
	store_find_image(&test->store, "alpine:3", &test->arena, &image, &test->err);
	assert_string_equal(line_of(test), "alpine:3: no such image");
	assert_int_equal(store_find_image(&test->store,
					  arena_format(&test->arena, "busybox@%s", made.manifest),
					  &test->arena, &image, &test->err),
			 -ENOENT);
}

static void test_images_are_listed_newest_first_with_id_and_size(void **state)
{
	struct store_case *test = *state;
	struct made_image old, new;
	struct store_images images;

	image_make(test, "a", &old);
	image_make(test, "aaa", &new);
	image_name(test, &old, "docker.io/library/old:1");
	image_name(test, &new, "docker.io/library/new:1");
	assert_int_equal(store_list_images(&test->store, &test->arena, &images, &test->err), 0);
	assert_int_equal(images.count, 2);
	assert_string_equal(images.items[0].name, "docker.io/library/new:1");
	assert_string_equal(images.items[0].created, "2024-04-01T00:00:00Z");
	assert_string_equal(images.items[1].id, old.config);
	assert_true(images.items[1].total > 10);
}

static void test_an_image_with_a_damaged_manifest_is_listed_without_id(void **state)
{
	struct store_case *test = *state;
	struct store_images images;
	struct made_image made;

	image_make(test, "a", &made);
	image_name(test, &made, ALPINE);
	write_file(test->store.dir,
		   arena_format(&test->arena, "blobs/sha256/%s", digest_hex(made.manifest)), "{}");
	assert_int_equal(store_list_images(&test->store, &test->arena, &images, &test->err), 0);
	assert_int_equal(images.count, 1);
	assert_null(images.items[0].id);
}

static void test_a_name_moves_to_the_new_image(void **state)
{
	struct store_case *test = *state;
	struct made_image first, second;
	struct store_images images;

	image_make(test, "a", &first);
	image_make(test, "b", &second);
	image_name(test, &first, ALPINE);
	image_name(test, &second, ALPINE);
	find(test, "alpine", second.manifest);
	assert_int_equal(store_list_images(&test->store, &test->arena, &images, &test->err), 0);
	assert_int_equal(images.count, 1);
}

static void test_a_name_needs_a_manifest(void **state)
{
	struct store_case *test = *state;
	struct store_image image = {
		.name = (char *)ALPINE,
		.digest = (char *)"sha256:00000000000000000000000000000000000000000000000000000000"
				  "00000000",
		.media_type = (char *)OCI_TYPE_MANIFEST,
	};

	assert_int_equal(store_set_name(&test->store, &image, &test->err), -ENOENT);
}

/* ---- removal ---- */

static int image_remove(struct store_case *test, const char *what, bool force,
			struct strings *untagged)
{
	*untagged = (struct strings){ 0 };
	return store_remove_image(&test->store, what, force, &test->arena, untagged, &test->err);
}

static void test_removing_one_name_leaves_the_others(void **state)
{
	struct store_case *test = *state;
	struct strings untagged;
	struct made_image made;

	image_make(test, "a", &made);
	image_name(test, &made, ALPINE);
	image_name(test, &made, "docker.io/library/alpine:3");
	assert_int_equal(image_remove(test, "alpine", false, &untagged), 0);
	assert_int_equal(untagged.count, 1);
	assert_string_equal(untagged.items[0], ALPINE);
	find(test, "alpine:3", made.manifest);
}

static void test_removing_by_id_takes_all_names_only_with_force(void **state)
{
	struct store_case *test = *state;
	struct strings untagged;
	struct made_image made;

	image_make(test, "a", &made);
	image_name(test, &made, ALPINE);
	image_name(test, &made, "docker.io/library/alpine:3");
	assert_int_equal(image_remove(test, made.config, false, &untagged), -EEXIST);
	assert_non_null(strstr(line_of(test), "has 2 names"));
	assert_int_equal(image_remove(test, made.config, true, &untagged), 0);
	assert_int_equal(untagged.count, 2);
	assert_int_equal(image_remove(test, made.config, true, &untagged), -ENOENT);
}

static void bundle_add(struct store_case *test, const struct made_image *made)
{
	char *layers[] = { (char *)made->diff_id };
	struct store_bundle bundle = {
		.path = (char *)"/srv/b",
		.image = (char *)ALPINE,
		.digest = (char *)made->manifest,
		.layers = { layers, 1 },
		.rootfs = (char *)"copy",
	};
	auto_close int directory = -1;

	if (store_add_bundle(&test->store, &bundle, NULL, &test->arena, &directory, &test->err) < 0)
		fail_msg("%s", line_of(test));
	assert_int_equal(mkdirat(directory, "upper", 0755), 0);
	assert_int_equal(
		store_add_bundle(&test->store, &bundle, NULL, &test->arena, NULL, &test->err),
		-EEXIST);
	assert_string_equal(line_of(test), "there is a bundle at \"/srv/b\" already");
}

static void test_an_image_in_use_is_removed_only_with_force(void **state)
{
	struct store_case *test = *state;
	struct strings untagged;
	struct made_image made;

	image_make(test, "a", &made);
	image_name(test, &made, ALPINE);
	image_name(test, &made, "docker.io/library/alpine:3");
	bundle_add(test, &made);
	assert_int_equal(image_remove(test, "alpine:3", false, &untagged), 0);
	assert_int_equal(image_remove(test, "alpine", false, &untagged), -EBUSY);
	assert_non_null(strstr(line_of(test), "the image alpine is used by the bundle \"/srv/b\""));
	assert_int_equal(image_remove(test, "alpine", true, &untagged), 0);
}

/* ---- bundles ---- */

static void test_a_bundle_is_found_by_path_and_id_until_removed(void **state)
{
	struct store_case *test = *state;
	struct store_bundle bundle;
	struct store_bundles bundles;
	struct made_image made;

	image_make(test, "a", &made);
	bundle_add(test, &made);
	assert_int_equal(
		store_find_bundle(&test->store, "/srv/b", &test->arena, &bundle, &test->err), 0);
	assert_string_equal(bundle.digest, made.manifest);
	assert_string_equal(bundle.layers.items[0], made.diff_id);
	assert_int_equal(
		store_find_bundle(&test->store, bundle.id, &test->arena, &bundle, &test->err), 0);
	assert_int_equal(store_list_bundles(&test->store, &test->arena, &bundles, &test->err), 0);
	assert_int_equal(bundles.count, 1);
	assert_int_equal(store_remove_bundle(&test->store, bundle.id, &test->err), 0);
	assert_int_equal(count_in(test, "bundles"), 0);
	assert_int_equal(
		store_find_bundle(&test->store, "/srv/b", &test->arena, &bundle, &test->err),
		-ENOENT);
	assert_string_equal(line_of(test), "there is no bundle of this store at \"/srv/b\"");
	assert_int_equal(store_remove_bundle(&test->store, "../blobs", &test->err), -EINVAL);
}

/* ---- exchanging a tree ---- */

static int exchange(struct store_case *test, const struct made_image *made)
{
	auto_staging struct staging staging = STAGING_NONE;

	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	write_file(staging.dir, "better", "than before");
	return staging_exchange(&staging, made->diff_id, &test->err);
}

static void test_a_tree_that_anybody_may_use_is_not_exchanged(void **state)
{
	struct store_case *test = *state;
	struct store other = STORE_NONE;
	struct store_bundle bundle;
	struct made_image made;

	image_make(test, "a", &made);
	bundle_add(test, &made);
	assert_int_equal(exchange(test, &made), -EBUSY);
	assert_string_equal(line_of(test), "the bundle /srv/b stands on it: release that first");
	store_find_bundle(&test->store, "/srv/b", &test->arena, &bundle, &test->err);
	assert_int_equal(store_remove_bundle(&test->store, bundle.id, &test->err), 0);
	assert_int_equal(store_open(test->path, STORE_USE, &other, &test->err), 0);
	assert_int_equal(exchange(test, &made), -EBUSY);
	assert_non_null(strstr(line_of(test), "is used by another lade"));
	store_close(&other);
	assert_true(exists(test, "layers/%s/file", digest_hex(made.diff_id)));
	assert_int_equal(exchange(test, &made), 0);
	assert_true(exists(test, "layers/%s/better", digest_hex(made.diff_id)));
	assert_false(exists(test, "layers/%s/file", digest_hex(made.diff_id)));
	assert_int_equal(count_in(test, "ingest"), 0);
}

/* ---- the collector ---- */

static void collect(struct store_case *test, uint64_t blobs, uint64_t layers)
{
	struct store_collected collected;

	if (store_collect(&test->store, true, &collected, &test->err) < 0)
		fail_msg("%s", line_of(test));
	assert_int_equal(collected.blobs, blobs);
	assert_int_equal(collected.layers, layers);
	assert_int_equal(count_in(test, "ingest"), 0);
}

static void test_the_collector_keeps_what_has_a_name(void **state)
{
	struct store_case *test = *state;
	struct made_image kept, lost;

	image_make(test, "kept", &kept);
	image_make(test, "lost", &lost);
	image_name(test, &kept, ALPINE);
	collect(test, 3, 1);
	assert_true(store_have_blob(&test->store, kept.layer));
	assert_true(exists(test, "layers/%s/file", digest_hex(kept.diff_id)));
	assert_false(store_have_blob(&test->store, lost.manifest));
	assert_false(exists(test, "layers/%s", digest_hex(lost.diff_id)));
	collect(test, 0, 0);
}

static void test_the_collector_keeps_what_a_bundle_uses(void **state)
{
	struct store_case *test = *state;
	struct store_bundle bundle;
	struct made_image made;

	image_make(test, "a", &made);
	bundle_add(test, &made);
	collect(test, 0, 0);
	store_find_bundle(&test->store, "/srv/b", &test->arena, &bundle, &test->err);
	assert_int_equal(store_remove_bundle(&test->store, bundle.id, &test->err), 0);
	collect(test, 3, 1);
	assert_int_equal(count_in(test, "blobs/sha256"), 0);
	assert_int_equal(count_in(test, "layers"), 0);
}

static void test_the_collector_removes_what_killed_lades_left(void **state)
{
	struct store_case *test = *state;
	struct store_collected collected;

	assert_int_equal(mkdirat(test->store.dir, "ingest/tree-dead", 0755), 0);
	assert_int_equal(mkdirat(test->store.dir, "ingest/tree-dead/etc", 0), 0);
	assert_int_equal(mkdirat(test->store.dir, "ingest/trash-old", 0755), 0);
	assert_int_equal(mkdirat(test->store.dir, "bundles/11111111111111111111111111111111", 0700),
			 0);
	write_file(test->store.dir, FILE_TEMPORARY_PREFIX "1234", "half an index");
	assert_int_equal(store_collect(&test->store, true, &collected, &test->err), 0);
	assert_int_equal(collected.ingests, 1);
	assert_false(exists(test, FILE_TEMPORARY_PREFIX "1234"));
	assert_int_equal(count_in(test, "ingest"), 0);
	assert_int_equal(count_in(test, "bundles"), 0);
}

static void test_the_collector_does_not_run_while_another_uses_the_store(void **state)
{
	struct store_case *test = *state;
	struct store_collected collected;
	struct store other = STORE_NONE;
	struct made_image made;

	image_make(test, "a", &made);
	assert_int_equal(store_open(test->path, STORE_USE, &other, &test->err), 0);
	assert_int_equal(store_collect(&test->store, false, &collected, &test->err), -EBUSY);
	assert_non_null(strstr(line_of(test), "is used by another lade"));
	assert_true(store_have_blob(&test->store, made.manifest));
	/* The own lease was given back: the other cannot collect, either. */
	assert_int_equal(store_collect(&other, false, &collected, &test->err), -EBUSY);
	store_close(&other);
	collect(test, 3, 1);
}

static void test_the_collector_removes_nothing_when_a_root_is_damaged(void **state)
{
	struct store_case *test = *state;
	struct store_collected collected;
	struct made_image broken, lost;

	image_make(test, "broken", &broken);
	image_make(test, "lost", &lost);
	image_name(test, &broken, ALPINE);
	assert_int_equal(
		unlinkat(test->store.dir,
			 arena_format(&test->arena, "blobs/sha256/%s", digest_hex(broken.config)),
			 0),
		0);
	assert_int_equal(store_collect(&test->store, true, &collected, &test->err), -ENOENT);
	assert_non_null(strstr(line_of(test), "image " ALPINE ": cannot open the blob"));
	assert_non_null(strstr(line_of(test), "nothing was removed"));
	assert_true(store_have_blob(&test->store, lost.manifest));
}

static void test_an_entry_of_another_tool_is_kept(void **state)
{
	struct store_case *test = *state;
	struct text text = { 0 };
	struct made_image made, named;

	image_make(test, "foreign", &made);
	image_make(test, "named", &named);
	text_format(&text,
		    "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" OCI_TYPE_MANIFEST
		    "\",\"digest\":\"%s\",\"size\":%lld,\"annotations\":{\"org.example\":\"x\"}}]}",
		    made.manifest, (long long)made.image.size);
	write_file(test->store.dir, "index.json", text.data);
	image_name(test, &named, ALPINE);
	collect(test, 0, 0);
	assert_int_equal(file_read(test->store.dir, "index.json", 10000, &text, NULL), 0);
	assert_non_null(strstr(text.data, "org.example"));
	find(test, made.config, made.manifest);
	text_free(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_case_open, store_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_an_image_is_found_by_all_its_names),
		CASE(test_what_is_not_there_is_not_found),
		CASE(test_images_are_listed_newest_first_with_id_and_size),
		CASE(test_an_image_with_a_damaged_manifest_is_listed_without_id),
		CASE(test_a_name_moves_to_the_new_image),
		CASE(test_a_name_needs_a_manifest),
		CASE(test_removing_one_name_leaves_the_others),
		CASE(test_removing_by_id_takes_all_names_only_with_force),
		CASE(test_an_image_in_use_is_removed_only_with_force),
		CASE(test_a_bundle_is_found_by_path_and_id_until_removed),
		CASE(test_a_tree_that_anybody_may_use_is_not_exchanged),
		CASE(test_the_collector_keeps_what_has_a_name),
		CASE(test_the_collector_keeps_what_a_bundle_uses),
		CASE(test_the_collector_removes_what_killed_lades_left),
		CASE(test_the_collector_does_not_run_while_another_uses_the_store),
		CASE(test_the_collector_removes_nothing_when_a_root_is_damaged),
		CASE(test_an_entry_of_another_tool_is_kept),
	};

	return cmocka_run_group_tests_name("store images", tests, NULL, NULL);
}

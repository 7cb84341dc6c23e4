/* store_contents.c -- blobs, downloads that were interrupted, layer trees, commits. */
#include "store_case.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELLO     "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HELLO_HEX (HELLO + 7)
#define WRONG     "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define HELLO_PART                                                                                 \
	"ingest/sha256-2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824.part"

static void test_a_new_store_is_a_valid_and_private_layout(void **state)
{
	struct store_case *test = *state;
	struct text text = { 0 };
	struct stat status;

	assert_int_equal(file_read(test->store.dir, "oci-layout", 100, &text, NULL), 0);
	assert_string_equal(text.data, "{\"imageLayoutVersion\":\"1.0.0\"}\n");
	assert_int_equal(file_read(test->store.dir, "index.json", 1000, &text, NULL), 0);
	assert_non_null(strstr(text.data, "\"schemaVersion\": 2"));
	assert_non_null(strstr(text.data, "\"manifests\": []"));
	text_free(&text);
	assert_int_equal(fstatat(test->store.dir, "layers", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

static void test_another_directory_is_not_made_a_store(void **state)
{
	struct store_case *test = *state;
	struct store other;

	assert_int_equal(mkdirat(test->store.dir, "other", 0755), 0);
	assert_int_equal(mkdirat(test->store.dir, "other/precious", 0755), 0);
	assert_int_equal(store_open(arena_format(&test->arena, "%s/other", test->path), STORE_USE,
				    &other, &test->err),
			 -ENOTEMPTY);
	assert_non_null(strstr(line_of(test), "is not an image store, and not empty either"));
	assert_false(exists(test, "other/oci-layout"));
}

static void test_a_layout_of_another_version_is_refused(void **state)
{
	struct store_case *test = *state;
	struct store other;

	write_file(test->store.dir, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
	assert_true(store_open(test->path, STORE_LOOK, &other, &test->err) < 0);
	assert_int_equal(other.dir, -1);
}

static void test_a_blob_is_there_when_committed_not_before(void **state)
{
	struct store_case *test = *state;
	struct text text = { 0 };

	assert_int_equal(store_put_blob(&test->store, HELLO, "hello", 5, &test->err), 0);
	assert_false(store_have_blob(&test->store, HELLO));
	assert_int_equal(store_commit(&test->store, &test->err), 0);
	assert_true(store_have_blob(&test->store, HELLO));
	assert_int_equal(store_read_blob(&test->store, HELLO, 100, &text, &test->err), 0);
	assert_string_equal(text.data, "hello");
	text_free(&text);
	assert_int_equal(count_in(test, "ingest"), 0);
	assert_int_equal(store_read_blob(&test->store, HELLO, 4, &text, &test->err), -EFBIG);
	text_free(&text);
}

static void test_what_was_not_committed_is_gone_after_close(void **state)
{
	struct store_case *test = *state;
	struct staging staging = STAGING_NONE;

	assert_int_equal(store_put_blob(&test->store, HELLO, "hello", 5, &test->err), 0);
	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	assert_int_equal(staging_finish(&staging, HELLO, &test->err), 0);
	assert_int_equal(count_in(test, "ingest"), 2);
	store_close(&test->store);
	assert_int_equal(store_open(test->path, STORE_USE, &test->store, &test->err), 0);
	assert_int_equal(count_in(test, "ingest"), 0);
	assert_int_equal(count_in(test, "layers"), 0);
}

static void test_digests_are_checked_before_they_are_paths(void **state)
{
	static const char *const wrong[] = {
		"sha256:../../../etc/passwd", "sha256:", "", "md5:00", "sha256:2CF2",
	};
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(store_have_blob(&test->store, wrong[i]));
		assert_int_equal(store_open_blob(&test->store, wrong[i], -1, &test->err), -EINVAL);
		assert_int_equal(store_open_layer(&test->store, wrong[i], &test->err), -EINVAL);
		assert_int_equal(ingest_open(&test->store, wrong[i], 1, &ingest, &test->err),
				 -EINVAL);
	}
	assert_int_equal(store_put_blob(&test->store, WRONG, "hello", 5, &test->err), -EBADMSG);
}

static void test_a_damaged_blob_is_noticed(void **state)
{
	struct store_case *test = *state;
	struct text text = { 0 };

	assert_int_equal(store_put_blob(&test->store, HELLO, "hello", 5, &test->err), 0);
	assert_int_equal(store_commit(&test->store, &test->err), 0);
	assert_int_equal(store_open_blob(&test->store, HELLO, 6, &test->err), -EBADMSG);
	assert_string_equal(line_of(test),
			    "the blob " HELLO " is damaged: it has 5 bytes instead of 6");
	write_file(test->store.dir, arena_format(&test->arena, "blobs/sha256/%s", HELLO_HEX),
		   "jello");
	assert_int_equal(store_read_blob(&test->store, HELLO, 100, &text, &test->err), -EBADMSG);
	text_free(&text);
}

/* ---- ingest ---- */

static void test_an_interrupted_download_is_gone_on_with(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;
	char back[8] = "";

	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 0);
	assert_int_equal(ingest.offset, 0);
	assert_int_equal(ingest_write(&ingest, "hel", 3, &test->err), 0);
	ingest_close(&ingest);
	store_close(&test->store);

	assert_int_equal(store_open(test->path, STORE_USE, &test->store, &test->err), 0);
	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 0);
	assert_int_equal(ingest.offset, 3);
	assert_int_equal(ingest_read(&ingest, back, sizeof(back), 0, &test->err), 3);
	assert_string_equal(back, "hel");
	assert_int_equal(ingest_write(&ingest, "lo", 2, &test->err), 0);
	assert_int_equal(ingest_finish(&ingest, &test->err), 0);
	assert_true(store_have_blob(&test->store, HELLO));
	assert_int_equal(count_in(test, "ingest"), 0);
	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 1);
}

static void test_a_server_without_ranges_makes_it_begin_again(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;

	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 0);
	assert_int_equal(ingest_write(&ingest, "xyz", 3, &test->err), 0);
	assert_int_equal(ingest_restart(&ingest, &test->err), 0);
	assert_int_equal(ingest_write(&ingest, "hello", 5, &test->err), 0);
	assert_int_equal(ingest_finish(&ingest, &test->err), 0);
}

static void test_a_wrong_or_short_or_long_blob_never_gets_a_name(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;

	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 0);
	assert_int_equal(ingest_write(&ingest, "hell", 4, &test->err), 0);
	assert_int_equal(ingest_finish(&ingest, &test->err), -EBADMSG);
	assert_string_equal(line_of(test), "the blob " HELLO " ended after 4 of 5 bytes");
	assert_int_equal(ingest_write(&ingest, "o!", 2, &test->err), -EBADMSG);
	assert_string_equal(line_of(test), "the blob " HELLO " has more than its 5 bytes");
	assert_true(exists(test, HELLO_PART));
	assert_int_equal(ingest_write(&ingest, "!", 1, &test->err), 0);
	assert_int_equal(ingest_finish(&ingest, &test->err), -EBADMSG);
	ingest_close(&ingest);
	assert_false(exists(test, HELLO_PART));
	assert_false(store_have_blob(&test->store, HELLO));
}

static void test_a_blob_that_cannot_fit_is_refused_at_once(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;
	struct stat status;

	assert_true(ingest_open(&test->store, HELLO, INT64_MAX / 2, &ingest, &test->err) < 0);
	assert_non_null(strstr(line_of(test), "there is no room for the"));
	assert_int_equal(ingest.fd, -1);
	assert_int_equal(fstatat(test->store.dir, HELLO_PART, &status, 0), 0);
	assert_int_equal(status.st_blocks, 0);
}

struct second {
	struct store_case *test;
	int result;
};

static void *fetch_too(void *context)
{
	struct second *second = context;
	struct ingest ingest = INGEST_NONE;

	second->result = ingest_open(&second->test->store, HELLO, 5, &ingest, NULL);
	ingest_close(&ingest);
	return NULL;
}

static void test_of_two_who_fetch_a_blob_one_waits_and_has_it(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;
	struct second second = { test, -1 };
	pthread_t thread;

	assert_int_equal(ingest_open(&test->store, HELLO, 5, &ingest, &test->err), 0);
	assert_int_equal(pthread_create(&thread, NULL, fetch_too, &second), 0);
	assert_int_equal(ingest_write(&ingest, "hello", 5, &test->err), 0);
	assert_int_equal(ingest_finish(&ingest, &test->err), 0);
	pthread_join(thread, NULL);
	assert_int_equal(second.result, 1);
	assert_int_equal(count_in(test, "ingest"), 0);
}

static void test_a_blob_is_imported_from_another_layout_and_verified(void **state)
{
	struct store_case *test = *state;
	auto_close int layout = -1;
	char *path = arena_format(&test->arena, "blobs/sha256/%s", HELLO_HEX);

	assert_int_equal(file_make_directories(
				 arena_format(&test->arena, "%s/other/blobs/sha256", test->path),
				 0755, NULL),
			 0);
	layout = openat(test->store.dir, "other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(store_import_blob(&test->store, layout, HELLO, 5, &test->err), -ENOENT);
	write_file(layout, path, "jello");
	assert_int_equal(store_import_blob(&test->store, layout, HELLO, 5, &test->err), -EBADMSG);
	write_file(layout, path, "hello!");
	assert_int_equal(store_import_blob(&test->store, layout, HELLO, 5, &test->err), -EBADMSG);
	write_file(layout, path, "hello");
	if (store_import_blob(&test->store, layout, HELLO, 5, &test->err) < 0)
		fail_msg("%s", line_of(test));
	assert_true(store_have_blob(&test->store, HELLO));
	assert_int_equal(store_import_blob(&test->store, layout, HELLO, 5, &test->err), 0);
}

/* ---- trees ---- */

static void test_a_tree_is_a_layer_once_committed(void **state)
{
	struct store_case *test = *state;
	struct staging staging = STAGING_NONE;
	char *keys[] = { (char *)HELLO };
	struct strings diff_ids = { keys, 1 };

	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	assert_int_equal(mkdirat(staging.dir, "etc", 0755), 0);
	assert_int_equal(store_open_layer(&test->store, HELLO, &test->err), -ENOENT);
	assert_int_equal(staging_finish(&staging, HELLO, &test->err), 0);
	assert_null(store_layer_path(&test->store, &diff_ids, 0, &test->arena));
	assert_int_equal(store_commit(&test->store, &test->err), 0);
	assert_true(exists(test, "layers/%s/etc", HELLO_HEX));
	assert_string_equal(store_layer_path(&test->store, &diff_ids, 0, &test->arena),
			    arena_format(&test->arena, "%s/layers/%s", test->path, HELLO_HEX));
}

static void test_a_tree_may_be_kept_under_its_chain_id(void **state)
{
	struct store_case *test = *state;
	struct staging staging = STAGING_NONE;
	char *keys[] = { (char *)WRONG, (char *)HELLO }, chain[DIGEST_SIZE];
	struct strings diff_ids = { keys, 2 };

	digest_of(DIGEST_SHA256, WRONG " " HELLO, strlen(WRONG " " HELLO), chain);
	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	assert_int_equal(staging_finish(&staging, chain, &test->err), 0);
	assert_int_equal(store_commit(&test->store, &test->err), 0);
	assert_null(store_layer_path(&test->store, &diff_ids, 0, &test->arena));
	assert_string_equal(
		store_layer_path(&test->store, &diff_ids, 1, &test->arena),
		arena_format(&test->arena, "%s/layers/%s", test->path, digest_hex(chain)));
}

static void test_of_two_trees_of_a_layer_the_first_stays(void **state)
{
	struct store_case *test = *state;

	for (int i = 0; i < 2; i++) {
		struct staging staging = STAGING_NONE;

		assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
		assert_int_equal(mkdirat(staging.dir, i ? "second" : "first", 0755), 0);
		assert_int_equal(staging_finish(&staging, HELLO, &test->err), 0);
		assert_int_equal(store_commit(&test->store, &test->err), 0);
	}
	assert_true(exists(test, "layers/%s/first", HELLO_HEX));
	assert_int_equal(count_in(test, "ingest"), 0);
}

static void test_a_discarded_tree_leaves_nothing(void **state)
{
	struct store_case *test = *state;
	struct staging staging = STAGING_NONE;

	staging_discard(&staging);
	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	assert_int_equal(mkdirat(staging.dir, "etc", 0755), 0);
	staging_discard(&staging);
	staging_discard(&staging);
	assert_int_equal(count_in(test, "ingest"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_case_open, store_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_new_store_is_a_valid_and_private_layout),
		CASE(test_another_directory_is_not_made_a_store),
		CASE(test_a_layout_of_another_version_is_refused),
		CASE(test_a_blob_is_there_when_committed_not_before),
		CASE(test_what_was_not_committed_is_gone_after_close),
		CASE(test_digests_are_checked_before_they_are_paths),
		CASE(test_a_damaged_blob_is_noticed),
		CASE(test_an_interrupted_download_is_gone_on_with),
		CASE(test_a_server_without_ranges_makes_it_begin_again),
		CASE(test_a_wrong_or_short_or_long_blob_never_gets_a_name),
		CASE(test_a_blob_that_cannot_fit_is_refused_at_once),
		CASE(test_of_two_who_fetch_a_blob_one_waits_and_has_it),
		CASE(test_a_blob_is_imported_from_another_layout_and_verified),
		CASE(test_a_tree_is_a_layer_once_committed),
		CASE(test_a_tree_may_be_kept_under_its_chain_id),
		CASE(test_of_two_trees_of_a_layer_the_first_stays),
		CASE(test_a_discarded_tree_leaves_nothing),
	};

	return cmocka_run_group_tests_name("store contents", tests, NULL, NULL);
}

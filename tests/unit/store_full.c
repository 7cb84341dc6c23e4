/* store_full.c -- a full disk: one clear error, and nothing left but what can be gone on with.
 * Needs a file system of its own: root mounts a small tmpfs in a namespace of this test's. */
#include "store_case.h"

#include "image/layer.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static bool mounted;

static int mount_small(void **state)
{
	if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=256k") == 0)
		mounted = true;
	return 0;
}

#define NEEDS_SMALL_DISK()                                                                         \
	do {                                                                                       \
		if (!mounted)                                                                      \
			skip(); /* only root may mount a tmpfs */                                  \
	} while (0)

static void test_a_blob_larger_than_the_disk_is_refused_before_it_is_fetched(void **state)
{
	struct store_case *test = *state;
	struct ingest ingest = INGEST_NONE;

	NEEDS_SMALL_DISK();
	assert_int_equal(ingest_open(&test->store, HELLO, 1 << 20, &ingest, &test->err), -ENOSPC);
	assert_string_equal(line_of(test),
			    "there is no room for the 1048576 bytes of the blob " HELLO
			    ": fallocate: no space left on device");
	assert_int_equal(count_in(test, "blobs/sha256"), 0);
}

static void test_a_small_blob_on_a_full_disk_leaves_nothing(void **state)
{
	struct store_case *test = *state;
	static const char bytes[1 << 20];
	char digest[DIGEST_SIZE];

	NEEDS_SMALL_DISK();
	digest_of(DIGEST_SHA256, bytes, 1 << 20, digest);
	assert_int_equal(store_put_blob(&test->store, digest, bytes, 1 << 20, &test->err), -ENOSPC);
	assert_non_null(strstr(line_of(test), "no space left on device"));
	assert_int_equal(count_in(test, "ingest"), 0);
}

static ssize_t read_big_file(void *context, void *buffer, size_t size, struct error *err)
{
	size_t *left = context;
	size_t length = *left > size ? size : *left;

	memset(buffer, 'x', length);    /* zeros would become a hole */
	if (*left == 512 + (1 << 20)) { /* one header, then what it says */
		static const char header[] = "big\0";
		unsigned char *block = buffer;
		unsigned sum = 8 * ' ';

		assert_true(size >= 512);
		memset(block, 0, 512);
		memcpy(block, header, sizeof(header));
		memcpy(block + 100,
		       "0000644\0"
		       "0000000\0"
		       "0000000\0"
		       "00004000000\0"
		       "00000000000",
		       47);
		block[156] = '0';
		memcpy(block + 257,
		       "ustar\0"
		       "00",
		       8);
		for (size_t i = 0; i < 512; i++)
			sum += block[i];
		snprintf((char *)block + 148, 8, "%06o", sum);
	}
	*left -= length;
	return (ssize_t)length;
}

static void test_a_layer_on_a_full_disk_leaves_nothing(void **state)
{
	struct store_case *test = *state;
	struct staging staging = STAGING_NONE;
	size_t left = 512 + (1 << 20);
	struct layer_source source = { read_big_file, &left };
	struct layer_options options = { .single_id = true, .user_xattrs = true, .name = "L" };
	struct layer_result result;

	NEEDS_SMALL_DISK();
	assert_int_equal(staging_open(&test->store, &staging, &test->err), 0);
	assert_int_equal(layer_apply(&source, staging.dir, &options, &result, &test->err), -ENOSPC);
	assert_string_equal(line_of(test),
			    "layer L: cannot write \"big\": write: no space left on device");
	staging_discard(&staging);
	assert_int_equal(count_in(test, "ingest"), 0);
	assert_int_equal(count_in(test, "layers"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_case_open, store_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_blob_larger_than_the_disk_is_refused_before_it_is_fetched),
		CASE(test_a_small_blob_on_a_full_disk_leaves_nothing),
		CASE(test_a_layer_on_a_full_disk_leaves_nothing),
	};

	return cmocka_run_group_tests_name("store on a full disk", tests, mount_small, NULL);
}

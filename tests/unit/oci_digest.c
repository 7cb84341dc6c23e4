/* oci_digest.c -- content addresses: their grammar, hashing, and who is believed. */
#include "base_case.h"

#include "image/digest.h"

#define HEX64     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define EMPTY_256 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_256   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_512                                                                                    \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                  \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static const char *const invalid[] = {
	NULL,
	"",
	"sha256",
	"sha256:",
	HEX64,
	"sha256:" HEX64 "0",
	"sha256:0123",
	"sha512:" HEX64,
	"sha256:" HEX64 HEX64,
	"sha256: " HEX64,
	"SHA256:" HEX64,
	"md5:0123456789abcdef0123456789abcdef",
	"sha384:" HEX64 "0123456789abcdef0123456789abcdef",
	"sha256+b64u:" HEX64,
	"sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	"sha256:../456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde/",
	"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n",
	"sha256:" HEX64 "\n",
	"sha256:" HEX64 "/..",
};

static void test_a_digest_is_an_algorithm_and_all_its_digits(void **state)
{
	(void)state;
	assert_true(digest_valid("sha256:" HEX64));
	assert_true(digest_valid("sha512:" HEX64 HEX64));
	assert_int_equal(digest_algorithm("sha512:" HEX64 HEX64), DIGEST_SHA512);
	assert_string_equal(digest_hex("sha256:" HEX64), HEX64);
	assert_string_equal(digest_algorithm_name(DIGEST_SHA512), "sha512");
}

static void test_nothing_else_is_a_digest(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		assert_false(digest_valid(invalid[i]));
		assert_int_equal(digest_check(invalid[i], "layer", &test->err), -EINVAL);
		assert_non_null(strstr(told(test), "layer: invalid digest \""));
	}
}

static void test_hashing_in_parts_is_hashing_at_once(void **state)
{
	struct base_case *test = *state;
	char digest[DIGEST_SIZE];
	struct digest_hash hash = { 0 };

	digest_of(DIGEST_SHA256, "", 0, digest);
	assert_string_equal(digest, EMPTY_256);
	digest_of(DIGEST_SHA256, "abc", 3, digest);
	assert_string_equal(digest, ABC_256);
	assert_int_equal(digest_begin(&hash, DIGEST_SHA512, &test->err), 0);
	digest_update(&hash, "a", 1);
	digest_update(&hash, "", 0);
	digest_update(&hash, "bc", 2);
	assert_int_equal(hash.length, 3);
	digest_end(&hash, digest);
	assert_string_equal(digest, ABC_512);
	digest_free(&hash); /* harmless */
}

static int verify(struct base_case *test, const char *content, const char *expected, int64_t size)
{
	struct digest_hash hash = { 0 };

	assert_int_equal(digest_begin(&hash, digest_algorithm(expected), &test->err), 0);
	digest_update(&hash, content, strlen(content));
	return digest_verify(&hash, expected, size, &test->err);
}

static void test_content_is_believed_with_its_size_and_digest_only(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(verify(test, "abc", ABC_256, 3), 0);
	assert_int_equal(verify(test, "abc", ABC_256, -1), 0);
	assert_int_equal(verify(test, "abc", ABC_512, 3), 0);
	assert_int_equal(verify(test, "", EMPTY_256, 0), 0);
	assert_int_equal(verify(test, "abc", ABC_256, 4), -EBADMSG);
	assert_non_null(strstr(told(test), "expected 4 bytes, got 3"));
	assert_int_equal(verify(test, "abd", ABC_256, 3), -EBADMSG);
	assert_non_null(strstr(told(test), "another digest"));
	assert_int_equal(verify(test, "abc", EMPTY_256, 3), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_digest_is_an_algorithm_and_all_its_digits),
		TEST(test_nothing_else_is_a_digest),
		TEST(test_hashing_in_parts_is_hashing_at_once),
		TEST(test_content_is_believed_with_its_size_and_digest_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

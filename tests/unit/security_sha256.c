/* security_sha256.c -- the digest against the examples of FIPS 180 (and a million "a"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "security/sha256.h"

static const char *digest(const void *bytes, size_t length)
{
	static char hex[2 * SHA256_SIZE + 1];
	unsigned char raw[SHA256_SIZE];
	struct sha256 sha;

	sha256_start(&sha);
	sha256_add(&sha, bytes, length);
	sha256_finish(&sha, raw);
	sha256_hex(raw, hex);
	return hex;
}

static void published_examples_are_met(void **state)
{
	assert_string_equal(digest("", 0),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(digest("abc", 3),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_of_any_size_give_the_digest_of_the_whole(void **state)
{
	const char *million_a = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
	unsigned char raw[SHA256_SIZE], piece[131];
	char hex[2 * SHA256_SIZE + 1];

	memset(piece, 'a', sizeof(piece));
	for (size_t step = 1; step <= sizeof(piece); step += 13) {
		struct sha256 sha;

		sha256_start(&sha);
		for (size_t done = 0; done < 1000000; done += step)
			sha256_add(&sha, piece, 1000000 - done < step ? 1000000 - done : step);
		sha256_finish(&sha, raw);
		sha256_hex(raw, hex);
		assert_string_equal(hex, million_a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples_are_met),
		cmocka_unit_test(pieces_of_any_size_give_the_digest_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* reference.c -- the grammar of names, row by row: what is taken, in full and as people write it.
 */
#include "base_case.h"

#include "image/reference.h"

#define HEX64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA256 "sha256:" HEX64
#define SHA512 "sha512:" HEX64 HEX64
#define A64    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* clang-format off */
static const struct {
	const char *text, *full, *familiar;
} names[] = {
	{ "alpine", "docker.io/library/alpine:latest", "alpine:latest" },
	{ "alpine:3.19", "docker.io/library/alpine:3.19", "alpine:3.19" },
	{ "library/alpine", "docker.io/library/alpine:latest", "alpine:latest" },
	{ "docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest" },
	{ "index.docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest" },
	{ "docker://alpine", "docker.io/library/alpine:latest", "alpine:latest" },
	{ "a/b", "docker.io/a/b:latest", "a/b:latest" },
	{ "library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
	{ "quay.io/a", "quay.io/a:latest", "quay.io/a:latest" },
	{ "quay.io/a/b/c:v1.0_x-y", "quay.io/a/b/c:v1.0_x-y", "quay.io/a/b/c:v1.0_x-y" },
	{ "localhost/a", "localhost/a:latest", "localhost/a:latest" },
	{ "localhost:5000/a:b", "localhost:5000/a:b", "localhost:5000/a:b" },
	{ "localhosts/a", "docker.io/localhosts/a:latest", "localhosts/a:latest" },
	{ "Upper/a", "Upper/a:latest", "Upper/a:latest" },
	{ "127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", "127.0.0.1:5000/a:latest" },
	{ "[::1]/a", "[::1]/a:latest", "[::1]/a:latest" },
	{ "[fe80::1]:5000/a/b:c", "[fe80::1]:5000/a/b:c", "[fe80::1]:5000/a/b:c" },
	{ "a__b/c---d.e_f", "docker.io/a__b/c---d.e_f:latest", "a__b/c---d.e_f:latest" },
	{ "a:5000", "docker.io/library/a:5000", "a:5000" },
	{ "a@" SHA256, "docker.io/library/a@" SHA256, "a@" SHA256 },
	{ "a@" SHA512, "docker.io/library/a@" SHA512, "a@" SHA512 },
	{ "q.io/a:t@" SHA256, "q.io/a:t@" SHA256, "q.io/a:t@" SHA256 },
	{ HEX64 ":tag", "docker.io/library/" HEX64 ":tag", HEX64 ":tag" },
	{ "a/" HEX64, "docker.io/a/" HEX64 ":latest", "a/" HEX64 ":latest" },
	{ "a:" A64 A64, "docker.io/library/a:" A64 A64, "a:" A64 A64 },
	{ "docker.io/localhost/a", "docker.io/localhost/a:latest", "docker.io/localhost/a:latest" },
	{ "dir:5", "dir:5", "dir:5" },
	{ "dir:/some/where:5", "dir:/some/where:5", "dir:/some/where:5" },
	{ "oci-archive:/x.tar:a/b:1", "oci-archive:/x.tar:a/b:1", "oci-archive:/x.tar:a/b:1" },
	{ "docker-archive:x.tar:@1", "docker-archive:x.tar:@1", "docker-archive:x.tar:@1" },
	{ "store:alpine", "store:alpine", "store:alpine" },
	{ "oci:layout", "oci:layout", "oci:layout" },
	{ "oci:/some/where:name", "oci:/some/where:name", "oci:/some/where:name" },
	{ "oci:dir:a/b:c@d+e", "oci:dir:a/b:c@d+e", "oci:dir:a/b:c@d+e" },
	{ "oci:dir:@0", "oci:dir:@0", "oci:dir:@0" },
	{ "oci:dir:@12", "oci:dir:@12", "oci:dir:@12" },
};

static const char *const invalid[] = {
	"", " ", "/", "a/", "/a", "a//b", ":tag", "@" SHA256, "a:", "a:t:u", "a@", "a@@" SHA256,
	"Alpine", "a/B", "a b", "a\n", "-a", "a-", ".a", "a.", "a..b", "a___b", "a._b", "_a", "a_/b",
	"../a", "a/../b", "a/./b", "./a", "q.io/../../etc", "a:.t", "a:-t", "a:t/u", "a:t ", "a:" A64 A64 "a",
	"a?b", "a#b", "a%2fb", "a:b?c", "\xc3\xa4/b",
	"a@sha256:", "a@sha256:abc", "a@md5:0123", "a@" SHA256 "0", "a@sha256:" HEX64 "/..", "a@SHA256:" HEX64,
	"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	HEX64, "q.io:/a", "q.io:port/a", "-q.io/a", "q-.io/a", "q..io/a", "[::1/a", "[]/a", "[::g]/a", "::1/a",
	"user@q.io/a", "user:pass@q.io/a", "http://q.io/a", "https://q.io/a", "docker-daemon:x:1", "dir:", "store:",
	"docker://", "docker://oci:", "oci:", "oci::name", "oci:dir:", "oci:dir:@", "oci:dir:@-1", "oci:dir:@x",
	"oci:dir:@99999999999", "oci:dir:/a", "oci:dir:a b",
};
/* clang-format on */

static void test_a_valid_name_has_one_full_and_one_familiar_form(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reference reference;

		print_message("# %s\n", names[i].text);
		assert_int_equal(
			reference_parse(names[i].text, &test->arena, &reference, &test->err), 0);
		assert_string_equal(reference_format(&reference, &test->arena), names[i].full);
		assert_string_equal(reference_familiar(&reference, &test->arena),
				    names[i].familiar);
	}
}

static void test_both_forms_parse_back_to_the_same(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reference full, familiar;

		assert_int_equal(reference_parse(names[i].full, &test->arena, &full, NULL), 0);
		assert_string_equal(reference_format(&full, &test->arena), names[i].full);
		assert_int_equal(reference_parse(names[i].familiar, &test->arena, &familiar, NULL),
				 0);
		assert_string_equal(reference_format(&familiar, &test->arena), names[i].full);
	}
}

static void test_an_invalid_name_is_refused_and_quoted(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		struct reference reference;

		print_message("# %s\n", invalid[i]);
		assert_int_equal(reference_parse(invalid[i], &test->arena, &reference, &test->err),
				 -EINVAL);
		assert_non_null(strstr(told(test), "invalid reference \""));
		assert_null(strchr(told(test), '\n'));
	}
}

static void test_the_path_has_at_most_255_characters(void **state)
{
	struct base_case *test = *state;
	char text[300];
	struct reference reference;

	snprintf(text, sizeof(text), "q.io/%0255d", 0);
	assert_int_equal(reference_parse(text, &test->arena, &reference, &test->err), 0);
	snprintf(text, sizeof(text), "q.io/%0256d", 0);
	assert_int_equal(reference_parse(text, &test->arena, &reference, &test->err), -EINVAL);
	/* with library/ in front */
	snprintf(text, sizeof(text), "%0248d", 0);
	assert_int_equal(reference_parse(text, &test->arena, &reference, &test->err), -EINVAL);
}

static void test_the_digest_decides_what_is_asked_for(void **state)
{
	struct base_case *test = *state;
	struct reference reference;

	assert_int_equal(reference_parse("a:t@" SHA256, &test->arena, &reference, NULL), 0);
	assert_string_equal(reference_target(&reference), SHA256);
	assert_string_equal(reference.tag, "t");
	assert_int_equal(reference_parse("a:t", &test->arena, &reference, NULL), 0);
	assert_string_equal(reference_target(&reference), "t");
	assert_int_equal(reference_parse("a@" SHA256, &test->arena, &reference, NULL), 0);
	assert_null(reference.tag);
}

static void test_docker_io_has_its_api_elsewhere(void **state)
{
	struct base_case *test = *state;
	struct reference reference;

	assert_int_equal(reference_parse("a", &test->arena, &reference, NULL), 0);
	assert_string_equal(reference_api_host(&reference), "registry-1.docker.io");
	assert_string_equal(reference_repository(&reference, &test->arena), "docker.io/library/a");
	assert_int_equal(reference_parse("[::1]:5/a", &test->arena, &reference, NULL), 0);
	assert_string_equal(reference_api_host(&reference), "[::1]:5");
}

static void test_where_only_names_are_meant_a_transport_is_one(void **state)
{
	struct base_case *test = *state;
	struct reference reference;

	assert_int_equal(reference_parse_name("oci:latest", &test->arena, &reference, NULL), 0);
	assert_string_equal(reference_format(&reference, &test->arena),
			    "docker.io/library/oci:latest");
	assert_int_equal(reference_parse_name("docker://a", &test->arena, &reference, NULL),
			 -EINVAL);
}

static void test_an_entry_of_a_layout_is_a_number(void **state)
{
	struct base_case *test = *state;
	struct reference reference;

	assert_int_equal(reference_parse("oci:dir:@3", &test->arena, &reference, NULL), 0);
	assert_int_equal(reference.transport, REFERENCE_LAYOUT);
	assert_int_equal(reference.entry, 3);
	assert_null(reference.name);
	assert_int_equal(reference_parse("oci:dir", &test->arena, &reference, NULL), 0);
	assert_int_equal(reference.entry, -1);
	assert_null(reference.name);
	assert_string_equal(reference.directory, "dir");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_valid_name_has_one_full_and_one_familiar_form),
		TEST(test_both_forms_parse_back_to_the_same),
		TEST(test_an_invalid_name_is_refused_and_quoted),
		TEST(test_the_path_has_at_most_255_characters),
		TEST(test_the_digest_decides_what_is_asked_for),
		TEST(test_docker_io_has_its_api_elsewhere),
		TEST(test_where_only_names_are_meant_a_transport_is_one),
		TEST(test_an_entry_of_a_layout_is_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* registry_challenge.c -- WWW-Authenticate headers as registries and attackers write them. */
#include "base_case.h"

#include "challenge.h"

static bool find_in(struct base_case *test, const struct strings *headers, const char *scheme,
		    struct challenge *challenge)
{
	return challenge_find(headers, scheme, &test->arena, challenge);
}

static struct strings headers_of(struct base_case *test, const char *first, const char *second)
{
	struct strings headers = { 0 };

	strings_add(&headers, arena_string(&test->arena, first), &test->arena);
	if (second)
		strings_add(&headers, arena_string(&test->arena, second), &test->arena);
	return headers;
}

/* clang-format off */
static const struct {
	const char *first, *second;
	const char *scheme;
	const char *realm, *service; /* NULL: absent */
} found[] = {
	{ "Basic", NULL, "Basic", NULL, NULL },
	{ "basic realm=\"x\"", NULL, "Basic", "x", NULL },
	{ "Bearer realm=\"https://a/token\",service=\"s\"", NULL, "Bearer", "https://a/token", "s" },
	{ "Bearer realm=plain , service = \"s\"", NULL, "Bearer", "plain", "s" },
	{ "Bearer REALM=\"x\"", NULL, "Bearer", "x", NULL },
	{ "Bearer realm=\"a, Basic b=\\\"c\\\"\",service=\"\\\\\"", NULL, "Bearer", "a, Basic b=\"c\"", "\\" },
	{ "Bearer realm=\"a, Basic realm=b\", Basic realm=\"c\"", NULL, "Basic", "c", NULL },
	{ "Negotiate, Digest realm=\"d\", nonce=\"n\", Basic realm=\"b\"", NULL, "Basic", "b", NULL },
	{ "Negotiate YWJj, Bearer realm=\"r\"", NULL, "Bearer", "r", NULL },
	{ "Negotiate YWJjZA==, Bearer realm=\"r\"", NULL, "Bearer", "r", NULL },
	{ "Basic realm=un/quoted, Bearer realm=\"r\"", NULL, "Bearer", "r", NULL },
	{ ", ,Bearer realm=\"r\",,service=\"s\"", NULL, "Bearer", "r", "s" },
	{ "Basic realm=\"b\"", "Bearer realm=\"r\"", "Bearer", "r", NULL },
	{ "Basic realm=\"b\"", "Bearer realm=\"r\"", "Basic", "b", NULL },
	{ "Bearer realm=\"first\"", "Bearer realm=\"second\"", "Bearer", "first", NULL },
	{ "Bearer realm=\"never closed", NULL, "Bearer", "never closed", NULL },
	{ "Bearer realm=\"ends in a backslash\\", NULL, "Bearer", "ends in a backslash\\", NULL },
	{ "Bearer realm=", NULL, "Bearer", "", NULL },
};

static const char *const not_found[] = {
	"", " ", ",", "=", "\"", "Basic", "\"Bearer realm=x\"", "Basic realm=\"Bearer realm=x\"",
	"Bearers realm=\"x\"", "Basic realm=\"\\\"Bearer realm=x",
};
/* clang-format on */

static void check_parameter(const struct challenge *challenge, const char *name,
			    const char *expected)
{
	const char *value = challenge_parameter(challenge, name);

	if (expected) {
		assert_non_null(value);
		assert_string_equal(value, expected);
	} else
		assert_null(value);
}

static void test_a_challenge_is_found_by_its_scheme(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		struct strings headers = headers_of(test, found[i].first, found[i].second);
		struct challenge challenge;

		print_message("# %s\n", found[i].first);
		assert_true(find_in(test, &headers, found[i].scheme, &challenge));
		check_parameter(&challenge, "realm", found[i].realm);
		check_parameter(&challenge, "service", found[i].service);
	}
}

static void test_no_other_scheme_is_taken_for_it(void **state)
{
	struct base_case *test = *state;
	struct challenge challenge;

	for (size_t i = 0; i < sizeof(not_found) / sizeof(not_found[0]); i++) {
		struct strings headers = headers_of(test, not_found[i], NULL);

		print_message("# %s\n", not_found[i]);
		assert_false(find_in(test, &headers, "Bearer", &challenge));
	}
	assert_false(find_in(test, &(struct strings){ 0 }, "Bearer", &challenge));
}

static void test_every_beginning_of_a_header_is_read_to_its_end(void **state)
{
	struct base_case *test = *state;
	const char *whole = "Negotiate YQ==, Bearer realm=\"a\\\"b\" , scope = c,Basic realm=\"x\"";

	for (size_t length = 0; length <= strlen(whole); length++) {
		char *part = arena_copy(&test->arena, whole, length);
		struct strings headers = headers_of(test, part, NULL);
		struct challenge challenge;

		find_in(test, &headers, "Absent", &challenge);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_challenge_is_found_by_its_scheme),
		TEST(test_no_other_scheme_is_taken_for_it),
		TEST(test_every_beginning_of_a_header_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

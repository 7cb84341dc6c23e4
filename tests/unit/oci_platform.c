/* oci_platform.c -- platforms: spellings, what runs on what, and the choice out of an index. */
#include "base_case.h"

#include "image/oci.h"

static struct oci_platform platform_of(struct base_case *test, const char *text)
{
	struct oci_platform platform;

	assert_int_equal(oci_platform_parse(text, &platform, &test->arena, &test->err), 0);
	return platform;
}

static void test_platforms_have_one_spelling(void **state)
{
	static const struct {
		const char *text, *normal;
	} rows[] = {
		{ "linux/amd64", "linux/amd64" },       { "linux/x86_64", "linux/amd64" },
		{ "linux/aarch64", "linux/arm64" },     { "linux/armhf", "linux/arm/v7" },
		{ "linux/armel", "linux/arm/v6" },      { "linux/arm/v6", "linux/arm/v6" },
		{ "linux/i686", "linux/386" },          { "windows/amd64", "windows/amd64" },
		{ "linux/amd64/v2", "linux/amd64/v2" },
	};
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_platform platform = platform_of(test, rows[i].text);

		assert_string_equal(oci_platform_format(&platform, &test->arena), rows[i].normal);
	}
}

static void test_one_word_is_a_system_or_an_architecture(void **state)
{
	struct base_case *test = *state;
	struct oci_platform host, platform;

	oci_platform_host(&host, &test->arena);
	assert_string_equal(host.os, "linux");
	platform = platform_of(test, "s390x");
	assert_string_equal(oci_platform_format(&platform, &test->arena), "linux/s390x");
	platform = platform_of(test, "windows");
	assert_string_equal(platform.os, "windows");
	assert_string_equal(platform.architecture, host.architecture);
}

static void test_what_is_no_platform_is_refused(void **state)
{
	static const char *const rows[] = { "",       "/",         "linux/",
					    "/amd64", "a/b/c/d",   "linux/am d64",
					    "nosuch", "linux//v7", "linux/amd64\n" };
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_platform platform;

		print_message("# %s\n", rows[i]);
		assert_int_equal(oci_platform_parse(rows[i], &platform, &test->arena, &test->err),
				 -EINVAL);
	}
}

/* Each machine runs these, best first, and not those behind NULL. */
static const char *const runs[][12] = {
	{ "linux/arm/v7", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5", NULL, "linux/arm/v8",
	  "linux/arm64", "linux/amd64" },
	{ "linux/arm/v6", "linux/arm/v6", "linux/arm/v5", NULL, "linux/arm/v7", "linux/arm" },
	{ "linux/arm64", "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", NULL,
	  "linux/arm64/v8.1", "linux/arm64/v9", "linux/amd64", "windows/arm64" },
	{ "linux/arm64/v8.2", "linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v7",
	  NULL, "linux/arm64/v8.3", "linux/arm64/v9" },
	{ "linux/arm64/v9", "linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8", NULL,
	  "linux/arm64/v8.6" },
	{ "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386", NULL,
	  "linux/amd64/v4", "windows/amd64" },
	{ "linux/amd64", "linux/amd64", "linux/386", NULL, "linux/amd64/v2", "linux/arm64" },
	{ "linux/386", "linux/386", NULL, "linux/amd64" },
	{ "linux/riscv64", "linux/riscv64", NULL, "linux/amd64", "linux/riscv64/x" },
};

static void test_a_machine_runs_what_is_older_best_first(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct oci_platform want = platform_of(test, runs[i][0]);
		unsigned last = UINT32_MAX;
		size_t at = 1;

		for (; runs[i][at]; at++) {
			struct oci_platform have = platform_of(test, runs[i][at]);
			unsigned rank = oci_platform_rank(&want, &have);

			print_message("# %s on %s: %u\n", runs[i][at], runs[i][0], rank);
			assert_true(rank > 0 && rank < last);
			last = rank;
		}
		for (at++; runs[i][at]; at++) {
			struct oci_platform have = platform_of(test, runs[i][at]);

			print_message("# %s not on %s\n", runs[i][at], runs[i][0]);
			assert_int_equal(oci_platform_rank(&want, &have), 0);
		}
	}
}

static void test_a_bare_variant_means_what_the_registry_means(void **state)
{
	struct base_case *test = *state;
	struct oci_platform v7 = platform_of(test, "linux/arm/v7");
	struct oci_platform bare = platform_of(test, "linux/arm");
	struct oci_platform empty = { .os = "linux", .architecture = "arm", .variant = "" };
	struct oci_platform said = { .os = "linux", .architecture = "armhf" };
	struct oci_platform nothing = { 0 };

	assert_int_equal(oci_platform_rank(&v7, &bare), oci_platform_rank(&v7, &v7));
	assert_int_equal(oci_platform_rank(&v7, &empty), oci_platform_rank(&v7, &v7));
	assert_int_equal(oci_platform_rank(&v7, &said), oci_platform_rank(&v7, &v7));
	assert_int_equal(oci_platform_rank(&v7, &nothing), 0);
}

/* ---- out of an index ---- */

/* clang-format off */
#define ENTRY(type, runs_on) { .media_type = (type), .platform = (runs_on) }
/* clang-format on */

static struct oci_platform amd64 = { .os = "linux", .architecture = "amd64" };
static struct oci_platform amd64_v3 = { .os = "linux", .architecture = "amd64", .variant = "v3" };
static struct oci_platform arm64 = { .os = "linux", .architecture = "arm64" };
static struct oci_platform unknown = { .os = "unknown", .architecture = "unknown" };

/* Which entry is chosen for linux/amd64/v3; -1: none. */
static int choose(struct base_case *test, struct oci_descriptor *entries, size_t count)
{
	struct oci_index index = { .manifests = { entries, count } };
	const struct oci_descriptor *chosen = NULL;
	int result = oci_index_select(&index, &amd64_v3, &chosen, &test->err);

	if (result < 0)
		assert_int_equal(result, -ENOENT);
	return result < 0 ? -1 : (int)(chosen - entries);
}

static void test_the_best_then_the_first_entry_is_chosen(void **state)
{
	struct base_case *test = *state;
	struct oci_descriptor entries[] = {
		ENTRY(OCI_TYPE_MANIFEST, &arm64),
		ENTRY(OCI_TYPE_MANIFEST, &amd64),
		ENTRY(OCI_TYPE_MANIFEST, &amd64_v3),
		ENTRY(OCI_TYPE_MANIFEST, &amd64_v3),
	};

	assert_int_equal(choose(test, entries, 4), 2);
	assert_int_equal(choose(test, entries, 2), 1);
}

static void test_attestations_and_artifacts_are_never_chosen(void **state)
{
	struct base_case *test = *state;
	struct oci_descriptor entries[] = {
		ENTRY(OCI_TYPE_MANIFEST, &unknown),
		{ .media_type = OCI_TYPE_MANIFEST, .artifact_type = "application/x" },
		ENTRY("application/vnd.example", &amd64_v3),
		ENTRY(OCI_TYPE_LAYER, &amd64_v3),
		ENTRY(NULL, &amd64_v3),
		ENTRY(OCI_TYPE_MANIFEST, &arm64),
	};

	assert_int_equal(choose(test, entries, 6), -1);
	assert_string_equal(told(test), "no image for linux/amd64/v3; there is linux/arm64");
	assert_int_equal(choose(test, entries, 1), -1);
	assert_non_null(strstr(told(test), "none for any platform"));
	assert_int_equal(choose(test, entries, 0), -1);
}

static void test_what_names_no_platform_is_what_is_left(void **state)
{
	struct base_case *test = *state;
	struct oci_descriptor entries[] = {
		ENTRY(OCI_TYPE_MANIFEST, NULL),
		ENTRY(OCI_TYPE_INDEX, NULL),
		ENTRY(OCI_TYPE_MANIFEST, &arm64),
		ENTRY(OCI_TYPE_INDEX, &amd64),
	};

	assert_int_equal(choose(test, entries, 4), 3);
	assert_int_equal(choose(test, entries, 3), 1);
	assert_int_equal(choose(test, entries, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_platforms_have_one_spelling),
		TEST(test_one_word_is_a_system_or_an_architecture),
		TEST(test_what_is_no_platform_is_refused),
		TEST(test_a_machine_runs_what_is_older_best_first),
		TEST(test_a_bare_variant_means_what_the_registry_means),
		TEST(test_the_best_then_the_first_entry_is_chosen),
		TEST(test_attestations_and_artifacts_are_never_chosen),
		TEST(test_what_names_no_platform_is_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

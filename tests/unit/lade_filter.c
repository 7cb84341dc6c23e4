/* lade_filter.c -- podman's --filter on images: keys, values, and which images they keep. */
#include "base/error.h"
#include "base/text.h"
#include "filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW      1704067200 /* 2024-01-01 */

#define DIGIT(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define HASH(c)  "sha256:" DIGIT(c) DIGIT(c)

static struct string_pair old_labels[] = { { (char *)"team", (char *)"red" } };

static struct store_image items[] = {
	{ .name = (char *)"docker.io/library/old:1",
	  .digest = (char *)HASH("a"),
	  .id = (char *)HASH("b"),
	  .created = (char *)"2023-01-01T00:00:00Z",
	  .labels = { old_labels, 1, 0 } },
	{ .name = (char *)"quay.io/team/new:2",
	  .digest = (char *)HASH("c"),
	  .id = (char *)HASH("d"),
	  .created = (char *)"2023-12-31T12:00:00+00:00",
	  .read_only = true },
	{ .digest = (char *)HASH("e"),
	  .id = (char *)HASH("f"),
	  .created = (char *)"2023-06-01T00:00:00.5Z" },
};
static struct store_bundle bundle = { .path = (char *)"/b", .digest = (char *)HASH("e") };
static const struct store_images images = { items, 3 };
static const struct store_bundles bundles = { &bundle, 1 };

/* Which of the three are kept: "on-" for old, new and not the one without a name. */
static const char *kept_by(const char *first, const char *second)
{
	static char kept[4];
	struct arena arena = { 0 };
	struct strings typed = { 0 };
	struct filters filters;
	const struct filter_context context = { &images, &bundles, NOW, &arena };

	strings_add(&typed, (char *)first, &arena);
	if (second)
		strings_add(&typed, (char *)second, &arena);
	strcpy(kept, "!!!");
	if (filters_read(&typed, NULL, &context, &filters, NULL) == 0)
		for (size_t i = 0; i < 3; i++)
			kept[i] = filters_match(&filters, &items[i]) ? "on<"[i] : '-';
	arena_free(&arena);
	return kept;
}

#define KEEPS(filter, expected)       assert_string_equal(kept_by(filter, NULL), expected)
#define KEEP_BOTH(one, two, expected) assert_string_equal(kept_by(one, two), expected)

static void refusal(const char *typed, const char *only, int number, const char *words)
{
	struct arena arena = { 0 };
	struct strings list = { 0 };
	struct filters filters;
	struct error err = { 0 };
	const struct filter_context context = { &images, &bundles, NOW, &arena };

	strings_add(&list, (char *)typed, &arena);
	assert_int_equal(filters_read(&list, only, &context, &filters, &err), number);
	assert_non_null(strstr(err.what, words));
	arena_free(&arena);
}

static void times_are_dates_numbers_and_durations(void **state)
{
	int64_t seconds;

	setenv("TZ", "UTC", 1);
	assert_true(filter_parse_time("24h", NOW, &seconds));
	assert_int_equal(seconds, NOW - 86400);
	assert_true(filter_parse_time("1h30m", NOW, &seconds));
	assert_int_equal(seconds, NOW - 5400);
	assert_true(filter_parse_time("1704067200", NOW, &seconds));
	assert_int_equal(seconds, NOW);
	assert_true(filter_parse_time("2024-01-01", NOW, &seconds));
	assert_int_equal(seconds, NOW);
	assert_true(filter_parse_time("2024-01-01T02:00:00+02:00", NOW, &seconds));
	assert_int_equal(seconds, NOW);
	assert_true(filter_parse_time("2024-01-01T00:00:00.25Z", NOW, &seconds));
	assert_int_equal(seconds, NOW);
	assert_true(filter_parse_time("2024-01-01T00:00", NOW, &seconds));
	assert_int_equal(seconds, NOW);
	assert_false(filter_parse_time("yesterday", NOW, &seconds));
	assert_false(filter_parse_time("2024-01-01T00:00:00+2", NOW, &seconds));
	assert_false(filter_parse_time("", NOW, &seconds));
}

static void times_part_older_from_newer(void **state)
{
	KEEPS("until=2023-07-01", "o-<");
	KEEPS("until=24h", "o-<");
	KEEPS("until!=24h", "-n-");
	KEEPS("before=quay.io/team/new:2", "o-<");
	KEEPS("since=docker.io/library/old:1", "-n<");
	KEEPS("after=old:1", "-n<");
}

static void names_are_matched_whole_or_in_part(void **state)
{
	KEEPS("reference=old:1", "o--");
	KEEPS("reference=docker.io/library/old", "o--");
	KEEPS("reference=old", "o--");
	KEEPS("reference=ol", "---");
	KEEPS("reference=ol*", "o--");
	KEEPS("reference=*:2", "-n-");
	KEEPS("reference=quay.io/*/*", "-n-");
	KEEPS("reference=quay.io/*", "---");
	KEEPS("reference!=old", "-n<");
	KEEP_BOTH("reference=old", "reference=new", "on-");
}

static void ids_and_digests_begin_so(void **state)
{
	KEEPS("id=ddd", "-n-");
	KEEPS("id=sha256:ddd", "-n-");
	KEEPS("digest=sha256:a", "o--");
	KEEP_BOTH("id=bbb", "id=ddd", "on-");
}

static void yes_and_no(void **state)
{
	KEEPS("dangling=true", "--<");
	KEEPS("dangling=false", "on-");
	KEEPS("readonly=true", "-n-");
	KEEPS("readonly=0", "o-<");
	KEEPS("containers=true", "--<");
	KEEPS("intermediate=true", "---");
	KEEPS("intermediate=false", "on<");
	KEEPS("manifest=false", "on<");
}

static void labels_have_values(void **state)
{
	KEEPS("label=team", "o--");
	KEEPS("label=team=red", "o--");
	KEEPS("label=team=blue", "---");
	KEEPS("label!=team", "-n<");
	KEEP_BOTH("label=team", "dangling=true", "---");
}

static void what_makes_no_sense_is_refused(void **state)
{
	refusal("dangling", NULL, -EINVAL, "not KEY=VALUE");
	refusal("=x", NULL, -EINVAL, "not KEY=VALUE");
	refusal("colour=red", NULL, -EINVAL, "there is no key \"colour\" here: there are after, ");
	refusal("dangling=true", "until|label", -EINVAL, "there are label, until");
	refusal("dangling=maybe", NULL, -EINVAL, "neither true nor false");
	refusal("until=soon", NULL, -EINVAL, "is no time");
	refusal("before=nosuch", NULL, -ENOENT, "nosuch: no such image");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_dates_numbers_and_durations),
		cmocka_unit_test(times_part_older_from_newer),
		cmocka_unit_test(names_are_matched_whole_or_in_part),
		cmocka_unit_test(ids_and_digests_begin_so),
		cmocka_unit_test(yes_and_no),
		cmocka_unit_test(labels_have_values),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

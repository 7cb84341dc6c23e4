/* base_text.c -- errors, arenas, texts and strict numbers. */
#include "base_case.h"

#include "base/id_ranges.h"
#include "base/number.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- error ---- */

static void test_a_rule_that_is_broken_is_told_without_a_reason(void **state)
{
	struct base_case *test = *state;

	assert_int_equal((fail)(&test->err, EINVAL, "\"%s\" is not an id", "../x"), -EINVAL);
	assert_string_equal(told(test), "\"../x\" is not an id");
}

static void test_a_failed_call_is_told_with_its_reason_in_lower_case(void **state)
{
	struct base_case *test = *state;

	errno = ENOENT;
	assert_int_equal(fail_call(&test->err, "open", "cannot read \"%s\"", "/x"), -ENOENT);
	assert_string_equal(told(test), "cannot read \"/x\": open: no such file or directory");
	assert_int_equal(fail_number(&test->err, -EACCES, "mkdir", "cannot make"), -EACCES);
	assert_string_equal(told(test), "cannot make: mkdir: permission denied");
	assert_int_equal(fail_number(&test->err, EACCES, "mkdir", "cannot make"), -EACCES);
}

static void test_the_deepest_place_and_hint_stay(void **state)
{
	struct base_case *test = *state;

	(fail)(&test->err, EINVAL, "bad");
	assert_int_equal(fail_where(&test->err, "mounts[%d]", 3), -EINVAL);
	fail_where(&test->err, "elsewhere");
	assert_int_equal(fail_hint(&test->err, "use a %s", "better one"), -EINVAL);
	fail_hint(&test->err, "give up");
	assert_string_equal(told(test), "mounts[3]: bad (use a better one)");
}

static void test_a_new_failure_forgets_the_old_one(void **state)
{
	struct base_case *test = *state;

	errno = EPERM;
	fail_call(&test->err, "mount", "first");
	fail_where(&test->err, "there");
	fail_hint(&test->err, "hint");
	(fail)(&test->err, EINVAL, "second");
	assert_string_equal(told(test), "second");
}

static void test_an_error_may_quote_itself(void **state)
{
	struct base_case *test = *state;

	(fail)(&test->err, EINVAL, "inner");
	(fail)(&test->err, EINVAL, "outer: %s", test->err.what);
	assert_string_equal(told(test), "outer: inner");
}

static void test_control_characters_never_reach_a_terminal(void **state)
{
	struct base_case *test = *state;

	(fail)(&test->err, EINVAL, "a\nb\x1b[31m\x7f");
	assert_string_equal(told(test), "a?b?[31m?");
}

static void test_a_caller_without_interest_still_gets_the_number(void **state)
{
	assert_int_equal((fail)(NULL, ENOSPC, "full"), -ENOSPC);
	assert_int_equal(fail_where(NULL, "there"), -ENOSPC);
	assert_int_equal(fail_hint(NULL, "hint"), -ENOSPC);
}

static void test_a_failure_without_a_number_is_no_success(void **state)
{
	struct base_case *test = *state;

	assert_int_equal((fail)(&test->err, 0, "what"), -EIO);
}

static void test_a_line_is_cut_to_the_room_there_is(void **state)
{
	struct base_case *test = *state;
	char line[8];

	(fail)(&test->err, EINVAL, "a long story");
	error_format(&test->err, line, sizeof(line));
	assert_string_equal(line, "a long ");
}

/* ---- arena ---- */

static void test_arena_memory_is_zeroed_and_aligned(void **state)
{
	struct base_case *test = *state;

	for (size_t size = 0; size < 70000; size += 997) {
		unsigned char *memory = arena_alloc(&test->arena, size);

		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
}

static void test_arena_blocks_stay_where_they_are_and_do_not_overlap(void **state)
{
	struct base_case *test = *state;
	static const size_t sizes[] = { 1, 16, 4000, 1, 4047, 4048, 4049, 4096, 1, 65536, 3, 2000 };
	enum { ROUNDS = 8, SIZES = sizeof(sizes) / sizeof(sizes[0]) };
	unsigned char *blocks[ROUNDS * SIZES];

	for (size_t i = 0; i < ROUNDS * SIZES; i++) {
		blocks[i] = arena_alloc(&test->arena, sizes[i % SIZES]);
		memset(blocks[i], (int)i + 1, sizes[i % SIZES]);
	}
	for (size_t i = 0; i < ROUNDS * SIZES; i++)
		for (size_t at = 0; at < sizes[i % SIZES]; at++)
			assert_int_equal(blocks[i][at], (unsigned char)(i + 1));
	arena_free(&test->arena);
	arena_free(&test->arena);
	assert_non_null(arena_alloc(&test->arena, 1)); /* it may be used again */
}

/* The exit signal of a child that asks for it. */
static int signal_of_array(size_t count, size_t size)
{
	struct arena arena = { 0 };
	pid_t child = fork();
	int status;

	if (child == 0) {
		close(STDERR_FILENO);
		arena_array(&arena, count, size);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_an_array_that_no_address_space_holds_aborts(void **state)
{
	(void)state;
	assert_int_equal(signal_of_array(SIZE_MAX / 2, 3), SIGABRT);
	assert_int_equal(signal_of_array(SIZE_MAX, 1), SIGABRT);
	assert_int_equal(signal_of_array(0, 8), 0);
}

static void test_arena_copies_are_terminated(void **state)
{
	struct base_case *test = *state;

	assert_string_equal(arena_copy(&test->arena, "abcdef", 3), "abc");
	assert_string_equal(arena_format(&test->arena, "%s-%d", "x", 7), "x-7");
	assert_null(arena_string(&test->arena, NULL));
}

/* ---- text, strings, maps ---- */

static void test_a_text_grows_and_stays_terminated(void **state)
{
	auto_text struct text text = { 0 };

	for (int i = 0; i < 1000; i++)
		text_format(&text, "%d,", i % 10);
	assert_int_equal(text.length, 2000);
	assert_int_equal(strlen(text.data), 2000);
	text_clear(&text);
	assert_string_equal(text.data, "");
	text_add_bytes(&text, "a\0b", 3);
	assert_int_equal(text.length, 3);
	assert_memory_equal(text.data, "a\0b", 4);
}

static void test_a_list_of_strings_serves_as_argv(void **state)
{
	struct base_case *test = *state;
	struct strings list = { 0 };

	for (int i = 0; i < 100; i++) {
		strings_add(&list, arena_format(&test->arena, "%d", i), &test->arena);
		assert_null(list.items[list.count]);
	}
	assert_int_equal(list.count, 100);
	assert_true(strings_have(&list, "99"));
	assert_false(strings_have(&list, "100"));
}

static void test_adding_to_an_array_of_somebody_else_copies_it(void **state)
{
	struct base_case *test = *state;
	char *items[] = { (char *)"a", (char *)"b" };
	struct strings list = { items, 2 };

	strings_add(&list, (char *)"c", &test->arena);
	assert_ptr_not_equal(list.items, items);
	assert_string_equal(list.items[0], "a");
	assert_string_equal(list.items[2], "c");
	assert_null(list.items[3]);
}

static void test_splitting_keeps_empty_pieces(void **state)
{
	struct base_case *test = *state;
	struct strings pieces = strings_split(":a::b:", ':', &test->arena);

	assert_int_equal(pieces.count, 5);
	assert_string_equal(pieces.items[0], "");
	assert_string_equal(pieces.items[1], "a");
	assert_string_equal(pieces.items[3], "b");
	assert_string_equal(pieces.items[4], "");
	assert_int_equal(strings_split("", ':', &test->arena).count, 1);
}

static void test_a_map_replaces_or_appends(void **state)
{
	struct base_case *test = *state;
	struct string_map map = { 0 };

	string_map_set(&map, (char *)"a", (char *)"1", &test->arena);
	string_map_set(&map, (char *)"b", (char *)"2", &test->arena);
	string_map_set(&map, (char *)"a", (char *)"3", &test->arena);
	assert_int_equal(map.count, 2);
	assert_string_equal(string_map_get(&map, "a"), "3");
	assert_null(string_map_get(&map, "c"));
}

static void test_questions_about_strings(void **state)
{
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal(NULL, ""));
	assert_true(text_equal("a", "a"));
	assert_true(text_starts("sha256:abc", "sha256:"));
	assert_false(text_starts(NULL, ""));
	assert_true(text_ends("a.json", ".json"));
	assert_false(text_ends("json", ".json"));
	assert_false(text_ends(NULL, ""));
	assert_string_equal(text_after("oci:dir", "oci:"), "dir");
	assert_null(text_after("dir", "oci:"));
	assert_true(text_among("json|table", "json"));
	assert_true(text_among("json|table", "table"));
	assert_false(text_among("json|table", "tab"));
	assert_false(text_among("json|table", "json|table"));
	assert_false(text_among(NULL, "json"));
}

static void test_characters_are_utf8_to_the_letter(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\xc3\xa4", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\x80", 0 },             /* a continuation alone */
		{ "\xc0\x80", 0 },         /* overlong */
		{ "\xc1\xbf", 0 },         /* overlong */
		{ "\xe0\x9f\xbf", 0 },     /* overlong */
		{ "\xed\xa0\x80", 0 },     /* a surrogate */
		{ "\xf0\x8f\xbf\xbf", 0 }, /* overlong */
		{ "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
		{ "\xe2\x82", 0 }, /* cut short */
		{ "\xe2\x28\xa1", 0 },
		{ "\xe2\x82\x28", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_character(rows[i].bytes, strlen(rows[i].bytes)),
				 rows[i].length);
}

/* ---- numbers ---- */

static void test_unsigned_numbers_are_strict(void **state)
{
	static const struct {
		const char *string;
		uint64_t most;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "0", 10, true, 0 },
		{ "10", 10, true, 10 },
		{ "007", 10, true, 7 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999999", UINT64_MAX, false, 0 },
		{ "11", 10, false, 0 },
		{ "", 10, false, 0 },
		{ NULL, 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1 ", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ "-0", 10, false, 0 },
		{ "-1", 10, false, 0 },
		{ "0x1", 10, false, 0 },
		{ "1e1", 10, false, 0 },
		{ "1.0", 10, false, 0 },
		{ "1\n", 10, false, 0 },
		{ "\xd9\xa1", 10, false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 77;

		assert_int_equal(number_parse_unsigned(rows[i].string, rows[i].most, &value),
				 rows[i].good);
		assert_true(value == (rows[i].good ? rows[i].value : 77));
	}
}

static void test_signed_numbers_reach_both_ends(void **state)
{
	int64_t value;

	assert_true(number_parse_signed("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MIN);
	assert_true(number_parse_signed("9223372036854775807", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MAX);
	assert_false(number_parse_signed("-9223372036854775809", INT64_MIN, INT64_MAX, &value));
	assert_false(number_parse_signed("9223372036854775808", INT64_MIN, INT64_MAX, &value));
	assert_true(number_parse_signed("-1000", -1000, 1000, &value));
	assert_false(number_parse_signed("-1001", -1000, 1000, &value));
	assert_false(number_parse_signed("1001", -1000, 1000, &value));
	assert_false(number_parse_signed("-", -1, 1, &value));
	assert_false(number_parse_signed("--1", -1, 1, &value));
	assert_false(number_parse_signed(NULL, -1, 1, &value));
}

static void test_the_id_that_means_unchanged_is_no_id(void **state)
{
	uint32_t id;

	assert_true(number_parse_id("4294967294", &id));
	assert_true(id == 4294967294U);
	assert_false(number_parse_id("4294967295", &id));
	assert_false(number_parse_id("4294967296", &id));
	assert_false(number_parse_id("-1", &id));
	assert_false(number_parse_id("18446744073709551616", &id));
	assert_false(number_parse_id("", &id));
	assert_false(number_parse_id(" 1", &id));
	assert_false(number_parse_id("1x", &id));
	assert_true(number_parse_id("01", &id) && id == 1);
}

static void test_sizes_have_suffixes(void **state)
{
	static const struct {
		const char *string;
		bool good;
		int64_t bytes;
	} rows[] = {
		{ "0", true, 0 },
		{ "512", true, 512 },
		{ "5b", true, 5 },
		{ "1k", true, 1024 },
		{ "1KB", true, 1024 },
		{ "2m", true, 2 << 20 },
		{ "3GiB", true, INT64_C(3) << 30 },
		{ "1t", true, INT64_C(1) << 40 },
		{ "-1", true, -1 },
		{ "-2", false, 0 },
		{ "-1k", false, 0 },
		{ "1x", false, 0 },
		{ "1kk", false, 0 },
		{ "1 k", true, 1024 },
		{ "1.5g", true, 3ll << 29 },
		{ "0.25 GiB", true, 1 << 28 },
		{ "1.5", true, 1 },
		{ "1.g", false, 0 },
		{ "1.5.5g", false, 0 },
		{ "1  k", false, 0 },
		{ "1 ", false, 0 },
		{ "2p", true, 2ll << 50 },
		{ "k", false, 0 },
		{ "", false, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9007199254740992k", false, 0 },
		{ "8388608t", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t bytes = 77;

		assert_int_equal(number_parse_size(rows[i].string, &bytes), rows[i].good);
		assert_true(bytes == (rows[i].good ? rows[i].bytes : 77));
	}
	assert_false(number_parse_size(NULL, &(int64_t){ 0 }));
}

static void test_durations_are_gos(void **state)
{
	static const struct {
		const char *string;
		bool good;
		int64_t nanoseconds;
	} rows[] = {
		{ "5s", true, 5000000000 },
		{ "500ms", true, 500000000 },
		{ "1m30s", true, 90000000000 },
		{ "1.5h", true, 5400000000000 },
		{ "1.5s250us", true, 1500250000 },
		{ "3ns", true, 3 },
		{ "0s", true, 0 },
		{ "5", true, 5000000000 },
		{ "", false, 0 },
		{ "s", false, 0 },
		{ "-5s", false, 0 },
		{ "5x", false, 0 },
		{ "5s5", false, 0 },
		{ "1. s", false, 0 },
		{ "9223372036854775807s", false, 0 },
		{ "9223372036s900ms", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t nanoseconds = 77;

		assert_int_equal(number_parse_duration(rows[i].string, &nanoseconds), rows[i].good);
		assert_true(nanoseconds == (rows[i].good ? rows[i].nanoseconds : 77));
	}
	assert_false(number_parse_duration(NULL, &(int64_t){ 0 }));
}

/* ---- ids ---- */

static void test_an_id_goes_through_a_map_and_back(void **state)
{
	const struct id_range items[] = { { 0, 1000, 1 }, { 1, 100000, 65535 } };
	const struct id_ranges ranges = { items, 2 }, none = { NULL, 0 };
	uint32_t id;

	assert_true(id_to_outside(&ranges, 0, &id));
	assert_int_equal(id, 1000);
	assert_true(id_to_outside(&ranges, 65535, &id));
	assert_int_equal(id, 165534);
	assert_false(id_to_outside(&ranges, 65536, &id));
	assert_true(id_to_inside(&ranges, 100004, &id));
	assert_int_equal(id, 5);
	assert_false(id_to_inside(&ranges, 0, &id));
	assert_true(id_to_inside(&none, 7, &id));
	assert_int_equal(id, 7);
}

static void test_a_range_of_ids_is_three_numbers(void **state)
{
	static const char *const wrong[] = { "",
					     "1",
					     "1:",
					     ":1",
					     "1:2:0",
					     "1:2:3:4",
					     "a:1:1",
					     "1:2:3:",
					     "4294967294:0:2",
					     "0:4294967295:1" };
	struct id_range range;

	assert_true(id_range_parse("0:100000:65536", &range));
	assert_int_equal(range.outside, 100000);
	assert_int_equal(range.size, 65536);
	assert_true(id_range_parse("7:8", &range));
	assert_int_equal(range.inside, 7);
	assert_int_equal(range.size, 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(id_range_parse(wrong[i], &range));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_rule_that_is_broken_is_told_without_a_reason),
		TEST(test_a_failed_call_is_told_with_its_reason_in_lower_case),
		TEST(test_the_deepest_place_and_hint_stay),
		TEST(test_a_new_failure_forgets_the_old_one),
		TEST(test_an_error_may_quote_itself),
		TEST(test_control_characters_never_reach_a_terminal),
		TEST(test_a_caller_without_interest_still_gets_the_number),
		TEST(test_a_failure_without_a_number_is_no_success),
		TEST(test_a_line_is_cut_to_the_room_there_is),
		TEST(test_arena_memory_is_zeroed_and_aligned),
		TEST(test_arena_blocks_stay_where_they_are_and_do_not_overlap),
		TEST(test_an_array_that_no_address_space_holds_aborts),
		TEST(test_arena_copies_are_terminated),
		TEST(test_a_text_grows_and_stays_terminated),
		TEST(test_a_list_of_strings_serves_as_argv),
		TEST(test_adding_to_an_array_of_somebody_else_copies_it),
		TEST(test_splitting_keeps_empty_pieces),
		TEST(test_durations_are_gos),
		TEST(test_a_map_replaces_or_appends),
		TEST(test_questions_about_strings),
		TEST(test_characters_are_utf8_to_the_letter),
		TEST(test_unsigned_numbers_are_strict),
		TEST(test_signed_numbers_reach_both_ends),
		TEST(test_the_id_that_means_unchanged_is_no_id),
		TEST(test_sizes_have_suffixes),
		TEST(test_an_id_goes_through_a_map_and_back),
		TEST(test_a_range_of_ids_is_three_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

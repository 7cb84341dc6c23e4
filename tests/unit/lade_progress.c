/* lade_progress.c -- bars, rates and remaining times, by a clock that the tests turn. */
#include "../../src/lade/progress_bars.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MB 1000000LL

struct bars_case {
	struct arena arena;
	struct bars bars;
	struct text shown;
	int64_t now;
};

static void tell(struct bars_case *test, enum transfer_event_kind kind, size_t layer, int64_t done)
{
	static const char *const digests[] = { "sha256:aaaaaaaaaaaaaaaaaaaa",
					       "sha256:bbbbbbbbbbbbbbbbbbbb" };
	const struct transfer_event event = { .kind = kind,
					      .layer = layer,
					      .digest = digests[layer % 2],
					      .done = done,
					      .total = 100 * MB };

	bars_update(&test->bars, &event, test->now);
}

static const char *draw(struct bars_case *test, size_t lines, size_t columns)
{
	const struct bars_screen screen = { lines, columns };

	text_clear(&test->shown);
	bars_draw(&test->bars, test->now, &screen, "", &test->shown);
	return test->shown.data;
}

static int begin(void **state)
{
	static struct bars_case test;

	test = (struct bars_case){ .now = 1000 };
	bars_begin(&test.bars, 2, &test.arena);
	tell(&test, TRANSFER_LISTED, 0, 0);
	tell(&test, TRANSFER_LISTED, 1, 0);
	*state = &test;
	return 0;
}

static int end(void **state)
{
	struct bars_case *test = *state;

	text_free(&test->shown);
	arena_free(&test->arena);
	return 0;
}

static void test_a_steady_stream_has_its_rate_and_its_remaining_time(void **state)
{
	struct bars_case *test = *state;

	for (int64_t done = 0; done <= 40 * MB; done += MB, test->now += 100)
		tell(test, TRANSFER_MOVED, 0, done);
	assert_true(bars_rate(&test->bars, test->now) > 9 * MB);
	assert_true(bars_rate(&test->bars, test->now) < 11 * MB);
	assert_non_null(strstr(draw(test, 24, 100), "10 MB/s  6s"));
	/* The total waits for the other one, too. */
	assert_int_equal(bars_left(&test->bars, test->now), 16);
}

static void test_two_at_the_same_time_are_as_fast_as_both(void **state)
{
	struct bars_case *test = *state;

	for (int64_t done = 0; done <= 40 * MB; done += MB, test->now += 100) {
		tell(test, TRANSFER_MOVED, 0, done);
		tell(test, TRANSFER_MOVED, 1, done / 2);
	}
	assert_true(bars_rate(&test->bars, test->now) > 14 * MB);
	assert_true(bars_rate(&test->bars, test->now) < 16 * MB);
}

static void test_what_an_earlier_run_brought_counts_for_no_rate(void **state)
{
	struct bars_case *test = *state;

	tell(test, TRANSFER_STARTED, 0, 0);
	test->now += 300;
	tell(test, TRANSFER_MOVED, 0, 80 * MB);
	assert_int_equal(bars_rate(&test->bars, test->now), 0);
	assert_int_equal(bars_left(&test->bars, test->now), -1);
	test->now += 1000;
	tell(test, TRANSFER_MOVED, 0, 81 * MB);
	assert_int_equal(bars_rate(&test->bars, test->now), MB);
}

static void test_a_stalled_transfer_has_no_remaining_time(void **state)
{
	struct bars_case *test = *state;

	for (int64_t done = 0; done <= 10 * MB; done += MB, test->now += 100)
		tell(test, TRANSFER_MOVED, 0, done);
	assert_true(bars_left(&test->bars, test->now) > 0);
	test->now += 10000;
	assert_int_equal(bars_left(&test->bars, test->now), -1);
	assert_null(strstr(draw(test, 24, 100), "/s"));
}

static void test_going_back_after_a_break_is_no_negative_rate(void **state)
{
	struct bars_case *test = *state;

	for (int64_t done = 0; done <= 10 * MB; done += MB, test->now += 300)
		tell(test, TRANSFER_MOVED, 0, done);
	tell(test, TRANSFER_MOVED, 0, 0);
	test->now += 300;
	tell(test, TRANSFER_MOVED, 0, MB);
	assert_true(bars_rate(&test->bars, test->now) > 0);
}

static void test_every_state_has_its_word(void **state)
{
	struct bars_case *test = *state;

	assert_non_null(strstr(draw(test, 24, 80), "aaaaaaaaaaaa"));
	assert_non_null(strstr(test->shown.data, "waiting"));
	tell(test, TRANSFER_EXISTS, 0, 100 * MB);
	tell(test, TRANSFER_MOVED, 1, 100 * MB);
	assert_non_null(strstr(draw(test, 24, 80), "exists"));
	assert_non_null(strstr(test->shown.data, "unpacking"));
	assert_non_null(strstr(test->shown.data, "1/2"));
	tell(test, TRANSFER_VERIFIED, 1, 100 * MB);
	assert_non_null(strstr(draw(test, 24, 80), "done"));
	assert_non_null(strstr(test->shown.data, "2/2"));
	assert_non_null(strstr(test->shown.data, "200 MB / 200 MB"));
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (const char *line = text, *newline; (newline = strchr(line, '\n')); line = newline + 1)
		if ((size_t)(newline - line) > longest)
			longest = (size_t)(newline - line);
	return longest;
}

static void test_no_line_is_wider_than_the_screen(void **state)
{
	struct bars_case *test = *state;

	for (int64_t done = 0; done <= 40 * MB; done += MB, test->now += 1000)
		tell(test, TRANSFER_MOVED, 0, done);
	for (size_t columns = 3; columns < 200; columns++)
		assert_true(longest_line(draw(test, 24, columns)) < columns);
	assert_null(strchr(draw(test, 24, 50), '['));
	assert_non_null(strchr(draw(test, 24, 80), '['));
}

static void test_more_layers_than_the_screen_has_lines_are_one_line(void **state)
{
	struct bars_case *test = *state;
	const struct bars_screen small = { 3, 80 }, large = { 4, 80 };

	assert_int_equal(bars_draw(&test->bars, test->now, &large, "", &test->shown), 3);
	text_clear(&test->shown);
	assert_int_equal(bars_draw(&test->bars, test->now, &small, "", &test->shown), 1);
	assert_non_null(strstr(test->shown.data, "0/2"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(test_a_steady_stream_has_its_rate_and_its_remaining_time),
		CASE(test_two_at_the_same_time_are_as_fast_as_both),
		CASE(test_what_an_earlier_run_brought_counts_for_no_rate),
		CASE(test_a_stalled_transfer_has_no_remaining_time),
		CASE(test_going_back_after_a_break_is_no_negative_rate),
		CASE(test_every_state_has_its_word),
		CASE(test_no_line_is_wider_than_the_screen),
		CASE(test_more_layers_than_the_screen_has_lines_are_one_line),
	};

	return cmocka_run_group_tests_name("lade progress", tests, NULL, NULL);
}

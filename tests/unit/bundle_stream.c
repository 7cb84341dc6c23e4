/* bundle_stream.c -- the ring between fetching and unpacking. */
#include "stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOTAL (5 * STREAM_SIZE + 12345)

static unsigned char byte_at(size_t index)
{
	return (unsigned char)(index * 31 + index / 251);
}

static void *write_all(void *context)
{
	static unsigned char bytes[TOTAL];

	for (size_t i = 0; i < TOTAL; i++)
		bytes[i] = byte_at(i);
	for (size_t at = 0, step = 1; at < TOTAL; at += step, step = step * 7 % 400000 + 1)
		if (!stream_write(context, bytes + at, step < TOTAL - at ? step : TOTAL - at))
			break;
	stream_end(context, false);
	return NULL;
}

static void bytes_arrive_in_order_and_complete(void **state)
{
	static unsigned char buffer[70001];
	struct stream stream;
	pthread_t writer;
	size_t total = 0;
	ssize_t got;

	stream_init(&stream);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &stream), 0);
	while ((got = stream_read(&stream, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (buffer[i] != byte_at(total++))
				fail_msg("byte %zu is wrong", total - 1);
	assert_int_equal(got, 0);
	assert_int_equal(total, TOTAL);
	pthread_join(writer, NULL);
	stream_free(&stream);
}

static void a_broken_stream_is_an_error_not_an_end(void **state)
{
	struct stream stream;
	char buffer[8];

	stream_init(&stream);
	assert_true(stream_write(&stream, "abc", 3));
	stream_end(&stream, true);
	assert_int_equal(stream_read(&stream, buffer, sizeof(buffer)), -ECANCELED);
	stream_free(&stream);
}

static void a_closed_stream_releases_the_writer(void **state)
{
	struct stream stream;
	pthread_t writer;
	char buffer[8];

	stream_init(&stream);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &stream), 0);
	assert_true(stream_read(&stream, buffer, sizeof(buffer)) > 0);
	stream_close(&stream);
	pthread_join(writer, NULL);
	assert_false(stream_write(&stream, "x", 1));
	stream_free(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_in_order_and_complete),
		cmocka_unit_test(a_broken_stream_is_an_error_not_an_end),
		cmocka_unit_test(a_closed_stream_releases_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* bundle_ring.c -- the ring between fetching and unpacking. */
#include "ring.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOTAL (5 * RING_SIZE + 12345)

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
		if (!ring_write(context, bytes + at, step < TOTAL - at ? step : TOTAL - at))
			break;
	ring_end(context, false);
	return NULL;
}

static void bytes_arrive_in_order_and_complete(void **state)
{
	static unsigned char buffer[70001];
	struct ring ring;
	pthread_t writer;
	size_t total = 0;
	ssize_t got;

	ring_init(&ring);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &ring), 0);
	while ((got = ring_read(&ring, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (buffer[i] != byte_at(total++))
				fail_msg("byte %zu is wrong", total - 1);
	assert_int_equal(got, 0);
	assert_int_equal(total, TOTAL);
	pthread_join(writer, NULL);
	ring_free(&ring);
}

static void a_broken_ring_is_an_error_not_an_end(void **state)
{
	struct ring ring;
	char buffer[8];

	ring_init(&ring);
	assert_true(ring_write(&ring, "abc", 3));
	ring_end(&ring, true);
	assert_int_equal(ring_read(&ring, buffer, sizeof(buffer)), -ECANCELED);
	ring_free(&ring);
}

static void a_closed_ring_releases_the_writer(void **state)
{
	struct ring ring;
	pthread_t writer;
	char buffer[8];

	ring_init(&ring);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &ring), 0);
	assert_true(ring_read(&ring, buffer, sizeof(buffer)) > 0);
	ring_close(&ring);
	pthread_join(writer, NULL);
	assert_false(ring_write(&ring, "x", 1));
	ring_free(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_in_order_and_complete),
		cmocka_unit_test(a_broken_ring_is_an_error_not_an_end),
		cmocka_unit_test(a_closed_ring_releases_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

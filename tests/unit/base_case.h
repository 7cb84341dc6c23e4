/* base_case.h -- what the unit tests of base share: a scratch directory, one arena a test. */
#ifndef TESTS_UNIT_BASE_CASE_H
#define TESTS_UNIT_BASE_CASE_H

/* Before cmocka.h, which calls a macro "fail". */
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/own.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct base_case {
	struct arena arena;
	struct error err;
	char path[64]; /* the scratch directory … */
	int dir;       /* … and a descriptor of it */
};

static inline int base_case_begin(void **state)
{
	struct base_case *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	strcpy(test->path, "/tmp/base-test-XXXXXX");
	assert_non_null(mkdtemp(test->path));
	test->dir = open(test->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(test->dir >= 0);
	*state = test;
	return 0;
}

static inline int base_case_end(void **state)
{
	struct base_case *test = *state;

	close(test->dir);
	assert_int_equal(file_remove_tree(AT_FDCWD, test->path, NULL), 0);
	arena_free(&test->arena);
	free(test);
	return 0;
}

static inline void put_file(int dir, const char *name, const char *content)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
}

/* The whole line of the test's error. */
static inline const char *told(struct base_case *test)
{
	char line[sizeof(struct error)];

	error_format(&test->err, line, sizeof(line));
	return arena_string(&test->arena, line);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, base_case_begin, base_case_end)

#endif

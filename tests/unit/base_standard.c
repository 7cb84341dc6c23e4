/* base_standard.c -- standard descriptors that are closed or full. Each case is a process of its
 * own, whose exit status is the number of the check that failed. */
#include "base_case.h"

#include "base/standard.h"

#include <sys/wait.h>

typedef int child_function(const struct base_case *test);

static int in_child(const struct base_case *test, child_function *function)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(function(test));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What a closed descriptor would say. */
static bool refuses(int fd)
{
	char byte = 0;

	return fd == STDIN_FILENO ? read(fd, &byte, 1) < 0 && errno == EBADF
				  : write(fd, &byte, 1) < 0 && errno == EBADF;
}

static int close_and_occupy(const struct base_case *test, unsigned closed)
{
	int free_number = dup(test->dir), opened;

	close(free_number);
	for (int fd = 0; fd < 3; fd++)
		if (closed & 1U << fd)
			close(fd);
	standard_occupy();
	for (int fd = 0; fd < 3; fd++)
		if (closed & 1U << fd && !refuses(fd))
			return 1 + fd;
	opened = dup(test->dir);
	return opened == free_number ? 0 : 4;
}

#define CLOSED(bits)                                                                               \
	static int closed_##bits(const struct base_case *test)                                     \
	{                                                                                          \
		return close_and_occupy(test, bits);                                               \
	}
CLOSED(0)
CLOSED(1)
CLOSED(2)
CLOSED(3)
CLOSED(4)
CLOSED(5)
CLOSED(6)
CLOSED(7)

static void test_what_is_closed_is_occupied_and_still_refuses(void **state)
{
	child_function *const cases[] = { closed_0, closed_1, closed_2, closed_3,
					  closed_4, closed_5, closed_6, closed_7 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(in_child(*state, cases[i]), 0);
}

static int open_ones_stay(const struct base_case *test)
{
	int ends[2];

	if (pipe(ends) < 0 || dup2(ends[0], 0) < 0 || dup2(ends[1], 1) < 0)
		return 1;
	close(2);
	standard_occupy();
	(void)test;
	return write(1, "x", 1) == 1 && read(0, ends, 1) == 1 ? 0 : 2;
}

static void test_what_is_open_is_left_alone(void **state)
{
	assert_int_equal(in_child(*state, open_ones_stay), 0);
}

/* The number of an error whose text is the expected one. */
static int said(struct error *err, int result, const char *reason)
{
	char line[512], expected[512];

	error_format(err, line, sizeof(line));
	snprintf(expected, sizeof(expected), "cannot write to standard output: write: %s", reason);
	return strcmp(line, expected) == 0 ? result : 0;
}

static bool redirect(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0;
}

static int print_to_full(const struct base_case *test)
{
	struct error err = { 0 };
	char many[20000];

	(void)test;
	memset(many, 'x', sizeof(many));
	if (!redirect("/dev/full", O_WRONLY))
		return 1;
	if (said(&err, standard_print("x", 1, &err), "no space left on device") != -ENOSPC)
		return 2;
	if (said(&err, standard_print(many, sizeof(many), &err), "no space left on device") !=
	    -ENOSPC)
		return 3;
	return 0;
}

static int print_to_closed(const struct base_case *test)
{
	struct error err = { 0 };

	(void)test;
	close(STDOUT_FILENO);
	standard_occupy();
	if (standard_print("", 0, &err) != 0)
		return 1;
	return said(&err, standard_print("x", 1, &err), "bad file descriptor") == -EBADF ? 0 : 2;
}

static void test_what_did_not_arrive_is_an_error(void **state)
{
	assert_int_equal(in_child(*state, print_to_full), 0);
	assert_int_equal(in_child(*state, print_to_closed), 0);
}

/* The buffer was written, and lost, while more was printed. */
static int fail_before_the_flush(const struct base_case *test)
{
	char path[80];

	if (!redirect("/dev/full", O_WRONLY))
		return 1;
	for (int i = 0; i < 20000; i++)
		putchar('x');
	fflush(stdout);
	snprintf(path, sizeof(path), "%s/out", test->path);
	if (!redirect(path, O_WRONLY | O_CREAT))
		return 2;
	return standard_flush(NULL) < 0 ? 0 : 3;
}

static void test_an_earlier_failure_is_not_forgotten(void **state)
{
	assert_int_equal(in_child(*state, fail_before_the_flush), 0);
}

static int print_to_file(const struct base_case *test)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/out", test->path);
	if (!redirect(path, O_WRONLY | O_CREAT))
		return 1;
	printf("one ");
	return standard_print("two\0three", 9, NULL) == 0 && standard_flush(NULL) == 0 ? 0 : 2;
}

static void test_all_bytes_arrive_in_their_order(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };

	assert_int_equal(in_child(test, print_to_file), 0);
	assert_int_equal(file_read(test->dir, "out", 99, &text, NULL), 0);
	assert_int_equal(text.length, 13);
	assert_memory_equal(text.data, "one two\0three", 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_closed_is_occupied_and_still_refuses),
		TEST(test_what_is_open_is_left_alone),
		TEST(test_what_did_not_arrive_is_an_error),
		TEST(test_an_earlier_failure_is_not_forgotten),
		TEST(test_all_bytes_arrive_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

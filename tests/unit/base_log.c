/* base_log.c -- where messages go, and in what form. Each case is a process of its own, as a
 * program opens its log once. */
#include "base_case.h"

#include "base/json.h"
#include "base/log.h"

#include <sys/wait.h>

#define LINE_ROWS(ROW, T)                                                                          \
	ROW(T, string, level, "level", none, required)                                             \
	ROW(T, string, msg, "msg", none, required)                                                 \
	ROW(T, string, time, "time", none, required)
JSON_STRUCT(line, LINE_ROWS);
JSON_SHAPE(line, LINE_ROWS);

static void messages(void)
{
	struct error err = { 0 };

	log_debug("a %s message", "debug");
	log_info("an info message");
	log_warning("a \"warning\"\nin two lines");
	(fail)(&err, EINVAL, "bad \xc3\xa4 input");
	log_error(&err);
}

/* In a child whose standard error is SCRATCH/stderr: open the log, log, say how opening went. */
static int log_in_child(const struct base_case *test, const char *target, bool json,
			enum log_level level)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		int fd = openat(test->dir, "stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int result;

		dup2(fd, STDERR_FILENO);
		result = log_open("prog", target, json, level, NULL);
		messages();
		_exit(-result);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static const char *content(struct base_case *test, const char *name)
{
	auto_text struct text text = { 0 };

	assert_int_equal(file_read(test->dir, name, 1 << 20, &text, NULL), 0);
	return arena_string(&test->arena, text.data);
}

static const char *in_scratch(struct base_case *test, const char *prefix, const char *name)
{
	return arena_format(&test->arena, "%s%s/%s", prefix, test->path, name);
}

static void test_standard_error_gets_plain_lines_of_the_level(void **state)
{
	struct base_case *test = *state;

	log_in_child(test, NULL, false, LOG_LEVEL_WARNING);
	assert_string_equal(
		content(test, "stderr"),
		"prog: warning: a \"warning\"?in two lines\nprog: bad \xc3\xa4 input\n");
	log_in_child(test, NULL, false, LOG_LEVEL_ERROR);
	assert_string_equal(content(test, "stderr"), "prog: bad \xc3\xa4 input\n");
	log_in_child(test, NULL, false, LOG_LEVEL_DEBUG);
	assert_non_null(strstr(content(test, "stderr"), "prog: debug: a debug message\n"));
}

static void test_a_file_gets_what_engines_parse_and_standard_error_the_error(void **state)
{
	struct base_case *test = *state;
	struct strings lines;
	struct line line;

	put_file(test->dir, "log", "already there\n");
	assert_int_equal(log_in_child(test, in_scratch(test, "", "log"), true, LOG_LEVEL_WARNING),
			 0);
	assert_string_equal(content(test, "stderr"), "prog: bad \xc3\xa4 input\n");
	lines = strings_split(content(test, "log"), '\n', &test->arena);
	assert_int_equal(lines.count, 4);
	assert_string_equal(lines.items[0], "already there");
	for (size_t i = 1; i <= 2; i++) {
		const struct json_source source = { lines.items[i], strlen(lines.items[i]), "log" };

		assert_int_equal(json_read(&source, &line_shape, &line, &test->arena, NULL, NULL),
				 0);
		assert_string_equal(line.level, i == 1 ? "warning" : "error");
		assert_int_equal(line.time[10], 'T');
	}
	assert_string_equal(line.msg, "bad \xc3\xa4 input");
}

static void test_text_in_a_file_has_fields(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(
		log_in_child(test, in_scratch(test, "file:", "log"), false, LOG_LEVEL_INFO), 0);
	assert_non_null(strstr(content(test, "log"), " level=info msg=\"an info message\"\n"));
	assert_non_null(strstr(content(test, "log"), " level=error msg=\"bad \xc3\xa4 input\"\n"));
	assert_null(strstr(content(test, "log"), "debug"));
}

static void test_json_on_standard_error_is_told_once(void **state)
{
	struct base_case *test = *state;

	log_in_child(test, NULL, true, LOG_LEVEL_ERROR);
	assert_true(text_starts(content(test, "stderr"),
				"{\"level\":\"error\",\"msg\":\"bad \xc3\xa4 input\",\"time\":\""));
	assert_int_equal(strings_split(content(test, "stderr"), '\n', &test->arena).count, 2);
}

static void test_a_log_that_cannot_be_opened_leaves_standard_error(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(log_in_child(test, "/nowhere/log", false, LOG_LEVEL_ERROR), -ENOENT);
	assert_string_equal(content(test, "stderr"), "prog: bad \xc3\xa4 input\n");
}

static void test_the_journal_of_a_host_that_has_none_is_an_error(void **state)
{
	if (access("/run/systemd/journal/socket", F_OK) == 0)
		skip();
	assert_int_equal(log_in_child(*state, "journald:prog", false, LOG_LEVEL_ERROR), -ENOENT);
	assert_string_equal(content(*state, "stderr"), "prog: bad \xc3\xa4 input\n");
}

static void test_a_log_that_is_full_changes_nothing(void **state)
{
	assert_int_equal(log_in_child(*state, "/dev/full", true, LOG_LEVEL_DEBUG), 0);
	assert_string_equal(content(*state, "stderr"), "prog: bad \xc3\xa4 input\n");
}

static void test_an_error_before_the_log_is_open_is_told_in_the_programs_name(void **state)
{
	struct base_case *test = *state;
	pid_t child = fork();
	int status;

	if (child == 0) {
		dup2(openat(test->dir, "stderr", O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
		messages();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_string_equal(content(test, "stderr"),
			    arena_format(&test->arena, "%s: bad \xc3\xa4 input\n",
					 program_invocation_short_name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_standard_error_gets_plain_lines_of_the_level),
		TEST(test_a_file_gets_what_engines_parse_and_standard_error_the_error),
		TEST(test_text_in_a_file_has_fields),
		TEST(test_json_on_standard_error_is_told_once),
		TEST(test_a_log_that_cannot_be_opened_leaves_standard_error),
		TEST(test_the_journal_of_a_host_that_has_none_is_an_error),
		TEST(test_a_log_that_is_full_changes_nothing),
		TEST(test_an_error_before_the_log_is_open_is_told_in_the_programs_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

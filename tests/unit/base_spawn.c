/* base_spawn.c -- host programs are run, fed, limited in time, and leave nothing. */
#include "base_case.h"

#include "base/spawn.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* `sh -c script` with its output kept. */
static int run_script(struct base_case *test, const char *script, struct spawn_request request,
		      struct spawn_result *result)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };

	request.path = "/bin/sh";
	request.argv = argv;
	if (request.output_limit == 0)
		request.output_limit = 4096;
	return spawn_run(&request, result, &test->err);
}

static const struct spawn_request plain = { .timeout_ms = -1 };

static void test_the_status_is_what_wait_says(void **state)
{
	struct spawn_result result;

	assert_int_equal(run_script(*state, "exit 3", plain, &result), 0);
	assert_int_equal(WEXITSTATUS(result.status), 3);
	text_free(&result.output);
	assert_int_equal(run_script(*state, "kill -TERM $$", plain, &result), 0);
	assert_int_equal(WTERMSIG(result.status), SIGTERM);
	assert_false(result.timed_out);
	text_free(&result.output);
}

static void test_a_program_that_is_not_there_cannot_be_started(void **state)
{
	struct base_case *test = *state;
	const struct spawn_request request = { .path = "/nowhere/prog", .timeout_ms = -1 };
	struct spawn_result result;

	assert_int_equal(spawn_run(&request, &result, &test->err), -ENOENT);
	assert_string_equal(told(test), "cannot run \"/nowhere/prog\": posix_spawn: no such file "
					"or directory");
}

static void test_output_and_errors_are_kept_together_up_to_the_limit(void **state)
{
	struct spawn_request request = plain;
	struct spawn_result result;

	assert_int_equal(run_script(*state, "echo out; echo err >&2; echo out", plain, &result), 0);
	assert_string_equal(result.output.data, "out\nerr\nout\n");
	text_free(&result.output);
	request.output_limit = 10;
	assert_int_equal(run_script(*state,
				    "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); "
				    "done; exit 4",
				    request, &result),
			 0);
	assert_int_equal(result.output.length, 10);
	assert_int_equal(WEXITSTATUS(result.status), 4);
	text_free(&result.output);
}

static void test_input_of_any_size_goes_both_ways_without_a_deadlock(void **state)
{
	struct base_case *test = *state;
	size_t length = 1 << 20;
	char *input = arena_alloc(&test->arena, length);
	struct spawn_request request = plain;
	struct spawn_result result;

	memset(input, 'x', length);
	request.input = input;
	request.input_length = length;
	request.output_limit = 2 << 20;
	assert_int_equal(run_script(test, "cat", request, &result), 0);
	assert_int_equal(result.output.length, length);
	text_free(&result.output);
}

static void test_a_program_that_does_not_read_is_no_failure(void **state)
{
	struct base_case *test = *state;
	struct spawn_request request = plain;
	struct spawn_result result;
	sigset_t pending;

	request.input = arena_alloc(&test->arena, 1 << 20);
	request.input_length = 1 << 20;
	assert_int_equal(run_script(test, "exec <&-; exit 0", request, &result), 0);
	assert_int_equal(result.status, 0);
	text_free(&result.output);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
}

static void test_without_input_there_is_none_to_wait_for(void **state)
{
	struct spawn_result result;

	assert_int_equal(run_script(*state, "cat; echo end", plain, &result), 0);
	assert_string_equal(result.output.data, "end\n");
	text_free(&result.output);
}

static void test_the_environment_and_the_directory_are_exactly_those_asked_for(void **state)
{
	struct base_case *test = *state;
	char *const envp[] = { (char *)"ONLY=this", NULL };
	char *const argv[] = { (char *)"env", NULL };
	struct spawn_request request = { .path = "/usr/bin/env",
					 .argv = argv,
					 .envp = envp,
					 .timeout_ms = -1,
					 .output_limit = 4096 };
	struct spawn_result result;

	setenv("LEAKED", "1", 1);
	assert_int_equal(spawn_run(&request, &result, &test->err), 0);
	assert_string_equal(result.output.data, "ONLY=this\n");
	text_free(&result.output);
	request.envp = NULL;
	assert_int_equal(spawn_run(&request, &result, &test->err), 0);
	assert_int_equal(result.output.length, 0);
	text_free(&result.output);
	request = plain;
	request.directory = test->path;
	assert_int_equal(run_script(test, "pwd -P", request, &result), 0);
	assert_string_equal(result.output.data, arena_format(&test->arena, "%s\n", test->path));
	text_free(&result.output);
	request.directory = "/nowhere";
	assert_int_equal(run_script(test, "pwd", request, &result), -ENOENT);
}

static void test_no_descriptor_and_no_signal_setting_is_inherited(void **state)
{
	struct base_case *test = *state;
	int leaked = dup2(test->dir, 57); /* not close-on-exec */
	struct spawn_result result;
	sigset_t blocked, before;
	uint64_t ignored;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run_script(test,
				    "ls /proc/self/fd | tr '\\n' ' '; grep -E 'SigBlk|SigIgn' "
				    "/proc/self/status | tr -d '\\n\\t'",
				    plain, &result),
			 0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leaked);
	assert_null(strstr(result.output.data, "57"));
	assert_non_null(strstr(result.output.data, "SigBlk:0000000000000000"));
	ignored = strtoull(strstr(result.output.data, "SigIgn:") + 7, NULL, 16);
	/* glibc's posix_spawn leaves its own two (32, 33) ignored. */
	assert_true((ignored & ~UINT64_C(0x180000000)) == 0);
	text_free(&result.output);
}

/* A pipe that the script's children hold: its end means that none of them is left. */
static void test_on_time_out_the_whole_group_is_killed(void **state)
{
	struct base_case *test = *state;
	struct spawn_request request = { .timeout_ms = 50 };
	struct spawn_result result;
	char bytes[64];
	int fd;

	mkfifoat(test->dir, "fifo", 0600);
	fd = openat(test->dir, "fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	request.directory = test->path;
	assert_int_equal(run_script(test,
				    "exec 9>fifo; (sh -c 'trap \"\" TERM; sleep 1000' & "
				    "sleep 1000) & sleep 1000",
				    request, &result),
			 0);
	assert_true(result.timed_out);
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
	text_free(&result.output);

	struct pollfd event = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&event, 1, 10000), 1);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 0);
	close(fd);
}

static void test_what_outlives_the_process_it_is_run_for_is_killed(void **state)
{
	struct base_case *test = *state;
	pid_t other = fork();
	struct spawn_request request = plain;
	struct spawn_result result;
	char *script;

	if (other == 0) {
		pause();
		_exit(0);
	}
	request.while_alive = (int)syscall(SYS_pidfd_open, other, 0);
	assert_true(request.while_alive > 0);
	assert_int_equal(run_script(test, "exit 5", request, &result), 0);
	assert_false(result.outlived);
	assert_int_equal(WEXITSTATUS(result.status), 5);
	text_free(&result.output);
	script = arena_format(&test->arena, "kill -KILL %d; sleep 1000 & sleep 1000", other);
	assert_int_equal(run_script(test, script, request, &result), 0);
	assert_true(result.outlived && !result.timed_out);
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
	text_free(&result.output);
	close(request.while_alive);
	waitpid(other, NULL, 0);
}

static void test_the_three_descriptors_may_be_closed(void **state)
{
	struct base_case *test = *state;
	struct spawn_request request = plain;
	struct spawn_result result;
	int saved[3];

	request.input = "in\n";
	request.input_length = 3;
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	int status = run_script(test, "cat; echo out; echo err >&2", request, &result);

	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(status, 0);
	assert_string_equal(result.output.data, "in\nout\nerr\n");
	text_free(&result.output);
}

static void test_a_child_that_holds_the_output_open_is_not_waited_for(void **state)
{
	struct base_case *test = *state;
	struct spawn_result result;
	long pid;

	assert_int_equal(run_script(test, "sleep 1000 & echo $!", plain, &result), 0);
	pid = strtol(result.output.data, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	text_free(&result.output);
}

static void test_a_child_that_writes_without_end_does_not_keep_us(void **state)
{
	struct base_case *test = *state;
	struct spawn_result result;
	long pid;

	assert_int_equal(run_script(test, "echo $$; yes & exit 0", plain, &result), 0);
	pid = strtol(result.output.data, NULL, 10);
	kill((pid_t)-pid, SIGKILL);
	assert_int_equal(result.status, 0);
	text_free(&result.output);
}

static void test_nothing_is_left_open(void **state)
{
	struct base_case *test = *state;
	struct spawn_result result;
	int before = dup(0), after;

	close(before);
	assert_int_equal(run_script(test, "true", plain, &result), 0);
	text_free(&result.output);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_a_program_is_found_by_name_on_path_then_in_the_usual_places(void **state)
{
	struct base_case *test = *state;
	char *before = getenv("PATH") ? strdup(getenv("PATH")) : NULL;
	char own[128];

	snprintf(own, sizeof(own), "%s/sh", test->path);
	put_file(test->dir, "sh", "");
	setenv("PATH", test->path, 1);
	/* Not a program yet: the usual places have one. */
	assert_non_null(strstr(spawn_find("sh", &test->arena), "bin/sh"));
	assert_int_equal(fchmodat(test->dir, "sh", 0755, 0), 0);
	assert_string_equal(spawn_find("sh", &test->arena), own);
	assert_string_equal(spawn_find(own, &test->arena), own);
	assert_null(spawn_find("no-such-program", &test->arena));
	assert_null(spawn_find(test->path, &test->arena));
	unsetenv("PATH");
	assert_non_null(spawn_find("sh", &test->arena));
	if (before)
		setenv("PATH", before, 1);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_status_is_what_wait_says),
		TEST(test_a_program_that_is_not_there_cannot_be_started),
		TEST(test_output_and_errors_are_kept_together_up_to_the_limit),
		TEST(test_input_of_any_size_goes_both_ways_without_a_deadlock),
		TEST(test_a_program_that_does_not_read_is_no_failure),
		TEST(test_without_input_there_is_none_to_wait_for),
		TEST(test_the_environment_and_the_directory_are_exactly_those_asked_for),
		TEST(test_no_descriptor_and_no_signal_setting_is_inherited),
		TEST(test_on_time_out_the_whole_group_is_killed),
		TEST(test_what_outlives_the_process_it_is_run_for_is_killed),
		TEST(test_the_three_descriptors_may_be_closed),
		TEST(test_a_child_that_holds_the_output_open_is_not_waited_for),
		TEST(test_a_child_that_writes_without_end_does_not_keep_us),
		TEST(test_nothing_is_left_open),
		TEST(test_a_program_is_found_by_name_on_path_then_in_the_usual_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* console_foreground.c -- a process in the foreground: its exit code, its signals, and every byte
 * of its terminal. Each case plays coffer in a child, whose standard files are pipes or a terminal
 * of the test's. */
/* Before cmocka.h, which calls a macro "fail". */
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* Exit status of a player whose foreground failed. */
enum { FAILED = 99 };

/* ---- the container's part -------------------------------------------------------------------- */

static int master_of_container = -1;

/* A program in a session of its own, on a new pty where asked for, nothing blocked. */
static pid_t start(void (*program)(void), bool terminal)
{
	int slave = -1;
	pid_t pid;

	master_of_container = -1;
	if (terminal) {
		int unlock = 0;

		master_of_container = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		ioctl(master_of_container, TIOCSPTLCK, &unlock);
		slave = ioctl(master_of_container, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		if (slave >= 0) {
			ioctl(slave, TIOCSCTTY, 0);
			for (int fd = 0; fd <= 2; fd++)
				dup2(slave, fd);
			close(master_of_container);
		}
		program();
		_exit(0);
	}
	close(slave);
	return pid;
}

static int play(void (*program)(void), bool terminal)
{
	struct foreground foreground = { .subreaper = true };
	int exit_code = 0;

	if (foreground_open(&foreground, NULL) < 0)
		return FAILED;
	foreground.pid = start(program, terminal);
	foreground.pidfd = (int)syscall(SYS_pidfd_open, foreground.pid, 0);
	foreground.master = master_of_container;
	if (foreground_wait(&foreground, &exit_code, NULL) < 0)
		return FAILED;
	return exit_code;
}

/* Coffer as a child with these standard files. */
static pid_t player(void (*program)(void), bool terminal, int input, int output)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int number = 1; number < 32; number++)
			signal(number, SIG_DFL); /* cmocka's */
		dup2(input, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		_exit(play(program, terminal));
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void wait_for(int fd, const char *expected)
{
	char text[256] = "";
	size_t length = 0;

	while (!strstr(text, expected)) {
		ssize_t count = read(fd, text + length, sizeof(text) - 1 - length);

		assert_true(count > 0);
		length += (size_t)count;
		text[length] = '\0';
	}
}

/* ---- programs -------------------------------------------------------------------------------- */

static void exits_with_42(void)
{
	_exit(42);
}

static void dies_of_SIGKILL(void)
{
	kill(getpid(), SIGKILL);
}

static void say(const char *text)
{
	(void)!write(STDOUT_FILENO, text, strlen(text));
}

static void waits_for_signals(void)
{
	sigset_t all;
	int number = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	say("ready\n");
	while (sigwait(&all, &number) == 0 && number != SIGTERM) {
		char line[32];

		snprintf(line, sizeof(line), "signal %d\n", number);
		say(line);
	}
	_exit(7);
}

static void leaves_an_orphan(void)
{
	if (fork() == 0) {
		setsid();
		_exit(3);
	}
	_exit(5);
}

/* Far more than a pty holds. */
enum { NUMBERS = 20000 };

static void counts(void)
{
	for (int i = 0; i < NUMBERS; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%d\n", i);
		say(line);
	}
	_exit(4);
}

static void closes_its_terminal_and_opens_it_again(void)
{
	char name[64];
	int fd;

	ttyname_r(0, name, sizeof(name));
	say("first\n");
	for (fd = 0; fd <= 2; fd++)
		close(fd);
	poll(NULL, 0, 20); /* gives the relay the chance to see the end that is none */
	fd = open(name, O_RDWR);
	dup2(fd, STDOUT_FILENO);
	say("second\n");
	_exit(0);
}

static void echoes_a_line_and_its_window(void)
{
	char line[64] = "", answer[128];
	struct winsize size = { 0 };

	say("ready\n");
	(void)!fgets(line, sizeof(line), stdin);
	ioctl(0, TIOCGWINSZ, &size);
	snprintf(answer, sizeof(answer), "got %.*s in %dx%d\n", (int)strcspn(line, "\n"), line,
		 size.ws_row, size.ws_col);
	say(answer);
	_exit(0);
}

static void tells_when_resized(void)
{
	struct winsize size = { 0 };
	sigset_t winch;
	int number;

	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, NULL);
	say("ready\n");
	sigwait(&winch, &number);
	ioctl(0, TIOCGWINSZ, &size);
	if (size.ws_row == 50 && size.ws_col == 60)
		say("resized\n");
	_exit(0);
}

/* ---- without a terminal ---------------------------------------------------------------------- */

static void the_exit_code_is_the_process_s(void **state)
{
	assert_int_equal(end_of(player(exits_with_42, false, 0, 1)), 42);
}

static void death_by_a_signal_is_128_and_its_number(void **state)
{
	assert_int_equal(end_of(player(dies_of_SIGKILL, false, 0, 1)), 128 + SIGKILL);
}

static void orphans_are_reaped_and_do_not_change_the_exit_code(void **state)
{
	assert_int_equal(end_of(player(leaves_an_orphan, false, 0, 1)), 5);
}

static void signals_go_to_the_process_and_do_not_end_the_caller(void **state)
{
	const int numbers[] = { SIGINT,  SIGHUP,  SIGQUIT,  SIGUSR1,
				SIGALRM, SIGTSTP, SIGWINCH, SIGCONT };
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = player(waits_for_signals, false, 0, out[1]);
	wait_for(out[0], "ready\n");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char line[32];

		kill(pid, numbers[i]);
		snprintf(line, sizeof(line), "signal %d\n", numbers[i]);
		wait_for(out[0], line);
	}
	kill(pid, SIGTERM);
	assert_int_equal(end_of(pid), 7);
	close(out[0]);
	close(out[1]);
}

static void the_caller_s_signals_are_as_before_afterwards(void **state)
{
	struct foreground foreground = { .pid = -1, .pidfd = -1, .master = -1 };
	sigset_t before, after;

	sigprocmask(SIG_BLOCK, NULL, &before);
	assert_int_equal(foreground_open(&foreground, NULL), 0);
	sigprocmask(SIG_BLOCK, NULL, &after);
	assert_true(sigismember(&after, SIGTERM));
	assert_false(sigismember(&after, SIGSEGV));
	foreground_close(&foreground);
	foreground_close(&foreground);
	sigprocmask(SIG_BLOCK, NULL, &after);
	assert_memory_equal(&before, &after, 8);
}

/* ---- with a terminal ------------------------------------------------------------------------- */

static void nothing_is_lost_when_the_process_ends(void **state)
{
	char *text = calloc(1, 1 << 20);
	size_t length = 0;
	ssize_t count;
	char *next = text;
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = player(counts, true, open("/dev/null", O_RDONLY | O_CLOEXEC), out[1]);
	close(out[1]);
	while ((count = read(out[0], text + length, (1 << 20) - 1 - length)) > 0)
		length += (size_t)count;
	assert_int_equal(end_of(pid), 4);
	for (int i = 0; i < NUMBERS; i++) {
		char *end;

		assert_int_equal(strtol(next, &end, 10), i);
		next = end + strspn(end, "\r\n");
	}
	assert_int_equal(*next, '\0');
	close(out[0]);
	free(text);
}

static void a_reader_that_went_away_does_not_end_the_container(void **state)
{
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = player(counts, true, 0, out[1]);
	close(out[0]);
	close(out[1]);
	assert_int_equal(end_of(pid), 4);
}

static void who_reads_nothing_at_the_end_can_be_interrupted(void **state)
{
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	pid = player(waits_for_signals, true, 0, out[1]);
	wait_for(out[0], "ready");
	kill(pid, SIGTERM);
	assert_int_equal(end_of(pid), 7);
	close(out[0]);
	close(out[1]);
}

static void a_terminal_that_is_closed_may_be_opened_again(void **state)
{
	int out[2];
	pid_t pid;

	assert_int_equal(pipe(out), 0);
	pid = player(closes_its_terminal_and_opens_it_again, true, 0, out[1]);
	wait_for(out[0], "first\r\nsecond");
	assert_int_equal(end_of(pid), 0);
	close(out[0]);
	close(out[1]);
}

/* The test is the terminal emulator: it holds the master of coffer's terminal. */
static int open_emulator(int *terminal)
{
	struct winsize size = { .ws_row = 30, .ws_col = 40 };
	int unlock = 0;
	int emulator = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(emulator >= 0);
	ioctl(emulator, TIOCSPTLCK, &unlock);
	ioctl(emulator, TIOCSWINSZ, &size);
	*terminal = ioctl(emulator, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*terminal >= 0);
	return emulator;
}

static void what_is_typed_reaches_the_process_and_the_terminal_is_put_back(void **state)
{
	int terminal, emulator = open_emulator(&terminal);
	struct termios before, raw, after;
	pid_t pid;

	assert_int_equal(tcgetattr(terminal, &before), 0);
	pid = player(echoes_a_line_and_its_window, true, terminal, terminal);
	wait_for(emulator, "ready");
	assert_int_equal(tcgetattr(terminal, &raw), 0);
	assert_int_equal(raw.c_lflag & (ICANON | ISIG | ECHO), 0);
	assert_int_equal(write(emulator, "hello\r", 6), 6);
	wait_for(emulator, "got hello in 30x40");
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(tcgetattr(terminal, &after), 0);
	assert_int_equal(before.c_lflag, after.c_lflag);
	assert_int_equal(before.c_iflag, after.c_iflag);
	assert_int_equal(before.c_oflag, after.c_oflag);
	close(terminal);
	close(emulator);
}

static void control_c_is_the_process_s(void **state)
{
	int terminal, emulator = open_emulator(&terminal);
	pid_t pid = player(echoes_a_line_and_its_window, true, terminal, terminal);

	wait_for(emulator, "ready");
	assert_int_equal(write(emulator, "\003", 1), 1);
	assert_int_equal(end_of(pid), 128 + SIGINT);
	close(terminal);
	close(emulator);
}

static void a_resized_window_resizes_the_pty(void **state)
{
	struct winsize size = { .ws_row = 50, .ws_col = 60 };
	int terminal, emulator = open_emulator(&terminal);
	pid_t pid = player(tells_when_resized, true, terminal, terminal);

	wait_for(emulator, "ready");
	ioctl(emulator, TIOCSWINSZ, &size);
	kill(pid, SIGWINCH); /* coffer is not in the foreground group of the test's terminal */
	wait_for(emulator, "resized");
	assert_int_equal(end_of(pid), 0);
	close(terminal);
	close(emulator);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_code_is_the_process_s),
		cmocka_unit_test(death_by_a_signal_is_128_and_its_number),
		cmocka_unit_test(orphans_are_reaped_and_do_not_change_the_exit_code),
		cmocka_unit_test(signals_go_to_the_process_and_do_not_end_the_caller),
		cmocka_unit_test(the_caller_s_signals_are_as_before_afterwards),
		cmocka_unit_test(nothing_is_lost_when_the_process_ends),
		cmocka_unit_test(a_reader_that_went_away_does_not_end_the_container),
		cmocka_unit_test(who_reads_nothing_at_the_end_can_be_interrupted),
		cmocka_unit_test(a_terminal_that_is_closed_may_be_opened_again),
		cmocka_unit_test(what_is_typed_reaches_the_process_and_the_terminal_is_put_back),
		cmocka_unit_test(control_c_is_the_process_s),
		cmocka_unit_test(a_resized_window_resizes_the_pty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

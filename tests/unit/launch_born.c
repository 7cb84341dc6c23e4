/* launch_born.c -- the second child of `exec`: it is named over a socket whose other end a
 * container may have in its hands by then. */
/* Before cmocka.h, which calls a macro "fail". */
#include "runtime/launch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;
static int theirs;

/* A child that is there until it is killed, or ends at once. */
static pid_t make_child(bool stays)
{
	pid_t pid = fork();

	while (pid == 0) {
		if (!stays)
			_exit(0);
		pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct launched launch(const struct plan *plan, bool stays)
{
	struct launched launched = LAUNCHED_NONE;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	theirs = pair[1];
	launched.control = pair[0];
	launched.plan = plan;
	launched.pid = make_child(stays);
	err = (struct error){ 0 };
	return launched;
}

static void say(enum phase phase, pid_t pid)
{
	const struct message message = { .phase = phase, .number = pid };

	assert_int_equal(send(theirs, &message, sizeof(message), 0), sizeof(message));
}

static void leave(struct launched *launched)
{
	launch_close(launched);
	close(theirs);
}

static struct step forks[] = { { .kind = STEP_FORK } };
static struct plan_header one_step = { .step_count = 1 };
static const struct plan with_fork = { .header = &one_step, .steps = forks };

static void refuses(const struct plan *plan, pid_t named)
{
	struct launched launched = launch(plan, true);
	pid_t first = launched.pid;

	say(PHASE_BORN, named ? named : first);
	assert_int_equal(launch_await(&launched, PHASE_CREATED, &err), -EPROTO);
	assert_int_equal(launched.pid, first);
	end_child(first);
	leave(&launched);
}

static void a_process_that_is_no_child_of_ours_is_refused(void **state)
{
	refuses(&with_fork, getppid());
	refuses(&with_fork, getpid());
	refuses(&with_fork, -1);
}

static void the_first_child_is_not_the_second(void **state)
{
	refuses(&with_fork, 0);
}

static void a_plan_without_a_fork_has_no_second_child(void **state)
{
	static struct step none[] = { { .kind = STEP_SESSION } };
	const struct plan plan = { .header = &one_step, .steps = none };
	pid_t other = make_child(true);

	refuses(&plan, other);
	end_child(other);
}

static void the_second_child_takes_the_first_one_s_place_and_may_go_on_once(void **state)
{
	struct launched launched = launch(&with_fork, false);
	pid_t second = make_child(true), third = make_child(true);
	struct message message;

	say(PHASE_BORN, second);
	say(PHASE_BORN, third);
	assert_int_equal(launch_await(&launched, PHASE_CREATED, &err), -EPROTO);
	assert_int_equal(launched.pid, second);
	assert_true(launched.pidfd >= 0);
	assert_int_equal(recv(theirs, &message, sizeof(message), 0), sizeof(message));
	assert_int_equal(message.phase, PHASE_CONTINUE);
	assert_int_equal(recv(theirs, &message, sizeof(message), MSG_DONTWAIT), -1);
	end_child(second);
	end_child(third);
	leave(&launched);
}

static void what_only_the_first_child_has_to_say_is_refused_of_the_second(void **state)
{
	struct launched launched = launch(&with_fork, false);
	pid_t second = make_child(true);

	say(PHASE_BORN, second);
	say(PHASE_CONSOLE, 0);
	assert_int_equal(launch_await(&launched, PHASE_LISTENER, &err), -EPROTO);
	assert_int_equal(launched.console, -1);
	end_child(second);
	leave(&launched);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_is_no_child_of_ours_is_refused),
		cmocka_unit_test(the_first_child_is_not_the_second),
		cmocka_unit_test(a_plan_without_a_fork_has_no_second_child),
		cmocka_unit_test(the_second_child_takes_the_first_one_s_place_and_may_go_on_once),
		cmocka_unit_test(what_only_the_first_child_has_to_say_is_refused_of_the_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

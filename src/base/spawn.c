/* spawn.c -- run a program of the host's and wait for it.
 *
 * posix_spawn(3) makes the child (vfork-style, signals reset, its errors reported), in a process
 * group of its own so that a time-out reaches its children too. Input and output are served by one
 * poll loop; the child's end is its pidfd becoming readable. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"

struct run {
	const struct spawn_request *request;
	struct spawn_result *result;
	pid_t pid;
	int pidfd;
	int input;  /* our end of its standard input, -1 once all is written */
	int output; /* our end of its output, -1 at its end */
	size_t written;
	int64_t deadline; /* ms of CLOCK_MONOTONIC, -1: none */
};

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int prepare_actions(posix_spawn_file_actions_t *actions, const struct spawn_request *request,
			   int input, int output)
{
	const int out = request->output > 0 ? request->output : output;
	const int errors = request->errors > 0 ? request->errors : output;
	int result = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);

	if (result == 0 && out >= 0)
		result = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (result == 0 && errors >= 0)
		result = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
	if (result == 0 && request->directory)
		result = posix_spawn_file_actions_addchdir_np(actions, request->directory);
	/* A caller's stray descriptors are not the program's. */
	if (result == 0)
		result = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return result;
}

static int prepare_attributes(posix_spawnattr_t *attributes)
{
	sigset_t signals;
	int result;

	sigemptyset(&signals);
	result = posix_spawnattr_setsigmask(attributes, &signals);
	sigfillset(&signals); /* nothing of what the caller ignores either */
	if (result == 0)
		result = posix_spawnattr_setsigdefault(attributes, &signals);
	if (result == 0)
		result = posix_spawnattr_setpgroup(attributes, 0);
	if (result == 0)
		result = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								      POSIX_SPAWN_SETSIGDEF |
								      POSIX_SPAWN_SETPGROUP);
	return result;
}

static int spawn(struct run *run, int input, int output, struct error *err)
{
	const struct spawn_request *request = run->request;
	char *const only_path[] = { (char *)request->path, NULL };
	char *const nothing[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int result;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	result = prepare_actions(&actions, request, input, output);
	if (result == 0)
		result = prepare_attributes(&attributes);
	if (result == 0)
		result = posix_spawn(&run->pid, request->path, &actions, &attributes,
				     request->argv ? request->argv : only_path,
				     request->envp ? request->envp : nothing);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (result != 0)
		return fail_number(err, result, "posix_spawn", "cannot run \"%s\"", request->path);
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	if (run->pidfd < 0)
		return fail_call(err, "pidfd_open", "cannot wait for \"%s\"", request->path);
	return 0;
}

static int make_pipe(int ends[2], struct error *err)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_call(err, "pipe2", "cannot make a pipe");
	return 0;
}

static int start(struct run *run, struct error *err)
{
	auto_close int child_input = -1;
	auto_close int child_output = -1;
	int ends[2];

	if (run->request->input_length > 0) {
		TRY(make_pipe(ends, err));
		child_input = ends[0];
		run->input = ends[1];
		fcntl(run->input, F_SETFL, O_NONBLOCK);
	} else {
		child_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (child_input < 0)
			return fail_call(err, "open", "cannot open /dev/null");
	}
	if (run->request->output_limit > 0) {
		TRY(make_pipe(ends, err));
		run->output = ends[0];
		child_output = ends[1];
	}
	return spawn(run, child_input, child_output, err);
}

static void write_input(struct run *run)
{
	ssize_t written = write(run->input, run->request->input + run->written,
				run->request->input_length - run->written);

	if (written > 0)
		run->written += (size_t)written;
	if ((written < 0 && errno != EAGAIN && errno != EINTR) ||
	    run->written == run->request->input_length)
		close_fd(&run->input);
}

/* Returns the number of bytes; 0 at the end, where our end is closed. */
static int read_output(struct run *run)
{
	char bytes[4096];
	ssize_t got = read(run->output, bytes, sizeof(bytes));
	size_t room = run->request->output_limit - run->result->output.length;

	if (got > 0)
		text_add_bytes(&run->result->output, bytes,
			       (size_t)got < room ? (size_t)got : room);
	else if (got == 0 || errno != EINTR)
		close_fd(&run->output);
	return got > 0 ? (int)got : 0;
}

static int time_left(const struct run *run)
{
	int64_t left;

	if (run->deadline < 0)
		return -1;
	left = run->deadline - now_ms();
	return left > 0 ? (int)left : 0;
}

/* What is in the pipe when the program has ended, and no more: its children may go on writing. */
static void drain_output(struct run *run)
{
	int left = 0;

	if (run->output < 0 || ioctl(run->output, FIONREAD, &left) < 0)
		return;
	while (run->output >= 0 && left > 0)
		left -= read_output(run);
}

static int kill_group(const struct run *run, bool *reason)
{
	*reason = true;
	kill(-run->pid, SIGKILL);
	return 0;
}

static int serve(struct run *run, struct error *err)
{
	for (;;) {
		struct pollfd events[] = {
			{ .fd = run->pidfd, .events = POLLIN },
			{ .fd = run->input, .events = POLLOUT },
			{ .fd = run->output, .events = POLLIN },
			{ .fd = run->request->while_alive > 0 ? run->request->while_alive : -1,
			  .events = POLLIN },
		};
		int ready = poll(events, 4, time_left(run));

		if (ready < 0 && errno != EINTR)
			return fail_call(err, "poll", "cannot wait for \"%s\"", run->request->path);
		if (ready == 0)
			return kill_group(run, &run->result->timed_out);
		if (ready > 0 && events[1].revents)
			write_input(run);
		if (ready > 0 && events[2].revents)
			read_output(run);
		if (ready > 0 && events[0].revents) {
			drain_output(run);
			return 0;
		}
		if (ready > 0 && events[3].revents)
			return kill_group(run, &run->result->outlived);
	}
}

static void reap(struct run *run)
{
	while (waitpid(run->pid, &run->result->status, 0) < 0 && errno == EINTR)
		;
}

/* SIGPIPE of a program that does not read its input is blocked and taken back, so that a library's
 * caller never sees it. */
static int serve_without_sigpipe(struct run *run, struct error *err)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe_signal, before, pending;
	int result;

	sigpending(&pending);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	result = serve(run, err);
	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

int spawn_run(const struct spawn_request *request, struct spawn_result *result, struct error *err)
{
	struct run run = {
		.request = request,
		.result = result,
		.pid = -1,
		.pidfd = -1,
		.input = -1,
		.output = -1,
		.deadline = request->timeout_ms < 0 ? -1 : now_ms() + request->timeout_ms,
	};
	int status;

	*result = (struct spawn_result){ 0 };
	status = start(&run, err);
	if (status == 0)
		status = serve_without_sigpipe(&run, err);
	if (run.pid > 0 && status < 0)
		kill(-run.pid, SIGKILL);
	if (run.pid > 0)
		reap(&run);
	close_fd(&run.pidfd);
	close_fd(&run.input);
	close_fd(&run.output);
	return status;
}

/* foreground.c -- stay with a process until it ends: signals, terminal, children.
 *
 * Signals arrive by signalfd in the same loop as everything else, so that no handler runs and no
 * signal ends us while the container goes on. Those that stop a background job for using its
 * terminal, and those that tell of our own faults, keep their default effect. */
#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "relay.h"
#include "runtime/console.h"

static const int left_alone[] = { SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static void signals_held(sigset_t *held)
{
	sigfillset(held);
	for (size_t i = 0; i < sizeof(left_alone) / sizeof(left_alone[0]); i++)
		sigdelset(held, left_alone[i]);
}

int foreground_open(struct foreground *foreground, struct error *err)
{
	sigset_t held;

	if (foreground->is_open)
		return 0;
	if (foreground->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return fail_call(err, "prctl", "cannot become a subreaper");
	signals_held(&held);
	foreground->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (foreground->signals < 0)
		return fail_call(err, "signalfd", "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &held, &foreground->mask_before);
	foreground->is_open = true;
	return 0;
}

/* A SIGPIPE of our own making must not end us now. */
void foreground_close(struct foreground *foreground)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe;

	if (!foreground->is_open)
		return;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigtimedwait(&pipe, NULL, &at_once);
	close_fd(&foreground->signals);
	sigprocmask(SIG_SETMASK, &foreground->mask_before, NULL);
	foreground->is_open = false;
}

/* ---- the loop -------------------------------------------------------------------------------- */

enum { AT_SIGNALS, AT_PROCESS, AT_ALSO, AT_RELAY };

struct watch {
	const struct foreground *foreground;
	struct relay relay;
	bool ended;
	int status; /* as of waitpid(2) */
};

static void process_ended(struct watch *watch, int status)
{
	watch->ended = true;
	watch->status = status;
	relay_end(&watch->relay);
}

static void reap_orphans(struct watch *watch)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		if (pid == watch->foreground->pid && !watch->ended)
			process_ended(watch, status);
}

static int reap_process(struct watch *watch, struct error *err)
{
	int status = 0;
	pid_t pid = waitpid(watch->foreground->pid, &status, WNOHANG | __WALL);

	if (pid < 0)
		return fail_call(err, "waitpid", "cannot wait for process %d",
				 watch->foreground->pid);
	if (pid > 0)
		process_ended(watch, status);
	return 0;
}

/* The container is gone: who wants to end us now need not wait for our own reader. */
static void take_after_end(struct watch *watch, int signal)
{
	if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT)
		relay_give_up(&watch->relay);
}

static void take(struct watch *watch, int signal)
{
	bool has_terminal = watch->relay.master >= 0;

	if (signal == SIGPIPE)
		return;
	if (signal == SIGCHLD) {
		if (watch->foreground->subreaper)
			reap_orphans(watch);
		return;
	}
	if (watch->ended) {
		take_after_end(watch, signal);
		return;
	}
	if (signal == SIGWINCH && has_terminal) {
		relay_resize(&watch->relay);
		return;
	}
	if (signal == SIGCONT && has_terminal)
		relay_continue(&watch->relay);
	/* It may be ending right now: its pidfd tells that. */
	syscall(SYS_pidfd_send_signal, watch->foreground->pidfd, signal, NULL, 0);
}

static void take_signals(struct watch *watch)
{
	struct signalfd_siginfo information;

	while (read(watch->foreground->signals, &information, sizeof(information)) ==
	       sizeof(information))
		take(watch, (int)information.ssi_signo);
}

static int turn(struct watch *watch, struct error *err)
{
	const int *also = watch->foreground->also;
	struct pollfd events[AT_RELAY + RELAY_EVENTS] = {
		[AT_SIGNALS] = { .fd = watch->foreground->signals, .events = POLLIN },
		[AT_PROCESS] = { .fd = watch->ended ? -1 : watch->foreground->pidfd,
				 .events = POLLIN },
		[AT_ALSO] = { .fd = also ? *also : -1, .events = POLLIN },
	};

	relay_expect(&watch->relay, events + AT_RELAY);
	if (poll(events, sizeof(events) / sizeof(events[0]), -1) < 0)
		return errno == EINTR ? 0 : fail_call(err, "poll", "cannot wait for the process");
	relay_move(&watch->relay, events + AT_RELAY);
	if (events[AT_ALSO].revents)
		watch->foreground->ready(watch->foreground->context);
	if (events[AT_SIGNALS].revents)
		take_signals(watch);
	if (events[AT_PROCESS].revents && !watch->ended)
		return reap_process(watch, err);
	return 0;
}

static int watch_process(const struct foreground *foreground, int *exit_code, struct error *err)
{
	struct watch watch; /* not zeroed: the relay has large buffers */
	int result = relay_open(&watch.relay, foreground->master, err);

	watch.foreground = foreground;
	watch.ended = false;
	watch.status = 0;
	while (result == 0 && !(watch.ended && relay_is_done(&watch.relay)))
		result = turn(&watch, err);
	relay_close(&watch.relay);
	if (result == 0)
		*exit_code = WIFSIGNALED(watch.status) ? 128 + WTERMSIG(watch.status)
						       : WEXITSTATUS(watch.status);
	return result;
}

int foreground_wait(struct foreground *foreground, int *exit_code, struct error *err)
{
	int result;

	TRY(foreground_open(foreground, err));
	result = watch_process(foreground, exit_code, err);
	foreground_close(foreground);
	return result;
}

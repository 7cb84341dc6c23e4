/* process.c -- one process of criu: `criu swrk 3`, which serves requests on the socket that is its
 * descriptor 3, and ends when we close our end.
 *
 * It is forked, not spawned, because it gets a mount namespace of its own for a restore. Between
 * fork and exec there are only system calls: the caller may have threads. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/spawn.h"
#include "checkpoint_private.h"

#define INHERITED_MOST 8
#define SAFE_FD        64 /* above every descriptor that criu gets */
#define OUTPUT_MOST    65536

/* ---- finding it ------------------------------------------------------------------------------ */

int criu_find(struct arena *arena, const char **path, struct error *err)
{
	*path = spawn_find("criu", arena);
	if (!*path)
		return fail(err, ENOENT,
			    "criu is not installed: there is no program \"criu\" in %s",
			    getenv("PATH") ? "PATH" : SPAWN_PATH);
	return 0;
}

/* Ours, with a PATH: criu runs others (tar, iptables). */
static char **environment(struct arena *arena)
{
	struct strings variables = { 0 };

	for (char **variable = environ; variable && *variable; variable++)
		strings_add(&variables, *variable, arena);
	if (!getenv("PATH"))
		strings_add(&variables, (char *)"PATH=" SPAWN_PATH, arena);
	return variables.items;
}

/* ---- the child ------------------------------------------------------------------------------- */

/* report: a socket that a successful exec closes. */
struct child {
	const struct criu_start *start;
	const char *program;
	char **environment;
	int report, output;
};

/* number 0: nothing failed, our end of criu's socket comes along. */
struct report {
	int number;
	char call[16];
};

static void send_report(int to, const struct report *report, const int *fd)
{
	struct iovec vector = { (void *)report, sizeof(*report) };
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	if (fd) {
		struct cmsghdr *part = (void *)control;

		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(part), fd, sizeof(*fd));
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
	}
	if (sendmsg(to, &message, MSG_NOSIGNAL) < 0)
		_exit(126);
}

static void child_failed(int to, const char *call)
{
	struct report report = { .number = errno };

	strncpy(report.call, call, sizeof(report.call) - 1);
	send_report(to, &report, NULL);
	_exit(127);
}

/* No signal that the caller blocks or ignores is so for criu, or, in the end, for the container. */
static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Mounts of the host still arrive, none of ours gets out; the last process takes them along. */
static void enter_mounts(const struct criu_start *start, int report)
{
	if (unshare(CLONE_NEWNS) < 0)
		child_failed(report, "unshare");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
	    mount(start->root, start->root_mount, NULL, MS_BIND | MS_REC, NULL) < 0)
		child_failed(report, "mount");
}

static int away(int fd, int report)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, SAFE_FD);

	if (copy < 0)
		child_failed(report, "fcntl");
	return copy;
}

static void place(int fd, int number, int report)
{
	if (dup2(fd, number) < 0)
		child_failed(report, "dup2");
}

static void open_directory(const char *path, int number, int report)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		child_failed(report, "open");
	if (fd == number)
		fcntl(fd, F_SETFD, 0);
	else
		place(fd, number, report);
}

/* criu asks the socket who made it, and takes descriptor numbers for that process's. */
static void make_socket(int report)
{
	const struct report made = { .number = 0 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		child_failed(report, "socketpair");
	send_report(report, &made, &ends[0]);
	place(ends[1], CRIU_SOCKET, report);
}

/* Everything first out of the way, then to its number, and the rest closed. */
static int place_descriptors(const struct child *child)
{
	const struct criu_start *start = child->start;
	int report = away(child->report, child->report);
	int last = CRIU_INHERITED + (int)start->inherited_count;
	int copies[INHERITED_MOST];

	for (size_t i = 0; i < start->inherited_count; i++)
		copies[i] = away(start->inherited[i], report);
	if (start->keep_output) {
		place(child->output, STDOUT_FILENO, report);
		place(child->output, STDERR_FILENO, report);
	}
	syscall(SYS_close_range, STDERR_FILENO + 1, SAFE_FD - 1, 0);
	make_socket(report);
	open_directory(start->image, CRIU_IMAGE, report);
	if (start->work)
		open_directory(start->work, CRIU_WORK, report);
	for (size_t i = 0; i < start->inherited_count; i++)
		place(copies[i], CRIU_INHERITED + (int)i, report);
	if (dup3(report, last, O_CLOEXEC) < 0)
		child_failed(report, "dup3");
	syscall(SYS_close_range, last + 1, ~0U, 0);
	return last;
}

/* Ctrl-C is for us: criu, which sees us gone, then lets the container go on; killed in the middle
 * it would leave it with foreign code in its processes. */
static void run_child(const struct child *child)
{
	char *const argv[] = { (char *)"criu", (char *)"swrk", (char *)"3", NULL };
	int report;

	reset_signals();
	if (child->start->keep_output)
		setpgid(0, 0);
	if (child->start->root)
		enter_mounts(child->start, child->report);
	report = place_descriptors(child);
	execve(child->program, argv, child->environment);
	child_failed(report, "execve");
}

/* ---- ours ------------------------------------------------------------------------------------ */

static int receive_report(int from, struct report *report, int *fd)
{
	struct iovec vector = { report, sizeof(*report) };
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *part;
	ssize_t length;

	do
		length = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length <= 0)
		return (int)length;
	part = CMSG_FIRSTHDR(&message);
	if (part && part->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(part), sizeof(*fd));
	return length == sizeof(*report) ? 1 : -1;
}

/* Its socket, and then the end of the reports, which is its exec. */
static int await_exec(struct criu *criu, int from, const char *program, struct error *err)
{
	struct report report = { 0 };
	int result;

	while ((result = receive_report(from, &report, &criu->socket)) > 0 && report.number == 0)
		;
	if (result < 0)
		return fail_call(err, "recvmsg", "cannot run \"%s\"", program);
	if (report.number != 0)
		return fail_number(err, report.number, report.call, "cannot run \"%s\"", program);
	return criu->socket < 0 ? fail(err, EPIPE, "cannot run \"%s\": it was killed", program) : 0;
}

static int fork_child(struct child *child, struct criu *criu, struct error *err)
{
	int ends[2], result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail_call(err, "socketpair", "cannot run \"%s\"", child->program);
	child->report = ends[1];
	criu->pid = fork();
	if (criu->pid == 0)
		run_child(child);
	result = criu->pid < 0 ? fail_call(err, "fork", "cannot run \"%s\"", child->program) : 0;
	close(ends[1]);
	if (result == 0)
		result = await_exec(criu, ends[0], child->program, err);
	close(ends[0]);
	return result;
}

static int start(struct criu *criu, struct child *child, struct error *err)
{
	if (child->start->keep_output) {
		criu->output = memfd_create("criu", MFD_CLOEXEC);
		if (criu->output < 0)
			return fail_call(err, "memfd_create", "cannot keep what criu prints");
		child->output = criu->output;
	}
	return fork_child(child, criu, err);
}

int criu_open(const struct criu_start *how, struct arena *arena, struct criu *criu,
	      struct error *err)
{
	struct child child = { .start = how, .environment = environment(arena) };
	int result;

	*criu = (struct criu)CRIU_NONE;
	criu->arena = arena;
	criu->log_directory = how->work ? how->work : how->image;
	if (how->inherited_count > INHERITED_MOST)
		return fail(err, E2BIG, "too many descriptors for criu");
	TRY(criu_find(arena, &child.program, err));
	result = start(criu, &child, err);
	if (result < 0)
		criu_close(criu);
	return result;
}

/* Its early messages come out of a buffer, with what is behind them in it. */
static char *without_zeros(const struct text *text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text->length + 1), *end = copy;

	for (size_t i = 0; i < text->length; i++)
		if (text->data[i])
			*end++ = text->data[i];
	return copy;
}

const char *criu_output(const struct criu *criu, struct arena *arena)
{
	auto_text struct text text = { 0 };

	if (criu->output < 0 || lseek(criu->output, 0, SEEK_SET) < 0 ||
	    file_read_fd(criu->output, "criu's output", OUTPUT_MOST, &text, NULL) < 0 ||
	    text.length == 0)
		return NULL;
	return without_zeros(&text, arena);
}

void criu_close(struct criu *criu)
{
	close_fd(&criu->socket);
	if (criu->pid > 0)
		while (waitpid(criu->pid, NULL, 0) < 0 && errno == EINTR)
			;
	criu->pid = -1;
	close_fd(&criu->output);
}

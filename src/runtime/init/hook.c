/* hook.c -- run a hook in the container's namespaces (createContainer, startContainer;
 * runtime-spec config.md "POSIX-platform Hooks"): the state on its standard input, exactly the
 * configured environment, its whole process group killed when the time is over. */
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include "calls.h"
#include "init.h"

#define DEFAULT_UMASK 0022

/* A NULL-terminated array for execve(2), in memory of its own. */
static char **make_vector(struct init *init, uint32_t offset)
{
	const struct plan_list *list = init_list(init, offset);
	size_t size = (list->count + 1) * sizeof(char *);
	long address = kernel_call(__NR_mmap, 0, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char **vector = (char **)address;

	if (address < 0 && address > -4096)
		return NULL;
	for (uint32_t i = 0; i < list->count; i++)
		vector[i] = (char *)init_text(init, list->item[i]);
	vector[list->count] = NULL;
	return vector;
}

/* The state document as a file to read from: it may be larger than a pipe. */
static int make_state(struct init *init, const struct plan_list *parts)
{
	int fd = (int)kernel_call(__NR_memfd_create, "state", 1 /* MFD_CLOEXEC */);
	const char *head = parts->count > 0 ? init_text(init, parts->item[0]) : "";
	const char *tail = parts->count > 1 ? init_text(init, parts->item[1]) : "";
	char pid[24];

	if (fd < 0)
		return fd;
	text_decimal(pid, (uint64_t)kernel_call(__NR_getpid));
	call_write(fd, head, text_length(head));
	call_write(fd, pid, text_length(pid));
	call_write(fd, tail, text_length(tail));
	kernel_call(__NR_lseek, fd, 0, 0);
	return fd;
}

struct hook {
	const char *path;
	char **arguments, **environment;
	int state;
	int failure[2]; /* a pipe that a successful exec closes */
};

__attribute__((noreturn)) static void execute_hook(const struct init *init, const struct hook *hook)
{
	long mask = kernel_call(__NR_umask, DEFAULT_UMASK);
	int number;

	if (mask) /* the UMASK step was there */
		kernel_call(__NR_umask, mask);
	kernel_call(__NR_setpgid, 0, 0);
	kernel_call(__NR_dup3, hook->state, 0, 0);
	for (int i = 0; i < 2; i++)
		if (init->hook_output[i] > 0)
			kernel_call(__NR_dup3, init->hook_output[i], i + 1, 0);
	kernel_call(__NR_close_range, 3, ~0U, 4 /* CLOEXEC */);
	number = (int)kernel_call(__NR_execve, hook->path, hook->arguments, hook->environment);
	call_write(hook->failure[1], &number, sizeof(number));
	for (;;)
		kernel_call(__NR_exit_group, 127);
}

static int wait_for_hook(struct init *init, int pid, int pidfd, uint64_t timeout)
{
	struct pollfd event = { .fd = pidfd, .events = POLLIN };
	struct {
		int64_t seconds, nanoseconds;
	} limit = { (int64_t)timeout, 0 };
	int status = 0;
	long ready;

	do
		ready = kernel_call(__NR_ppoll, &event, 1, timeout ? &limit : NULL, NULL, 0);
	while (ready == -EINTR);
	if (ready == 0)
		kernel_call(__NR_kill, -pid, SIGKILL);
	kernel_call(__NR_wait4, pid, &status, 0, NULL);
	if (ready == 0)
		return init_failed(init, "hook", -ETIMEDOUT);
	if (status == 0)
		return 0;
	init_failed(init, "hook", -ECHILD);
	init->report.size = (uint32_t)status;
	return -ECHILD;
}

static int run_hook(struct init *init, const struct hook *hook, uint64_t timeout)
{
	int pidfd = -1, number = 0;
	int pid = (int)kernel_call(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, &pidfd, 0, 0);
	int result;

	if (pid < 0)
		return init_failed(init, "clone", pid);
	if (pid == 0)
		execute_hook(init, hook);
	kernel_call(__NR_setpgid, pid, pid); /* whoever comes first */
	call_close(hook->failure[1]);
	if (call_read(hook->failure[0], &number, sizeof(number)) == sizeof(number)) {
		kernel_call(__NR_wait4, pid, NULL, 0, NULL);
		result = init_failed(init, "execve", number);
	} else {
		result = wait_for_hook(init, pid, pidfd, timeout);
	}
	call_close(pidfd);
	return result;
}

int init_step_HOOK(struct init *init, const struct step *step)
{
	struct hook hook = {
		.path = init_text(init, step->text[0]),
		.arguments = make_vector(init, step->text[1]),
		.environment = make_vector(init, step->text[2]),
		.state = make_state(init, init_list(init, step->text[3])),
	};
	int result;

	if (!hook.arguments || !hook.environment)
		return init_failed(init, "mmap", -ENOMEM);
	if (hook.state < 0)
		return init_failed(init, "memfd_create", hook.state);
	result = (int)kernel_call(__NR_pipe2, hook.failure, O_CLOEXEC);
	if (result < 0)
		return init_failed(init, "pipe2", result);
	result = run_hook(init, &hook, step->number[0]);
	call_close(hook.failure[0]);
	call_close(hook.state);
	return result;
}

int init_step_HOOK_OUTPUT(struct init *init, const struct step *step)
{
	init->hook_output[step->number[0] == 1 ? 0 : 1] = init->slots[step->slot];
	return 0;
}

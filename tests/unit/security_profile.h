/* security_profile.h -- profiles for the seccomp tests, and a child that lives under one. */
#ifndef SECURITY_PROFILE_TEST_H
#define SECURITY_PROFILE_TEST_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/security.h"

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (char *[]){ __VA_ARGS__ },                                                \
		.count = sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)                        \
	}
#define RULES(...)                                                                                 \
	{                                                                                          \
		.items = (struct spec_seccomp_syscall[]){ __VA_ARGS__ },                           \
		.count = sizeof((struct spec_seccomp_syscall[]){ __VA_ARGS__ }) /                  \
			 sizeof(struct spec_seccomp_syscall)                                       \
	}
#define ARGUMENTS(...)                                                                             \
	{                                                                                          \
		.items = (struct spec_seccomp_arg[]){ __VA_ARGS__ },                               \
		.count = sizeof((struct spec_seccomp_arg[]){ __VA_ARGS__ }) /                      \
			 sizeof(struct spec_seccomp_arg)                                           \
	}
#define NUMBER(n) (&(uint32_t){ n })

/* A system call and its arguments; what it gives under the filter: its value, or -errno (as far as
 * an exit status can say), or -1000 - SIGNAL when it was deadly. */
struct probe {
	long number;
	uint64_t a, b;
};

static int status_of(pid_t child)
{
	int status = 0;

	waitpid(child, &status, 0);
	return status;
}

static inline int under_filter(const struct plan_filter *filter, struct probe probe)
{
	struct sock_fprog program = { (unsigned short)(filter->length / 8),
				      (struct sock_filter *)filter->program };
	pid_t child = fork();
	int status;

	if (child == 0) {
		long result = -1;

		signal(SIGSYS, SIG_DFL); /* cmocka has a handler */
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program) < 0)
			syscall(SYS_exit_group, 200 + errno % 50);
		result = syscall(probe.number, probe.a, probe.b, 0, 0, 0, 0);
		syscall(SYS_exit_group, result < 0 ? errno : 0);
	}
	status = status_of(child);
	return WIFSIGNALED(status) ? -1000 - WTERMSIG(status) : -WEXITSTATUS(status);
}

#endif

/* measure.c -- run a command and say what it took: "STATUS WALL CPU MEMORY" on descriptor 3, in
 * nanoseconds, nanoseconds, KiB. Small, so that its own start and size are not what is measured. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long cpu_time(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000LL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000LL;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	long long before, after;
	char line[96];
	pid_t pid;
	int status;

	if (argc < 2)
		return 2;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, 3);
	before = nanoseconds();
	if (posix_spawn(&pid, argv[1], &actions, NULL, argv + 1, environ) != 0)
		return 127;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 1;
	after = nanoseconds();
	snprintf(line, sizeof(line), "%d %lld %lld %ld\n",
		 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), after - before,
		 cpu_time(&usage), usage.ru_maxrss);
	return dprintf(3, "%s", line) < 0;
}

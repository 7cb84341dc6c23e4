/* watch.c -- a hostile container that may trace its processes: it looks at every process that shows
 * itself, for a way to a file of the host's by its root directory or a descriptor.
 *
 *     watch FILE SECONDS   prints "seen N, escaped N" to /result */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PIDS        300
#define DESCRIPTORS 24

static int readable(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int escapes(int pid, const char *file)
{
	char path[4300];
	int found;

	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, file);
	found = readable(path);
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		/* The root directory, or a procfs in which process 1 is the host's. */
		snprintf(path, sizeof(path), "/proc/%d/fd/%d%s", pid, fd, file);
		found += readable(path);
		snprintf(path, sizeof(path), "/proc/%d/fd/%d/1/root%s", pid, fd, file);
		found += readable(path);
	}
	return found;
}

int main(int count, char **argument)
{
	time_t end = time(NULL) + (count > 2 ? atoi(argument[2]) : 0);
	long seen = 0, escaped = 0;
	FILE *result;

	while (time(NULL) < end && access("/stop", F_OK) != 0)
		for (int pid = 2; pid < PIDS; pid++) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/%d/root", pid);
			if (access(path, F_OK) != 0)
				continue;
			seen++;
			escaped += escapes(pid, argument[1]);
		}
	result = fopen("/result", "w");
	fprintf(result, "seen %ld, escaped %ld\n", seen, escaped);
	fclose(result);
	return 0;
}

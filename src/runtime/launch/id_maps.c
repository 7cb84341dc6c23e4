/* id_maps.c -- write a user namespace's id maps (user_namespaces(7)). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/text.h"
#include "launch_private.h"

#define MAP_PATH 64

/* newuidmap PID INSIDE OUTSIDE SIZE … : the setuid program checks /etc/subuid for us. */
static int map_by_program(const char *program, pid_t pid, const char *map, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct strings argv = { 0 };
	struct spawn_request request = { .path = program, .timeout_ms = -1, .output_limit = 512 };
	struct spawn_result result = { 0 };
	char *words = arena_string(&arena, map);
	int status;

	strings_add(&argv, arena_string(&arena, program), &arena);
	strings_add(&argv, arena_format(&arena, "%d", pid), &arena);
	for (char *word = strtok(words, " \n"); word; word = strtok(NULL, " \n"))
		strings_add(&argv, word, &arena);
	request.argv = argv.items;
	status = spawn_run(&request, &result, err);
	if (status == 0 && result.status != 0) {
		if (result.output.length > 0 &&
		    result.output.data[result.output.length - 1] == '\n')
			result.output.data[result.output.length - 1] = '\0';
		status = fail(err, EPERM, "%s refused the id map: %s", program,
			      result.output.data ? result.output.data : "no reason given");
		fail_hint(err, "give the user ids in /etc/subuid and /etc/subgid");
	}
	text_free(&result.output);
	return status;
}

static const char *find_program(const char *const *candidates)
{
	for (; *candidates; candidates++)
		if (access(*candidates, X_OK) == 0)
			return *candidates;
	return NULL;
}

/* The kernel lets a privileged caller write any map, an ordinary user only its own id; for more
 * there are the setuid programs. */
static int write_map(pid_t pid, const char *file, const char *map, const char *const *programs,
		     struct error *err)
{
	char path[MAP_PATH];
	const char *program;
	int result;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	result = file_write(AT_FDCWD, path, map, err);
	if (result != -EPERM)
		return result;
	program = find_program(programs);
	if (!program)
		return fail_hint(err, "install newuidmap and newgidmap (package uidmap)");
	if (err)
		*err = (struct error){ 0 };
	return map_by_program(program, pid, map, err);
}

int id_map_users(pid_t pid, const char *map, struct error *err)
{
	static const char *const programs[] = { "/usr/bin/newuidmap", "/bin/newuidmap",
						"/usr/local/bin/newuidmap", NULL };

	return write_map(pid, "uid_map", map, programs, err);
}

int id_map_groups(pid_t pid, const char *map, bool deny_setgroups, struct error *err)
{
	static const char *const programs[] = { "/usr/bin/newgidmap", "/bin/newgidmap",
						"/usr/local/bin/newgidmap", NULL };

	if (deny_setgroups) { /* or the kernel refuses an unprivileged gid map (CVE-2014-8989) */
		char path[MAP_PATH];

		snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
		TRY(file_write(AT_FDCWD, path, "deny", err));
	}
	return write_map(pid, "gid_map", map, programs, err);
}

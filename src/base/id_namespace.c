/* id_namespace.c -- a process that does nothing holds the namespace until its maps are written and
 * it is open. The end of a pipe ends it, also when we are killed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/id_namespace.h"
#include "base/own.h"
#include "base/spawn.h"
#include "base/text.h"

static const char purpose[] = "cannot make a user namespace for an id map";

/* ---- the maps ----------------------------------------------------------------------------------
 */

static int map_by_program(const char *name, pid_t pid, const struct id_ranges *ranges,
			  struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct spawn_request request = { .timeout_ms = -1, .output_limit = 512 };
	struct spawn_result result = { 0 };
	struct strings argv = { 0 };
	int status;

	request.path = spawn_find(name, &arena);
	if (!request.path) {
		fail(err, EPERM, "%s: there is no %s", purpose, name);
		return fail_hint(err, "install newuidmap and newgidmap (package uidmap)");
	}
	strings_add(&argv, arena_string(&arena, name), &arena);
	strings_add(&argv, arena_format(&arena, "%d", (int)pid), &arena);
	for (size_t i = 0; i < ranges->count; i++) {
		const struct id_range *range = &ranges->items[i];

		strings_add(&argv, arena_format(&arena, "%u", range->inside), &arena);
		strings_add(&argv, arena_format(&arena, "%u", range->outside), &arena);
		strings_add(&argv, arena_format(&arena, "%u", range->size), &arena);
	}
	request.argv = argv.items;
	status = spawn_run(&request, &result, err);
	if (status == 0 && result.status != 0)
		status = fail(err, EPERM, "%s refused the id map: %.*s", name,
			      (int)(result.output.length ? result.output.length - 1 : 0),
			      result.output.data ? result.output.data : "");
	text_free(&result.output);
	return status;
}

/* A user maps his own group only where no process can drop groups (user_namespaces(7)). */
static bool give_up_groups(pid_t pid, const struct id_ranges *ranges)
{
	char path[64];

	if (ranges->count != 1 || ranges->items[0].size != 1)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	return file_write(AT_FDCWD, path, "deny", NULL) == 0;
}

static int write_map(pid_t pid, const char *file, const char *program,
		     const struct id_ranges *ranges, struct error *err)
{
	auto_text struct text lines = { 0 };
	char path[64];
	int result;

	for (size_t i = 0; i < ranges->count; i++)
		text_format(&lines, "%u %u %u\n", ranges->items[i].inside, ranges->items[i].outside,
			    ranges->items[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	result = file_write(AT_FDCWD, path, lines.data ? lines.data : "", err);
	if (result == -EPERM && give_up_groups(pid, ranges))
		result = file_write(AT_FDCWD, path, lines.data, err);
	if (result != -EPERM)
		return result;
	if (err)
		*err = (struct error){ 0 };
	return map_by_program(program, pid, ranges, err);
}

/* ---- the process that holds it ------------------------------------------------------------------
 */

static _Noreturn void hold(int report, int end)
{
	char byte = unshare(CLONE_NEWUSER) < 0 ? (char)errno : 0;

	if (write(report, &byte, 1) == 1 && !byte)
		while (read(end, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int map_and_open(pid_t pid, int report, const struct id_maps *maps, struct error *err)
{
	char refused = EIO, path[64];
	int fd;

	if (read(report, &refused, 1) != 1 || refused) {
		int result = fail_number(err, refused, "unshare", "%s", purpose);

		return refused == ENOSPC
			       ? fail_hint(err, "raise /proc/sys/user/max_user_namespaces")
			       : result;
	}
	TRY(write_map(pid, "uid_map", "newuidmap", &maps->uids, err));
	TRY(write_map(pid, "gid_map", "newgidmap", &maps->gids, err));
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fail_call(err, "open", "%s", purpose) : fd;
}

static int make_pipe(int *readable, int *writable, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail_call(err, "pipe2", "%s", purpose);
	*readable = ends[0];
	*writable = ends[1];
	return 0;
}

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int id_namespace_make(const struct id_maps *maps, struct error *err)
{
	auto_close int report = -1, reported = -1, end = -1, held = -1;
	int result;
	pid_t pid;

	TRY(make_pipe(&report, &reported, err));
	TRY(make_pipe(&end, &held, err));
	pid = fork();
	if (pid < 0)
		return fail_call(err, "fork", "%s", purpose);
	if (pid == 0) {
		close(held);
		hold(reported, end);
	}
	close_fd(&reported);
	result = map_and_open(pid, report, maps, err);
	close_fd(&held);
	wait_for(pid);
	return result;
}

/* ---- work in it ---------------------------------------------------------------------------------
 */

struct outcome {
	int result;
	struct error err;
};

static int become_root(int namespace, struct error *err)
{
	if (setns(namespace, CLONE_NEWUSER) < 0)
		return fail_call(err, "setns", "cannot enter the user namespace");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail_call(err, "setresuid", "cannot become root of the user namespace");
	return 0;
}

static _Noreturn void run_inside(int namespace, int report,
				 int (*work)(void *context, struct error *err), void *context)
{
	struct outcome outcome = { 0 };

	outcome.result = become_root(namespace, &outcome.err);
	if (outcome.result == 0)
		outcome.result = work(context, &outcome.err);
	_exit(file_write_all(report, &outcome, sizeof(outcome), "the result", NULL) < 0);
}

int id_namespace_run(const struct id_maps *maps, int (*work)(void *context, struct error *err),
		     void *context, struct error *err)
{
	auto_close int namespace = id_namespace_make(maps, err);
	auto_close int report = -1, reported = -1;
	struct outcome outcome;
	ssize_t length;
	pid_t pid;

	if (namespace < 0)
		return namespace;
	TRY(make_pipe(&report, &reported, err));
	pid = fork();
	if (pid < 0)
		return fail_call(err, "fork", "%s", purpose);
	if (pid == 0)
		run_inside(namespace, reported, work, context);
	close_fd(&reported);
	do
		length = read(report, &outcome, sizeof(outcome)); /* one write, less than a page */
	while (length < 0 && errno == EINTR);
	wait_for(pid);
	if (length != sizeof(outcome))
		return fail(err, EIO, "the process in the user namespace ended too early");
	if (err && outcome.result < 0)
		*err = outcome.err;
	return outcome.result;
}

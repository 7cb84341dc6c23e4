/* cgroup_fixture.h -- what the tests of live cgroups stand on: the view of the host, processes in
 * cgroups, and the promise that all is below /coffer-test-PID and gone in the end.
 *
 * In a private mount namespace UNIFIED_VIEW shows the v2 tree alone at /sys/fs/cgroup, LEGACY_VIEW
 * the v1 hierarchies alone; without either the host's own layout is tested: hybrid, v1 or v2. */
#ifndef TESTS_CGROUP_FIXTURE_H
#define TESTS_CGROUP_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "runtime/cgroup.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

#define INT64(value)  (&(int64_t){ value })
#define UINT64(value) (&(uint64_t){ value })

static struct arena arena;
static struct facts facts;
static struct error err;
static const char *unavailable; /* why these tests cannot run here */
static char parent[64];         /* "/coffer-test-PID" */

static inline void need_cgroups(void)
{
	memset(&err, 0, sizeof(err));
	if (!unavailable)
		return;
	print_message("# skipped: %s\n", unavailable);
	skip();
}

static inline void assert_success(int result)
{
	char line[2048];

	if (result >= 0)
		return;
	error_format(&err, line, sizeof(line));
	fail_msg("%s", line);
}

static inline const char *own_path(const char *name)
{
	return arena_format(&arena, "%s/%s", parent, name);
}

static inline const struct cgroup_hierarchy *hierarchy(const char *controller)
{
	for (unsigned i = 0; i < facts.hierarchy_count; i++)
		if (strstr(facts.hierarchies[i].controllers, controller))
			return &facts.hierarchies[i];
	return NULL;
}

static inline char *content(const char *path)
{
	auto_text struct text text = { 0 };

	if (file_read(AT_FDCWD, path, 65536, &text, NULL) < 0)
		return NULL;
	text.data[strcspn(text.data, "\n")] = '\0';
	return arena_string(&arena, text.data);
}

/* Is the controller in v1 or, for the test's cgroups, in v2? */
static inline bool available(const char *v1, const char *v2)
{
	const char *list;

	if (hierarchy(v1))
		return true;
	if (!facts.cgroup_unified)
		return false;
	list = content(arena_format(&arena, "%s/cgroup.controllers", facts.cgroup_unified));
	return list && strstr(list, v2);
}

static inline void need_controller(const char *v1, const char *v2)
{
	need_cgroups();
	if (available(v1, v2))
		return;
	print_message("# skipped: no controller %s in this view\n", v2);
	skip();
}

/* The value of the v1 file, or of the v2 file where v1 does not have the controller. */
static inline const char *limit_of(const char *name, const char *controller, const char *v1_file,
				   const char *v2_file)
{
	const struct cgroup_hierarchy *v1 = hierarchy(controller);

	return content(arena_format(&arena, "%s%s/%s", v1 ? v1->mountpoint : facts.cgroup_unified,
				    own_path(name), v1 ? v1_file : v2_file));
}

static inline struct cgroup_place place_of(const char *path)
{
	return (struct cgroup_place){ .path = (char *)path };
}

static inline int open_own(const char *path, struct cgroup *cgroup)
{
	const struct cgroup_place place = place_of(path);

	return cgroup_open(&place, &facts, cgroup, &err);
}

static inline int create(const char *name, const struct spec_resources *resources,
			 struct cgroup *cgroup)
{
	const struct cgroup_place place = place_of(own_path(name));
	struct cgroup_writes writes;
	const struct cgroup_request request = { .resources = resources, .writes = &writes };

	TRY(cgroup_plan(resources, &facts, &arena, &writes, &err));
	TRY(cgroup_create(&place, &request, &facts, cgroup, &err));
	return cgroup_restrict_devices(cgroup, &request, &err);
}

static inline int update(const struct cgroup *cgroup, const struct cgroup_writes *writes)
{
	const struct cgroup_request request = { .writes = writes };
	const struct cgroup_rest nothing = { NULL, NULL };

	return cgroup_update(cgroup, &request, &nothing, &err);
}

static inline void end(struct cgroup *cgroup)
{
	assert_success(cgroup_kill(cgroup, SIGKILL, &err));
	assert_success(cgroup_delete(cgroup, &err));
	cgroup_close(cgroup);
}

/* Does any hierarchy have a directory of this name? */
static inline bool exists(const char *name)
{
	struct stat status;
	const char *path = own_path(name);
	bool found = false;

	for (unsigned i = 0; i < facts.hierarchy_count; i++)
		found |= stat(arena_format(&arena, "%s%s", facts.hierarchies[i].mountpoint, path),
			      &status) == 0;
	if (facts.cgroup_unified)
		found |= stat(arena_format(&arena, "%s%s", facts.cgroup_unified, path), &status) ==
			 0;
	return found;
}

/* A process that is born in the cgroup, then runs `work` and exits with what it returns. */
static inline pid_t start(const struct cgroup *cgroup, int (*work)(void))
{
	struct clone_args args = {
		.flags = cgroup->unified_fd >= 0 ? CLONE_INTO_CGROUP : 0,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup->unified_fd,
	};
	int go[2];
	pid_t pid;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	assert_true(pid >= 0);
	if (pid == 0) {
		char byte;

		close(go[1]);
		_exit(read(go[0], &byte, 1) == 1 ? work() : 99);
	}
	close(go[0]);
	assert_success(cgroup_join(cgroup, pid, cgroup->unified_fd >= 0, &err));
	assert_int_equal(write(go[1], "", 1), 1);
	close(go[1]);
	return pid;
}

static inline int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline int wait_for_ever(void)
{
	while (pause() < 0)
		continue;
	return 0;
}

static inline int open_devices(void)
{
	int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
	int messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (null_device < 0)
		return 1;
	if (messages >= 0)
		return 2;
	return errno == EPERM ? 0 : 3;
}

static inline const char *private_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "no private mount namespace";
	return NULL;
}

static inline const char *see(enum cgroup_layout layout)
{
	if (facts_gather(&facts, &arena, &err) < 0 || facts.cgroup_layout != layout)
		return "facts_gather does not see the view";
	return NULL;
}

#if defined(UNIFIED_VIEW)
static inline const char *enter_view(void)
{
	const char *reason = private_mounts();

	if (reason || facts.cgroup_layout == CGROUP_UNIFIED)
		return reason;
	if (!facts.cgroup_unified)
		return "this host has no v2 tree";
	if (mount(facts.cgroup_unified, "/sys/fs/cgroup", NULL, MS_BIND, NULL) < 0)
		return "the v2 tree cannot be bound over /sys/fs/cgroup";
	return see(CGROUP_UNIFIED);
}
#elif defined(LEGACY_VIEW)
static inline const char *enter_view(void)
{
	const char *reason = private_mounts();

	if (reason || facts.cgroup_layout == CGROUP_LEGACY)
		return reason;
	if (facts.cgroup_layout != CGROUP_HYBRID)
		return "this host has no v1 hierarchies";
	if (umount2(facts.cgroup_unified, MNT_DETACH) < 0)
		return "the v2 tree cannot be hidden";
	return see(CGROUP_LEGACY);
}
#else
static inline const char *enter_view(void)
{
	return facts.cgroup_layout == CGROUP_NONE ? "this host has no cgroups" : NULL;
}
#endif

static inline int set_up(void **state)
{
	snprintf(parent, sizeof(parent), "/coffer-test-%d", getpid());
	if (geteuid() != 0)
		unavailable = "not root";
	else if (facts_gather(&facts, &arena, &err) < 0)
		unavailable = "facts_gather failed";
	else if (facts.in_user_namespace)
		unavailable = "in a user namespace";
	else
		unavailable = enter_view();
	return 0;
}

static inline int tear_down(void **state)
{
	struct cgroup cgroup;
	int result = 0;

	if (!unavailable && open_own(parent, &cgroup) == 0) {
		cgroup_kill(&cgroup, SIGKILL, &err);
		result = cgroup_delete(&cgroup, &err);
		cgroup_close(&cgroup);
	}
	arena_free(&arena);
	return result;
}

#endif

/* cgroup_live.c -- control groups of this kernel: limits that bite, nothing left behind.
 *
 * Compiled twice: as it is (the host's own layout: hybrid, v1 or v2), and with UNIFIED_VIEW, where
 * a private mount namespace shows the v2 tree alone at /sys/fs/cgroup. Needs root. All cgroups are
 * below /coffer-test-PID. */
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

static void need_cgroups(void)
{
	memset(&err, 0, sizeof(err));
	if (!unavailable)
		return;
	print_message("# skipped: %s\n", unavailable);
	skip();
}

static void assert_success(int result)
{
	char line[2048];

	if (result >= 0)
		return;
	error_format(&err, line, sizeof(line));
	fail_msg("%s", line);
}

static const char *own_path(const char *name)
{
	return arena_format(&arena, "%s/%s", parent, name);
}

static const struct cgroup_hierarchy *hierarchy(const char *controller)
{
	for (unsigned i = 0; i < facts.hierarchy_count; i++)
		if (strstr(facts.hierarchies[i].controllers, controller))
			return &facts.hierarchies[i];
	return NULL;
}

static char *content(const char *path)
{
	auto_text struct text text = { 0 };

	if (file_read(AT_FDCWD, path, 65536, &text, NULL) < 0)
		return NULL;
	text.data[strcspn(text.data, "\n")] = '\0';
	return arena_string(&arena, text.data);
}

/* Is the controller in v1 or, for the test's cgroups, in v2? */
static bool available(const char *v1, const char *v2)
{
	const char *list;

	if (hierarchy(v1))
		return true;
	if (!facts.cgroup_unified)
		return false;
	list = content(arena_format(&arena, "%s/cgroup.controllers", facts.cgroup_unified));
	return list && strstr(list, v2);
}

static void need_controller(const char *v1, const char *v2)
{
	need_cgroups();
	if (available(v1, v2))
		return;
	print_message("# skipped: no controller %s in this view\n", v2);
	skip();
}

/* The value of the v1 file, or of the v2 file where v1 does not have the controller. */
static const char *limit_of(const char *name, const char *controller, const char *v1_file,
			    const char *v2_file)
{
	const struct cgroup_hierarchy *v1 = hierarchy(controller);

	return content(arena_format(&arena, "%s%s/%s", v1 ? v1->mountpoint : facts.cgroup_unified,
				    own_path(name), v1 ? v1_file : v2_file));
}

static int create(const char *name, const struct spec_resources *resources, struct cgroup *cgroup)
{
	struct cgroup_writes writes;

	TRY(cgroup_plan(resources, &facts, &arena, &writes, &err));
	return cgroup_create(own_path(name), &writes, resources, &facts, cgroup, &err);
}

static void end(struct cgroup *cgroup)
{
	assert_success(cgroup_kill(cgroup, SIGKILL, &err));
	assert_success(cgroup_delete(cgroup, &err));
	cgroup_close(cgroup);
}

/* Does any hierarchy have a directory of this name? */
static bool exists(const char *name)
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
static pid_t start(const struct cgroup *cgroup, int (*work)(void))
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

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int wait_for_ever(void)
{
	while (pause() < 0)
		continue;
	return 0;
}

static void a_cgroup_is_made_in_every_hierarchy(void **state)
{
	struct cgroup cgroup;
	struct stat status;

	need_cgroups();
	assert_success(create("every", NULL, &cgroup));
	for (unsigned i = 0; i < facts.hierarchy_count; i++)
		assert_int_equal(stat(arena_format(&arena, "%s%s", facts.hierarchies[i].mountpoint,
						   own_path("every")),
				      &status),
				 0);
	if (facts.cgroup_unified)
		assert_true(cgroup.unified_fd >= 0);
	end(&cgroup);
	assert_false(exists("every"));
}

static void a_process_is_in_the_cgroup_of_every_hierarchy(void **state)
{
	auto_text struct text text = { 0 };
	struct cgroup cgroup;
	char *rest, *line;
	pid_t pid;

	need_cgroups();
	assert_success(create("joined", NULL, &cgroup));
	pid = start(&cgroup, wait_for_ever);
	assert_success(file_read(AT_FDCWD, arena_format(&arena, "/proc/%d/cgroup", pid), 65536,
				 &text, &err));
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (facts.cgroup_layout != CGROUP_UNIFIED || text_starts(line, "0::"))
			assert_true(!*line || text_ends(line, own_path("joined")));
	end(&cgroup);
	assert_true(WIFSIGNALED(status_of(pid)));
}

static int fork_until_refused(void)
{
	for (int made = 0; made < 20; made++) {
		pid_t pid = fork();

		if (pid == 0)
			wait_for_ever();
		if (pid < 0)
			return errno == EAGAIN ? made : 98;
	}
	return 97;
}

static void a_limit_of_pids_bites(void **state)
{
	struct spec_pids pids = { .limit = INT64(5) };
	struct spec_resources resources = { .pids = &pids };
	struct cgroup cgroup;
	pid_t pid;

	need_controller("pids", "pids");
	assert_success(create("pids", &resources, &cgroup));
	pid = start(&cgroup, fork_until_refused);
	assert_int_equal(WEXITSTATUS(status_of(pid)), 4);
	end(&cgroup);
}

static int touch_memory(void)
{
	const size_t size = 64u << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 98;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return 0;
}

static void a_limit_of_memory_kills(void **state)
{
	struct spec_memory memory = { .limit = INT64(16 << 20), .swap = INT64(16 << 20) };
	struct spec_resources resources = { .memory = &memory };
	struct cgroup cgroup;
	int status;

	need_controller("memory", "memory");
	assert_success(create("memory", &resources, &cgroup));
	assert_string_equal(limit_of("memory", "memory", "memory.limit_in_bytes", "memory.max"),
			    "16777216");
	status = status_of(start(&cgroup, touch_memory));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	end(&cgroup);
}

static void limits_of_cpu_are_the_kernels(void **state)
{
	struct spec_cpu cpu = {
		.shares = UINT64(512),
		.quota = INT64(20000),
		.period = UINT64(50000),
		.burst = UINT64(10000),
	};
	struct spec_resources resources = { .cpu = &cpu };
	struct cgroup cgroup;

	need_controller("cpu", "cpu");
	assert_success(create("cpu", &resources, &cgroup));
	if (hierarchy("cpu")) {
		assert_string_equal(limit_of("cpu", "cpu", "cpu.shares", ""), "512");
		assert_string_equal(limit_of("cpu", "cpu", "cpu.cfs_quota_us", ""), "20000");
		assert_string_equal(limit_of("cpu", "cpu", "cpu.cfs_period_us", ""), "50000");
		assert_string_equal(limit_of("cpu", "cpu", "cpu.cfs_burst_us", ""), "10000");
	} else {
		assert_string_equal(limit_of("cpu", "cpu", "", "cpu.weight"), "59");
		assert_string_equal(limit_of("cpu", "cpu", "", "cpu.max"), "20000 50000");
		assert_string_equal(limit_of("cpu", "cpu", "", "cpu.max.burst"), "10000");
	}
	end(&cgroup);
}

static void a_cpuset_without_wishes_is_its_parents(void **state)
{
	struct cgroup cgroup;

	need_controller("cpuset", "cpuset");
	assert_success(create("cpuset/inner", NULL, &cgroup));
	assert_true(strlen(limit_of("cpuset/inner", "cpuset", "cpuset.cpus",
				    "cpuset.cpus.effective")) > 0);
	end(&cgroup);
	assert_success(cgroup_open(own_path("cpuset"), &facts, &cgroup, &err));
	end(&cgroup);
}

static int open_devices(void)
{
	int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
	int messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (null_device < 0)
		return 1;
	if (messages >= 0)
		return 2;
	return errno == EPERM ? 0 : 3;
}

static void other_devices_than_the_default_ones_are_denied(void **state)
{
	struct cgroup cgroup;

	need_cgroups();
	assert_success(create("devices", NULL, &cgroup));
	assert_int_equal(WEXITSTATUS(status_of(start(&cgroup, open_devices))), 0);
	end(&cgroup);
}

static void a_device_that_a_rule_allows_can_be_opened(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true,
		  .type = "c",
		  .major = INT64(1),
		  .minor = INT64(11),
		  .access = "r" },
	};
	struct spec_resources resources = { .devices = { rules, 2 } };
	struct cgroup cgroup;

	need_cgroups();
	assert_success(create("devices", &resources, &cgroup));
	assert_int_equal(WEXITSTATUS(status_of(start(&cgroup, open_devices))), 2);
	end(&cgroup);
}

static void a_frozen_cgroup_is_frozen_until_it_is_thawed(void **state)
{
	struct cgroup cgroup;
	bool frozen = true;
	pid_t pid;

	need_cgroups();
	assert_success(create("frozen", NULL, &cgroup));
	pid = start(&cgroup, wait_for_ever);
	assert_success(cgroup_frozen(&cgroup, &frozen, &err));
	assert_false(frozen);
	assert_success(cgroup_freeze(&cgroup, true, &err));
	assert_success(cgroup_frozen(&cgroup, &frozen, &err));
	assert_true(frozen);
	assert_success(cgroup_freeze(&cgroup, false, &err));
	assert_success(cgroup_frozen(&cgroup, &frozen, &err));
	assert_false(frozen);
	end(&cgroup);
	assert_true(WIFSIGNALED(status_of(pid)));
}

static void what_is_frozen_dies_of_kill(void **state)
{
	struct cgroup cgroup;
	pid_t pid;

	need_cgroups();
	assert_success(create("frozen", NULL, &cgroup));
	pid = start(&cgroup, wait_for_ever);
	assert_success(cgroup_freeze(&cgroup, true, &err));
	assert_success(cgroup_kill(&cgroup, SIGKILL, &err));
	assert_int_equal(WTERMSIG(status_of(pid)), SIGKILL);
	end(&cgroup);
	assert_false(exists("frozen"));
}

static int fork_some(void)
{
	for (int i = 0; i < 30; i++)
		if (fork() == 0)
			wait_for_ever();
	return wait_for_ever();
}

static void a_signal_reaches_every_process(void **state)
{
	struct cgroup cgroup;
	pid_t *pids, pid;
	size_t count = 0;

	need_cgroups();
	assert_success(create("signal", NULL, &cgroup));
	pid = start(&cgroup, fork_some);
	while (count < 31)
		assert_success(cgroup_pids(&cgroup, &arena, &pids, &count, &err));
	assert_success(cgroup_kill(&cgroup, SIGTERM, &err));
	assert_int_equal(WTERMSIG(status_of(pid)), SIGTERM);
	assert_success(cgroup_delete(&cgroup, &err)); /* all of them must be dying */
	cgroup_close(&cgroup);
	assert_false(exists("signal"));
}

static void deletion_removes_grand_children_and_waits_for_the_dying(void **state)
{
	struct cgroup cgroup, below;
	pid_t pid;

	need_cgroups();
	assert_success(create("outer", NULL, &cgroup));
	assert_success(create("outer/a/b", NULL, &below));
	pid = start(&below, fork_some);
	cgroup_close(&below);
	assert_success(create("outer/c", NULL, &below));
	cgroup_close(&below);
	assert_success(cgroup_kill(&cgroup, SIGKILL, &err));
	assert_success(cgroup_delete(&cgroup, &err));
	cgroup_close(&cgroup);
	assert_false(exists("outer"));
	status_of(pid);
}

static void deleting_what_is_gone_is_success(void **state)
{
	struct cgroup cgroup;
	bool frozen;

	need_cgroups();
	assert_success(cgroup_open(own_path("gone"), &facts, &cgroup, &err));
	assert_int_equal(cgroup.unified_fd, -1);
	assert_success(cgroup_frozen(&cgroup, &frozen, &err));
	assert_int_equal(cgroup_join(&cgroup, getpid(), false, &err), -ENOENT);
	end(&cgroup);
}

static void a_cgroup_with_processes_is_refused(void **state)
{
	struct cgroup cgroup, second;
	pid_t pid;

	need_cgroups();
	assert_success(create("busy", NULL, &cgroup));
	pid = start(&cgroup, wait_for_ever);
	assert_int_equal(create("busy", NULL, &second), -EBUSY);
	assert_string_equal(err.what, "container's cgroup is not empty: 1 process(es) found");
	assert_true(exists("busy"));
	end(&cgroup);
	status_of(pid);
}

static void a_frozen_empty_cgroup_is_refused(void **state)
{
	struct cgroup cgroup, second;

	need_cgroups();
	assert_success(create("frozen", NULL, &cgroup));
	assert_success(cgroup_freeze(&cgroup, true, &err));
	assert_int_equal(create("frozen", NULL, &second), -EBUSY);
	assert_string_equal(err.what, "container's cgroup unexpectedly frozen");
	end(&cgroup);
}

static void an_empty_cgroup_is_used_again(void **state)
{
	struct cgroup cgroup, second;

	need_cgroups();
	assert_success(create("again", NULL, &cgroup));
	assert_success(create("again", NULL, &second));
	assert_int_equal(WEXITSTATUS(status_of(start(&second, open_devices))), 0);
	cgroup_close(&second);
	end(&cgroup);
}

static void a_limit_that_cannot_be_set_leaves_nothing(void **state)
{
	struct string_pair pair = { "nonsense.max", "1" };
	struct spec_resources resources = { .unified = { &pair, 1 } };
	struct cgroup cgroup;

	need_cgroups();
	if (!facts.cgroup_unified) {
		print_message("# skipped: no v2 tree\n");
		skip();
	}
	assert_int_equal(create("left/behind", &resources, &cgroup), -ENOENT);
	assert_string_equal(err.where, "linux.resources.unified[\"nonsense.max\"]");
	assert_non_null(strstr(err.what, "cannot set nonsense.max of the cgroup \"/sys/fs/cgroup"));
	assert_non_null(strstr(err.hint, "no controller nonsense there"));
	assert_false(exists("left/behind"));
	assert_false(exists("left"));
}

static void a_missing_controller_is_named(void **state)
{
	struct spec_memory memory = { .limit = INT64(16 << 20) };
	struct spec_resources resources = { .memory = &memory };
	struct cgroup cgroup;

	need_cgroups();
	if (available("memory", "memory")) {
		print_message("# skipped: this view has a memory controller\n");
		skip();
	}
	assert_int_equal(create("missing", &resources, &cgroup), -ENOENT);
	assert_string_equal(err.where, "linux.resources.memory.limit");
	assert_non_null(strstr(err.what, "memory.max"));
	assert_false(exists("missing"));
}

static void a_failed_update_changes_nothing(void **state)
{
	struct spec_pids pids = { .limit = INT64(7) };
	struct spec_resources resources = { .pids = &pids };
	struct cgroup_write items[] = {
		{ hierarchy("pids") ? "pids" : "", "pids.max", "9", "linux.resources.pids.limit" },
		{ hierarchy("pids") ? "pids" : "", "pids.max", "-9", "linux.resources.pids.limit" },
	};
	struct cgroup_writes writes = { items, 2 };
	struct cgroup cgroup;

	need_controller("pids", "pids");
	assert_success(create("update", &resources, &cgroup));
	assert_int_equal(cgroup_update(&cgroup, &writes, &err), -EINVAL);
	assert_string_equal(limit_of("update", "pids", "pids.max", "pids.max"), "7");
	writes.count = 1;
	assert_success(cgroup_update(&cgroup, &writes, &err));
	assert_string_equal(limit_of("update", "pids", "pids.max", "pids.max"), "9");
	end(&cgroup);
}

static void memory_can_be_raised_above_the_old_sum_and_lowered_again(void **state)
{
	const int64_t mib = 1 << 20, sizes[] = { 32 * mib, 64 * mib, 16 * mib, -1, 8 * mib };
	struct spec_memory memory = { .limit = INT64(16 * mib), .swap = INT64(16 * mib) };
	struct spec_resources resources = { .memory = &memory };
	struct cgroup_writes writes;
	struct cgroup cgroup;

	need_controller("memory", "memory");
	assert_success(create("raise", &resources, &cgroup));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		*memory.limit = *memory.swap = sizes[i];
		assert_success(cgroup_plan(&resources, &facts, &arena, &writes, &err));
		assert_success(cgroup_update(&cgroup, &writes, &err));
	}
	assert_string_equal(limit_of("raise", "memory", "memory.limit_in_bytes", "memory.max"),
			    "8388608");
	end(&cgroup);
}

static void hugetlb_is_limited_with_its_reservations(void **state)
{
	struct spec_hugepage_limit limit = { "2MB", 4u << 20 };
	struct spec_resources resources = { .hugepage_limits = { &limit, 1 } };
	struct cgroup cgroup;

	need_controller("hugetlb", "hugetlb");
	assert_success(create("huge", &resources, &cgroup));
	assert_string_equal(
		limit_of("huge", "hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max"),
		"4194304");
	assert_string_equal(limit_of("huge", "hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes",
				     "hugetlb.2MB.rsvd.max"),
			    "4194304");
	end(&cgroup);
}

#ifdef UNIFIED_VIEW
static const char *enter_view(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "no private mount namespace";
	if (facts.cgroup_layout == CGROUP_UNIFIED)
		return NULL;
	if (!facts.cgroup_unified)
		return "this host has no v2 tree";
	if (mount(facts.cgroup_unified, "/sys/fs/cgroup", NULL, MS_BIND, NULL) < 0)
		return "the v2 tree cannot be bound over /sys/fs/cgroup";
	if (facts_gather(&facts, &arena, &err) < 0 || facts.cgroup_layout != CGROUP_UNIFIED)
		return "facts_gather does not see the v2 tree";
	return NULL;
}
#else
static const char *enter_view(void)
{
	return facts.cgroup_layout == CGROUP_NONE ? "this host has no cgroups" : NULL;
}
#endif

static int set_up(void **state)
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

static int tear_down(void **state)
{
	struct cgroup cgroup;
	int result = 0;

	if (!unavailable && cgroup_open(parent, &facts, &cgroup, &err) == 0) {
		cgroup_kill(&cgroup, SIGKILL, &err);
		result = cgroup_delete(&cgroup, &err);
		cgroup_close(&cgroup);
	}
	arena_free(&arena);
	return result;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cgroup_is_made_in_every_hierarchy),
		cmocka_unit_test(a_process_is_in_the_cgroup_of_every_hierarchy),
		cmocka_unit_test(a_limit_of_pids_bites),
		cmocka_unit_test(a_limit_of_memory_kills),
		cmocka_unit_test(limits_of_cpu_are_the_kernels),
		cmocka_unit_test(a_cpuset_without_wishes_is_its_parents),
		cmocka_unit_test(other_devices_than_the_default_ones_are_denied),
		cmocka_unit_test(a_device_that_a_rule_allows_can_be_opened),
		cmocka_unit_test(a_frozen_cgroup_is_frozen_until_it_is_thawed),
		cmocka_unit_test(what_is_frozen_dies_of_kill),
		cmocka_unit_test(a_signal_reaches_every_process),
		cmocka_unit_test(deletion_removes_grand_children_and_waits_for_the_dying),
		cmocka_unit_test(deleting_what_is_gone_is_success),
		cmocka_unit_test(a_cgroup_with_processes_is_refused),
		cmocka_unit_test(a_frozen_empty_cgroup_is_refused),
		cmocka_unit_test(an_empty_cgroup_is_used_again),
		cmocka_unit_test(a_limit_that_cannot_be_set_leaves_nothing),
		cmocka_unit_test(a_missing_controller_is_named),
		cmocka_unit_test(a_failed_update_changes_nothing),
		cmocka_unit_test(memory_can_be_raised_above_the_old_sum_and_lowered_again),
		cmocka_unit_test(hugetlb_is_limited_with_its_reservations),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

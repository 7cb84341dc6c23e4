/* cgroup_live.c -- control groups of this kernel: made in every hierarchy, joined, frozen, killed,
 * deleted, nothing left behind. Needs root. Compiled thrice, see cgroup_fixture.h. */
#include "cgroup_fixture.h"

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
		if (text_starts(line, "0::") ? facts.cgroup_unified != NULL
					     : facts.hierarchy_count > 0)
			assert_true(!*line || text_ends(line, own_path("joined")));
	end(&cgroup);
	assert_true(WIFSIGNALED(status_of(pid)));
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
	assert_success(open_own(own_path("gone"), &cgroup));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cgroup_is_made_in_every_hierarchy),
		cmocka_unit_test(a_process_is_in_the_cgroup_of_every_hierarchy),
		cmocka_unit_test(a_frozen_cgroup_is_frozen_until_it_is_thawed),
		cmocka_unit_test(what_is_frozen_dies_of_kill),
		cmocka_unit_test(a_signal_reaches_every_process),
		cmocka_unit_test(deletion_removes_grand_children_and_waits_for_the_dying),
		cmocka_unit_test(deleting_what_is_gone_is_success),
		cmocka_unit_test(a_cgroup_with_processes_is_refused),
		cmocka_unit_test(a_frozen_empty_cgroup_is_refused),
		cmocka_unit_test(an_empty_cgroup_is_used_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

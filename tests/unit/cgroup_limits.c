/* cgroup_limits.c -- limits that bite, on this kernel. Needs root. Compiled thrice, see
 * cgroup_fixture.h. */
#include "cgroup_fixture.h"

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
	assert_success(open_own(own_path("cpuset"), &cgroup));
	end(&cgroup);
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

static void a_v1_limit_that_cannot_be_set_leaves_nothing(void **state)
{
	struct spec_network network = { .class_id = &(uint32_t){ 7 } };
	struct spec_resources resources = { .network = &network };
	struct cgroup cgroup;

	need_cgroups();
	if (facts.cgroup_layout != CGROUP_LEGACY || hierarchy("net_cls")) {
		print_message("# skipped: this view is not v1 without net_cls\n");
		skip();
	}
	assert_int_equal(create("left/behind", &resources, &cgroup), -ENOENT);
	assert_string_equal(err.where, "linux.resources.network.classID");
	assert_string_equal(err.what, "cannot set net_cls.classid: this host has no cgroup "
				      "controller \"net_cls\"");
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
	assert_int_equal(update(&cgroup, &writes), -EINVAL);
	assert_string_equal(limit_of("update", "pids", "pids.max", "pids.max"), "7");
	writes.count = 1;
	assert_success(update(&cgroup, &writes));
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
		assert_success(update(&cgroup, &writes));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_of_pids_bites),
		cmocka_unit_test(a_limit_of_memory_kills),
		cmocka_unit_test(limits_of_cpu_are_the_kernels),
		cmocka_unit_test(a_cpuset_without_wishes_is_its_parents),
		cmocka_unit_test(other_devices_than_the_default_ones_are_denied),
		cmocka_unit_test(a_device_that_a_rule_allows_can_be_opened),
		cmocka_unit_test(a_limit_that_cannot_be_set_leaves_nothing),
		cmocka_unit_test(a_v1_limit_that_cannot_be_set_leaves_nothing),
		cmocka_unit_test(a_missing_controller_is_named),
		cmocka_unit_test(a_failed_update_changes_nothing),
		cmocka_unit_test(memory_can_be_raised_above_the_old_sum_and_lowered_again),
		cmocka_unit_test(hugetlb_is_limited_with_its_reservations),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* cgroup_place.c -- where a container's cgroup is, and which trees a host has. No root needed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cgroup.h"
#include "runtime/facts/hierarchies.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static const struct facts root_v2 = { .cgroup_layout = CGROUP_UNIFIED,
				      .cgroup_unified = "/sys/fs/cgroup" };

static int place_at(const char *cgroups_path, const struct facts *facts, struct arena *arena,
		    char **path, struct error *err)
{
	const struct cgroup_wish wish = { .cgroups_path = cgroups_path, .id = "box" };
	struct cgroup_place place;
	int result = cgroup_place(&wish, facts, arena, &place, err);

	*path = place.path;
	return result;
}

static void expect_path(const char *cgroups_path, const char *expected)
{
	auto_arena struct arena arena = { 0 };
	char *path;

	assert_int_equal(place_at(cgroups_path, &root_v2, &arena, &path, NULL), 0);
	assert_string_equal(path, expected);
}

static void roots_container_goes_to_coffer(void **state)
{
	expect_path(NULL, "/coffer/box");
	expect_path("", "/coffer/box");
}

static void a_disabled_manager_makes_no_cgroup(void **state)
{
	const struct cgroup_wish wish = { .manager = "disabled",
					  .cgroups_path = "/a",
					  .id = "box" };
	struct cgroup_place place;

	assert_int_equal(cgroup_place(&wish, &root_v2, NULL, &place, NULL), 0);
	assert_null(place.path);
}

static void a_manager_that_there_is_none_of_is_refused(void **state)
{
	const struct cgroup_wish wish = { .manager = "elogind", .id = "box" };
	struct cgroup_place place;
	struct error err = { 0 };

	assert_int_equal(cgroup_place(&wish, &root_v2, NULL, &place, &err), -EINVAL);
}

static void a_limit_without_a_cgroup_is_refused_unless_no_cgroup_was_wanted(void **state)
{
	static const struct facts none = { .cgroup_layout = CGROUP_NONE };
	static const struct facts rootless = { .cgroup_layout = CGROUP_UNIFIED,
					       .cgroup_unified = "/sys/fs/cgroup",
					       .euid = 1000 };
	struct cgroup_write items[] = {
		{ .controller = "", .file = "memory.swap.max", .value = "max", .optional = true },
		{ .controller = "", .file = "pids.max", .value = "5", .where = "pids.limit" },
	};
	const struct cgroup_writes writes = { items, 2 };
	const struct cgroup_place default_place = { NULL };
	const struct cgroup_place disabled = { .manager = "disabled" };
	struct error err = { 0 };

	assert_int_equal(cgroup_refuse_limits(&default_place, &writes, &none, &err), -ENOTSUP);
	assert_string_equal(err.what, "cannot set pids.max: this host has no cgroups");
	assert_string_equal(err.where, "pids.limit");
	assert_int_equal(cgroup_refuse_limits(&default_place, &writes, &rootless, &err), -ENOTSUP);
	assert_string_equal(err.what, "cannot set pids.max: no cgroup was delegated to user 1000");
	assert_int_equal(cgroup_refuse_limits(&disabled, &writes, &none, &err), 0);
	items[1].optional = true;
	assert_int_equal(cgroup_refuse_limits(&default_place, &writes, &none, &err), 0);
}

static void paths_are_cleaned_and_stay_below_the_mount_point(void **state)
{
	expect_path("/a/b", "/a/b");
	expect_path("a/b", "/a/b");
	expect_path("//a/./b//", "/a/b");
	expect_path("/a/../b", "/b");
	expect_path("/../../zz", "/zz");
	expect_path("a/../../../c", "/c");
	expect_path("system.slice:docker:id", "/system.slice:docker:id");
}

static void the_root_of_all_cgroups_is_refused(void **state)
{
	static const char *const roots[] = { "/", "..", "/a/..", "./" };

	for (size_t i = 0; i < 4; i++) {
		auto_arena struct arena arena = { 0 };
		struct error err = { 0 };
		char *path;

		assert_int_equal(place_at(roots[i], &root_v2, &arena, &path, &err), -EINVAL);
		assert_string_equal(err.where, "linux.cgroupsPath");
	}
}

static void names_that_no_directory_can_have_are_refused(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };
	char name[400], *path;

	assert_int_equal(place_at("/a\nb", &root_v2, &arena, &path, &err), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[399] = '\0';
	assert_int_equal(place_at(name, &root_v2, &arena, &path, &err), -ENAMETOOLONG);
}

static void a_host_without_cgroups_has_no_path(void **state)
{
	static const struct facts none = { .cgroup_layout = CGROUP_NONE };
	auto_arena struct arena arena = { 0 };
	char *path;

	assert_int_equal(place_at("/a", &none, &arena, &path, NULL), 0);
	assert_null(path);
}

static void a_rootless_absolute_path_is_taken_as_it_is(void **state)
{
	static const struct facts rootless = { .euid = 1000,
					       .cgroup_layout = CGROUP_UNIFIED,
					       .cgroup_unified = "/sys/fs/cgroup" };
	auto_arena struct arena arena = { 0 };
	char *path;

	assert_int_equal(place_at("/user.slice/x", &rootless, &arena, &path, NULL), 0);
	assert_string_equal(path, "/user.slice/x");
}

static void a_rootless_v1_host_has_no_place_of_ones_own(void **state)
{
	static const struct facts rootless = { .euid = 1000, .cgroup_layout = CGROUP_LEGACY };
	auto_arena struct arena arena = { 0 };
	char *path;

	assert_int_equal(place_at(NULL, &rootless, &arena, &path, NULL), 0);
	assert_null(path);
}

#define TMPFS_LINE "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"

static void find(const char *text, uint64_t root_id, struct arena *arena, struct facts *facts)
{
	*facts = (struct facts){ 0 };
	hierarchies_find(arena_string(arena, text), root_id, arena, facts);
}

static void hierarchies_are_known_by_their_options(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct facts facts;

	find("22 27 0:21 / /proc rw - proc proc rw\n" TMPFS_LINE
	     "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup "
	     "rw,cpu,cpuacct\n"
	     "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
	     "rw,xattr,release_agent=/lib/agent,name=systemd\n"
	     "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n",
	     31, &arena, &facts);
	assert_int_equal(facts.cgroup_layout, CGROUP_HYBRID);
	assert_string_equal(facts.cgroup_unified, "/sys/fs/cgroup/unified");
	assert_int_equal(facts.hierarchy_count, 2);
	assert_string_equal(facts.hierarchies[0].mountpoint, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(facts.hierarchies[0].controllers, "cpu,cpuacct");
	assert_string_equal(facts.hierarchies[1].controllers, "name=systemd");
}

#define HIDDEN_LINES                                                                               \
	TMPFS_LINE "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"                   \
		   "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"                 \
		   "60 31 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"                             \
		   "61 60 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"

static void mounts_that_another_hides_do_not_count(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct facts facts;

	for (uint64_t root_id = 0; root_id <= 60; root_id += 60) {
		find(HIDDEN_LINES, root_id, &arena, &facts);
		assert_int_equal(facts.cgroup_layout, CGROUP_LEGACY);
		assert_int_equal(facts.hierarchy_count, 1);
		assert_null(facts.cgroup_unified);
	}
}

static void mounts_elsewhere_do_not_count(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct facts facts;

	find(TMPFS_LINE "70 27 0:29 / /srv/rootfs/sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
			"71 31 0:60 / /sys/fs/cgroup/stray rw - tmpfs tmpfs rw\n",
	     31, &arena, &facts);
	assert_int_equal(facts.cgroup_layout, CGROUP_NONE);
	assert_int_equal(facts.hierarchy_count, 0);
}

static void a_v2_tree_alone_below_a_tmpfs_is_unified(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct facts facts;

	find(TMPFS_LINE "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", 31, &arena,
	     &facts);
	assert_int_equal(facts.cgroup_layout, CGROUP_UNIFIED);
	assert_string_equal(facts.cgroup_unified, "/sys/fs/cgroup/unified");
}

static void the_present_host_can_be_asked(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct facts facts;
	struct error err = { 0 };

	assert_int_equal(facts_gather(&facts, &arena, &err), 0);
	assert_int_equal(facts.euid, geteuid());
	assert_true(facts.cgroup_layout != CGROUP_LEGACY || facts.hierarchy_count > 0);
	assert_true((facts.cgroup_layout == CGROUP_UNIFIED ||
		     facts.cgroup_layout == CGROUP_HYBRID) == (facts.cgroup_unified != NULL));
}

/* Of hierarchies that are not seen only those count that the kernel has. */
static void a_hierarchy_that_is_gone_with_its_kernel_hides_no_cgroup(void **state)
{
	static const struct cgroup_hierarchy memory = { "/sys/fs/cgroup/memory", "memory" };
	const struct facts host = { .cgroup_layout = CGROUP_LEGACY,
				    .hierarchies = &memory,
				    .hierarchy_count = 1 };
	char *names[] = { (char *)"memory", (char *)"name=nosuch" };
	const struct strings recorded = { .items = names, .count = 2 };

	assert_int_equal(cgroup_check_seen(&recorded, &host, NULL), 0);
}

static void the_hierarchies_of_a_cgroup_are_those_of_the_host(void **state)
{
	static const struct cgroup_hierarchy some[] = { { "/sys/fs/cgroup/memory", "memory" },
							{ "/sys/fs/cgroup/cpu", "cpu,cpuacct" } };
	const struct facts host = { .cgroup_layout = CGROUP_HYBRID,
				    .cgroup_unified = "/sys/fs/cgroup/unified",
				    .hierarchies = some,
				    .hierarchy_count = 2 };
	auto_arena struct arena arena = { 0 };
	struct strings names = cgroup_hierarchies(&host, NULL, &arena);

	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "");
	assert_string_equal(names.items[1], "memory");
	assert_string_equal(names.items[2], "cpu,cpuacct");
	assert_int_equal(cgroup_check_seen(&names, &host, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_container_goes_to_coffer),
		cmocka_unit_test(a_disabled_manager_makes_no_cgroup),
		cmocka_unit_test(a_manager_that_there_is_none_of_is_refused),
		cmocka_unit_test(a_limit_without_a_cgroup_is_refused_unless_no_cgroup_was_wanted),
		cmocka_unit_test(paths_are_cleaned_and_stay_below_the_mount_point),
		cmocka_unit_test(the_root_of_all_cgroups_is_refused),
		cmocka_unit_test(names_that_no_directory_can_have_are_refused),
		cmocka_unit_test(a_host_without_cgroups_has_no_path),
		cmocka_unit_test(a_rootless_absolute_path_is_taken_as_it_is),
		cmocka_unit_test(a_rootless_v1_host_has_no_place_of_ones_own),
		cmocka_unit_test(hierarchies_are_known_by_their_options),
		cmocka_unit_test(mounts_that_another_hides_do_not_count),
		cmocka_unit_test(mounts_elsewhere_do_not_count),
		cmocka_unit_test(a_v2_tree_alone_below_a_tmpfs_is_unified),
		cmocka_unit_test(the_present_host_can_be_asked),
		cmocka_unit_test(a_hierarchy_that_is_gone_with_its_kernel_hides_no_cgroup),
		cmocka_unit_test(the_hierarchies_of_a_cgroup_are_those_of_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* checkpoint_mounts.c -- which mounts of a container are the host's, and where the host has them
 * when it is restored. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/text.h"
#include "runtime/checkpoint.h"
#include "runtime/spec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST                                                                                       \
	"1 0 8:1 / / rw shared:1 - ext4 /dev/vda rw\n"                                             \
	"2 1 0:5 / /dev rw shared:2 - devtmpfs devtmpfs rw\n"                                      \
	"3 1 0:6 / /run rw shared:3 - tmpfs tmpfs rw\n"                                            \
	"4 1 0:7 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"                              \
	"5 1 0:8 / /proc rw - proc proc rw\n"                                                      \
	"6 1 0:9 / /sys rw - sysfs sysfs rw\n"
#define ROOT "10 9 8:1 /b/rootfs / rw master:1 - ext4 /dev/vda rw\n"

static struct arena arena;

static const char *named(const char *container, const char *host, bool own_cgroups)
{
	auto_text struct text all = { 0 };
	struct strings external = { 0 };

	external_mounts(container, host, own_cgroups, &arena, &external);
	for (size_t i = 0; i < external.count; i++)
		text_format(&all, "%s%s", i ? " " : "", external.items[i]);
	return all.data ? arena_string(&arena, all.data) : "";
}

/* ---- dump ------------------------------------------------------------------------------------ */

static void a_file_system_of_the_host_is_named_by_its_place(void **state)
{
	(void)state;
	assert_string_equal(
		named(ROOT "11 10 8:1 /srv /data rw master:1 - ext4 /dev/vda rw\n", HOST, true),
		"mnt[/data]:/data");
	assert_string_equal(named(ROOT "11 10 0:6 /x /run/x rw - tmpfs tmpfs rw\n", HOST, true),
			    "mnt[/run/x]:/run/x");
}

static void one_that_the_host_does_not_show_any_more_is_named_too(void **state)
{
	(void)state;
	assert_string_equal(named(ROOT "11 10 8:9 / /data rw - xfs /dev/vdb rw\n", HOST, true),
			    "mnt[/data]:/data");
}

static void what_criu_makes_again_is_not_named(void **state)
{
	(void)state;
	assert_string_equal(named(ROOT "11 10 0:30 / /proc rw - proc proc rw\n"
				       "12 11 0:30 /sys /proc/sys ro - proc proc rw\n"
				       "13 10 0:31 / /dev rw - tmpfs tmpfs rw\n"
				       "14 13 0:32 / /dev/pts rw - devpts devpts rw\n"
				       "15 13 0:33 / /dev/mqueue rw - mqueue mqueue rw\n"
				       "16 10 0:34 / /sys ro - sysfs sysfs rw\n",
				  HOST, true),
			    "");
}

static void the_host_s_own_proc_and_sys_are_made_again_unless_only_a_part_is_there(void **state)
{
	(void)state;
	assert_string_equal(named(ROOT "11 10 0:9 / /sys ro - sysfs sysfs rw\n"
				       "12 11 0:9 /kernel /sys/kernel ro - sysfs sysfs rw\n",
				  HOST, true),
			    "");
	assert_string_equal(named(ROOT "12 11 0:9 /kernel /k ro - sysfs sysfs rw\n", HOST, true),
			    "mnt[/k]:/k");
}

static void cgroups_are_the_host_s_where_there_is_no_namespace_of_them(void **state)
{
	static const char mount[] = ROOT "11 10 0:7 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";

	(void)state;
	assert_string_equal(named(mount, HOST, true), "");
	assert_string_equal(named(mount, HOST, false), "mnt[/sys/fs/cgroup]:/sys/fs/cgroup");
}

static void whatever_shows_the_host_s_null_device_is_named_by_it(void **state)
{
	(void)state;
	assert_string_equal(named(ROOT "11 10 0:5 /null /proc/kcore rw - devtmpfs devtmpfs rw\n"
				       "12 10 0:5 /zero /dev/zero rw - devtmpfs devtmpfs rw\n",
				  HOST, true),
			    "mnt[/proc/kcore]:/dev/null mnt[/dev/zero]:/dev/zero");
	/* In a container the host's is a mount of its own. */
	assert_string_equal(named(ROOT "11 10 0:77 /null /proc/kcore rw - tmpfs tmpfs rw\n",
				  HOST "7 2 0:77 /null /dev/null rw - tmpfs tmpfs rw\n", true),
			    "mnt[/proc/kcore]:/dev/null");
}

static void blanks_in_places_are_blanks(void **state)
{
	(void)state;
	assert_string_equal(
		named(ROOT "11 10 8:1 /a\\040b /c\\040d\\134 rw - ext4 /dev/vda rw\n", HOST, true),
		"mnt[/c d\\]:/c d\\");
}

static void lines_that_are_cut_short_are_left_out(void **state)
{
	(void)state;
	assert_string_equal(
		named("11\n11 10 8:1\n\n 1 2 3 4 5 6 7 8 9\n11 10 8:1 / /x rw -\n", HOST, true),
		"");
	assert_string_equal(named("", "", true), "");
}

/* ---- restore --------------------------------------------------------------------------------- */

static const struct facts facts = {
	.privileged = true,
	.cgroup_layout = CGROUP_UNIFIED,
	.cgroup_unified = "/sys/fs/cgroup",
};

static const char *below(const char *path)
{
	static char root[] = "/tmp/checkpoint-XXXXXX", made;

	if (!made) {
		assert_non_null(mkdtemp(root));
		made = 1;
	}
	return arena_format(&arena, "%s%s", root, path);
}

static int prepare(const char *mounts, const char *host, struct strings *external)
{
	const char *text = arena_format(
		&arena,
		"{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
		"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s],"
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\"}]}}",
		mounts);
	const struct plan_options options = { .id = "x",
					      .bundle = below(""),
					      .rootfs = below("/rootfs"),
					      .cgroup_path = "/coffer/x" };
	struct spec_document document;
	struct error err = { 0 };
	struct plan plan;

	*external = (struct strings){ 0 };
	assert_int_equal(spec_load_text(text, strlen(text), "config.json", &arena, &document, &err),
			 0);
	assert_int_equal(plan_create(&document.spec, &facts, &options, &arena, &plan, &err), 0);
	return external_prepare(&plan, below("/rootfs"), host, &arena, external, &err);
}

static bool has(const struct strings *external, const char *name, const char *source)
{
	return strings_have(external, arena_format(&arena, "mnt[%s]:%s", name, source));
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int make_bundle(void **state)
{
	(void)state;
	mkdir(below("/rootfs"), 0755);
	mkdir(below("/rootfs/run"), 0755);
	mkdir(below("/source"), 0755);
	mkdir(below("/other"), 0755);
	fclose(fopen(below("/file"), "w"));
	return symlink("/run", below("/rootfs/link")) < 0 && errno != EEXIST;
}

static int remove_bundle(void **state)
{
	(void)state;
	(void)!system(arena_format(&arena, "rm -rf '%s'", below("")));
	arena_free(&arena);
	return 0;
}

static void the_null_device_is_always_known(void **state)
{
	struct strings external;

	(void)state;
	assert_int_equal(prepare("", HOST, &external), 0);
	assert_true(has(&external, "/dev/null", "/dev/null"));
}

static void binds_have_their_source_and_get_their_places(void **state)
{
	struct strings external;

	(void)state;
	assert_int_equal(prepare(arena_format(&arena,
					      "{\"destination\":\"/data/x\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]},"
					      "{\"destination\":\"/etc/f\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]}",
					      below("/source"), below("/file")),
				 HOST, &external),
			 0);
	assert_true(has(&external, "/data/x", below("/source")));
	assert_true(has(&external, "/etc/f", below("/file")));
	assert_true(is_directory(below("/rootfs/data/x")));
	assert_true(access(below("/rootfs/etc/f"), F_OK) == 0);
	assert_false(is_directory(below("/rootfs/etc/f")));
}

static void a_place_behind_a_link_goes_by_both_names(void **state)
{
	struct strings external;

	(void)state;
	assert_int_equal(prepare(arena_format(&arena,
					      "{\"destination\":\"/link/y\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]}",
					      below("/source")),
				 HOST, &external),
			 0);
	assert_true(has(&external, "/link/y", below("/source")));
	assert_true(has(&external, "/run/y", below("/source")));
	assert_true(is_directory(below("/rootfs/run/y")));
}

static void what_is_mounted_below_a_recursive_bind_comes_along(void **state)
{
	struct strings external;
	const char *host = arena_format(&arena, HOST "7 1 0:50 / %s/deep rw - tmpfs none rw\n",
					below("/source"));

	(void)state;
	assert_int_equal(prepare(arena_format(&arena,
					      "{\"destination\":\"/r\",\"source\":\"%s\","
					      "\"options\":[\"rbind\"]},"
					      "{\"destination\":\"/b\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]}",
					      below("/source"), below("/source")),
				 host, &external),
			 0);
	assert_true(has(&external, "/r/deep", below("/source/deep")));
	assert_false(has(&external, "/b/deep", below("/source/deep")));
}

static void a_place_in_a_bind_is_made_in_its_source(void **state)
{
	struct strings external;

	(void)state;
	assert_int_equal(prepare(arena_format(&arena,
					      "{\"destination\":\"/out\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]},"
					      "{\"destination\":\"/out/in\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]}",
					      below("/other"), below("/source")),
				 HOST, &external),
			 0);
	assert_true(has(&external, "/out/in", below("/source")));
	assert_true(is_directory(below("/other/in")));
	assert_false(is_directory(below("/rootfs/out/in")));
}

static void in_a_tmpfs_nothing_is_made(void **state)
{
	struct strings external;

	(void)state;
	assert_int_equal(prepare(arena_format(&arena,
					      "{\"destination\":\"/t\",\"type\":\"tmpfs\"},"
					      "{\"destination\":\"/t/in\",\"source\":\"%s\","
					      "\"options\":[\"bind\"]}",
					      below("/source")),
				 HOST, &external),
			 0);
	assert_true(has(&external, "/t/in", below("/source")));
	assert_true(is_directory(below("/rootfs/t")));
	assert_false(is_directory(below("/rootfs/t/in")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_system_of_the_host_is_named_by_its_place),
		cmocka_unit_test(one_that_the_host_does_not_show_any_more_is_named_too),
		cmocka_unit_test(what_criu_makes_again_is_not_named),
		cmocka_unit_test(
			the_host_s_own_proc_and_sys_are_made_again_unless_only_a_part_is_there),
		cmocka_unit_test(cgroups_are_the_host_s_where_there_is_no_namespace_of_them),
		cmocka_unit_test(whatever_shows_the_host_s_null_device_is_named_by_it),
		cmocka_unit_test(blanks_in_places_are_blanks),
		cmocka_unit_test(lines_that_are_cut_short_are_left_out),
		cmocka_unit_test(the_null_device_is_always_known),
		cmocka_unit_test(binds_have_their_source_and_get_their_places),
		cmocka_unit_test(a_place_behind_a_link_goes_by_both_names),
		cmocka_unit_test(what_is_mounted_below_a_recursive_bind_comes_along),
		cmocka_unit_test(a_place_in_a_bind_is_made_in_its_source),
		cmocka_unit_test(in_a_tmpfs_nothing_is_made),
	};

	return cmocka_run_group_tests(tests, make_bundle, remove_bundle);
}

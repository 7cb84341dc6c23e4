/* resctrl.c -- groups of Intel RDT by the rules of config-linux.md "IntelRdt", in a directory that
 * plays the kernel's file system: a new group has its files at once, one that is removed loses
 * them, and every write is noted. */
/* Before cmocka.h, which calls a macro "fail". */
#include "runtime/resctrl.h"
#include "base/file.h"
#include "base/own.h"
#include "schemata.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct arena arena;
static char *root;
static struct text notes;   /* "guaranteed/schemata L3:0=f\n" … */
static const char *refused; /* a write that the kernel does not take */

/* ---- the kernel ------------------------------------------------------------------------------ */

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __real_file_write(int dir, const char *path, const char *value, struct error *err);
int __wrap_file_write(int dir, const char *path, const char *value, struct error *err);

static void make_file(const char *directory, const char *name, const char *text)
{
	const struct file_content content = { text, strlen(text), 0644, false };
	auto_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(file_replace(fd, name, &content, NULL), 0);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	if (strstr(path, "/mon_groups/full")) {
		errno = ENOSPC;
		return -1;
	}
	if (__real_mkdir(path, mode) < 0)
		return -1;
	make_file(path, "tasks", "");
	if (strstr(path, "/mon_groups/"))
		return 0;
	make_file(path, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	return __real_mkdir(arena_format(&arena, "%s/mon_groups", path), 0755);
}

int __wrap_rmdir(const char *path)
{
	if (access(path, F_OK) < 0)
		return -1;
	return file_remove_tree(AT_FDCWD, path, NULL) < 0 ? -1 : 0;
}

int __wrap_file_write(int dir, const char *path, const char *value, struct error *err)
{
	if (refused && strstr(value, refused)) {
		if (err)
			err->number = EINVAL;
		return -EINVAL;
	}
	text_format(&notes, "%s %s%s", path + strlen(root) + 1, value,
		    strchr(value, '\n') ? "" : "\n");
	return __real_file_write(dir, path, value, err);
}

static int set_up(void **state)
{
	char template[] = "/tmp/resctrl-XXXXXX";

	root = arena_string(&arena, mkdtemp(template));
	make_file(root, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	make_file(root, "tasks", "1\n");
	__real_mkdir(arena_format(&arena, "%s/mon_groups", root), 0755);
	__real_mkdir(arena_format(&arena, "%s/info", root), 0755);
	make_file(arena_format(&arena, "%s/info", root), "last_cmd_status", "ok\n");
	text_clear(&notes);
	text_add(&notes, "");
	refused = NULL;
	return 0;
}

static int tear_down(void **state)
{
	file_remove_tree(AT_FDCWD, root, NULL);
	return 0;
}

/* ---- what tests say -------------------------------------------------------------------------- */

static bool there_is(const char *path)
{
	return access(arena_format(&arena, "%s/%s", root, path), F_OK) == 0;
}

static int make(const struct spec_intel_rdt *rdt, struct resctrl_group *group, struct error *err)
{
	*err = (struct error){ 0 };
	TRY(resctrl_place(root, rdt, "ctr", &arena, group, err));
	return resctrl_make(root, rdt, group, err);
}

static struct strings lines(char *one, char *two)
{
	struct strings list = { 0 };

	strings_add(&list, one, &arena);
	strings_add(&list, two, &arena);
	return list;
}

static char l3[] = "L3:0=7f0;1=1f", mb[] = "MB:0=20;1=70", l2[] = "L2:0=f;1=f";

/* ---- the rules ------------------------------------------------------------------------------- */

static void without_a_closid_the_group_is_named_like_the_container(void **state)
{
	const struct spec_intel_rdt rdt = { .l3_cache_schema = l3 };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_true(there_is("ctr/tasks"));
	assert_string_equal(notes.data, "ctr/schemata L3:0=7f0;1=1f\n");
	assert_true(group.own);
}

static void a_container_s_own_group_goes_with_it(void **state)
{
	const struct spec_intel_rdt rdt = { 0 };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_int_equal(resctrl_remove(&group, false, &err), 0);
	assert_false(there_is("ctr"));
	assert_int_equal(resctrl_remove(&group, false, &err), 0); /* twice is no failure */
}

static void a_group_that_was_there_is_not_removed(void **state)
{
	const struct spec_intel_rdt rdt = { 0 };
	struct resctrl_group group;
	struct error err;

	__wrap_mkdir(arena_format(&arena, "%s/ctr", root), 0755);
	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_int_equal(resctrl_remove(&group, false, &err), 0);
	assert_true(there_is("ctr"));
}

static void without_schemata_nothing_is_written_to_schemata(void **state)
{
	const struct spec_intel_rdt rdt = { 0 };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_string_equal(notes.data, "");
}

static void the_cache_s_schema_is_written_first_bandwidth_then_the_others_last(void **state)
{
	const struct spec_intel_rdt rdt = {
		.clos_id = (char[]){ "guaranteed" },
		.schemata = lines(l2, mb),
		.l3_cache_schema = l3,
		.mem_bw_schema = mb,
	};
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_string_equal(notes.data, "guaranteed/schemata L3:0=7f0;1=1f\n"
					"guaranteed/schemata MB:0=20;1=70\n"
					"guaranteed/schemata L2:0=f;1=f\n"
					"guaranteed/schemata MB:0=20;1=70\n");
}

static void a_missing_class_is_made_and_never_removed_by_the_container_s_end(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" }, .mem_bw_schema = mb };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_true(there_is("gold"));
	assert_int_equal(resctrl_remove(&group, false, &err), 0);
	assert_true(there_is("gold"));
}

static void an_existing_class_must_have_the_schemata(void **state)
{
	const struct spec_intel_rdt same = { .clos_id = (char[]){ "gold" },
					     .l3_cache_schema = (char[]){ "L3:1=07ff" },
					     .mem_bw_schema = (char[]){ "MB:0=100" } };
	const struct spec_intel_rdt other = { .clos_id = (char[]){ "gold" }, .mem_bw_schema = mb };
	struct resctrl_group group;
	struct error err;

	__wrap_mkdir(arena_format(&arena, "%s/gold", root), 0755);
	assert_int_equal(make(&same, &group, &err), 0);
	__wrap_rmdir(arena_format(&arena, "%s/gold", root));
	__wrap_mkdir(arena_format(&arena, "%s/gold", root), 0755);
	assert_int_equal(make(&other, &group, &err), -EINVAL);
	assert_string_equal(err.where, "linux.intelRdt.memBwSchema");
	assert_string_equal(err.what, "the class of service exists and has not \"MB:0=20;1=70\"");
	assert_true(there_is("gold"));
}

static void a_class_without_schemata_must_exist(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" } };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), -ENOENT);
	assert_string_equal(err.where, "linux.intelRdt.closID");
	assert_string_equal(
		err.what, "there is no class of service \"gold\", and no schemata to make it with");
	__wrap_mkdir(arena_format(&arena, "%s/gold", root), 0755);
	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_string_equal(notes.data, "");
}

static void a_slash_is_the_default_class(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "/" }, .enable_monitoring = true };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_string_equal(group.path, root);
	assert_int_equal(resctrl_enter(&group, 42, &err), 0);
	assert_string_equal(notes.data, "tasks 42\nmon_groups/ctr/tasks 42\n");
	assert_int_equal(resctrl_remove(&group, true, &err), 0);
	assert_false(there_is("mon_groups/ctr"));
	assert_true(there_is("tasks"));
}

static void monitoring_has_a_group_of_the_container_s_name_that_goes_with_it(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" },
					    .mem_bw_schema = mb,
					    .enable_monitoring = true };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_true(there_is("gold/mon_groups/ctr/tasks"));
	assert_int_equal(resctrl_remove(&group, false, &err), 0);
	assert_false(there_is("gold/mon_groups/ctr"));
	assert_true(there_is("gold"));
}

static void a_monitoring_group_that_cannot_be_made_is_an_error_and_nothing_is_left(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" },
					    .mem_bw_schema = mb,
					    .enable_monitoring = true };
	struct resctrl_group group;
	struct error err = { 0 };

	assert_int_equal(resctrl_place(root, &rdt, "full", &arena, &group, &err), 0);
	assert_int_equal(resctrl_make(root, &rdt, &group, &err), -ENOSPC);
	assert_string_equal(err.where, "linux.intelRdt.enableMonitoring");
	assert_false(there_is("gold"));
}

static void a_process_enters_the_class_before_its_monitoring_group(void **state)
{
	const struct spec_intel_rdt rdt = { .enable_monitoring = true };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_int_equal(resctrl_enter(&group, 4711, &err), 0);
	assert_string_equal(notes.data, "ctr/tasks 4711\nctr/mon_groups/ctr/tasks 4711\n");
}

static void a_refused_schema_is_told_in_the_kernel_s_words_and_nothing_is_left(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" },
					    .schemata = lines(l3, l2) };
	struct resctrl_group group;
	struct error err;

	refused = "L2";
	make_file(arena_format(&arena, "%s/info", root), "last_cmd_status",
		  "Unknown or unsupported resource name 'L2'\n");
	assert_int_equal(make(&rdt, &group, &err), -EINVAL);
	assert_string_equal(err.where, "linux.intelRdt.schemata[1]");
	assert_non_null(strstr(err.what, "(Unknown or unsupported resource name 'L2')"));
	assert_false(there_is("gold"));
}

static void a_failing_creation_removes_a_class_that_it_made_unless_others_are_in_it(void **state)
{
	const struct spec_intel_rdt rdt = { .clos_id = (char[]){ "gold" }, .mem_bw_schema = mb };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	make_file(group.path, "tasks", "77\n");
	assert_int_equal(resctrl_remove(&group, true, &err), 0);
	assert_true(there_is("gold"));
	make_file(group.path, "tasks", "");
	assert_int_equal(resctrl_remove(&group, true, &err), 0);
	assert_false(there_is("gold"));
}

static void update_writes_what_is_given(void **state)
{
	const struct spec_intel_rdt rdt = { 0 };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	assert_int_equal(resctrl_update(&group, l3, mb, &err), 0);
	assert_string_equal(notes.data, "ctr/schemata L3:0=7f0;1=1f\nctr/schemata MB:0=20;1=70\n");
	refused = "MB";
	assert_int_equal(resctrl_update(&group, NULL, mb, &err), -EINVAL);
	assert_string_equal(err.where, "linux.intelRdt.memBwSchema");
	assert_non_null(strstr(err.what, "(ok)"));
}

static void schemata_are_compared_by_value(void **state)
{
	const char *text = "    L3:0=7ff;1=0f0\nL3CODE:0=3\n    MB:0= 20;1=100\n";

	assert_true(schemata_have(text, "L3:0=7ff;1=f0", &arena));
	assert_true(schemata_have(text, "L3:1=f0", &arena));
	assert_true(schemata_have(text, "MB:1=100;0=20", &arena));
	assert_false(schemata_have(text, "MB:0=14", &arena));
	assert_false(schemata_have(text, "L3:2=f0", &arena));
	assert_false(schemata_have(text, "L2:0=f", &arena));
	assert_false(schemata_have(text, "L3:0=", &arena));
	assert_false(schemata_have(text, "7ff", &arena));
}

static void make_directory_with(const char *name, const char *file, const char *text)
{
	const char *path = arena_format(&arena, "%s/%s", root, name);

	__real_mkdir(path, 0755);
	make_file(path, file, text);
}

/* Members and their order are runc's. */
static void statistics_are_what_the_kernel_s_files_say(void **state)
{
	const struct spec_intel_rdt rdt = { .l3_cache_schema = l3, .enable_monitoring = true };
	struct resctrl_group group;
	struct error err;

	assert_int_equal(make(&rdt, &group, &err), 0);
	make_directory_with("info/L3", "cbm_mask", "7ff\n");
	make_directory_with("info/L3", "min_cbm_bits", "1\n");
	make_directory_with("info/L3", "num_closids", "16\n");
	make_directory_with("info/MB", "min_bandwidth", "10\n");
	make_directory_with("info/L3_MON", "mon_features", "llc_occupancy\nmbm_total_bytes\n");
	make_directory_with("ctr/mon_groups/ctr/mon_data", "unused", "");
	make_directory_with("ctr/mon_groups/ctr/mon_data/mon_L3_01", "llc_occupancy", "5\n");
	make_directory_with("ctr/mon_groups/ctr/mon_data/mon_L3_00", "llc_occupancy", "4096\n");
	make_directory_with("ctr/mon_groups/ctr/mon_data/mon_L3_00", "mbm_total_bytes", "70\n");
	make_directory_with("ctr/mon_groups/ctr/mon_data/mon_L3_01", "mbm_total_bytes",
			    "Unavailable\n");
	assert_string_equal(
		resctrl_stats(root, &group, &arena),
		"{\"l3_cache_info\":{\"cbm_mask\":\"7ff\",\"min_cbm_bits\":1,\"num_closids\":16},"
		"\"l3_cache_schema_root\":\"L3:0=7ff;1=7ff\",\"l3_cache_schema\":\"L3:0=7f0;1=1f\","
		"\"mem_bw_info\":{\"min_bandwidth\":10},\"mem_bw_schema_root\":\"MB:0=100;1=100\","
		"\"mem_bw_schema\":\"MB:0=100;1=100\","
		"\"mbm_stats\":[{\"mbm_total_bytes\":70,\"mbm_local_bytes\":0},"
		"{\"mbm_total_bytes\":0,\"mbm_local_bytes\":0}],"
		"\"cmt_stats\":[{\"llc_occupancy\":4096},{\"llc_occupancy\":5}]}");
}

static void statistics_of_a_processor_that_can_nothing_are_empty(void **state)
{
	const struct resctrl_group group = { .path = arena_string(&arena, "/nonexistent") };

	assert_string_equal(resctrl_stats("/nonexistent", &group, &arena), "{}");
}

static void the_file_system_is_found_in_the_mount_table(void **state)
{
	static const char before[] = "22 1 0:20 / /proc rw - proc proc rw\n"
				     "23 1 0:21 / /tmp/resctrl rw - tmpfs resctrl rw\n";
	struct error err = { 0 };
	char *found;

	assert_int_equal(resctrl_find(before, &arena, &found, &err), -ENOENT);
	assert_string_equal(err.where, "linux.intelRdt");
	assert_string_equal(err.what, "no resctrl filesystem is mounted on this host");
	assert_int_equal(
		resctrl_find("22 1 0:20 / /proc rw - proc proc rw\n"
			     "24 1 0:22 / /sys/fs/resctrl rw shared:3 - resctrl resctrl rw\n",
			     &arena, &found, &err),
		0);
	assert_string_equal(found, "/sys/fs/resctrl");
	assert_int_equal(resctrl_find("", &arena, &found, &err), -ENOENT);
}

int main(void)
{
#define IN_A_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		IN_A_ROOT(without_a_closid_the_group_is_named_like_the_container),
		IN_A_ROOT(a_container_s_own_group_goes_with_it),
		IN_A_ROOT(a_group_that_was_there_is_not_removed),
		IN_A_ROOT(without_schemata_nothing_is_written_to_schemata),
		IN_A_ROOT(the_cache_s_schema_is_written_first_bandwidth_then_the_others_last),
		IN_A_ROOT(a_missing_class_is_made_and_never_removed_by_the_container_s_end),
		IN_A_ROOT(an_existing_class_must_have_the_schemata),
		IN_A_ROOT(a_class_without_schemata_must_exist),
		IN_A_ROOT(a_slash_is_the_default_class),
		IN_A_ROOT(monitoring_has_a_group_of_the_container_s_name_that_goes_with_it),
		IN_A_ROOT(a_monitoring_group_that_cannot_be_made_is_an_error_and_nothing_is_left),
		IN_A_ROOT(a_process_enters_the_class_before_its_monitoring_group),
		IN_A_ROOT(a_refused_schema_is_told_in_the_kernel_s_words_and_nothing_is_left),
		IN_A_ROOT(a_failing_creation_removes_a_class_that_it_made_unless_others_are_in_it),
		IN_A_ROOT(update_writes_what_is_given),
		IN_A_ROOT(statistics_are_what_the_kernel_s_files_say),
		cmocka_unit_test(statistics_of_a_processor_that_can_nothing_are_empty),
		cmocka_unit_test(schemata_are_compared_by_value),
		cmocka_unit_test(the_file_system_is_found_in_the_mount_table),
	};
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	text_free(&notes);
	arena_free(&arena);
	return result;
}

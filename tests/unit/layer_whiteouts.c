/* layer_whiteouts.c -- what layers take away, in both forms, in any order. */
#include "layer_archive.h"

#include <sys/xattr.h>

/* ---- overlay form ---- */

static void test_a_whiteout_becomes_a_device_0_0(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "etc/.wh.motd");
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, "etc/motd"), IS_WHITEOUT);
	assert_int_equal(kind_at(test, "etc/.wh.motd"), 0);
	assert_int_equal(status_at(test, "etc").st_mode & 07777, 0755);
}

static void test_a_whiteout_is_told_by_its_name_not_by_its_type(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "a", .data = "x");
	TAR(&test->tar, .name = ".wh.b", .type = 'h', .link = "a");
	TAR(&test->tar, .name = ".wh.c", .type = 'd');
	TAR(&test->tar, .name = ".wh.d", .type = 'l', .link = "a");
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, "b"), IS_WHITEOUT);
	assert_int_equal(kind_at(test, "c"), IS_WHITEOUT);
	assert_int_equal(kind_at(test, "d"), IS_WHITEOUT);
}

static void test_an_opaque_directory_is_marked_and_keeps_its_own_entries(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "d/before", .data = "1");
	TAR(&test->tar, .name = "d/.wh..wh..opq");
	TAR(&test->tar, .name = "d/after", .data = "2");
	assert_int_equal(layer_case_apply(test), 0);
	assert_true(opaque_at(test, "d"));
	assert_content(test, "d/before", "1");
	assert_content(test, "d/after", "2");
	assert_int_equal(kind_at(test, "d/.wh..wh..opq"), 0);
}

static void test_an_opaque_directory_has_no_whiteouts_whatever_the_order(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "d/.wh.early");
	TAR(&test->tar, .name = "d/.wh..wh..opq");
	TAR(&test->tar, .name = "d/.wh.late");
	assert_int_equal(layer_case_apply(test), 0);
	assert_true(opaque_at(test, "d"));
	assert_int_equal(kind_at(test, "d/early"), 0);
	assert_int_equal(kind_at(test, "d/late"), 0);
}

static void test_a_file_and_its_whiteout_leave_the_file(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = ".wh.a");
	TAR(&test->tar, .name = "a", .data = "mine");
	TAR(&test->tar, .name = "b", .data = "mine");
	TAR(&test->tar, .name = ".wh.b");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "a", "mine");
	assert_content(test, "b", "mine");
}

static void test_a_directory_and_its_whiteout_leave_an_opaque_directory(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = ".wh.a");
	TAR(&test->tar, .name = "a/", .type = 'd');
	TAR(&test->tar, .name = "b/", .type = 'd');
	TAR(&test->tar, .name = ".wh.b");
	TAR(&test->tar, .name = ".wh.c");
	TAR(&test->tar, .name = "c/deep/file", .data = "1");
	assert_int_equal(layer_case_apply(test), 0);
	assert_true(opaque_at(test, "a"));
	assert_true(opaque_at(test, "b"));
	assert_true(opaque_at(test, "c"));
	assert_false(opaque_at(test, "c/deep"));
	assert_content(test, "c/deep/file", "1");
}

static void test_whiteouts_below_a_whiteout_mean_nothing(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = ".wh.a");
	TAR(&test->tar, .name = "a/.wh.b");
	TAR(&test->tar, .name = "a/c/.wh.d");
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, "a"), IS_WHITEOUT);
}

static void test_aufs_bookkeeping_is_ignored(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = ".wh..wh.aufs");
	TAR(&test->tar, .name = ".wh..wh.plnk/", .type = 'd');
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, ".wh..wh.aufs"), 0);
	assert_int_equal(kind_at(test, ".wh.aufs"), 0);
	assert_int_equal(kind_at(test, ".wh..wh.plnk"), 0);
}

static void test_a_whiteout_must_name_something(void **state)
{
	static const char *const names[] = { ".wh.", "d/.wh..", "d/.wh..." };
	struct layer_case *test = *state;

	for (size_t i = 0; i < 3; i++) {
		TAR(&test->tar, .name = "d/keep", .data = "1");
		TAR(&test->tar, .name = names[i]);
		assert_int_equal(layer_case_apply(test), -EBADMSG);
		assert_non_null(strstr(test->line, "names nothing"));
		assert_content(test, "d/keep", "1");
	}
}

static void test_a_device_0_0_of_an_image_is_a_whiteout(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "gone", .type = '3');
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, "gone"), IS_WHITEOUT);
}

static void test_an_image_cannot_forge_overlay_marks(void **state)
{
	struct layer_case *test = *state;
	struct text records = { 0 };

	tar_record(&records, "SCHILY.xattr.user.overlay.opaque", "y", 1);
	tar_record(&records, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	tar_record(&records, "SCHILY.xattr.user.kept", "a\0b", 3);
	TAR(&test->tar, .name = "d", .type = 'd', .records = records.data,
	    .records_length = records.length);
	text_free(&records);
	assert_int_equal(layer_case_apply(test), 0);
	assert_false(opaque_at(test, "d"));
}

/* ---- merged ---- */

static void lower_make(struct layer_case *test)
{
	TAR(&test->tar, .name = "d/lower", .data = "low");
	TAR(&test->tar, .name = "d/sub/lower", .data = "low");
	TAR(&test->tar, .name = "d/sub/deep/lower", .data = "low");
	TAR(&test->tar, .name = "file", .data = "low");
	test->options.form = LAYER_MERGED;
	assert_int_equal(layer_case_apply(test), 0);
}

static void test_merged_whiteouts_remove_files_and_trees(void **state)
{
	struct layer_case *test = *state;

	lower_make(test);
	TAR(&test->tar, .name = ".wh.file");
	TAR(&test->tar, .name = "d/.wh.sub");
	TAR(&test->tar, .name = "nowhere/.wh.x");
	TAR(&test->tar, .name = ".wh.nothing");
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(kind_at(test, "file"), 0);
	assert_int_equal(kind_at(test, "d/sub"), 0);
	assert_int_equal(kind_at(test, "nowhere"), 0);
	assert_content(test, "d/lower", "low");
}

static void test_merged_opaque_keeps_own_entries_that_came_before(void **state)
{
	struct layer_case *test = *state;

	lower_make(test);
	TAR(&test->tar, .name = "d/sub/deep/own", .data = "own");
	TAR(&test->tar, .name = "d/.wh..wh..opq");
	TAR(&test->tar, .name = "d/late", .data = "own");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "d/sub/deep/own", "own");
	assert_content(test, "d/late", "own");
	assert_int_equal(kind_at(test, "d/lower"), 0);
	assert_int_equal(kind_at(test, "d/sub/lower"), 0);
	assert_int_equal(kind_at(test, "d/sub/deep/lower"), 0);
	assert_content(test, "file", "low");
}

static void test_merged_whiteout_of_an_own_directory_removes_the_rest(void **state)
{
	struct layer_case *test = *state;

	lower_make(test);
	TAR(&test->tar, .name = "d/", .type = 'd');
	TAR(&test->tar, .name = "d/own", .data = "own");
	TAR(&test->tar, .name = ".wh.d");
	TAR(&test->tar, .name = "file", .data = "own");
	TAR(&test->tar, .name = ".wh.file");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "d/own", "own");
	assert_content(test, "file", "own");
	assert_int_equal(kind_at(test, "d/lower"), 0);
	assert_int_equal(kind_at(test, "d/sub"), 0);
}

static void test_merged_hard_link_to_a_lower_file_does_not_protect_it(void **state)
{
	struct layer_case *test = *state;

	lower_make(test);
	TAR(&test->tar, .name = "d/link", .type = 'h', .link = "d/lower");
	TAR(&test->tar, .name = "d/.wh..wh..opq");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "d/link", "low");
	assert_int_equal(kind_at(test, "d/lower"), 0);
}

static void test_merged_other_kinds_replace_each_other(void **state)
{
	struct layer_case *test = *state;

	lower_make(test);
	TAR(&test->tar, .name = "d", .data = "a file now");
	TAR(&test->tar, .name = "file/", .type = 'd', .mode = 0700);
	TAR(&test->tar, .name = "file/in", .data = "1");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "d", "a file now");
	assert_content(test, "file/in", "1");
}

static void test_merged_directory_takes_the_new_attributes(void **state)
{
	struct layer_case *test = *state;
	auto_close int fd = -1;
	char value[8];

	lower_make(test);
	fd = openat(test->root, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fsetxattr(fd, "user.old", "x", 1, 0), 0);
	TAR(&test->tar, .name = "d/", .type = 'd', .mode = 0711, .mtime = 7);
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(status_at(test, "d").st_mode & 07777, 0711);
	assert_int_equal(status_at(test, "d").st_mtim.tv_sec, 7);
	assert_int_equal(fgetxattr(fd, "user.old", value, sizeof(value)), -1);
	assert_content(test, "d/lower", "low");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, layer_case_open, layer_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_whiteout_becomes_a_device_0_0),
		CASE(test_a_whiteout_is_told_by_its_name_not_by_its_type),
		CASE(test_an_opaque_directory_is_marked_and_keeps_its_own_entries),
		CASE(test_an_opaque_directory_has_no_whiteouts_whatever_the_order),
		CASE(test_a_file_and_its_whiteout_leave_the_file),
		CASE(test_a_directory_and_its_whiteout_leave_an_opaque_directory),
		CASE(test_whiteouts_below_a_whiteout_mean_nothing),
		CASE(test_aufs_bookkeeping_is_ignored),
		CASE(test_a_whiteout_must_name_something),
		CASE(test_a_device_0_0_of_an_image_is_a_whiteout),
		CASE(test_an_image_cannot_forge_overlay_marks),
		CASE(test_merged_whiteouts_remove_files_and_trees),
		CASE(test_merged_opaque_keeps_own_entries_that_came_before),
		CASE(test_merged_whiteout_of_an_own_directory_removes_the_rest),
		CASE(test_merged_hard_link_to_a_lower_file_does_not_protect_it),
		CASE(test_merged_other_kinds_replace_each_other),
		CASE(test_merged_directory_takes_the_new_attributes),
	};

	return cmocka_run_group_tests_name("layer whiteouts", tests, NULL, NULL);
}

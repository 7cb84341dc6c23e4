/* layer_writer.c -- files on disk, compared and recorded, while somebody else is at them. */
#include "../../src/image/layer/writer.h"

#include "layer_archive.h"

#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HUGE_FILE ((off_t)8 << 40)

static void make(const struct layer_case *test, const char *name, const char *content)
{
	auto_close int fd =
		openat(test->root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

/* A file that is nothing but a hole, of one time. */
static void make_hole(const struct layer_case *test, const char *name, off_t size)
{
	static const struct timespec times[2];
	auto_close int fd = openat(test->root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	if (ftruncate(fd, size) < 0)
		skip(); /* not on this file system */
	assert_int_equal(futimens(fd, times), 0);
}

static void look(const struct layer_case *test, const char *name, struct stat *stat)
{
	assert_int_equal(fstatat(test->root, name, stat, AT_SYMLINK_NOFOLLOW), 0);
}

static int record(struct layer_case *test, const char *name, const struct stat *stat, int cancel_fd)
{
	const struct named file = { test->root, name, stat };
	const struct layer_changes changes = { .lower_as_image = true,
					       .compression = OCI_PLAIN,
					       .cancel_fd = cancel_fd };
	auto_close int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct recorder *recorder = recorder_open(&changes, out, &test->err);
	int result;

	assert_non_null(recorder);
	result = recorder_add(recorder, name, &file, NULL, &test->err);
	recorder_close(recorder);
	return result;
}

/* What can take a file's name after the look at it. */
static void replace(const struct layer_case *test, const char *name, mode_t type)
{
	assert_int_equal(renameat(test->root, name, test->root, "away"), 0);
	if (type == S_IFLNK)
		assert_int_equal(symlinkat("away", test->root, name), 0);
	else
		assert_int_equal(mknodat(test->root, name, type | 0644, 0), 0);
}

static const mode_t replacements[] = { S_IFREG, S_IFIFO, S_IFLNK };

static void what_took_a_files_place_is_not_read_into_the_archive(void **state)
{
	for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
		struct layer_case *test = *state;
		struct stat stat;

		make(test, "file", "content");
		look(test, "file", &stat);
		assert_int_equal(record(test, "file", &stat, -1), 0);
		replace(test, "file", replacements[i]);
		assert_int_equal(record(test, "file", &stat, -1), -EBUSY);
		assert_int_equal(unlinkat(test->root, "file", 0), 0);
		assert_int_equal(unlinkat(test->root, "away", 0), 0);
	}
}

static void what_took_a_files_place_is_not_compared(void **state)
{
	for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
		struct layer_case *test = *state;
		struct stat stat, old;
		struct named now = { test->root, "file", &stat }, was = { test->root, "old", &old };

		make(test, "file", "content");
		make(test, "old", "content");
		look(test, "file", &stat);
		look(test, "old", &old);
		old.st_mtim = stat.st_mtim;
		assert_int_equal(compare_files(&now, &was, -1, &test->err), 1);
		replace(test, "file", replacements[i]);
		assert_int_equal(compare_files(&now, &was, -1, &test->err), -EBUSY);
		assert_int_equal(unlinkat(test->root, "file", 0), 0);
		assert_int_equal(unlinkat(test->root, "away", 0), 0);
	}
}

static void a_file_larger_than_a_layer_may_be_is_refused_unread(void **state)
{
	struct layer_case *test = *state;
	struct stat stat;

	make_hole(test, "huge", HUGE_FILE);
	look(test, "huge", &stat);
	assert_int_equal(record(test, "huge", &stat, -1), -EFBIG);
}

static void holes_of_both_files_are_not_compared(void **state)
{
	struct layer_case *test = *state;
	struct stat stat, old;
	struct named now = { test->root, "one", &stat }, was = { test->root, "other", &old };

	make_hole(test, "one", HUGE_FILE);
	make_hole(test, "other", HUGE_FILE);
	look(test, "one", &stat);
	look(test, "other", &old);
	assert_int_equal(compare_files(&now, &was, -1, &test->err), 1);
}

static void data_after_a_hole_are_compared(void **state)
{
	struct layer_case *test = *state;
	struct stat stat, old;
	struct named now = { test->root, "one", &stat }, was = { test->root, "other", &old };

	for (int i = 0; i < 2; i++) {
		auto_close int fd = -1;

		make_hole(test, i ? "other" : "one", 3 << 20);
		fd = openat(test->root, i ? "other" : "one", O_WRONLY | O_CLOEXEC);
		assert_int_equal(pwrite(fd, i ? "a" : "b", 1, 2 << 20), 1);
	}
	look(test, "one", &stat);
	look(test, "other", &old);
	old.st_mtim = stat.st_mtim;
	assert_int_equal(compare_files(&now, &was, -1, &test->err), 0);
	assert_int_equal(compare_files(&now, &now, -1, &test->err), 1);
}

static void one_large_file_can_be_interrupted(void **state)
{
	struct layer_case *test = *state;
	struct stat stat;
	struct named file = { test->root, "file", &stat };
	int cancel[2];

	make_hole(test, "file", (off_t)LAYER_BYTES_MOST);
	look(test, "file", &stat);
	assert_int_equal(pipe2(cancel, O_CLOEXEC), 0);
	assert_int_equal(write(cancel[1], "", 1), 1);
	assert_int_equal(record(test, "file", &stat, cancel[0]), -ECANCELED);
	assert_int_equal(compare_files(&file, &file, cancel[0], &test->err), -ECANCELED);
	close(cancel[0]);
	close(cancel[1]);
}

static void only_the_mark_that_overlayfs_obeys_hides(void **state)
{
	struct layer_case *test = *state;
	auto_close int fd = openat(test->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat stat;
	struct named root = { test->root, ".", &stat };

	look(test, ".", &stat);
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0)
		skip(); /* not on this file system */
	assert_true(directory_hides(fd, true));
	assert_false(directory_hides(fd, false));
	assert_true(disk_has_mark(&root, "opaque", true));
	assert_false(disk_has_mark(&root, "opaque", false));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, layer_case_open, layer_case_close)
	const struct CMUnitTest tests[] = {
		TEST(what_took_a_files_place_is_not_read_into_the_archive),
		TEST(what_took_a_files_place_is_not_compared),
		TEST(a_file_larger_than_a_layer_may_be_is_refused_unread),
		TEST(holes_of_both_files_are_not_compared),
		TEST(data_after_a_hole_are_compared),
		TEST(one_large_file_can_be_interrupted),
		TEST(only_the_mark_that_overlayfs_obeys_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

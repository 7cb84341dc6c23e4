/* base_file.c -- whole files in, whole files out, trees away. */
#include "base_case.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* ---- reading ---- */

static void test_a_file_is_read_whole(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };

	put_file(test->dir, "f", "content");
	text_add(&text, "what was there before");
	assert_int_equal(file_read(test->dir, "f", 7, &text, &test->err), 0);
	assert_string_equal(text.data, "content");
	put_file(test->dir, "empty", "");
	assert_int_equal(file_read(test->dir, "empty", 0, &text, &test->err), 0);
	assert_string_equal(text.data, "");
}

static void test_files_of_the_kernel_have_no_size_and_are_read_all_the_same(void **state)
{
	auto_text struct text text = { 0 };

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &text, NULL), 0);
	assert_true(text_starts(text.data, "Name:"));
}

static void test_more_than_the_limit_is_refused(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };

	put_file(test->dir, "f", "content");
	assert_int_equal(file_read(test->dir, "f", 6, &text, &test->err), -EFBIG);
	assert_string_equal(told(test), "\"f\" is larger than 6 bytes");
}

static void test_what_is_no_file_is_named(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };

	assert_int_equal(file_read(test->dir, "absent", 9, &text, &test->err), -ENOENT);
	assert_string_equal(told(test), "cannot read \"absent\": open: no such file or directory");
	mkdirat(test->dir, "d", 0755);
	assert_int_equal(file_read(test->dir, "d", 9, &text, &test->err), -EISDIR);
	mkfifoat(test->dir, "fifo", 0644);
	assert_int_equal(file_read(test->dir, "fifo", 9, &text, &test->err), -EINVAL);
	assert_string_equal(told(test), "\"fifo\" is not a regular file");
}

/* ---- replacing ---- */

static int count_entries(const struct base_case *test)
{
	auto_closedir DIR *stream = opendir(test->path);
	int count = 0;

	while (readdir(stream))
		count++;
	return count - 2;
}

static int replace(const struct base_case *test, const char *name, const char *content, int mode,
		   bool durable, struct error *err)
{
	const struct file_content wanted = { content, strlen(content), (mode_t)mode, durable };

	return file_replace(test->dir, name, &wanted, err);
}

static void test_a_replaced_file_has_its_content_and_mode_and_leaves_nothing_beside(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };
	struct stat status;
	mode_t before = umask(077);

	assert_int_equal(replace(test, "f", "one", 0644, false, &test->err), 0);
	assert_int_equal(replace(test, "f", "two", 0640, true, &test->err), 0);
	umask(before);
	assert_int_equal(file_read(test->dir, "f", 99, &text, &test->err), 0);
	assert_string_equal(text.data, "two");
	assert_int_equal(fstatat(test->dir, "f", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(count_entries(test), 1);
}

static void test_replacing_works_in_a_folder_below_and_replaces_links_not_their_targets(
	void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };

	mkdirat(test->dir, "d", 0755);
	put_file(test->dir, "target", "old");
	symlinkat("../target", test->dir, "d/link");
	assert_int_equal(replace(test, "d/link", "new", 0600, true, &test->err), 0);
	assert_int_equal(file_read(test->dir, "target", 99, &text, &test->err), 0);
	assert_string_equal(text.data, "old");
	assert_int_equal(file_read(test->dir, "d/link", 99, &text, &test->err), 0);
	assert_string_equal(text.data, "new");
}

static void test_a_replacement_that_fails_leaves_nothing(void **state)
{
	struct base_case *test = *state;

	mkdirat(test->dir, "d", 0755);
	put_file(test->dir, "d/x", "");
	assert_int_equal(replace(test, "d", "new", 0600, false, &test->err), -EISDIR);
	assert_int_equal(count_entries(test), 1);
	assert_int_equal(replace(test, "absent/f", "new", 0600, false, &test->err), -ENOENT);
	assert_int_equal(count_entries(test), 1);
}

struct replacer {
	const struct base_case *test;
	atomic_bool stop;
};

static void *replace_on_and_on(void *context)
{
	struct replacer *replacer = context;
	char content[9000];

	for (int i = 0; !replacer->stop; i++) {
		memset(content, 'a' + i % 26, sizeof(content) - 1);
		content[sizeof(content) - 1] = '\0';
		replace(replacer->test, "f", content, 0600, false, NULL);
	}
	return NULL;
}

static void test_readers_see_the_old_or_the_new_content_whole(void **state)
{
	struct base_case *test = *state;
	struct replacer replacer = { .test = test };
	auto_text struct text text = { 0 };
	pthread_t thread;

	replace(test, "f", "first", 0600, false, NULL);
	assert_int_equal(pthread_create(&thread, NULL, replace_on_and_on, &replacer), 0);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(file_read(test->dir, "f", 1 << 20, &text, &test->err), 0);
		if (strcmp(text.data, "first") != 0)
			assert_int_equal(text.length, 8999);
		if (text.length == 8999)
			assert_int_equal(text.data[0], text.data[8998]);
	}
	replacer.stop = true;
	pthread_join(thread, NULL);
}

/* ---- writing in place ---- */

static void test_writing_creates_nothing(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(file_write(test->dir, "absent", "1", &test->err), -ENOENT);
	assert_string_equal(told(test),
			    "cannot write \"1\" to \"absent\": open: no such file or directory");
	assert_int_equal(count_entries(test), 0);
}

static void test_what_the_kernel_refuses_is_told_with_the_value(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(file_write(AT_FDCWD, "/proc/self/oom_score_adj", "x", &test->err),
			 -EINVAL);
	assert_string_equal(told(test), "cannot write \"x\" to \"/proc/self/oom_score_adj\": "
					"write: invalid argument");
}

static void test_all_bytes_are_written_or_it_is_told(void **state)
{
	struct base_case *test = *state;
	auto_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_int_equal(file_write_all(full, "x", 1, "the disk", &test->err), -ENOSPC);
	assert_string_equal(told(test),
			    "cannot write \"the disk\": write: no space left on device");
	assert_int_equal(file_write_all(full, "", 0, "the disk", &test->err), 0);
}

/* Runs in a child, as below. */
static int try_full_filesystem(const struct base_case *test)
{
	const char *small = arena_format((struct arena *)&test->arena, "%s/small", test->path);
	static const char bytes[6000];
	const struct file_content content = { bytes, sizeof(bytes), 0600, true };
	struct base_case there = *test;
	struct error err = { 0 };
	char line[200];

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", small, "tmpfs", 0, "size=8k") < 0)
		return 77;
	there.dir = open(small, O_PATH | O_DIRECTORY | O_CLOEXEC);
	put_file(there.dir, "f", "old");
	if (file_replace(there.dir, "f", &content, &err) != -ENOSPC)
		return 1;
	error_format(&err, line, sizeof(line));
	if (strcmp(line, "cannot write \"f\": write: no space left on device") != 0)
		return 2;
	strcpy(there.path, small);
	if (count_entries(&there) != 1)
		return 3;
	auto_text struct text text = { 0 };

	return file_read(there.dir, "f", 9, &text, NULL) == 0 && text_equal(text.data, "old") ? 0
											      : 4;
}

static void test_a_replacement_without_room_leaves_the_old_content(void **state)
{
	struct base_case *test = *state;
	pid_t child;
	int status;

	mkdirat(test->dir, "small", 0755);
	child = fork();
	if (child == 0)
		_exit(try_full_filesystem(test));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void test_directories_are_made_with_their_parents_and_left_where_they_are(void **state)
{
	struct base_case *test = *state;
	struct stat status;

	assert_int_equal(file_make_directories(arena_format(&test->arena, "%s/a//b/c/", test->path),
					       0700, &test->err),
			 0);
	assert_int_equal(fstatat(test->dir, "a/b/c", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(file_make_directories(test->path, 0755, &test->err), 0);
	put_file(test->dir, "f", "");
	assert_int_equal(file_make_directories(arena_format(&test->arena, "%s/f/x", test->path),
					       0700, &test->err),
			 -ENOTDIR);
	assert_int_equal(file_make_directories("", 0700, &test->err), -ENOENT);
	assert_int_equal(file_make_directories("/proc/nowhere", 0700, &test->err), -ENOENT);
}

/* ---- removing ---- */

static void test_a_missing_tree_is_removed_already(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(file_remove_tree(test->dir, "absent", &test->err), 0);
	assert_int_equal(file_remove_tree(test->dir, "absent/below", &test->err), 0);
}

static void test_a_file_or_a_link_is_removed_itself(void **state)
{
	struct base_case *test = *state;

	mkdirat(test->dir, "kept", 0755);
	put_file(test->dir, "kept/f", "");
	symlinkat("kept", test->dir, "link");
	put_file(test->dir, "f", "");
	assert_int_equal(file_remove_tree(test->dir, "link", &test->err), 0);
	assert_int_equal(file_remove_tree(test->dir, "f", &test->err), 0);
	assert_int_equal(faccessat(test->dir, "kept/f", F_OK, 0), 0);
	assert_int_equal(count_entries(test), 1);
}

static void test_links_inside_a_tree_are_not_followed(void **state)
{
	struct base_case *test = *state;

	mkdirat(test->dir, "kept", 0755);
	put_file(test->dir, "kept/f", "");
	mkdirat(test->dir, "tree", 0755);
	symlinkat("../kept", test->dir, "tree/link");
	symlinkat("nowhere", test->dir, "tree/dangling");
	mkfifoat(test->dir, "tree/fifo", 0644);
	assert_int_equal(file_remove_tree(test->dir, "tree", &test->err), 0);
	assert_int_equal(faccessat(test->dir, "kept/f", F_OK, 0), 0);
	assert_int_equal(faccessat(test->dir, "tree", F_OK, 0), -1);
}

static void test_a_tree_may_be_deeper_than_descriptors_and_paths(void **state)
{
	struct base_case *test = *state;
	int at = dup(test->dir);

	for (int i = 0; i < 3000; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		put_file(at, "f", "");
		next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
		assert_true(at >= 0);
	}
	close(at);
	assert_int_equal(file_remove_tree(test->dir, "d", &test->err), 0);
	assert_int_equal(faccessat(test->dir, "d", F_OK, 0), -1);
}

/* Runs in a child: other tests shall not live in its namespaces. 77: cannot be tried here. */
static int try_mounts(const struct base_case *test, bool same_filesystem)
{
	const char *tree = arena_format((struct arena *)&test->arena, "%s/tree/mnt", test->path);
	const char *kept = arena_format((struct arena *)&test->arena, "%s/kept", test->path);
	int dir, result;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	if (same_filesystem ? mount(kept, tree, "none", MS_BIND, NULL)
			    : mount("tmpfs", tree, "tmpfs", 0, NULL))
		return 77;
	/* The descriptor of before sees the tree as it is without the mount. */
	dir = open(test->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	put_file(dir, "tree/mnt/f", "");
	result = file_remove_tree(dir, "tree", NULL);
	if (result != -EXDEV)
		return 1;
	return faccessat(dir, "tree/mnt/f", F_OK, 0) == 0 ? 0 : 2;
}

static void assert_mounts_are_not_entered(struct base_case *test, bool same_filesystem)
{
	int status;
	pid_t child;

	mkdirat(test->dir, "kept", 0755);
	mkdirat(test->dir, "tree", 0755);
	mkdirat(test->dir, "tree/mnt", 0755);
	child = fork();
	if (child == 0)
		_exit(try_mounts(test, same_filesystem));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void test_a_mount_is_not_entered(void **state)
{
	assert_mounts_are_not_entered(*state, false);
}

static void test_a_bind_mount_of_the_same_filesystem_is_not_entered(void **state)
{
	assert_mounts_are_not_entered(*state, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_read_whole),
		TEST(test_files_of_the_kernel_have_no_size_and_are_read_all_the_same),
		TEST(test_more_than_the_limit_is_refused),
		TEST(test_what_is_no_file_is_named),
		TEST(test_a_replaced_file_has_its_content_and_mode_and_leaves_nothing_beside),
		TEST(test_replacing_works_in_a_folder_below_and_replaces_links_not_their_targets),
		TEST(test_a_replacement_that_fails_leaves_nothing),
		TEST(test_readers_see_the_old_or_the_new_content_whole),
		TEST(test_writing_creates_nothing),
		TEST(test_what_the_kernel_refuses_is_told_with_the_value),
		TEST(test_all_bytes_are_written_or_it_is_told),
		TEST(test_a_replacement_without_room_leaves_the_old_content),
		TEST(test_directories_are_made_with_their_parents_and_left_where_they_are),
		TEST(test_a_missing_tree_is_removed_already),
		TEST(test_a_file_or_a_link_is_removed_itself),
		TEST(test_links_inside_a_tree_are_not_followed),
		TEST(test_a_tree_may_be_deeper_than_descriptors_and_paths),
		TEST(test_a_mount_is_not_entered),
		TEST(test_a_bind_mount_of_the_same_filesystem_is_not_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

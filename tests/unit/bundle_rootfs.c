/* bundle_rootfs.c -- the copy driver: layers over layers, as any user. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "base/own.h"
#include "image/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cmocka.h>

struct trees {
	char directory[64];
	int fd;
	struct arena arena;
	struct rootfs_request request;
};

static int set_up(void **state)
{
	struct trees *trees = calloc(1, sizeof(*trees));

	strcpy(trees->directory, "/tmp/lade-rootfs-XXXXXX");
	assert_non_null(mkdtemp(trees->directory));
	trees->fd = open(trees->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(trees->fd, "target", 0755), 0);
	trees->request.target = arena_format(&trees->arena, "%s/target", trees->directory);
	trees->request.owners.single_id = rootfs_single_id();
	trees->request.state = -1;
	*state = trees;
	return 0;
}

static int tear_down(void **state)
{
	struct trees *trees = *state;

	file_remove_tree(AT_FDCWD, trees->directory, NULL);
	close(trees->fd);
	arena_free(&trees->arena);
	free(trees);
	return 0;
}

static void put(struct trees *trees, const char *path, const char *content, mode_t mode)
{
	auto_close int fd = openat(trees->fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void make_directory(struct trees *trees, const char *path)
{
	assert_int_equal(mkdirat(trees->fd, path, 0755), 0);
}

static void add_layer(struct trees *trees, const char *name)
{
	make_directory(trees, name);
	strings_add(&trees->request.layers,
		    arena_format(&trees->arena, "%s/%s", trees->directory, name), &trees->arena);
}

static void make(struct trees *trees)
{
	struct error err = { 0 };

	if (rootfs_driver_find("copy")->make(&trees->request, &err) < 0)
		fail_msg("%s: %s: %s", err.where, err.what, err.call);
}

static void expect_content(struct trees *trees, const char *path, const char *content)
{
	auto_text struct text text = { 0 };

	assert_int_equal(file_read(trees->fd, path, 4096, &text, NULL), 0);
	assert_string_equal(text.data, content);
}

static void expect_missing(struct trees *trees, const char *path)
{
	assert_int_equal(faccessat(trees->fd, path, F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(errno, ENOENT);
}

static void no_layers_make_an_empty_root(void **state)
{
	struct trees *trees = *state;

	make(trees);
	assert_int_equal(unlinkat(trees->fd, "target", AT_REMOVEDIR), 0);
}

static void a_higher_layer_replaces_and_keeps_the_rest(void **state)
{
	struct trees *trees = *state;

	add_layer(trees, "a");
	put(trees, "a/kept", "kept", 0644);
	put(trees, "a/changed", "old", 0644);
	add_layer(trees, "b");
	put(trees, "b/changed", "new", 0600);
	make(trees);
	expect_content(trees, "target/kept", "kept");
	expect_content(trees, "target/changed", "new");
	expect_content(trees, "a/changed", "old");
}

static void a_whiteout_removes_files_and_trees(void **state)
{
	struct trees *trees = *state;

	add_layer(trees, "a");
	put(trees, "a/file", "x", 0644);
	make_directory(trees, "a/tree");
	put(trees, "a/tree/below", "x", 0644);
	add_layer(trees, "b");
	if (mknodat(trees->fd, "b/file", S_IFCHR, 0) < 0)
		skip();
	assert_int_equal(mknodat(trees->fd, "b/tree", S_IFCHR, 0), 0);
	assert_int_equal(mknodat(trees->fd, "b/never-there", S_IFCHR, 0), 0);
	make(trees);
	expect_missing(trees, "target/file");
	expect_missing(trees, "target/tree");
	expect_missing(trees, "target/never-there");
}

static void an_opaque_directory_hides_what_is_below(void **state)
{
	struct trees *trees = *state;
	auto_close int fd = -1;

	add_layer(trees, "a");
	make_directory(trees, "a/dir");
	put(trees, "a/dir/hidden", "x", 0644);
	add_layer(trees, "b");
	make_directory(trees, "b/dir");
	put(trees, "b/dir/shown", "x", 0644);
	fd = openat(trees->fd, "b/dir", O_RDONLY | O_DIRECTORY);
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0)
		skip();
	make(trees);
	expect_missing(trees, "target/dir/hidden");
	expect_content(trees, "target/dir/shown", "x");
	close_fd(&fd);
	fd = openat(trees->fd, "target/dir", O_RDONLY | O_DIRECTORY);
	assert_int_equal(fgetxattr(fd, "user.overlay.opaque", NULL, 0), -1);
}

static void files_and_directories_take_each_others_place(void **state)
{
	struct trees *trees = *state;

	add_layer(trees, "a");
	put(trees, "a/one", "x", 0644);
	make_directory(trees, "a/two");
	put(trees, "a/two/below", "x", 0644);
	add_layer(trees, "b");
	make_directory(trees, "b/one");
	put(trees, "b/one/below", "y", 0644);
	put(trees, "b/two", "y", 0644);
	make(trees);
	expect_content(trees, "target/one/below", "y");
	expect_content(trees, "target/two", "y");
}

static void a_link_in_the_target_is_replaced_not_followed(void **state)
{
	struct trees *trees = *state;

	put(trees, "outside", "untouched", 0644);
	make_directory(trees, "outside-dir");
	add_layer(trees, "a");
	assert_int_equal(symlinkat("../outside", trees->fd, "a/link"), 0);
	assert_int_equal(symlinkat("../outside-dir", trees->fd, "a/dir"), 0);
	add_layer(trees, "b");
	put(trees, "b/link", "new", 0644);
	make_directory(trees, "b/dir");
	put(trees, "b/dir/file", "new", 0644);
	make(trees);
	expect_content(trees, "outside", "untouched");
	expect_missing(trees, "outside-dir/file");
	expect_content(trees, "target/dir/file", "new");
}

static void hard_links_stay_one_file(void **state)
{
	struct trees *trees = *state;
	struct stat one, two;

	add_layer(trees, "a");
	put(trees, "a/one", "x", 0644);
	make_directory(trees, "a/dir");
	assert_int_equal(linkat(trees->fd, "a/one", trees->fd, "a/dir/two", 0), 0);
	make(trees);
	assert_int_equal(fstatat(trees->fd, "target/one", &one, 0), 0);
	assert_int_equal(fstatat(trees->fd, "target/dir/two", &two, 0), 0);
	assert_int_equal(one.st_ino, two.st_ino);
	assert_int_equal(one.st_nlink, 2);
	assert_int_not_equal(fstatat(trees->fd, "a/one", &two, 0), -1);
	assert_int_not_equal(one.st_ino, two.st_ino);
}

static void modes_times_links_and_xattrs_are_kept(void **state)
{
	struct trees *trees = *state;
	const struct timespec times[] = { { 1, 2 }, { 1704067200, 123456789 } };
	struct stat stat;
	char value[8];

	add_layer(trees, "a");
	put(trees, "a/file", "x", 04751);
	make_directory(trees, "a/dir");
	put(trees, "a/dir/file", "x", 0644);
	assert_int_equal(symlinkat("/nowhere", trees->fd, "a/link"), 0);
	assert_int_equal(utimensat(trees->fd, "a/dir", times, 0), 0);
	assert_int_equal(utimensat(trees->fd, "a/link", times, AT_SYMLINK_NOFOLLOW), 0);
	bool xattrs = setxattr(arena_format(&trees->arena, "%s/a/file", trees->directory),
			       "user.test", "kept", 4, 0) == 0;
	make(trees);
	assert_int_equal(fstatat(trees->fd, "target/file", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 04751);
	assert_int_equal(fstatat(trees->fd, "target/dir", &stat, 0), 0);
	assert_int_equal(stat.st_mtim.tv_nsec, 123456789);
	assert_int_equal(fstatat(trees->fd, "target/link", &stat, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(stat.st_mode));
	assert_int_equal(stat.st_mtim.tv_nsec, 123456789);
	if (xattrs)
		assert_int_equal(
			getxattr(arena_format(&trees->arena, "%s/target/file", trees->directory),
				 "user.test", value, sizeof(value)),
			4);
}

static void unreadable_files_and_directories_are_copied(void **state)
{
	struct trees *trees = *state;
	struct stat stat;

	add_layer(trees, "a");
	put(trees, "a/secret", "x", 0000);
	make_directory(trees, "a/closed");
	put(trees, "a/closed/file", "x", 0644);
	assert_int_equal(fchmodat(trees->fd, "a/closed", 0100, 0), 0);
	add_layer(trees, "b");
	make_directory(trees, "b/closed");
	put(trees, "b/closed/more", "x", 0644);
	assert_int_equal(fchmodat(trees->fd, "b/closed", 0100, 0), 0);
	make(trees);
	assert_int_equal(fstatat(trees->fd, "target/secret", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 0000);
	assert_int_equal(fstatat(trees->fd, "a/secret", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 0000);
	assert_int_equal(fstatat(trees->fd, "target/closed", &stat, 0), 0);
	assert_int_equal(stat.st_mode & 07777, 0100);
	assert_int_equal(fstatat(trees->fd, "target/closed/more", &stat, 0), 0);
}

static void holes_stay_holes(void **state)
{
	struct trees *trees = *state;
	struct stat stat;
	auto_close int fd = -1;

	add_layer(trees, "a");
	fd = openat(trees->fd, "a/sparse", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(pwrite(fd, "x", 1, 64 << 20), 1);
	assert_int_equal(ftruncate(fd, 128 << 20), 0);
	make(trees);
	assert_int_equal(fstatat(trees->fd, "target/sparse", &stat, 0), 0);
	assert_int_equal(stat.st_size, 128 << 20);
	assert_true(stat.st_blocks < 1024);
}

static void cancelling_stops_the_copy(void **state)
{
	struct trees *trees = *state;
	auto_close int event = eventfd(1, EFD_CLOEXEC);
	struct error err = { 0 };

	add_layer(trees, "a");
	trees->request.cancel_fd = event;
	assert_int_equal(rootfs_driver_find("copy")->make(&trees->request, &err), -ECANCELED);
}

static void a_failure_names_the_file(void **state)
{
	struct trees *trees = *state;
	struct error err = { 0 };

	strings_add(&trees->request.layers, "/no/such/layer", &trees->arena);
	assert_int_equal(rootfs_driver_find("copy")->make(&trees->request, &err), -ENOENT);
	assert_string_equal(err.what, "cannot open the layer /no/such/layer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_layers_make_an_empty_root),
		TEST(a_higher_layer_replaces_and_keeps_the_rest),
		TEST(a_whiteout_removes_files_and_trees),
		TEST(an_opaque_directory_hides_what_is_below),
		TEST(files_and_directories_take_each_others_place),
		TEST(a_link_in_the_target_is_replaced_not_followed),
		TEST(hard_links_stay_one_file),
		TEST(modes_times_links_and_xattrs_are_kept),
		TEST(unreadable_files_and_directories_are_copied),
		TEST(holes_stay_holes),
		TEST(cancelling_stops_the_copy),
		TEST(a_failure_names_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

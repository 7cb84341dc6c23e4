/* base_below.c -- paths never leave their root; both walkers give the same answers. */
#include "base_case.h"

#include "base/below.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>

extern bool below_without_openat2;

struct below_case {
	struct base_case *base;
	int root;         /* SCRATCH/root; everything beside it is outside */
	ino_t secret;     /* of SCRATCH/secret */
	ino_t secret_dir; /* of SCRATCH/outside, which has a "secret", too */
};

static ino_t inode_at(int dir, const char *path)
{
	struct stat status;

	return fstatat(dir, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino : 0;
}

/* root/ d/e/file, links to all sorts of places; secret and outside/secret beside the root. */
static int below_case_begin(void **state)
{
	struct below_case *test = calloc(1, sizeof(*test));
	void *base;

	base_case_begin(&base);
	test->base = base;
	put_file(test->base->dir, "secret", "outside");
	mkdirat(test->base->dir, "outside", 0755);
	put_file(test->base->dir, "outside/secret", "outside");
	mkdirat(test->base->dir, "root", 0755);
	test->root = openat(test->base->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(test->root >= 0);
	mkdirat(test->root, "d", 0755);
	mkdirat(test->root, "d/e", 0755);
	put_file(test->root, "d/e/file", "inside");
	put_file(test->root, "top", "top");
	test->secret = inode_at(test->base->dir, "secret");
	test->secret_dir = inode_at(test->base->dir, "outside");
	*state = test;
	return 0;
}

static int begin_with_openat2(void **state)
{
	below_without_openat2 = false;
	return below_case_begin(state);
}

static int begin_with_the_walker(void **state)
{
	below_without_openat2 = true;
	return below_case_begin(state);
}

static int below_case_end(void **state)
{
	struct below_case *test = *state;
	void *base = test->base;

	below_without_openat2 = false;
	close(test->root);
	free(test);
	return base_case_end(&base);
}

static void link_at(const struct below_case *test, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, test->root, name), 0);
}

/* The inode found, or the error. */
static long found(const struct below_case *test, const char *path, int flags)
{
	auto_close int fd = below_open(test->root, path, flags);
	struct stat status;

	if (fd < 0)
		return fd;
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(fd, &status), 0);
	return (long)status.st_ino;
}

static void assert_finds(const struct below_case *test, const char *path, const char *where)
{
	assert_int_equal(found(test, path, O_PATH), inode_at(test->root, where));
}

/* ---- opening ---- */

static void test_plain_paths_are_found(void **state)
{
	const struct below_case *test = *state;

	assert_finds(test, "top", "top");
	assert_finds(test, "/top", "top");
	assert_finds(test, "//d//e///file", "d/e/file");
	assert_finds(test, "./d/./e/.", "d/e");
	assert_finds(test, "d/e/", "d/e");
	assert_finds(test, "/", ".");
	assert_finds(test, ".", ".");
}

static void test_what_is_not_there_has_the_kernels_errors(void **state)
{
	const struct below_case *test = *state;

	assert_int_equal(found(test, "absent", O_PATH), -ENOENT);
	assert_int_equal(found(test, "absent/x", O_PATH), -ENOENT);
	assert_int_equal(found(test, "", O_PATH), -ENOENT);
	assert_int_equal(found(test, "top/x", O_PATH), -ENOTDIR);
	assert_int_equal(found(test, "top/", O_PATH), -ENOTDIR);
	assert_int_equal(found(test, "top/..", O_PATH), -ENOTDIR);
	assert_int_equal(found(test, "top", O_PATH | O_DIRECTORY), -ENOTDIR);
}

static void test_dotdot_stops_at_the_root(void **state)
{
	const struct below_case *test = *state;

	assert_finds(test, "..", ".");
	assert_finds(test, "../../../top", "top");
	assert_finds(test, "d/e/../../../../top", "top");
	assert_int_equal(found(test, "../secret", O_PATH), -ENOENT);
	assert_int_equal(found(test, "d/../../outside/secret", O_PATH), -ENOENT);
}

static void test_absolute_links_begin_at_the_root(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "/d/e", "abs");
	link_at(test, "/", "slash");
	link_at(test, arena_format(&test->base->arena, "%s/secret", test->base->path), "host");
	assert_finds(test, "abs/file", "d/e/file");
	assert_finds(test, "abs", "d/e");
	assert_finds(test, "slash/top", "top");
	assert_finds(test, "slash/slash/slash", ".");
	assert_int_equal(found(test, "host", O_PATH), -ENOENT);
}

static void test_relative_links_stay_inside(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "e/file", "d/rel");
	link_at(test, "../../../../../../secret", "d/up");
	link_at(test, "../../../outside", "d/e/out");
	link_at(test, "../d/e/", "d/trailing");
	assert_finds(test, "d/rel", "d/e/file");
	assert_finds(test, "d/trailing/file", "d/e/file");
	assert_int_equal(found(test, "d/up", O_PATH), -ENOENT);
	assert_int_equal(found(test, "d/e/out/secret", O_PATH), -ENOENT);
}

static void test_dotdot_behind_a_link_is_of_where_the_link_led(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "/d/e", "abs");
	assert_finds(test, "abs/..", "d");
	assert_finds(test, "abs/../../top", "top");
}

static void test_nofollow_concerns_the_last_component_only(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "d", "dir");
	link_at(test, "e/file", "d/link");
	assert_finds(test, "dir/e", "d/e");
	assert_int_equal(found(test, "dir/link", O_PATH | O_NOFOLLOW),
			 inode_at(test->root, "d/link"));
	assert_int_equal(found(test, "dir/", O_PATH | O_NOFOLLOW), inode_at(test->root, "d"));
	assert_int_equal(found(test, "dir/link", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_int_equal(found(test, "dir", O_PATH | O_NOFOLLOW | O_DIRECTORY), -ENOTDIR);
}

static void test_dangling_links_and_loops_are_told(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "nowhere", "dangling");
	link_at(test, "loop", "loop");
	link_at(test, "b", "a");
	link_at(test, "a", "b");
	assert_int_equal(found(test, "dangling", O_PATH), -ENOENT);
	assert_int_equal(found(test, "loop", O_PATH), -ELOOP);
	assert_int_equal(found(test, "a/x", O_PATH), -ELOOP);
}

static void test_forty_links_are_followed_and_no_more(void **state)
{
	const struct below_case *test = *state;
	char name[16], target[16];

	link_at(test, "top", "l1");
	for (int i = 2; i <= 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		link_at(test, target, name);
	}
	assert_finds(test, "l40", "top");
	assert_int_equal(found(test, "l41", O_PATH), -ELOOP);
}

static void test_magic_links_are_refused(void **state)
{
	const struct below_case *test = *state;
	struct arena *arena = &test->base->arena;
	auto_close int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int pid = (int)getpid();

	if (access("/proc/self/exe", F_OK) < 0)
		skip();
	assert_int_equal(below_open(host, arena_format(arena, "proc/%d/exe", pid), O_PATH), -ELOOP);
	assert_int_equal(
		below_open(host, arena_format(arena, "proc/%d/fd/%d", pid, test->root), O_PATH),
		-ELOOP);
	assert_int_equal(below_open(host, arena_format(arena, "proc/%d/root/etc", pid), O_PATH),
			 -ELOOP);
	assert_int_equal(below_open(host, arena_format(arena, "proc/%d/cwd/..", pid), O_PATH),
			 -ELOOP);
	auto_close int plain = below_open(host, arena_format(arena, "proc/%d/status", pid), O_PATH);

	assert_true(plain >= 0);
}

static void test_files_are_opened_for_reading_and_writing(void **state)
{
	const struct below_case *test = *state;
	auto_close int out = below_open(test->root, "/d/e/file", O_WRONLY | O_TRUNC);
	auto_close int in = below_open(test->root, "../d/e/file", O_RDONLY);
	char bytes[8] = "";

	assert_int_equal(write(out, "new", 3), 3);
	assert_int_equal(read(in, bytes, sizeof(bytes)), 3);
	assert_string_equal(bytes, "new");
	assert_int_equal(fcntl(in, F_GETFD), FD_CLOEXEC);
}

static void test_long_names_and_paths_are_refused(void **state)
{
	const struct below_case *test = *state;
	char path[5000];

	memset(path, 'a', sizeof(path));
	path[256] = '\0';
	assert_int_equal(found(test, path, O_PATH), -ENAMETOOLONG);
	path[256] = 'a';
	path[4999] = '\0';
	assert_int_equal(found(test, path, O_PATH), -ENAMETOOLONG);
	for (size_t i = 0; i < 4094; i += 2)
		memcpy(path + i, "./", 2);
	path[4094] = '\0';
	assert_int_equal(found(test, path, O_PATH), inode_at(test->root, "."));
}

static void test_links_that_grow_without_end_are_refused(void **state)
{
	const struct below_case *test = *state;
	char target[4000];

	memset(target, 'x', sizeof(target));
	for (size_t i = 100; i < sizeof(target); i += 100)
		target[i] = '/';
	memcpy(target, "long/", 5);
	target[3999] = '\0';
	link_at(test, target, "long");
	assert_true(found(test, "long", O_PATH) < 0);
}

/* ---- parents ---- */

static void assert_parent(const struct below_case *test, const char *path, const char *parent,
			  const char *name)
{
	char last[256];
	auto_close int fd = below_open_parent(test->root, path, last);

	assert_true(fd >= 0);
	assert_string_equal(last, name);
	assert_int_equal(inode_at(fd, "."), inode_at(test->root, parent));
}

static void test_a_parent_is_opened_and_the_name_given(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "/d", "dir");
	link_at(test, "nowhere", "dangling");
	assert_parent(test, "top", ".", "top");
	assert_parent(test, "/dir/e/new", "d/e", "new");
	assert_parent(test, "d/e//", "d", "e");
	assert_parent(test, "../../x", ".", "x");
	assert_parent(test, "dangling", ".", "dangling");
	assert_parent(test, "dir/...", "d", "...");
}

static void test_a_parent_of_nothing_is_refused(void **state)
{
	const struct below_case *test = *state;
	static const char *const paths[] = { "", "/", "//", ".", "..", "d/..", "d/.", "d/../" };
	char name[256];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(below_open_parent(test->root, paths[i], name), -EINVAL);
	assert_int_equal(below_open_parent(test->root, "absent/x", name), -ENOENT);
	assert_int_equal(below_open_parent(test->root, "top/x", name), -ENOTDIR);
}

/* ---- creation ---- */

static void assert_makes_directory(const struct below_case *test, const char *path,
				   const char *where)
{
	auto_close int fd = below_make_directory(test->root, path, 0750);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(inode_at(fd, "."), inode_at(test->root, where));
}

static void test_directories_are_made_with_their_parents(void **state)
{
	const struct below_case *test = *state;
	struct stat status;

	link_at(test, "/d/e", "abs");
	link_at(test, "../../../..", "d/up");
	assert_makes_directory(test, "/new/a/b", "new/a/b");
	assert_int_equal(fstatat(test->root, "new/a", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	assert_makes_directory(test, "new/a/b/", "new/a/b");
	assert_makes_directory(test, "abs/x/y", "d/e/x/y");
	assert_makes_directory(test, "d/up/outside", "outside");
	assert_makes_directory(test, "../../esc", "esc");
	assert_makes_directory(test, "/", ".");
	assert_int_equal(inode_at(test->base->dir, "esc"), 0);
}

static void test_nothing_is_made_through_a_dangling_link_or_a_file(void **state)
{
	const struct below_case *test = *state;

	link_at(test, "nowhere", "dangling");
	link_at(test, "../../new", "d/out");
	assert_int_equal(below_make_directory(test->root, "dangling", 0755), -ENOENT);
	assert_int_equal(below_make_directory(test->root, "dangling/x", 0755), -ENOENT);
	assert_int_equal(below_make_directory(test->root, "d/out/x", 0755), -ENOENT);
	assert_int_equal(below_make_directory(test->root, "top", 0755), -ENOTDIR);
	assert_int_equal(below_make_directory(test->root, "top/x", 0755), -ENOTDIR);
	assert_int_equal(below_make_file(test->root, "dangling", 0644), -ENOENT);
	assert_int_equal(below_make_file(test->root, "d/out", 0644), -ENOENT);
	assert_int_equal(inode_at(test->root, "nowhere"), 0);
	assert_int_equal(inode_at(test->root, "new"), 0);
	assert_int_equal(inode_at(test->base->dir, "new"), 0);
}

static void test_files_are_made_where_nothing_is(void **state)
{
	const struct below_case *test = *state;
	auto_close int made = below_make_file(test->root, "/n/m/file", 0640);
	auto_close int again = below_make_file(test->root, "n/m/file", 0600);
	auto_close int there = below_make_file(test->root, "d/e/file", 0600);
	struct stat status;

	assert_true(made >= 0 && again >= 0 && there >= 0);
	assert_int_equal(fstat(made, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0640);
	assert_int_equal(inode_at(again, ""), inode_at(made, ""));
	assert_int_equal(fstat(there, &status), 0);
	assert_int_equal(status.st_size, 6);
	assert_int_equal(below_make_file(test->root, "d/e", 0644), -EISDIR);
	assert_int_equal(below_make_file(test->root, "fresh/", 0644), -EISDIR);
	assert_int_equal(inode_at(test->root, "fresh"), 0);
	assert_int_equal(below_make_file(test->root, "top/x", 0644), -ENOTDIR);
}

/* ---- races ---- */

struct racer {
	const struct below_case *test;
	atomic_bool stop;
};

static void *exchange_without_end(void *context)
{
	struct racer *racer = context;

	/* A directory in the root and a link out of it; and a directory that leaves the root. */
	while (!racer->stop) {
		renameat2(racer->test->root, "swap", racer->test->root, "swap-link", 2);
		renameat2(racer->test->root, "d/moving", racer->test->base->dir, "moving", 0);
		renameat2(racer->test->root, "swap", racer->test->root, "swap-link", 2);
		renameat2(racer->test->base->dir, "moving", racer->test->root, "d/moving", 0);
	}
	return NULL;
}

static void assert_inside(const struct below_case *test, long inode)
{
	if (inode == -EAGAIN)
		fail_msg("gave up: who renames without end can keep us out");
	assert_int_not_equal(inode, test->secret);
	assert_int_not_equal(inode, test->secret_dir);
	assert_int_not_equal(inode, inode_at(test->base->dir, "outside/secret"));
	assert_int_not_equal(inode, inode_at(test->base->dir, "."));
}

static void test_who_renames_while_we_walk_gains_nothing(void **state)
{
	struct below_case *test = *state;
	struct racer racer = { .test = test };
	pthread_t thread;

	mkdirat(test->root, "swap", 0755);
	mkdirat(test->root, "d/moving", 0755);
	mkdirat(test->root, "d/moving/deep", 0755);
	link_at(test, arena_format(&test->base->arena, "%s/outside", test->base->path),
		"swap-link");
	assert_int_equal(pthread_create(&thread, NULL, exchange_without_end, &racer), 0);
	for (int i = 0; i < 1000; i++) {
		int made;

		assert_inside(test, found(test, "d/moving/deep/../../../secret", O_PATH));
		assert_inside(test, found(test, "d/moving/../../outside", O_PATH));
		assert_inside(test, found(test, "d/moving/deep/../../..", O_PATH));
		assert_inside(test, found(test, "swap/secret", O_PATH));
		made = below_make_directory(test->root, "swap/made/x", 0755);
		if (made >= 0)
			close(made);
	}
	racer.stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(inode_at(test->base->dir, "outside/made"), 0);
}

#define BOTH(test)                                                                                 \
	{ #test " (openat2)", test, begin_with_openat2, below_case_end, NULL },                    \
	{                                                                                          \
#test " (walker)", test, begin_with_the_walker, below_case_end, NULL               \
	}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		BOTH(test_plain_paths_are_found),
		BOTH(test_what_is_not_there_has_the_kernels_errors),
		BOTH(test_dotdot_stops_at_the_root),
		BOTH(test_absolute_links_begin_at_the_root),
		BOTH(test_relative_links_stay_inside),
		BOTH(test_dotdot_behind_a_link_is_of_where_the_link_led),
		BOTH(test_nofollow_concerns_the_last_component_only),
		BOTH(test_dangling_links_and_loops_are_told),
		BOTH(test_forty_links_are_followed_and_no_more),
		BOTH(test_magic_links_are_refused),
		BOTH(test_files_are_opened_for_reading_and_writing),
		BOTH(test_long_names_and_paths_are_refused),
		BOTH(test_links_that_grow_without_end_are_refused),
		BOTH(test_a_parent_is_opened_and_the_name_given),
		BOTH(test_a_parent_of_nothing_is_refused),
		BOTH(test_directories_are_made_with_their_parents),
		BOTH(test_nothing_is_made_through_a_dangling_link_or_a_file),
		BOTH(test_files_are_made_where_nothing_is),
		BOTH(test_who_renames_while_we_walk_gains_nothing),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

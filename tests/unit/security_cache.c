/* security_cache.c -- the cache of filters: never another profile's, never a damaged one, never
 * from a directory that somebody else can write to, never more than its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "security/cache.h"
#include "security/profile.h"
#include "security_profile.h"

#include <cmocka.h>

struct place {
	char path[64];
	int dir;
	struct arena arena;
};

static const struct spec_seccomp plain = {
	.default_action = "SCMP_ACT_ALLOW",
	.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_ERRNO" }),
};

static unsigned count_files(const struct place *place)
{
	DIR *directory = opendir(place->path);
	struct dirent *entry;
	unsigned count = 0;

	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* clang-format off */
#define REQUEST(of) (&(const struct seccomp_request){ .profile = of })
/* clang-format on */

static struct plan_filter compile(struct place *place, const struct spec_seccomp *profile)
{
	const struct seccomp_request request = { .profile = profile, .cache_dir = place->dir };
	struct plan_filter filter;

	assert_int_equal(seccomp_compile(&request, &place->arena, &filter, NULL), 0);
	return filter;
}

static void what_was_compiled_is_found_again(void **state)
{
	struct place *place = *state;
	struct plan_filter first = compile(place, &plain);
	struct plan_filter found = { 0 };
	char name[PROFILE_NAME_SIZE];

	profile_name(REQUEST(&plain), first.flags, name);
	assert_true(cache_get(place->dir, name, &place->arena, &found));
	assert_int_equal(found.length, first.length);
	assert_memory_equal(found.program, first.program, first.length);
	assert_memory_equal(compile(place, &plain).program, first.program, first.length);
	assert_int_equal(count_files(place), 1);
}

static void profiles_that_differ_in_errno_alone_are_kept_apart(void **state)
{
	struct place *place = *state;
	const uint32_t numbers[] = { 2, 13, 38 };

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3; i++) {
			const struct spec_seccomp profile = {
				.default_action = "SCMP_ACT_ALLOW",
				.syscalls = RULES({ .names = LIST("getcwd"),
						    .action = "SCMP_ACT_ERRNO",
						    .errno_ret = NUMBER(numbers[i]) }),
			};
			struct plan_filter filter = compile(place, &profile);

			assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }),
					 -(int)numbers[i]);
		}
	assert_int_equal(count_files(place), 3);
}

static void everything_that_matters_is_in_the_name(void **state)
{
	const struct spec_seccomp variants[] = {
		{ .default_action = "SCMP_ACT_ALLOW" },
		{ .default_action = "SCMP_ACT_ERRNO" },
		{ .default_action = "SCMP_ACT_ERRNO", .default_errno_ret = NUMBER(0) },
		{ .default_action = "SCMP_ACT_ERRNO", .default_errno_ret = NUMBER(1) },
		{ .default_action = "SCMP_ACT_ALLOW", .architectures = LIST("SCMP_ARCH_X86") },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .architectures = LIST("SCMP_ARCH_X86", "SCMP_ARCH_X32") },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("ab", "c"), .action = "x" }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("a", "bc"), .action = "x" }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"), .action = "x" }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"), .action = "y" }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls =
			  RULES({ .names = LIST("abc"), .action = "x", .errno_ret = NUMBER(1) }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"),
				      .action = "x",
				      .args = ARGUMENTS({ 0, 1, 0, "o" }) }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"),
				      .action = "x",
				      .args = ARGUMENTS({ 1, 1, 0, "o" }) }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"),
				      .action = "x",
				      .args = ARGUMENTS({ 0, 2, 0, "o" }) }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"),
				      .action = "x",
				      .args = ARGUMENTS({ 0, 1, 1, "o" }) }) },
		{ .default_action = "SCMP_ACT_ALLOW",
		  .syscalls = RULES({ .names = LIST("abc"),
				      .action = "x",
				      .args = ARGUMENTS({ 0, 1, 0, "p" }) }) },
	};
	enum { COUNT = sizeof(variants) / sizeof(variants[0]) };
	const struct seccomp_request strict = { .profile = &variants[0], .unknown_fails = true };
	char names[COUNT + 2][PROFILE_NAME_SIZE];

	for (int i = 0; i < COUNT; i++)
		profile_name(REQUEST(&variants[i]), 0, names[i]);
	profile_name(REQUEST(&variants[0]), 4, names[COUNT]);
	profile_name(&strict, 0, names[COUNT + 1]);
	for (int i = 0; i < COUNT + 2; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
}

static void a_damaged_file_is_compiled_again(void **state)
{
	struct place *place = *state;
	struct plan_filter right = compile(place, &plain);
	struct text file = { 0 };
	char name[PROFILE_NAME_SIZE];

	profile_name(REQUEST(&plain), right.flags, name);
	assert_int_equal(file_read(place->dir, name, 1 << 20, &file, NULL), 0);
	for (size_t at = 0; at < file.length; at += 7) {
		struct plan_filter filter = { 0 };

		file.data[at] ^= 0x40;
		file_replace(place->dir, name,
			     &(struct file_content){ file.data, file.length, 0600, false }, NULL);
		assert_false(cache_get(place->dir, name, &place->arena, &filter));
		file.data[at] ^= 0x40;
		file_replace(place->dir, name, &(struct file_content){ file.data, at, 0600, false },
			     NULL);
		assert_false(cache_get(place->dir, name, &place->arena, &filter));
	}
	assert_memory_equal(compile(place, &plain).program, right.program, right.length);
	text_free(&file);
}

static void a_filter_of_another_library_is_compiled_again(void **state)
{
	struct place *place = *state;
	struct plan_filter filter = compile(place, &plain);
	struct library_stamp stamp = { .path = "/proc/self/exe", .inode = 1 };
	char name[PROFILE_NAME_SIZE];

	profile_name(REQUEST(&plain), filter.flags, name);
	cache_put(place->dir, name, &stamp, &filter);
	assert_false(cache_get(place->dir, name, &place->arena, &filter));
}

static void links_and_files_that_others_can_write_to_are_not_read(void **state)
{
	struct place *place = *state;
	struct plan_filter filter = compile(place, &plain);
	char name[PROFILE_NAME_SIZE];

	profile_name(REQUEST(&plain), filter.flags, name);
	assert_int_equal(fchmodat(place->dir, name, 0622, 0), 0);
	assert_false(cache_get(place->dir, name, &place->arena, &filter));
	assert_int_equal(fchmodat(place->dir, name, 0600, 0), 0);
	assert_true(cache_get(place->dir, name, &place->arena, &filter));
	assert_int_equal(renameat(place->dir, name, place->dir, "other"), 0);
	assert_int_equal(symlinkat("other", place->dir, name), 0);
	assert_false(cache_get(place->dir, name, &place->arena, &filter));
}

static void a_directory_that_others_can_write_to_is_not_used(void **state)
{
	struct place *place = *state;

	assert_int_equal(fchmod(place->dir, 0777), 0);
	compile(place, &plain);
	assert_int_equal(count_files(place), 0);
}

static void the_longest_unused_files_go_first(void **state)
{
	struct place *place = *state;
	struct plan_filter filter = { .program = "12345678", .length = 8 };
	struct library_stamp stamp = { 0 };
	char name[16];

	for (int i = 0; i < CACHE_FILES_MOST + 5; i++) {
		const struct timespec times[2] = { { 1000 + i, 0 }, { 1000 + i, 0 } };

		snprintf(name, sizeof(name), "f%02d", i);
		cache_put(place->dir, name, &stamp, &filter);
		utimensat(place->dir, name, times, 0);
	}
	assert_int_equal(count_files(place), CACHE_FILES_MOST);
	assert_int_equal(faccessat(place->dir, "f04", F_OK, 0), -1);
	assert_int_equal(faccessat(place->dir, "f05", F_OK, 0), 0);
	assert_int_equal(faccessat(place->dir, name, F_OK, 0), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->path, "/tmp/coffer-cache-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	file_remove_tree(AT_FDCWD, place->path, NULL);
	close(place->dir);
	arena_free(&place->arena);
	free(place);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_compiled_is_found_again),
		TEST(profiles_that_differ_in_errno_alone_are_kept_apart),
		TEST(everything_that_matters_is_in_the_name),
		TEST(a_damaged_file_is_compiled_again),
		TEST(a_filter_of_another_library_is_compiled_again),
		TEST(links_and_files_that_others_can_write_to_are_not_read),
		TEST(a_directory_that_others_can_write_to_is_not_used),
		TEST(the_longest_unused_files_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

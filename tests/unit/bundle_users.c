/* bundle_users.c -- what an image's User means, looked up in the image alone. */
/* Before cmocka.h, which calls a macro "fail". */
#include "base/file.h"
#include "base/own.h"
#include "image/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char passwd[] = "# comment\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "user:x:1000:1001:A User:/home/user:/bin/sh\n"
			     "123:x:77:77::/wrong:/bin/sh\n"
			     "broken:x:minus:0::/:\n"
			     "huge:x:4294967296:0::/:\n"
			     "short:x\n";
static const char group[] = "root:x:0:\n"
			    "wheel:x:10:root,user\n"
			    "audio:x:29:user\n"
			    "superuser:x:30:superuser\n"
			    "user:x:1001:user\n";

struct image {
	char directory[64];
	int root;
	struct arena arena;
};

static void put(const struct image *image, const char *path, const char *content)
{
	auto_close int fd = openat(image->root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
}

static int set_up(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	strcpy(image->directory, "/tmp/lade-users-XXXXXX");
	assert_non_null(mkdtemp(image->directory));
	image->root = open(image->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(image->root, "etc", 0755), 0);
	put(image, "etc/passwd", passwd);
	put(image, "etc/group", group);
	*state = image;
	return 0;
}

static int tear_down(void **state)
{
	struct image *image = *state;

	file_remove_tree(AT_FDCWD, image->directory, NULL);
	close(image->root);
	arena_free(&image->arena);
	free(image);
	return 0;
}

static int find(void **state, const char *text, struct bundle_user *user, struct error *err)
{
	struct image *image = *state;

	*err = (struct error){ 0 };
	return bundle_find_user(image->root, text, &image->arena, user, err);
}

static void expect(void **state, const char *text, uint32_t uid, uint32_t gid, size_t groups)
{
	struct bundle_user user;
	struct error err;

	if (find(state, text, &user, &err) != 0)
		fail_msg("%s: %s", text ? text : "NULL", err.what);
	assert_int_equal(user.uid, uid);
	assert_int_equal(user.gid, gid);
	assert_int_equal(user.groups.count, groups);
}

static void refuse(void **state, const char *text, const char *what)
{
	struct bundle_user user;
	struct error err;

	assert_int_equal(find(state, text, &user, &err), -EINVAL);
	assert_string_equal(err.what, what);
}

static void no_user_is_root_without_groups(void **state)
{
	expect(state, NULL, 0, 0, 0);
	expect(state, "", 0, 0, 0);
	expect(state, ":", 0, 0, 0);
}

static void a_name_brings_its_group_home_and_memberships(void **state)
{
	struct bundle_user user;
	struct error err;

	expect(state, "user", 1000, 1001, 2);
	assert_int_equal(find(state, "user", &user, &err), 0);
	assert_int_equal(user.groups.items[0], 10);
	assert_int_equal(user.groups.items[1], 29);
	assert_string_equal(user.home, "/home/user");
}

static void a_given_group_replaces_all_memberships(void **state)
{
	expect(state, "user:audio", 1000, 29, 0);
	expect(state, "user:5", 1000, 5, 0);
	expect(state, ":wheel", 0, 10, 0);
}

static void numbers_are_verbatim_with_the_groups_of_nobody(void **state)
{
	expect(state, "1000", 1000, 1001, 0);
	expect(state, "5000", 5000, 0, 0);
	expect(state, "5000:6000", 5000, 6000, 0);
	expect(state, "4294967294", 4294967294u, 0, 0);
}

static void all_digits_are_never_a_name(void **state)
{
	expect(state, "123", 123, 0, 0);
}

static void a_number_out_of_range_is_an_error_not_root(void **state)
{
	refuse(state, "4294967296", "the image's user 4294967296 is not an id (0 to 4294967294)");
	refuse(state, "4294967295", "the image's user 4294967295 is not an id (0 to 4294967294)");
	refuse(state, "0:4294967295",
	       "the image's group 4294967295 is not an id (0 to 4294967294)");
}

static void unknown_names_are_errors(void **state)
{
	refuse(state, "ghost", "the image's user ghost is not in its /etc/passwd");
	refuse(state, "user:ghosts", "the image's group ghosts is not in its /etc/group");
	refuse(state, "-1", "the image's user -1 is not in its /etc/passwd");
}

static void entries_without_valid_ids_are_errors(void **state)
{
	refuse(state, "broken", "the image's entry for broken has no valid id");
	refuse(state, "huge", "the image's entry for huge has no valid id");
	refuse(state, "short", "the image's entry for short has no valid id");
}

static void numbers_need_no_user_database(void **state)
{
	struct image *image = *state;

	unlinkat(image->root, "etc/passwd", 0);
	unlinkat(image->root, "etc/group", 0);
	expect(state, "1000:1000", 1000, 1000, 0);
	expect(state, "", 0, 0, 0);
	refuse(state, "user", "the image's user user is not in its /etc/passwd");
}

static void a_fifo_is_refused_not_waited_for(void **state)
{
	struct image *image = *state;

	unlinkat(image->root, "etc/passwd", 0);
	assert_int_equal(mkfifoat(image->root, "etc/passwd", 0644), 0);
	refuse(state, "user", "the image's /etc/passwd is not a regular file");
}

static void links_are_followed_inside_the_image_only(void **state)
{
	struct image *image = *state;

	unlinkat(image->root, "etc/passwd", 0);
	assert_int_equal(symlinkat("/../../../../etc/hostname", image->root, "etc/passwd"), 0);
	refuse(state, "root", "the image's user root is not in its /etc/passwd");
	put(image, "etc/hostname", "inside:x:5:5::/:\n");
	expect(state, "inside", 5, 5, 0);
}

static void an_endless_file_is_refused(void **state)
{
	struct image *image = *state;
	struct bundle_user user;
	struct error err;
	auto_close int fd = openat(image->root, "etc/passwd", O_WRONLY);

	assert_int_equal(ftruncate(fd, 1L << 40), 0);
	assert_int_equal(find(state, "user", &user, &err), -EFBIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_user_is_root_without_groups),
		TEST(a_name_brings_its_group_home_and_memberships),
		TEST(a_given_group_replaces_all_memberships),
		TEST(numbers_are_verbatim_with_the_groups_of_nobody),
		TEST(all_digits_are_never_a_name),
		TEST(a_number_out_of_range_is_an_error_not_root),
		TEST(unknown_names_are_errors),
		TEST(entries_without_valid_ids_are_errors),
		TEST(numbers_need_no_user_database),
		TEST(a_fifo_is_refused_not_waited_for),
		TEST(links_are_followed_inside_the_image_only),
		TEST(an_endless_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* layer_entries.c -- files of every kind, their attributes, links. */
#include "layer_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool is_root(const struct layer_case *test)
{
	return !test->options.single_id;
}

static void test_every_kind_of_file(void **state)
{
	struct layer_case *test = *state;
	char target[64] = "";

	TAR(&test->tar, .name = "file", .data = "content", .mode = 0640, .mtime = 1000000000);
	TAR(&test->tar, .name = "old", .type = '.', .data = "v7");
	TAR(&test->tar, .name = "olddir/", .type = '.');
	TAR(&test->tar, .name = "contiguous", .type = '7', .data = "7");
	TAR(&test->tar, .name = "dir/", .type = 'd', .mode = 01777);
	TAR(&test->tar, .name = "link", .type = 'l', .link = "/../no/where/..");
	TAR(&test->tar, .name = "fifo", .type = '6', .mode = 0622);
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "file", "content");
	assert_int_equal(status_at(test, "file").st_mode, S_IFREG | 0640);
	assert_int_equal(status_at(test, "file").st_mtim.tv_sec, 1000000000);
	assert_content(test, "old", "v7");
	assert_int_equal(kind_at(test, "olddir"), S_IFDIR);
	assert_content(test, "contiguous", "7");
	assert_int_equal(status_at(test, "dir").st_mode, S_IFDIR | 01777);
	assert_true(readlinkat(test->root, "link", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/../no/where/..");
	assert_int_equal(status_at(test, "fifo").st_mode, S_IFIFO | 0622);
	assert_int_equal(test->result.entries, 7);
}

static void test_the_umask_does_not_matter(void **state)
{
	struct layer_case *test = *state;
	mode_t before = umask(0077);

	TAR(&test->tar, .name = "missing/parents/file", .data = "1", .mode = 0666);
	TAR(&test->tar, .name = "dir/", .type = 'd', .mode = 0777);
	assert_int_equal(layer_case_apply(test), 0);
	umask(before);
	assert_int_equal(status_at(test, "missing").st_mode & 07777, 0755);
	assert_int_equal(status_at(test, "missing/parents").st_mode & 07777, 0755);
	assert_int_equal(status_at(test, "missing/parents/file").st_mode & 07777, 0666);
	assert_int_equal(status_at(test, "dir").st_mode & 07777, 0777);
}

static void test_owners_and_setuid_bits(void **state)
{
	struct layer_case *test = *state;

	if (!is_root(test))
		skip(); /* only root may give files away */
	TAR(&test->tar, .name = "su", .data = "x", .mode = 04755, .uid = 12, .gid = 34);
	TAR(&test->tar, .name = "link", .type = 'l', .link = "su", .uid = 56, .gid = 78);
	TAR(&test->tar, .name = "dir", .type = 'd', .uid = 90, .gid = 91, .mode = 02755);
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(status_at(test, "su").st_mode & 07777, 04755);
	assert_int_equal(status_at(test, "su").st_uid, 12);
	assert_int_equal(status_at(test, "su").st_gid, 34);
	assert_int_equal(status_at(test, "link").st_uid, 56);
	assert_int_equal(status_at(test, "dir").st_gid, 91);
	assert_int_equal(status_at(test, "dir").st_mode & 07777, 02755);
}

static void test_with_a_single_id_nothing_is_given_away_and_all_can_be_read(void **state)
{
	struct layer_case *test = *state;

	test->options.single_id = true;
	TAR(&test->tar, .name = "shadow", .data = "x", .mode = 01000, .uid = 12, .gid = 34);
	TAR(&test->tar, .name = "closed/", .type = 'd', .mode = 01000);
	TAR(&test->tar, .name = "closed/in", .data = "1");
	TAR(&test->tar, .name = "null", .type = '3', .major = 1, .minor = 3);
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(status_at(test, "shadow").st_uid, geteuid());
	assert_int_equal(status_at(test, "shadow").st_mode & 07777, 01400);
	assert_int_equal(status_at(test, "closed").st_mode & 07777, 01700);
	assert_int_equal(status_at(test, "null").st_mode, S_IFREG);
	assert_int_equal(status_at(test, "null").st_size, 0);
}

static void test_devices(void **state)
{
	struct layer_case *test = *state;
	struct stat status;

	if (!is_root(test))
		skip(); /* only root may make devices */
	TAR(&test->tar, .name = "null", .type = '3', .major = 1, .minor = 3, .mode = 0666);
	TAR(&test->tar, .name = "loop", .type = '4', .major = 7, .minor = 9, .mode = 0660);
	assert_int_equal(layer_case_apply(test), 0);
	status = status_at(test, "null");
	if (S_ISREG(status.st_mode))
		skip(); /* root of a user namespace: a placeholder */
	assert_int_equal(status.st_mode, S_IFCHR | 0666);
	assert_int_equal(status.st_rdev, makedev(1, 3));
	assert_int_equal(status_at(test, "loop").st_rdev, makedev(7, 9));
	assert_int_equal(status_at(test, "loop").st_mode, S_IFBLK | 0660);
}

static void test_times_have_nanoseconds_and_directories_keep_theirs(void **state)
{
	struct layer_case *test = *state;
	struct text records = { 0 };

	tar_record(&records, "mtime", "1500000000.123456789", 20);
	TAR(&test->tar, .name = "d/", .type = 'd', .mtime = 1000);
	TAR(&test->tar, .name = "d/sub/", .type = 'd', .mtime = 2000);
	TAR(&test->tar, .name = "d/file", .data = "1", .records = records.data,
	    .records_length = records.length);
	TAR(&test->tar, .name = "d/sub/file", .data = "1");
	TAR(&test->tar, .name = "./", .type = 'd', .mtime = 3000, .mode = 0750);
	text_free(&records);
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(status_at(test, "d").st_mtim.tv_sec, 1000);
	assert_int_equal(status_at(test, "d/sub").st_mtim.tv_sec, 2000);
	assert_int_equal(status_at(test, "d/file").st_mtim.tv_sec, 1500000000);
	assert_int_equal(status_at(test, "d/file").st_mtim.tv_nsec, 123456789);
	assert_int_equal(status_at(test, "d/file").st_atim.tv_sec, 1500000000);
	assert_int_equal(status_at(test, ".").st_mtim.tv_sec, 3000);
	assert_int_equal(status_at(test, ".").st_mode & 07777, 0750);
}

static void test_attributes_are_binary_and_capabilities_survive_the_owner(void **state)
{
	static const char capability[20] = { 1, 0, 0, 2, 0, 4 };
	struct layer_case *test = *state;
	struct text records = { 0 };
	auto_close int fd = -1;
	char value[32];

	tar_record(&records, "SCHILY.xattr.user.binary", "a\0\n=b", 5);
	tar_record(&records, "SCHILY.xattr.security.capability", capability, 20);
	tar_record(&records, "SCHILY.xattr.security.selinux", "system_u:object_r:etc_t:s0", 26);
	TAR(&test->tar, .name = "f", .data = "x", .uid = 5, .records = records.data,
	    .records_length = records.length);
	text_free(&records);
	assert_int_equal(layer_case_apply(test), 0);
	fd = openat(test->root, "f", O_RDONLY | O_CLOEXEC);
	if (fgetxattr(fd, "user.binary", value, sizeof(value)) == -1 && errno == ENOTSUP)
		skip(); /* the file system of /tmp has no user attributes */
	assert_int_equal(fgetxattr(fd, "user.binary", value, sizeof(value)), 5);
	assert_memory_equal(value, "a\0\n=b", 5);
	assert_int_equal(fgetxattr(fd, "security.selinux", value, sizeof(value)), -1);
	if (!is_root(test)) {
		assert_int_equal(test->result.skipped_xattrs, 1);
		return;
	}
	assert_int_equal(fgetxattr(fd, "security.capability", value, sizeof(value)), 20);
	assert_memory_equal(value, capability, 20);
}

static void test_an_attribute_that_a_kind_of_file_cannot_have_is_counted(void **state)
{
	struct layer_case *test = *state;
	struct text records = { 0 };

	tar_record(&records, "SCHILY.xattr.user.a", "1", 1);
	TAR(&test->tar, .name = "l", .type = 'l', .link = "x", .records = records.data,
	    .records_length = records.length);
	text_free(&records);
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(test->result.skipped_xattrs, 1);
}

static void test_long_and_strange_names(void **state)
{
	struct layer_case *test = *state;
	struct text records = { 0 };
	char name[256], path[600], utf8[] = "\xc3\xa9t\xc3\xa9", bytes[] = "b\xff\xfe";

	memset(name, 'n', 255);
	name[255] = '\0';
	snprintf(path, sizeof(path), "%s/%s", name, name);
	tar_record(&records, "path", path, strlen(path));
	TAR(&test->tar, .name = "short", .data = "long", .records = records.data,
	    .records_length = records.length);
	text_clear(&records);
	tar_record(&records, "path", utf8, strlen(utf8));
	TAR(&test->tar, .name = "short", .data = "utf-8", .records = records.data,
	    .records_length = records.length);
	text_clear(&records);
	tar_record(&records, "path", bytes, strlen(bytes));
	TAR(&test->tar, .name = "short", .data = "bytes", .records = records.data,
	    .records_length = records.length);
	TAR(&test->tar, .name = "ustar\xff", .data = "ustar");
	TAR(&test->tar, .name = "././@LongLink", .type = 'L', .data = path, .size = 512);
	TAR(&test->tar, .name = "cut", .data = "gnu");
	text_free(&records);
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, path, "gnu");
	assert_content(test, utf8, "utf-8");
	assert_content(test, bytes, "bytes");
	assert_content(test, "ustar\xff", "ustar");
	assert_int_equal(kind_at(test, "short"), 0);
}

static void test_names_are_made_plain(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "/etc//./motd", .data = "1");
	TAR(&test->tar, .name = "./usr/.//", .type = 'd');
	TAR(&test->tar, .name = "...", .data = "dots");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "etc/motd", "1");
	assert_int_equal(kind_at(test, "usr"), S_IFDIR);
	assert_content(test, "...", "dots");
}

static void test_the_last_of_two_entries_of_a_name_wins(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "a", .data = "first");
	TAR(&test->tar, .name = "b", .type = 'h', .link = "a");
	TAR(&test->tar, .name = "a", .data = "second");
	TAR(&test->tar, .name = "c/in", .data = "1");
	TAR(&test->tar, .name = "c", .type = 'l', .link = "b");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "a", "second");
	assert_content(test, "b", "first");
	assert_int_equal(kind_at(test, "c"), S_IFLNK);
}

static void test_entries_below_a_link_go_where_it_leads_inside(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "usr/lib/", .type = 'd');
	TAR(&test->tar, .name = "lib", .type = 'l', .link = "/usr/lib");
	TAR(&test->tar, .name = "lib/x", .data = "1");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "usr/lib/x", "1");
	assert_int_equal(kind_at(test, "lib"), S_IFLNK);
}

static void test_hard_links_share_the_file_and_its_attributes(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "d/a", .data = "x", .mode = 0600);
	TAR(&test->tar, .name = "b", .type = 'h', .link = "./d/a", .mode = 0777, .uid = 99);
	TAR(&test->tar, .name = "b", .type = 'h', .link = "/d/a");
	TAR(&test->tar, .name = "l", .type = 'l', .link = "d/a");
	TAR(&test->tar, .name = "m", .type = 'h', .link = "l");
	assert_int_equal(layer_case_apply(test), 0);
	assert_int_equal(status_at(test, "b").st_ino, status_at(test, "d/a").st_ino);
	assert_int_equal(status_at(test, "b").st_mode & 07777, 0600);
	assert_int_equal(kind_at(test, "m"), S_IFLNK);
}

static void test_hard_link_to_a_lower_layer_without_it_needs_parents(void **state)
{
	struct layer_case *test = *state;

	TAR(&test->tar, .name = "b", .type = 'h', .link = "usr/bin/a");
	TAR(&test->tar, .name = "c", .data = "still read");
	assert_int_equal(layer_case_apply(test), 0);
	assert_true(test->result.needs_parents);
	assert_int_equal(test->result.entries, 2);
}

/* Three layers: the lowest has files, the middle hides some, the top links. */
static void test_hard_link_to_a_lower_layer_copies_up(void **state)
{
	struct layer_case *test = *state;
	int lower[2];

	assert_int_equal(mkdirat(test->top, "one", 0755), 0);
	assert_int_equal(mkdirat(test->top, "two", 0755), 0);
	lower[1] = openat(test->top, "one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lower[0] = openat(test->top, "two", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	TAR(&test->tar, .name = "bin/a", .data = "low", .mode = 04711, .mtime = 77);
	TAR(&test->tar, .name = "gone/a", .data = "low");
	TAR(&test->tar, .name = "opaque/a", .data = "low");
	close(test->root);
	test->root = dup(lower[1]);
	assert_int_equal(layer_case_apply(test), 0);
	TAR(&test->tar, .name = ".wh.gone");
	TAR(&test->tar, .name = "opaque/.wh..wh..opq");
	close(test->root);
	test->root = dup(lower[0]);
	assert_int_equal(layer_case_apply(test), 0);

	close(test->root);
	test->root = openat(test->top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test->options.lower = lower;
	test->options.lower_count = 2;
	TAR(&test->tar, .name = "b", .type = 'h', .link = "bin/a");
	TAR(&test->tar, .name = "c", .type = 'h', .link = "bin/a");
	assert_int_equal(layer_case_apply(test), 0);
	assert_content(test, "b", "low");
	assert_int_equal(status_at(test, "b").st_ino, status_at(test, "c").st_ino);
	assert_int_equal(status_at(test, "b").st_mode & 07777, 04711);
	assert_int_equal(status_at(test, "b").st_mtim.tv_sec, 77);
	assert_false(test->result.needs_parents);

	TAR(&test->tar, .name = "d", .type = 'h', .link = "gone/a");
	assert_int_equal(layer_case_apply(test), -ENOENT);
	assert_string_equal(test->line,
			    "layer sha256:test: the hard link \"d\" goes to \"gone/a\", "
			    "which does not exist");
	TAR(&test->tar, .name = "d", .type = 'h', .link = "opaque/a");
	assert_int_equal(layer_case_apply(test), -ENOENT);
	close(lower[0]);
	close(lower[1]);
}

static void test_sparse_files(void **state)
{
	struct layer_case *test = *state;
	struct text records = { 0 };
	struct stat status;

	/* GNU.sparse 1.0: a map of one piece in the data, 4 bytes at offset 1 MiB. */
	tar_record(&records, "GNU.sparse.major", "1", 1);
	tar_record(&records, "GNU.sparse.minor", "0", 1);
	tar_record(&records, "GNU.sparse.name", "hole", 4);
	tar_record(&records, "GNU.sparse.realsize", "2097152", 7);
	TAR(&test->tar, .name = "GNUSparseFile.0/hole", .data = "1\n1048576\n4\n", .size = 512 + 4,
	    .records = records.data, .records_length = records.length);
	text_add_bytes(&test->tar, "data", 4);
	text_add_bytes(&test->tar, (char[508]){ 0 }, 508);
	text_free(&records);
	TAR(&test->tar, .name = "next", .data = "1");
	assert_int_equal(layer_case_apply(test), 0);
	status = status_at(test, "hole");
	assert_int_equal(status.st_size, 2097152);
	assert_true(status.st_blocks * 512 < 1048576);
	assert_content(test, "next", "1");
}

static void test_a_limit_of_entries_and_bytes(void **state)
{
	struct layer_case *test = *state;

	test->options.limits.entries = 2;
	for (int i = 0; i < 3; i++)
		TAR(&test->tar, .name = "f");
	assert_int_equal(layer_case_apply(test), -EFBIG);
	assert_string_equal(test->line, "layer sha256:test: the layer has more than 2 entries");
	test->options.limits.entries = 0;
	test->options.limits.bytes = 1000;
	TAR(&test->tar, .name = "f");
	assert_int_equal(layer_case_apply(test), -EFBIG);
	assert_string_equal(test->line,
			    "layer sha256:test: the layer has more than 1000 uncompressed bytes");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, layer_case_open, layer_case_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_every_kind_of_file),
		CASE(test_the_umask_does_not_matter),
		CASE(test_owners_and_setuid_bits),
		CASE(test_with_a_single_id_nothing_is_given_away_and_all_can_be_read),
		CASE(test_devices),
		CASE(test_times_have_nanoseconds_and_directories_keep_theirs),
		CASE(test_attributes_are_binary_and_capabilities_survive_the_owner),
		CASE(test_an_attribute_that_a_kind_of_file_cannot_have_is_counted),
		CASE(test_long_and_strange_names),
		CASE(test_names_are_made_plain),
		CASE(test_the_last_of_two_entries_of_a_name_wins),
		CASE(test_entries_below_a_link_go_where_it_leads_inside),
		CASE(test_hard_links_share_the_file_and_its_attributes),
		CASE(test_hard_link_to_a_lower_layer_without_it_needs_parents),
		CASE(test_hard_link_to_a_lower_layer_copies_up),
		CASE(test_sparse_files),
		CASE(test_a_limit_of_entries_and_bytes),
	};

	return cmocka_run_group_tests_name("layer entries", tests, NULL, NULL);
}

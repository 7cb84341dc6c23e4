/* plan_options.c -- mount options: what each means, and how they undo each other. */
/* Before cmocka.h, which calls a macro "fail". */
#include "mount_flags.h"
#include "mount_options.h"
#include "runtime/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct reading {
	struct arena arena;
	struct mount_options options;
	struct error error;
	int result;
};

/* Read the options in `words`, cut at blanks. */
static void read_options(struct reading *reading, const char *words, bool bind)
{
	struct strings list;

	*reading = (struct reading){ .result = 0 };
	list = strings_split(words, ' ', &reading->arena);
	reading->result = mount_options_read(&list, bind, "mounts[3]", &reading->arena,
					     &reading->options, &reading->error);
}

static const struct expectation {
	const char *words;
	uint64_t flags, own_set, own_clear, all_set, all_clear;
} expectations[] = {
	{ "defaults", 0, 0, 0, 0, 0 },
	{ "ro", MS_RDONLY, MOUNT_ATTR_RDONLY, 0, 0, 0 },
	{ "ro rw", 0, 0, MOUNT_ATTR_RDONLY, 0, 0 },
	{ "rw ro", MS_RDONLY, MOUNT_ATTR_RDONLY, 0, 0, 0 },
	{ "nosuid suid", 0, 0, MOUNT_ATTR_NOSUID, 0, 0 },
	{ "nodev dev", 0, 0, MOUNT_ATTR_NODEV, 0, 0 },
	{ "noexec exec", 0, 0, MOUNT_ATTR_NOEXEC, 0, 0 },
	{ "sync async", 0, 0, 0, 0, 0 },
	{ "mand nomand", 0, 0, 0, 0, 0 },
	{ "silent loud", 0, 0, 0, 0, 0 },
	{ "iversion noiversion", 0, 0, 0, 0, 0 },
	{ "lazytime nolazytime", 0, 0, 0, 0, 0 },
	{ "dirsync sync mand", MS_DIRSYNC | MS_SYNCHRONOUS | MS_MANDLOCK, 0, 0, 0, 0 },
	{ "silent iversion lazytime", MS_SILENT | MS_I_VERSION | MS_LAZYTIME, 0, 0, 0, 0 },
	{ "nosymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0, 0 },
	{ "nosymfollow symfollow", 0, 0, MOUNT_ATTR_NOSYMFOLLOW, 0, 0 },
	{ "nodiratime diratime", 0, 0, MOUNT_ATTR_NODIRATIME, 0, 0 },
	/* access times: one mode at a time, and the mask that the kernel wants */
	{ "noatime", MS_NOATIME, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, 0 },
	{ "noatime strictatime", MS_STRICTATIME, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, 0, 0 },
	{ "strictatime relatime", MS_RELATIME, MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, 0, 0 },
	{ "noatime atime", 0, 0, MOUNT_ATTR__ATIME, 0, 0 },
	{ "noatime nostrictatime", MS_NOATIME, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, 0 },
	{ "relatime norelatime", 0, 0, MOUNT_ATTR__ATIME, 0, 0 },
	/* recursive ones settle the mount itself too */
	{ "rro", MS_RDONLY, 0, 0, MOUNT_ATTR_RDONLY, 0 },
	{ "ro rrw", 0, 0, 0, 0, MOUNT_ATTR_RDONLY },
	{ "rro rw", 0, 0, MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, 0 },
	{ "rrw ro", MS_RDONLY, MOUNT_ATTR_RDONLY, 0, 0, MOUNT_ATTR_RDONLY },
	{ "rnosuid rnodev rnoexec", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, 0,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0 },
	{ "rsuid rdev rexec", 0, 0, 0, 0,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "rnoatime", MS_NOATIME, 0, 0, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "ratime", 0, 0, 0, 0, MOUNT_ATTR__ATIME },
	{ "rstrictatime", MS_STRICTATIME, 0, 0, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "rrelatime", MS_RELATIME, 0, 0, 0, MOUNT_ATTR__ATIME },
	{ "rnosymfollow", 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "rsymfollow", 0, 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "rnodiratime", MS_NODIRATIME, 0, 0, MOUNT_ATTR_NODIRATIME, 0 },
	{ "rdiratime", 0, 0, 0, 0, MOUNT_ATTR_NODIRATIME },
	{ "bind", MS_BIND, 0, 0, 0, 0 },
	{ "rbind", MS_BIND | MS_REC, 0, 0, 0, 0 },
	{ "remount ro", MS_REMOUNT | MS_RDONLY, MOUNT_ATTR_RDONLY, 0, 0, 0 },
};

static void later_options_undo_earlier_ones(void **state)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *expected = &expectations[i];
		struct reading reading;

		read_options(&reading, expected->words, false);
		if (reading.options.flags != expected->flags ||
		    reading.options.own.set != expected->own_set ||
		    reading.options.own.clear != expected->own_clear ||
		    reading.options.recursive.set != expected->all_set ||
		    reading.options.recursive.clear != expected->all_clear || *reading.options.data)
			fail_msg("\"%s\": flags %#llx own +%#llx -%#llx all +%#llx -%#llx",
				 expected->words, (unsigned long long)reading.options.flags,
				 (unsigned long long)reading.options.own.set,
				 (unsigned long long)reading.options.own.clear,
				 (unsigned long long)reading.options.recursive.set,
				 (unsigned long long)reading.options.recursive.clear);
		arena_free(&reading.arena);
	}
}

static void propagation_is_the_last_one_named(void **state)
{
	static const struct {
		const char *words;
		uint64_t propagation;
	} cases[] = {
		{ "ro", 0 },
		{ "private", MS_PRIVATE },
		{ "rprivate", MS_PRIVATE | MS_REC },
		{ "slave", MS_SLAVE },
		{ "rslave", MS_SLAVE | MS_REC },
		{ "shared", MS_SHARED },
		{ "rshared", MS_SHARED | MS_REC },
		{ "unbindable", MS_UNBINDABLE },
		{ "runbindable", MS_UNBINDABLE | MS_REC },
		{ "rshared rslave", MS_SLAVE | MS_REC },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading;

		read_options(&reading, cases[i].words, false);
		assert_int_equal(reading.options.propagation, cases[i].propagation);
		arena_free(&reading.arena);
	}
}

static void marks_are_no_flags(void **state)
{
	struct reading reading;

	read_options(&reading, "tmpcopyup copy-symlink src-nofollow dest-nofollow", false);
	assert_int_equal(reading.options.marks,
			 MARK_COPY_UP | MARK_COPY_LINK | MARK_SOURCE_LINK | MARK_TARGET_LINK);
	assert_int_equal(reading.options.flags, 0);
	assert_string_equal(reading.options.data, "");
	arena_free(&reading.arena);
}

static void every_idmap_form_is_recognised(void **state)
{
	static const struct {
		const char *words, *value;
		unsigned marks;
	} forms[] = {
		{ "idmap", NULL, MARK_IDMAP },
		{ "ridmap", NULL, MARK_IDMAP | MARK_IDMAP_ALL },
		{ "idmap=uids=0-1-1", "uids=0-1-1", MARK_IDMAP },
		{ "ridmap=x", "x", MARK_IDMAP | MARK_IDMAP_ALL },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct reading reading;

		read_options(&reading, forms[i].words, true);
		assert_int_equal(reading.result, 0);
		assert_int_equal(reading.options.marks, forms[i].marks);
		assert_true(text_equal(reading.options.idmap, forms[i].value));
		arena_free(&reading.arena);
	}
}

static void unknown_options_are_the_file_systems(void **state)
{
	struct reading reading;

	read_options(&reading, "size=64k nosuid mode=1777 ro", false);
	assert_int_equal(reading.result, 0);
	assert_string_equal(reading.options.data, "size=64k,mode=1777");
	assert_int_equal(reading.options.flags, MS_NOSUID | MS_RDONLY);
	arena_free(&reading.arena);
}

static void an_unknown_option_of_a_bind_is_an_error_with_its_place(void **state)
{
	struct reading reading;

	read_options(&reading, "ro rbind nosuidd", false);
	assert_int_equal(reading.result, -EINVAL);
	assert_string_equal(reading.error.where, "mounts[3].options[2]");
	assert_non_null(strstr(reading.error.what, "\"nosuidd\""));
	arena_free(&reading.arena);
	read_options(&reading, "size=1", true);
	assert_int_equal(reading.result, -EINVAL);
	arena_free(&reading.arena);
}

static void names_are_sorted_and_every_one_is_read(void **state)
{
	for (size_t i = 0; plan_mount_option_names[i]; i++) {
		struct reading reading;

		if (i > 0)
			assert_true(strcmp(plan_mount_option_names[i - 1],
					   plan_mount_option_names[i]) < 0);
		read_options(&reading, plan_mount_option_names[i], true);
		assert_int_equal(reading.result, 0);
		assert_string_equal(reading.options.data, "");
		arena_free(&reading.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_options_undo_earlier_ones),
		cmocka_unit_test(propagation_is_the_last_one_named),
		cmocka_unit_test(marks_are_no_flags),
		cmocka_unit_test(every_idmap_form_is_recognised),
		cmocka_unit_test(unknown_options_are_the_file_systems),
		cmocka_unit_test(an_unknown_option_of_a_bind_is_an_error_with_its_place),
		cmocka_unit_test(names_are_sorted_and_every_one_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* security_seccomp.c -- what a profile says is what the kernel does: filters are loaded in a child
 * with no_new_privs and tried. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "security_profile.h"

#include <cmocka.h>

static struct arena arena;

static struct plan_filter compile(const struct spec_seccomp *profile)
{
	struct error err = { 0 };
	struct plan_filter filter;
	const struct seccomp_request request = { .profile = profile, .cache_dir = -1 };
	int result = seccomp_compile(&request, &arena, &filter, &err);

	if (result < 0)
		print_error("%s: %s: %s\n", err.where, err.what, err.call);
	assert_int_equal(result, 0);
	return filter;
}

static void refused(const struct spec_seccomp *profile, const char *where, const char *what)
{
	struct error err = { 0 };
	struct plan_filter filter;

	assert_int_equal(
		seccomp_compile(&(struct seccomp_request){ .profile = profile, .cache_dir = -1 },
				&arena, &filter, &err),
		-EINVAL);
	assert_string_equal(err.where, where);
	assert_string_equal(err.what, what);
}

static void no_profile_and_an_empty_one_are_no_filter(void **state)
{
	const struct spec_seccomp empty = { .default_action = "" };

	assert_int_equal(compile(NULL).length, 0);
	assert_int_equal(compile(&empty).length, 0);
}

static void a_rule_gives_the_errno_it_names(void **state)
{
	const uint32_t numbers[] = { 2, 13, 38 };

	for (int i = 0; i < 3; i++) {
		const struct spec_seccomp profile = {
			.default_action = "SCMP_ACT_ALLOW",
			.syscalls = RULES({ .names = LIST("getcwd"),
					    .action = "SCMP_ACT_ERRNO",
					    .errno_ret = NUMBER(numbers[i]) }),
		};
		struct plan_filter filter = compile(&profile);

		assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }),
				 -(int)numbers[i]);
		assert_int_equal(under_filter(&filter, (struct probe){ SYS_getpid }), 0);
	}
}

static void without_an_errno_it_is_EPERM(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_ERRNO" }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }), -EPERM);
}

static void the_default_errno_is_for_what_no_rule_names(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ERRNO",
		.default_errno_ret = NUMBER(ENOSYS),
		.syscalls =
			RULES({ .names = LIST("exit_group", "getpid"), .action = "SCMP_ACT_ALLOW" },
			      { .names = LIST("getuid"), .action = "SCMP_ACT_ERRNO" }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }), -ENOSYS);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getuid }), -EPERM);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getpid }), 0);
}

static void deadly_actions_kill(void **state)
{
	char *const actions[] = { "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
				  "SCMP_ACT_TRAP" };

	for (int i = 0; i < 4; i++) {
		const struct spec_seccomp profile = {
			.default_action = "SCMP_ACT_ALLOW",
			.syscalls = RULES({ .names = LIST("getcwd"), .action = actions[i] }),
		};
		struct plan_filter filter = compile(&profile);

		assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }),
				 -1000 - SIGSYS);
	}
}

static void log_and_trace_without_a_tracer_do_what_the_kernel_says(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_LOG" },
				  { .names = LIST("getuid"),
				    .action = "SCMP_ACT_TRACE",
				    .errno_ret = NUMBER(7) }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }), -ERANGE);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getuid }), -ENOSYS);
}

static void operators_compare_as_they_are_called(void **state)
{
	const struct {
		char *op;
		uint64_t value, value_two, argument;
		int denied;
	} rows[] = {
		{ "SCMP_CMP_NE", 5, 0, 5, 0 },
		{ "SCMP_CMP_NE", 5, 0, 6, 1 },
		{ "SCMP_CMP_LT", 5, 0, 4, 1 },
		{ "SCMP_CMP_LT", 5, 0, 5, 0 },
		{ "SCMP_CMP_LE", 5, 0, 5, 1 },
		{ "SCMP_CMP_LE", 5, 0, 6, 0 },
		{ "SCMP_CMP_EQ", 5, 0, 5, 1 },
		{ "SCMP_CMP_EQ", 5, 0, 4, 0 },
		{ "SCMP_CMP_GE", 5, 0, 5, 1 },
		{ "SCMP_CMP_GE", 5, 0, 4, 0 },
		{ "SCMP_CMP_GT", 5, 0, 6, 1 },
		{ "SCMP_CMP_GT", 5, 0, 5, 0 },
		{ "SCMP_CMP_MASKED_EQ", 0xf0, 0x10, 0x1f, 1 },
		{ "SCMP_CMP_MASKED_EQ", 0xf0, 0x10, 0x2f, 0 },
		{ "SCMP_CMP_EQ", 0x100000005, 0, 0x100000005, 1 },
		{ "SCMP_CMP_EQ", 0x100000005, 0, 5, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct spec_seccomp profile = {
			.default_action = "SCMP_ACT_ALLOW",
			.syscalls = RULES({ .names = LIST("umask"),
					    .action = "SCMP_ACT_ERRNO",
					    .args = ARGUMENTS({ 0, rows[i].value, rows[i].value_two,
								rows[i].op }) }),
		};
		struct plan_filter filter = compile(&profile);

		assert_int_equal(
			under_filter(&filter, (struct probe){ SYS_umask, rows[i].argument }),
			rows[i].denied ? -EPERM : 0);
	}
}

static int setpgid_gives(const struct plan_filter *filter, uint64_t a, uint64_t b)
{
	return under_filter(filter, (struct probe){ SYS_setpgid, a, b });
}

static void conditions_on_different_arguments_must_all_hold(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("setpgid"),
				    .action = "SCMP_ACT_ERRNO",
				    .errno_ret = NUMBER(EXDEV),
				    .args = ARGUMENTS({ 0, 1, 0, "SCMP_CMP_EQ" },
						      { 1, 2, 0, "SCMP_CMP_EQ" }) }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(setpgid_gives(&filter, 1, 2), -EXDEV);
	assert_int_not_equal(setpgid_gives(&filter, 1, 3), -EXDEV);
	assert_int_not_equal(setpgid_gives(&filter, 0, 2), -EXDEV);
}

static void of_conditions_on_one_argument_any_may_hold(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("umask"),
				    .action = "SCMP_ACT_ERRNO",
				    .args = ARGUMENTS({ 0, 1, 0, "SCMP_CMP_EQ" },
						      { 0, 2, 0, "SCMP_CMP_EQ" }) }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(under_filter(&filter, (struct probe){ SYS_umask, 1 }), -EPERM);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_umask, 2 }), -EPERM);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_umask, 3 }), 0);
}

static void rules_that_repeat_the_default_and_unknown_calls_are_skipped(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES(
			{ .names = LIST("getpid"), .action = "SCMP_ACT_ALLOW" },
			{ .names = LIST("no_such_call", "getcwd"), .action = "SCMP_ACT_ERRNO" }),
	};
	struct plan_filter filter = compile(&profile);

	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }), -EPERM);
}

static void every_architecture_of_the_specification_is_taken(void **state)
{
	struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_ERRNO" }),
	};
	struct plan_filter filter;

	profile.architectures = spec_name_list(seccomp_architecture_names, &arena);
	assert_int_equal(profile.architectures.count, 23);
	filter = compile(&profile);
	assert_int_equal(under_filter(&filter, (struct probe){ SYS_getcwd }), -EPERM);
}

static void unknown_names_are_refused_with_their_place(void **state)
{
	const struct spec_seccomp action = { .default_action = "SCMP_ACT_MAYBE" };
	const struct spec_seccomp architecture = { .default_action = "SCMP_ACT_ALLOW",
						   .architectures =
							   LIST("SCMP_ARCH_X86", "SCMP_ARCH_Z80") };
	const struct spec_seccomp flag = { .default_action = "SCMP_ACT_ALLOW",
					   .flags = LIST("SECCOMP_FILTER_FLAG_FAST") };
	const struct spec_seccomp rule = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_DENY" }),
	};
	const struct spec_seccomp operator_ = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls =
			RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_TRAP" },
			      { .names = LIST("getcwd"),
				.action = "SCMP_ACT_ERRNO",
				.args = ARGUMENTS({ 0, 1, 0, "SCMP_CMP_EQ" }, { 1, 2, 0, "==" }) }),
	};
	const struct spec_seccomp argument = {
		.default_action = "SCMP_ACT_ALLOW",
		.syscalls = RULES({ .names = LIST("getcwd"),
				    .action = "SCMP_ACT_ERRNO",
				    .args = ARGUMENTS({ 64, 1, 0, "SCMP_CMP_EQ" }) }),
	};

	refused(&action, "linux.seccomp.defaultAction",
		"\"SCMP_ACT_MAYBE\" is not a valid action for seccomp");
	refused(&architecture, "linux.seccomp.architectures[1]",
		"\"SCMP_ARCH_Z80\" is not a valid architecture for seccomp");
	refused(&flag, "linux.seccomp.flags[0]",
		"\"SECCOMP_FILTER_FLAG_FAST\" is not a valid flag for seccomp");
	refused(&rule, "linux.seccomp.syscalls[0].action",
		"\"SCMP_ACT_DENY\" is not a valid action for seccomp");
	refused(&operator_, "linux.seccomp.syscalls[1].args[1].op",
		"\"==\" is not a valid operator for seccomp");
	refused(&argument, "linux.seccomp.syscalls[0].args[0].index",
		"a system call has no argument 64");
}

static uint32_t flags_of(struct strings flags, char *action, bool *notify)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.flags = flags,
		.syscalls = RULES({ .names = LIST("getcwd"), .action = action }),
	};
	struct plan_filter filter = compile(&profile);

	*notify = filter.notify;
	return filter.flags;
}

static void flags_are_those_that_matter(void **state)
{
	struct strings none = { .items = (char *[]){ NULL } };
	struct strings all = spec_name_list(seccomp_flag_names, &arena);
	bool notify;

	assert_int_equal(flags_of((struct strings){ 0 }, "SCMP_ACT_ERRNO", &notify),
			 SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_int_equal(flags_of(none, "SCMP_ACT_ERRNO", &notify), 0);
	assert_int_equal(flags_of(all, "SCMP_ACT_ERRNO", &notify),
			 SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_false(notify);
	assert_int_equal(flags_of(all, "SCMP_ACT_NOTIFY", &notify),
			 SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | 1 << 5);
	assert_true(notify);
}

static int set_up(void **state)
{
	arena = (struct arena){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	arena_free(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_profile_and_an_empty_one_are_no_filter),
		TEST(a_rule_gives_the_errno_it_names),
		TEST(without_an_errno_it_is_EPERM),
		TEST(the_default_errno_is_for_what_no_rule_names),
		TEST(deadly_actions_kill),
		TEST(log_and_trace_without_a_tracer_do_what_the_kernel_says),
		TEST(operators_compare_as_they_are_called),
		TEST(conditions_on_different_arguments_must_all_hold),
		TEST(of_conditions_on_one_argument_any_may_hold),
		TEST(rules_that_repeat_the_default_and_unknown_calls_are_skipped),
		TEST(every_architecture_of_the_specification_is_taken),
		TEST(unknown_names_are_refused_with_their_place),
		TEST(flags_are_those_that_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

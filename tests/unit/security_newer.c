/* security_newer.c -- what is newer than a profile is answered with ENOSYS, everything else as the
 * profile alone would: both programs are run by an interpreter. And programs of somebody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "security/newer.h"
#include "security/raw.h"
#include "security/shorten.h"
#include "security_profile.h"

#include <linux/audit.h>

#include <cmocka.h>

#include "security_answer.h"

#define NO_CALL (SECCOMP_RET_ERRNO | ENOSYS)
#define DENIED  (SECCOMP_RET_ERRNO | EPERM)
#define X32     0x40000000u

static struct arena arena;

static struct bpf compile(const struct spec_seccomp *profile)
{
	const struct seccomp_request request = { .profile = profile, .cache_dir = -1 };
	struct plan_filter filter;

	assert_int_equal(seccomp_compile(&request, &arena, &filter, NULL), 0);
	return (struct bpf){ filter.program,
			     (uint32_t)(filter.length / sizeof(struct sock_filter)) };
}

static uint32_t answer_to(const struct bpf *bpf, uint32_t architecture, uint32_t number)
{
	const struct seccomp_data data = { .nr = (int)number, .arch = architecture };

	return answer(bpf, &data);
}

static const struct absent some[] = {
	{ AUDIT_ARCH_X86_64, 440, X32 - 1 },   { AUDIT_ARCH_X86_64, X32 | 300, UINT32_MAX },
	{ AUDIT_ARCH_I386, 400, UINT32_MAX },  { AUDIT_ARCH_S390X, 0, 0 },
	{ AUDIT_ARCH_S390X, 448, UINT32_MAX },
};
#define SOME (sizeof(some) / sizeof(some[0]))

static bool is_absent(uint32_t architecture, uint32_t number)
{
	for (size_t i = 0; i < SOME; i++)
		if (some[i].architecture == architecture && number >= some[i].first &&
		    number <= some[i].last)
			return true;
	return false;
}

static void expect_difference(const struct bpf *plain, const struct bpf *patched)
{
	const uint32_t architectures[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_S390X,
					   AUDIT_ARCH_AARCH64, 0 };
	const uint32_t bases[] = { 0, X32, UINT32_MAX - 1000 };

	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 3; j++)
			for (uint32_t number = bases[j]; number - bases[j] <= 1000; number++)
				assert_int_equal(
					answer_to(patched, architectures[i], number),
					is_absent(architectures[i], number)
						? NO_CALL
						: answer_to(plain, architectures[i], number));
}

static void only_the_absent_numbers_are_answered_otherwise(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.architectures = LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
		.syscalls = RULES({ .names = LIST("getpid", "faccessat2", "umask"),
				    .action = "SCMP_ACT_ERRNO" },
				  { .names = LIST("getuid"),
				    .action = "SCMP_ACT_ERRNO",
				    .args = ARGUMENTS({ 0, 0, 0, "SCMP_CMP_EQ" }) }),
	};
	const struct absences absences = { (struct absent *)some, SOME };
	struct bpf plain = compile(&profile);
	struct bpf patched = newer_prepend(&plain, &absences, &arena);
	struct bpf shorter = shorten(&patched, &arena);

	expect_difference(&plain, &patched);
	expect_difference(&plain, &shorter);
	assert_true(shorter.length < patched.length);
}

static void what_is_newer_than_all_that_is_named_does_not_exist(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ERRNO",
		.architectures = LIST("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
		.syscalls =
			RULES({ .names = LIST("read", "close_range"), .action = "SCMP_ACT_ALLOW" },
			      { .names = LIST("faccessat2", "no_such_call"),
				.action = "SCMP_ACT_ERRNO" }),
	};
	struct bpf bpf = compile(&profile);

	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 1), DENIED);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 439), DENIED); /* faccessat2 */
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 440), NO_CALL);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, X32 | 439), DENIED);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, X32 | 440), NO_CALL);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_I386, 439), DENIED);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_I386, 440), NO_CALL);
}

static void a_default_that_kills_is_no_answer_to_a_newer_call_either(void **state)
{
	const struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_KILL_PROCESS",
		.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_ALLOW" }),
	};
	struct bpf bpf = compile(&profile);

	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 78), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 80), NO_CALL);
}

static void a_default_that_lets_calls_through_needs_no_answer(void **state)
{
	char *const actions[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };

	for (int i = 0; i < 3; i++) {
		const struct spec_seccomp profile = {
			.default_action = actions[i],
			.syscalls = RULES({ .names = LIST("getcwd"), .action = "SCMP_ACT_KILL" }),
		};
		struct bpf bpf = compile(&profile);

		assert_int_not_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 80), NO_CALL);
		assert_int_equal(answer_to(&bpf, AUDIT_ARCH_X86_64, 80),
				 answer_to(&bpf, AUDIT_ARCH_X86_64, 78));
	}
}

static void a_profile_that_names_nothing_is_older_than_nothing(void **state)
{
	const struct spec_seccomp none = { .default_action = "SCMP_ACT_ERRNO" };
	const struct spec_seccomp unknown = {
		.default_action = "SCMP_ACT_ERRNO",
		.syscalls = RULES({ .names = LIST("no_such_call"), .action = "SCMP_ACT_ALLOW" }),
	};
	const struct bpf programs[] = { compile(&none), compile(&unknown) };

	for (int i = 0; i < 2; i++)
		assert_int_equal(answer_to(&programs[i], AUDIT_ARCH_X86_64, 5000), DENIED);
}

/* ---- programs of somebody else's ------------------------------------------------------------- */

static void base64_is_taken_whole_or_not_at_all(void **state)
{
	const struct {
		const char *text;
		int result;
		size_t length;
		bool notify;
	} rows[] = {
		{ "BgAAAAAA/38=", 0, 8, false }, /* ret ALLOW */
		{ "BgAAAAAAwH8=", 0, 8, true },  /* ret USER_NOTIF */
		{ "BgAAAAAA/38=BgAAAAAA/38=", -EINVAL, 0, false },
		{ "BgAAAAAA/38", -EINVAL, 0, false },
		{ "BgAAAAAA/3!=", -EINVAL, 0, false },
		{ "BgAAAAAA/3==", -EINVAL, 0, false },
		{ "BgAAAAAA====", -EINVAL, 0, false },
		{ "====", -EINVAL, 0, false },
		{ "=", -EINVAL, 0, false },
		{ "", -EINVAL, 0, false },
		{ " BgAAAAAA/38=", -EINVAL, 0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_filter filter = { 0 };

		assert_int_equal(raw_take(rows[i].text, &arena, &filter, NULL), rows[i].result);
		if (rows[i].result == 0) {
			assert_int_equal(filter.length, rows[i].length);
			assert_int_equal(filter.notify, rows[i].notify);
		}
	}
}

static void a_filter_that_keeps_its_listener_in_is_refused(void **state)
{
	struct spec_seccomp profile = {
		.default_action = "SCMP_ACT_ERRNO",
		.syscalls = RULES({ .names = LIST("write"), .action = "SCMP_ACT_ALLOW" },
				  { .names = LIST("mkdir"), .action = "SCMP_ACT_NOTIFY" }),
	};
	const struct seccomp_request request = { .profile = &profile, .cache_dir = -1 };
	struct error err = { 0 };
	struct plan_filter filter;

	assert_int_equal(seccomp_compile(&request, &arena, &filter, &err), -EINVAL);
	assert_string_equal(err.where, "linux.seccomp");
	profile.syscalls.items[0].names.items[0] = "sendmsg";
	assert_int_equal(seccomp_compile(&request, &arena, &filter, NULL), 0);
	assert_true(filter.notify);
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
		TEST(only_the_absent_numbers_are_answered_otherwise),
		TEST(what_is_newer_than_all_that_is_named_does_not_exist),
		TEST(a_default_that_kills_is_no_answer_to_a_newer_call_either),
		TEST(a_default_that_lets_calls_through_needs_no_answer),
		TEST(a_profile_that_names_nothing_is_older_than_nothing),
		TEST(base64_is_taken_whole_or_not_at_all),
		TEST(a_filter_that_keeps_its_listener_in_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

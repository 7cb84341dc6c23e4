/* security_shorten.c -- a shortened filter says what the long one said: both are run, on every
 * number and on random arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "security/library.h"
#include "security/shorten.h"

#include <cmocka.h>

#include "security_answer.h"

#define NUMBERS 1200

static struct arena arena;

static const uint64_t values[] = { 0,
				   1,
				   2,
				   5,
				   8,
				   40,
				   255,
				   0x20000,
				   0x20008,
				   0x7e020000,
				   UINT32_MAX,
				   1ull << 32,
				   5ull << 32 | 5,
				   UINT64_MAX };
#define VALUES (sizeof(values) / sizeof(values[0]))

static void expect_same(const struct bpf *a, const struct bpf *b, uint32_t architecture,
			uint32_t number)
{
	struct seccomp_data data = { .nr = (int)number, .arch = architecture };

	for (size_t i = 0; i < VALUES; i++) {
		for (int j = 0; j < 6; j++)
			data.args[j] = values[j == 0 ? i : (size_t)rand() % VALUES];
		if (answer(a, &data) != answer(b, &data))
			fail_msg("architecture %#x, number %u: %#x, shortened %#x", architecture,
				 number, answer(a, &data), answer(b, &data));
	}
}

static void expect_all_same(const struct bpf *a, const struct bpf *b)
{
	const uint32_t architectures[] = {
		AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0,
		UINT32_MAX
	};

	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
		for (uint32_t number = 0; number < NUMBERS; number++) {
			expect_same(a, b, architectures[i], number);
			expect_same(a, b, architectures[i], number | 0x40000000); /* x32 */
		}
		for (int j = 0; j < 500; j++)
			expect_same(a, b, architectures[i], (uint32_t)mrand48());
		expect_same(a, b, architectures[i], UINT32_MAX);
	}
}

/* ---- programs of libseccomp -------------------------------------------------------------------
 */

static struct bpf exported(const struct library *library, scmp_filter_ctx context)
{
	int file = memfd_create("program", 0);
	struct bpf bpf;
	off_t size;
	void *code;

	assert_int_equal(library->seccomp_export_bpf(context, file), 0);
	size = lseek(file, 0, SEEK_END);
	code = arena_alloc(&arena, (size_t)size);
	assert_int_equal(pread(file, code, (size_t)size, 0), size);
	close(file);
	library->seccomp_release(context);
	bpf.code = code;
	bpf.length = (uint32_t)((size_t)size / sizeof(struct sock_filter));
	return bpf;
}

static const uint32_t actions[] = { SCMP_ACT_ALLOW,        SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(38),
				    SCMP_ACT_KILL_PROCESS, SCMP_ACT_LOG,      SCMP_ACT_TRACE(7) };

/* A profile of random names, actions and conditions. */
static struct bpf random_program(const struct library *library, int rules)
{
	uint32_t by_default = actions[rand() % 6];
	scmp_filter_ctx context = library->seccomp_init(by_default);

	library->seccomp_arch_add(context, SCMP_ARCH_X86_64);
	library->seccomp_arch_add(context, SCMP_ARCH_X86);
	library->seccomp_arch_add(context, SCMP_ARCH_X32);
	if (rand() % 2)
		library->seccomp_arch_add(context, SCMP_ARCH_AARCH64);
	for (int i = 0; i < rules; i++) {
		uint32_t action = actions[rand() % 6];
		struct scmp_arg_cmp condition = { (unsigned)rand() % 3,
						  (enum scmp_compare)(1 + rand() % 7),
						  values[(size_t)rand() % VALUES],
						  values[(size_t)rand() % VALUES] };

		if (action != by_default)
			library->seccomp_rule_add_array(context, action, rand() % 440,
							rand() % 4 == 0, &condition);
	}
	if (rand() % 2)
		library->seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return exported(library, context);
}

static void a_shortened_filter_answers_as_the_long_one(void **state)
{
	auto_library struct library library = { 0 };
	const int sizes[] = { 0, 1, 5, 50, 300, 400, 2000 };

	if (library_open(&library, NULL) < 0)
		skip();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bpf program = random_program(&library, sizes[i]);
		struct bpf shorter = shorten(&program, &arena);

		assert_true(shorter.length <= program.length);
		expect_all_same(&program, &shorter);
	}
}

static void an_allow_list_becomes_a_few_ranges(void **state)
{
	auto_library struct library library = { 0 };
	scmp_filter_ctx context;
	struct bpf program, shorter;

	if (library_open(&library, NULL) < 0)
		skip();
	context = library.seccomp_init(SCMP_ACT_ERRNO(1));
	for (int number = 0; number < 300; number++)
		if (number % 100 != 50)
			library.seccomp_rule_add_array(context, SCMP_ACT_ALLOW, number, 0, NULL);
	program = exported(&library, context);
	shorter = shorten(&program, &arena);
	assert_true(program.length > 290);
	assert_true(shorter.length < 40);
	expect_all_same(&program, &shorter);
}

/* ---- programs by hand -------------------------------------------------------------------------
 */

#define LOAD(member)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define PROGRAM(code)                                                                              \
	{                                                                                          \
		code, sizeof(code) / sizeof(code[0])                                               \
	}

/* 800 neighbours of different verdicts: the tree is larger than one jump reaches. */
static void jumps_may_be_longer_than_an_instruction_holds(void **state)
{
	static struct sock_filter code[2 * 800 + 4];
	struct bpf program = { code, 0 }, shorter;

	code[program.length++] = (struct sock_filter)LOAD(nr);
	for (uint32_t number = 0; number < 800; number++) {
		code[program.length++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		code[program.length++] = (struct sock_filter)RETURN(0x50000u + number % 3);
	}
	code[program.length++] = (struct sock_filter)RETURN(0);
	shorter = shorten(&program, &arena);
	assert_true(shorter.length < 900);
	expect_all_same(&program, &shorter);
}

static void what_cannot_be_understood_stays_as_it_is(void **state)
{
	static const struct sock_filter bits[] = { LOAD(nr),
						   BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1),
						   RETURN(1), RETURN(2) };
	static const struct sock_filter masked[] = { LOAD(nr),
						     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 7),
						     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1),
						     RETURN(1), RETURN(2) };
	static const struct sock_filter outside[] = { LOAD(nr),
						      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 9),
						      RETURN(1) };
	static const struct sock_filter endless[] = { LOAD(nr), LOAD(arch) };
	const struct bpf programs[] = { PROGRAM(bits), PROGRAM(masked), PROGRAM(outside),
					PROGRAM(endless) };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct bpf same = shorten(&programs[i], &arena);

		assert_ptr_equal(same.code, programs[i].code);
		assert_int_equal(same.length, programs[i].length);
	}
}

static void programs_that_differ_in_one_verdict_are_told_apart(void **state)
{
	static const struct sock_filter one[] = { LOAD(nr),
						  BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7, 1, 0),
						  RETURN(1), RETURN(2) };
	static const struct sock_filter other[] = { LOAD(nr),
						    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 7, 1, 0),
						    RETURN(1), RETURN(2) };
	static const struct sock_filter same[] = { LOAD(nr),
						   BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 6, 0, 1),
						   RETURN(2), RETURN(1) };
	static const struct sock_filter argument[] = { LOAD(args[0]),
						       BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7, 1, 0),
						       RETURN(1), RETURN(2) };
	const struct bpf a = PROGRAM(one), b = PROGRAM(other), c = PROGRAM(same),
			 d = PROGRAM(argument);

	assert_true(verdicts_same(&a, &a, &arena));
	assert_false(verdicts_same(&a, &b, &arena));
	assert_true(verdicts_same(&a, &c, &arena));
	assert_false(verdicts_same(&a, &d, &arena));
	assert_true(verdicts_same(&d, &d, &arena));
}

static int set_up(void **state)
{
	srand(4711);
	srand48(4711);
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
		TEST(a_shortened_filter_answers_as_the_long_one),
		TEST(an_allow_list_becomes_a_few_ranges),
		TEST(jumps_may_be_longer_than_an_instruction_holds),
		TEST(what_cannot_be_understood_stays_as_it_is),
		TEST(programs_that_differ_in_one_verdict_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

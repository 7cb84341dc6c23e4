/* cgroup_devices.c -- device rules as v1 writes and as a v2 program. The program is interpreted
 * here and compared, over many devices and wishes, with what the rules say. No root needed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup/devices.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

#define NUMBER(value) (&(int64_t){ value })

#define DEFAULTS_V1                                                                                \
	"devices.allow=c *:* m\ndevices.allow=b *:* m\n"                                           \
	"devices.allow=c 1:3 rwm\ndevices.allow=c 1:5 rwm\ndevices.allow=c 1:7 rwm\n"              \
	"devices.allow=c 1:8 rwm\ndevices.allow=c 1:9 rwm\ndevices.allow=c 5:0 rwm\n"              \
	"devices.allow=c 5:2 rwm\ndevices.allow=c 136:* rwm\n"

static struct arena arena;

static void make_rules(struct spec_device_rule *sources, size_t count, struct device_rules *rules)
{
	struct spec_resources resources = { .devices = { sources, count } };

	*rules = (struct device_rules){ 0 };
	assert_int_equal(device_rules_make(&resources, &arena, rules, NULL), 0);
}

static void expect_v1(struct spec_device_rule *sources, size_t count, const char *expected)
{
	auto_text struct text out = { 0 };
	struct device_rules rules;
	struct cgroup_writes writes;

	make_rules(sources, count, &rules);
	assert_int_equal(device_rules_plan(&rules, &arena, &writes, NULL), 0);
	for (size_t i = 0; i < writes.count; i++)
		text_format(&out, "%s=%s\n", writes.items[i].file, writes.items[i].value);
	assert_string_equal(out.data, expected);
}

static void without_rules_only_the_default_devices_are_allowed(void **state)
{
	struct device_rules rules = { 0 };

	expect_v1(NULL, 0, "devices.deny=a *:* rwm\n" DEFAULTS_V1);
	assert_int_equal(device_rules_make(NULL, &arena, &rules, NULL), 0);
	assert_false(rules.everything);
}

static void rules_are_written_in_their_order(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true,
		  .type = "c",
		  .major = NUMBER(10),
		  .minor = NUMBER(229),
		  .access = "rw" },
		{ .allow = true, .type = "b", .major = NUMBER(8), .access = "r" },
	};

	expect_v1(rules, 3,
		  "devices.deny=a *:* rwm\ndevices.allow=c 10:229 rw\n"
		  "devices.allow=b 8:* r\n" DEFAULTS_V1);
}

static void allowing_everything_is_one_write(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = false },
		{ .allow = true, .type = "a", .major = NUMBER(-1), .minor = NUMBER(-1) },
	};

	expect_v1(rules, 2, "devices.allow=a *:* rwm\n");
}

static void a_rule_that_later_ones_shadow_is_dropped(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = NUMBER(1), .minor = NUMBER(3) },
		{ .allow = false, .type = "c", .major = NUMBER(136), .minor = NUMBER(2) },
		{ .allow = true, .type = "c", .major = NUMBER(5), .minor = NUMBER(1) },
	};

	expect_v1(rules, 4, "devices.deny=a *:* rwm\ndevices.allow=c 5:1 rwm\n" DEFAULTS_V1);
}

/* To the kernel "a 5:1 r" would be everything. */
static void a_rule_for_all_types_but_not_all_devices_is_two(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = true,
		  .type = "a",
		  .major = NUMBER(5),
		  .minor = NUMBER(1),
		  .access = "r" },
		{ .allow = true, .minor = NUMBER(7), .access = "w" },
	};

	expect_v1(rules, 2,
		  "devices.deny=a *:* rwm\ndevices.allow=b 5:1 r\ndevices.allow=c 5:1 r\n"
		  "devices.allow=b *:7 w\ndevices.allow=c *:7 w\n" DEFAULTS_V1);
}

static void a_wide_denial_takes_back_what_was_allowed(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = true,
		  .type = "c",
		  .major = NUMBER(10),
		  .minor = NUMBER(1),
		  .access = "rw" },
		{ .allow = true,
		  .type = "c",
		  .major = NUMBER(11),
		  .minor = NUMBER(1),
		  .access = "rw" },
		{ .allow = false, .type = "c", .major = NUMBER(10), .access = "w" },
	};

	expect_v1(rules, 3,
		  "devices.deny=a *:* rwm\ndevices.allow=c 10:1 rw\ndevices.allow=c 11:1 rw\n"
		  "devices.deny=c 10:1 w\n" DEFAULTS_V1);
}

static void what_v1_cannot_say_is_refused(void **state)
{
	struct spec_device_rule sources[] = {
		{ .allow = true, .type = "c", .major = NUMBER(10), .access = "rw" },
		{ .allow = false,
		  .type = "c",
		  .major = NUMBER(10),
		  .minor = NUMBER(3),
		  .access = "w" },
	};
	struct cgroup_writes writes;
	struct device_rules rules;
	struct error err = { 0 };

	make_rules(sources, 2, &rules);
	assert_int_equal(device_rules_plan(&rules, &arena, &writes, &err), -EINVAL);
	assert_string_equal(err.where, "linux.resources.devices[1]");
	assert_string_equal(err.what,
			    "cgroup v1 cannot make an exception to linux.resources.devices[0]");
}

static void denials_after_everything_stay_denials(void **state)
{
	struct spec_device_rule rules[] = {
		{ .allow = true },
		{ .allow = false, .type = "c", .major = NUMBER(1), .access = "rwm" },
	};

	/* v1 can allow making nodes again, but not null and its like: it denies more. */
	expect_v1(rules, 2,
		  "devices.allow=a *:* rwm\ndevices.deny=c 1:* rwm\ndevices.allow=c 1:* m\n");
}

static void broken_rules_are_refused(void **state)
{
	struct spec_device_rule broken[] = {
		{ .type = "x" },
		{ .type = "c", .access = "rx" },
		{ .type = "c", .major = NUMBER(-2) },
		{ .type = "c", .minor = NUMBER(1ll << 40) },
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct spec_resources resources = { .devices = { &broken[i], 1 } };
		struct device_rules rules = { 0 };
		struct error err = { 0 };

		assert_int_equal(device_rules_make(&resources, &arena, &rules, &err), -EINVAL);
		assert_string_equal(err.where, "linux.resources.devices[0]");
	}
}

static uint64_t load(const struct bpf_cgroup_dev_ctx *device, int offset)
{
	uint32_t value;

	memcpy(&value, (const char *)device + offset, sizeof(value));
	return value;
}

/* The few instructions that a device program is made of. */
static bool interpret(const struct device_program *program, const struct bpf_cgroup_dev_ctx *device)
{
	uint64_t registers[10] = { 0 };

	for (size_t at = 0; at < program->count; at++) {
		const struct bpf_insn *insn = &program->instructions[at];
		uint64_t *to = &registers[insn->dst_reg], number = (uint64_t)(int64_t)insn->imm;

		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			*to = load(device, insn->off);
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*to = registers[insn->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = number;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*to >>= number;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*to &= number;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			at += *to != number ? (size_t)insn->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += *to == number ? (size_t)insn->off : 0;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			at += *to & number ? (size_t)insn->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return registers[0];
		default:
			fail_msg("instruction %x", insn->code);
		}
	}
	fail_msg("no answer");
	return false;
}

static bool matches(const struct device_rule *rule, uint32_t type, uint32_t major, uint32_t minor)
{
	if (rule->type != 'a' && (rule->type == 'b') != (type == BPF_DEVCG_DEV_BLOCK))
		return false;
	return (rule->major == DEVICE_ANY || rule->major == major) &&
	       (rule->minor == DEVICE_ANY || rule->minor == minor);
}

/* Each wished access is decided by the last rule about it. */
static bool allowed(const struct device_rules *rules, uint32_t type, uint32_t major, uint32_t minor,
		    unsigned wish)
{
	for (unsigned bit = 1; bit <= DEVICE_ACCESS_ALL; bit <<= 1) {
		bool allow = false;

		for (size_t i = 0; i < rules->count; i++)
			if ((rules->items[i].access & bit) &&
			    matches(&rules->items[i], type, major, minor))
				allow = rules->items[i].allow;
		if ((wish & bit) && !allow)
			return false;
	}
	return true;
}

/* What config.json says, word by word, and then the default devices. */
static void take_literally(const struct spec_device_rule *sources, size_t count,
			   struct device_rules *rules)
{
	struct device_rules defaults = { 0 };

	assert_int_equal(device_rules_make(NULL, &arena, &defaults, NULL), 0);
	rules->items = arena_array(&arena, count + defaults.count, sizeof(*rules->items));
	rules->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct spec_device_rule *source = &sources[i];
		struct device_rule *rule = &rules->items[rules->count++];

		*rule = (struct device_rule){
			source->allow, *source->type, *source->major, *source->minor, 0, NULL
		};
		rule->access |= strchr(source->access, 'r') ? BPF_DEVCG_ACC_READ : 0;
		rule->access |= strchr(source->access, 'w') ? BPF_DEVCG_ACC_WRITE : 0;
		rule->access |= strchr(source->access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0;
	}
	for (size_t i = 1; i < defaults.count; i++)
		rules->items[rules->count++] = defaults.items[i];
}

static void compare(const struct device_rules *rules, const struct device_rules *literal,
		    uint32_t major, uint32_t minor)
{
	struct device_program program;

	assert_int_equal(device_program_make(rules, &arena, &program, NULL), 0);
	for (unsigned wish = 1; wish <= DEVICE_ACCESS_ALL; wish++)
		for (uint32_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
			struct bpf_cgroup_dev_ctx device = { wish << 16 | type, major, minor };

			if (interpret(&program, &device) !=
			    allowed(literal, type, major, minor, wish))
				fail_msg("wish %u for %s %u:%u", wish,
					 type == BPF_DEVCG_DEV_BLOCK ? "b" : "c", major, minor);
		}
}

static struct spec_device_rule random_rule(void)
{
	static char *const types[] = { "a", "b", "c" };
	static char *const access[] = { "r", "w", "m", "rw", "rm", "wm", "rwm" };
	static int64_t numbers[] = { -1, 0, 1, 3, 5 };

	return (struct spec_device_rule){ .allow = random() % 2,
					  .type = types[random() % 3],
					  .major = &numbers[random() % 5],
					  .minor = &numbers[random() % 5],
					  .access = access[random() % 7] };
}

static void the_program_answers_as_the_rules_say(void **state)
{
	srandom(1);
	for (int round = 0; round < 300; round++) {
		struct spec_device_rule sources[8];
		struct device_rules rules, literal;
		size_t count = (size_t)(random() % 9);

		for (size_t i = 0; i < count; i++)
			sources[i] = random_rule();
		make_rules(sources, count, &rules);
		take_literally(sources, count, &literal);
		for (uint32_t major = 0; major < 7; major++)
			for (uint32_t minor = 0; minor < 4; minor++)
				compare(&rules, &literal, major, minor);
		arena_free(&arena);
	}
}

static void rules_for_reading_and_writing_add_up(void **state)
{
	struct spec_device_rule sources[] = {
		{ .allow = true,
		  .type = "c",
		  .major = NUMBER(10),
		  .minor = NUMBER(1),
		  .access = "r" },
		{ .allow = true,
		  .type = "c",
		  .major = NUMBER(10),
		  .minor = NUMBER(1),
		  .access = "w" },
	};
	struct bpf_cgroup_dev_ctx device = {
		(BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE) << 16 | BPF_DEVCG_DEV_CHAR, 10, 1
	};
	struct device_program program;
	struct device_rules rules;

	make_rules(sources, 2, &rules);
	assert_int_equal(device_program_make(&rules, &arena, &program, NULL), 0);
	assert_true(interpret(&program, &device));
}

static int forget(void **state)
{
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_only_the_default_devices_are_allowed),
		cmocka_unit_test(rules_are_written_in_their_order),
		cmocka_unit_test(allowing_everything_is_one_write),
		cmocka_unit_test(a_rule_for_all_types_but_not_all_devices_is_two),
		cmocka_unit_test(a_rule_that_later_ones_shadow_is_dropped),
		cmocka_unit_test(a_wide_denial_takes_back_what_was_allowed),
		cmocka_unit_test(what_v1_cannot_say_is_refused),
		cmocka_unit_test(denials_after_everything_stay_denials),
		cmocka_unit_test(broken_rules_are_refused),
		cmocka_unit_test(the_program_answers_as_the_rules_say),
		cmocka_unit_test(rules_for_reading_and_writing_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}

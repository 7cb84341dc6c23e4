/* device_program.c -- device rules as a BPF program, which is cgroup v2's device controller.
 *
 * The kernel runs it with the device and the wished accesses; it answers 1 or 0. Rules are tried
 * from the last to the first; WISH holds the accesses that no rule has decided about yet:
 *
 *     allow: WISH &= ~access; none left: answer 1
 *     deny:  WISH & access: answer 0
 *
 * which is exact where crun and runc look for one rule that covers all wishes: two rules that allow
 * "r" and "w" together allow opening for both.
 *
 * Loading is paid for at each create, and the kernel's verifier walks every path, so neighbours
 * share their comparisons: the rules of one type stand behind one test of the type, those of one
 * major number behind one of the number, and a rule about all accesses is a single jump. No
 * instruction may be unreachable: the answers that nothing jumps to are left out. */
#include "devices.h"

#include <errno.h>
#include <stddef.h>

#define RULE_MOST  5 /* instructions: two contexts, comparison, two of the body */
#define FIXED_MOST 10
#define COUNT_MOST 32000 /* jumps have 16 bits */

enum { TYPE = 3, WISH = 4, MAJOR = 5, MINOR = 6 }; /* registers */

enum label { NOWHERE, ANSWER_NO, ANSWER_YES };

/* The instruction that leaves a group of rules, -1: none is open. */
struct group {
	long jump;
	int64_t value;
};

struct assembler {
	struct device_program *program;
	unsigned char *labels; /* where each instruction jumps: enum label */
	struct group type, major;
};

static size_t emit(struct assembler *to, struct bpf_insn instruction)
{
	to->program->instructions[to->program->count] = instruction;
	return to->program->count++;
}

static void emit_load(struct assembler *to, unsigned reg, size_t offset)
{
	emit(to, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				    .dst_reg = reg,
				    .src_reg = BPF_REG_1,
				    .off = (int16_t)offset });
}

static void emit_number(struct assembler *to, unsigned operation, unsigned reg, int32_t number)
{
	emit(to, (struct bpf_insn){
			 .code = BPF_ALU64 | operation | BPF_K, .dst_reg = reg, .imm = number });
}

static size_t emit_jump(struct assembler *to, unsigned comparison, unsigned reg, int32_t number,
			enum label label)
{
	size_t at = emit(to, (struct bpf_insn){ .code = BPF_JMP | comparison | BPF_K,
						.dst_reg = reg,
						.imm = number });

	to->labels[at] = label;
	return at;
}

static void land_here(struct assembler *to, size_t jump)
{
	to->program->instructions[jump].off = (int16_t)(to->program->count - jump - 1);
}

static void close_group(struct assembler *to, struct group *group)
{
	if (group->jump >= 0)
		land_here(to, (size_t)group->jump);
	group->jump = -1;
}

static void open_group(struct assembler *to, struct group *group, unsigned reg, int64_t value)
{
	if (group->jump >= 0 && group->value == value)
		return;
	close_group(to, group);
	group->jump = (long)emit_jump(to, BPF_JNE, reg, (int32_t)value, NOWHERE);
	group->value = value;
}

/* Stand where all that the rule compares but the last is true; say what the last is. */
static unsigned enter_groups(struct assembler *to, const struct device_rule *rule, int32_t *last)
{
	int32_t type = rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	bool has_major = rule->major != DEVICE_ANY, has_minor = rule->minor != DEVICE_ANY;

	if (!has_minor || !has_major || to->major.value != rule->major || to->type.value != type)
		close_group(to, &to->major);
	if (!has_major && !has_minor) {
		close_group(to, &to->type);
		*last = type;
		return TYPE;
	}
	open_group(to, &to->type, TYPE, type);
	if (!has_minor) {
		*last = (int32_t)rule->major;
		return MAJOR;
	}
	if (has_major)
		open_group(to, &to->major, MAJOR, rule->major);
	*last = (int32_t)rule->minor;
	return MINOR;
}

static void emit_rule(struct assembler *to, const struct device_rule *rule)
{
	int32_t last;
	unsigned reg = enter_groups(to, rule, &last);
	enum label answer = rule->allow ? ANSWER_YES : ANSWER_NO;
	size_t skip;

	if (rule->access == DEVICE_ACCESS_ALL) {
		emit_jump(to, BPF_JEQ, reg, last, answer);
		return;
	}
	skip = emit_jump(to, BPF_JNE, reg, last, NOWHERE);
	if (rule->allow) {
		emit_number(to, BPF_AND, WISH, (int32_t)~rule->access);
		emit_jump(to, BPF_JEQ, WISH, 0, answer);
	} else {
		emit_jump(to, BPF_JSET, WISH, (int32_t)rule->access, answer);
	}
	land_here(to, skip);
}

static void emit_start(struct assembler *to)
{
	emit_load(to, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(to, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(to, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(to, (struct bpf_insn){
			 .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = WISH, .src_reg = TYPE });
	emit_number(to, BPF_RSH, WISH, 16);
	emit_number(to, BPF_AND, TYPE, 0xffff);
}

static void emit_answer(struct assembler *to, enum label label)
{
	size_t here = to->program->count;

	for (size_t i = 0; i < here; i++)
		if (to->labels[i] == label)
			land_here(to, i);
	emit_number(to, BPF_MOV, BPF_REG_0, label == ANSWER_YES);
	emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static bool has_jump_to(const struct assembler *to, enum label label)
{
	for (size_t i = 0; i < to->program->count; i++)
		if (to->labels[i] == label)
			return true;
	return false;
}

int device_program_make(const struct device_rules *rules, struct arena *arena,
			struct device_program *program, struct error *err)
{
	size_t most = FIXED_MOST + RULE_MOST * rules->count;
	enum label otherwise = rules->items[0].allow ? ANSWER_YES : ANSWER_NO;
	enum label other = rules->items[0].allow ? ANSWER_NO : ANSWER_YES;
	struct assembler to = { .program = program, .type.jump = -1, .major.jump = -1 };

	if (most > COUNT_MOST) {
		fail(err, E2BIG, "%zu device rules are too many", rules->count);
		return fail_where(err, "linux.resources.devices");
	}
	program->count = 0;
	program->instructions = arena_array(arena, most, sizeof(*program->instructions));
	to.labels = arena_array(arena, most, sizeof(*to.labels));
	emit_start(&to);
	for (size_t i = rules->count; i-- > 1;)
		emit_rule(&to, &rules->items[i]);
	close_group(&to, &to.major);
	close_group(&to, &to.type);
	emit_answer(&to, otherwise);
	if (has_jump_to(&to, other))
		emit_answer(&to, other);
	return 0;
}

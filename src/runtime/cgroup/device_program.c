/* device_program.c -- device rules as a BPF program, which is cgroup v2's device controller.
 *
 * The kernel runs it with the device and the wished accesses; it answers 1 or 0. Rules are tried
 * from the last to the first; r4 holds the accesses that no rule has decided about yet:
 *
 *     allow: r4 &= ~access; none left: answer 1
 *     deny:  r4 & access: answer 0
 *
 * which is exact where crun and runc look for one rule that covers all wishes: two rules that allow
 * "r" and "w" together allow opening for both. */
#include "devices.h"

#include <stddef.h>

#define RULE_MOST   8 /* instructions */
#define FIXED_COUNT 8

enum { WISH = 4, TYPE = 3, MAJOR = 5, MINOR = 6, SPARE = 7 }; /* registers */

static void emit(struct device_program *program, struct bpf_insn instruction)
{
	program->instructions[program->count++] = instruction;
}

static void emit_load(struct device_program *program, unsigned to, size_t offset)
{
	emit(program, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
					 .dst_reg = to,
					 .src_reg = BPF_REG_1,
					 .off = (int16_t)offset });
}

static void emit_move(struct device_program *program, unsigned to, unsigned from)
{
	emit(program, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					 .dst_reg = to,
					 .src_reg = from });
}

static void emit_number(struct device_program *program, unsigned operation, unsigned to,
			int32_t number)
{
	emit(program, (struct bpf_insn){ .code = BPF_ALU64 | operation | BPF_K,
					 .dst_reg = to,
					 .imm = number });
}

static void emit_answer(struct device_program *program, bool allow)
{
	emit_number(program, BPF_MOV, BPF_REG_0, allow);
	emit(program, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Jump to the next rule; its place is filled in by patch_jumps. */
static void emit_next_if(struct device_program *program, unsigned comparison, unsigned reg,
			 int32_t number)
{
	emit(program, (struct bpf_insn){ .code = BPF_JMP | comparison | BPF_K,
					 .dst_reg = reg,
					 .imm = number });
}

static void patch_jumps(struct device_program *program, size_t start)
{
	for (size_t i = start; i < program->count; i++) {
		struct bpf_insn *instruction = &program->instructions[i];

		if ((instruction->code & 7) == BPF_JMP && instruction->code != (BPF_JMP | BPF_EXIT))
			instruction->off = (int16_t)(program->count - i - 1);
	}
}

static void emit_start(struct device_program *program)
{
	emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_move(program, WISH, TYPE);
	emit_number(program, BPF_RSH, WISH, 16);
	emit_number(program, BPF_AND, TYPE, 0xffff);
}

static void emit_rule(struct device_program *program, const struct device_rule *rule)
{
	size_t start = program->count;

	emit_next_if(program, BPF_JNE, TYPE,
		     rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major != DEVICE_ANY)
		emit_next_if(program, BPF_JNE, MAJOR, (int32_t)rule->major);
	if (rule->minor != DEVICE_ANY)
		emit_next_if(program, BPF_JNE, MINOR, (int32_t)rule->minor);
	if (rule->allow) {
		emit_number(program, BPF_AND, WISH, (int32_t)~rule->access);
		emit_next_if(program, BPF_JNE, WISH, 0);
	} else {
		emit_move(program, SPARE, WISH);
		emit_number(program, BPF_AND, SPARE, (int32_t)rule->access);
		emit_next_if(program, BPF_JEQ, SPARE, 0);
	}
	emit_answer(program, rule->allow);
	patch_jumps(program, start);
}

int device_program_make(const struct device_rules *rules, struct arena *arena,
			struct device_program *program, struct error *err)
{
	program->count = 0;
	program->instructions = arena_array(arena, FIXED_COUNT + RULE_MOST * rules->count,
					    sizeof(*program->instructions));
	emit_start(program);
	for (size_t i = rules->count; i-- > 1;)
		emit_rule(program, &rules->items[i]);
	emit_answer(program, rules->items[0].allow);
	return 0;
}

/* verdicts.c -- what a filter decides from architecture and number alone (seccomp(2)).
 *
 * A filter loads words of struct seccomp_data into the accumulator, compares, jumps forward only,
 * and returns. As long as it has looked at nothing but the architecture and the number, it can be
 * run with both known. It compares them with constants only, so all values between two neighbouring
 * constants are treated alike. */
#include "verdicts.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_WORD (BPF_LD | BPF_W | BPF_ABS)
#define NUMBER    offsetof(struct seccomp_data, nr)
#define ARCH      offsetof(struct seccomp_data, arch)

/* What may be in the accumulator. */
enum { HAS_NUMBER = 1, HAS_ARCH = 2, HAS_OTHER = 4 };

static unsigned loaded_by(const struct sock_filter *code)
{
	if (code->code != LOAD_WORD)
		return HAS_OTHER;
	return code->k == NUMBER ? HAS_NUMBER : code->k == ARCH ? HAS_ARCH : HAS_OTHER;
}

static bool is_jump(const struct sock_filter *code)
{
	return BPF_CLASS(code->code) == BPF_JMP;
}

static bool is_comparison(const struct sock_filter *code)
{
	return code->code == (BPF_JMP | BPF_JEQ | BPF_K) ||
	       code->code == (BPF_JMP | BPF_JGT | BPF_K) ||
	       code->code == (BPF_JMP | BPF_JGE | BPF_K);
}

static bool is_always(const struct sock_filter *code)
{
	return code->code == (BPF_JMP | BPF_JA);
}

/* ---- the values where decisions change --------------------------------------------------------
 */

static void add_cut(struct cuts *cuts, uint32_t value)
{
	cuts->values[cuts->count++] = value;
}

static int compare_values(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void sort_cuts(struct cuts *cuts)
{
	size_t kept = 0;

	qsort(cuts->values, cuts->count, sizeof(*cuts->values), compare_values);
	for (size_t i = 0; i < cuts->count; i++)
		if (kept == 0 || cuts->values[kept - 1] != cuts->values[i])
			cuts->values[kept++] = cuts->values[i];
	cuts->count = kept;
}

/* A comparison with K can tell apart K - 1, K and K + 1. */
static void cut_at(struct cuts *cuts, uint32_t constant)
{
	add_cut(cuts, constant);
	if (constant < UINT32_MAX)
		add_cut(cuts, constant + 1);
}

/* Hand the accumulator's content on to where the instruction leads. */
static bool propagate(const struct bpf *bpf, uint32_t at, unsigned holds, unsigned char *reached)
{
	const struct sock_filter *code = &bpf->code[at];
	uint64_t next = at + 1ull, yes = next + code->jt, no = next + code->jf;

	if (BPF_CLASS(code->code) == BPF_RET)
		return code->code == (BPF_RET | BPF_K);
	if (!is_jump(code))
		yes = no = next;
	if (is_always(code))
		yes = no = next + code->k;
	if (yes >= bpf->length || no >= bpf->length)
		return false;
	reached[yes] |= (unsigned char)holds;
	reached[no] |= (unsigned char)holds;
	return true;
}

/* Before an argument is loaded there is nothing but loads, comparisons and returns. */
static bool is_simple(const struct sock_filter *code, unsigned holds)
{
	if (!(holds & (HAS_NUMBER | HAS_ARCH)))
		return true;
	return code->code == LOAD_WORD || is_comparison(code) || is_always(code) ||
	       BPF_CLASS(code->code) == BPF_RET;
}

static bool find_cuts(const struct bpf *bpf, unsigned char *reached, struct cuts *architectures,
		      struct cuts *numbers)
{
	for (uint32_t at = 0; at < bpf->length; at++) {
		const struct sock_filter *code = &bpf->code[at];
		unsigned holds = reached[at];

		if (at == 0 ? code->code != LOAD_WORD : holds == 0)
			continue;
		if (!is_simple(code, holds))
			return false;
		if (is_comparison(code) && holds & HAS_ARCH)
			cut_at(architectures, code->k);
		if (is_comparison(code) && holds & HAS_NUMBER)
			cut_at(numbers, code->k);
		if (!is_jump(code))
			holds = loaded_by(code);
		if (!propagate(bpf, at, holds, reached))
			return false;
	}
	return bpf->length > 0 && bpf->code[0].code == LOAD_WORD;
}

bool verdicts_cuts(const struct bpf *bpf, struct arena *arena, struct cuts *architectures,
		   struct cuts *numbers)
{
	size_t most = 2 * (size_t)bpf->length + 1;
	unsigned char *reached = arena_alloc(arena, bpf->length + 1);

	*architectures = (struct cuts){ arena_array(arena, most, sizeof(uint32_t)), 0 };
	*numbers = (struct cuts){ arena_array(arena, most, sizeof(uint32_t)), 0 };
	add_cut(architectures, 0);
	add_cut(numbers, 0);
	if (!find_cuts(bpf, reached, architectures, numbers))
		return false;
	sort_cuts(architectures);
	sort_cuts(numbers);
	return true;
}

/* ---- a run ------------------------------------------------------------------------------------
 */

static bool holds_for(const struct sock_filter *code, uint32_t value)
{
	switch (BPF_OP(code->code)) {
	case BPF_JEQ:
		return value == code->k;
	case BPF_JGT:
		return value > code->k;
	default:
		return value >= code->k;
	}
}

struct outcome verdicts_of(const struct bpf *bpf, uint32_t architecture, uint32_t number)
{
	uint32_t accumulator = 0;

	for (uint32_t at = 0;; at++) {
		const struct sock_filter *code = &bpf->code[at];

		if (BPF_CLASS(code->code) == BPF_RET)
			return (struct outcome){ true, code->k };
		if (is_always(code))
			at += code->k;
		else if (is_jump(code))
			at += holds_for(code, accumulator) ? code->jt : code->jf;
		else if (loaded_by(code) == HAS_OTHER)
			return (struct outcome){ false, at };
		else
			accumulator = loaded_by(code) == HAS_ARCH ? architecture : number;
	}
}

/* ---- the same -------------------------------------------------------------------------------- */

/* Unconditional jumps do nothing but lead elsewhere. */
static uint32_t skip_jumps(const struct bpf *bpf, uint32_t at)
{
	while (is_always(&bpf->code[at]))
		at += 1 + bpf->code[at].k;
	return at;
}

struct pair {
	const struct bpf *a, *b;
	uint32_t *proved; /* for an instruction of b the one of a, plus 1, that it was proved to
			     equal */
};

/* From these instructions on, do both do the same to every argument? Instruction by instruction,
 * along every path. */
static bool same_from(const struct pair *pair, uint32_t in_a, uint32_t in_b)
{
	const struct sock_filter *left, *right;

	in_a = skip_jumps(pair->a, in_a);
	in_b = skip_jumps(pair->b, in_b);
	left = &pair->a->code[in_a];
	right = &pair->b->code[in_b];
	if (left->code != right->code || left->k != right->k)
		return false;
	if (BPF_CLASS(left->code) == BPF_RET || pair->proved[in_b] == in_a + 1)
		return true;
	if (!is_jump(left) ? !same_from(pair, in_a + 1, in_b + 1)
			   : !same_from(pair, in_a + 1 + left->jt, in_b + 1 + right->jt) ||
				     !same_from(pair, in_a + 1 + left->jf, in_b + 1 + right->jf))
		return false;
	pair->proved[in_b] = in_a + 1;
	return true;
}

static bool same_outcome(const struct pair *pair, uint32_t architecture, uint32_t number)
{
	struct outcome left = verdicts_of(pair->a, architecture, number);
	struct outcome right = verdicts_of(pair->b, architecture, number);

	if (left.decided != right.decided)
		return false;
	return left.decided ? left.value == right.value : same_from(pair, left.value, right.value);
}

static struct cuts join_cuts(const struct cuts *a, const struct cuts *b, struct arena *arena)
{
	struct cuts all = { arena_array(arena, a->count + b->count, sizeof(uint32_t)),
			    a->count + b->count };

	memcpy(all.values, a->values, a->count * sizeof(uint32_t));
	memcpy(all.values + a->count, b->values, b->count * sizeof(uint32_t));
	sort_cuts(&all);
	return all;
}

bool verdicts_same(const struct bpf *a, const struct bpf *b, struct arena *arena)
{
	struct pair pair = { a, b, arena_array(arena, b->length, sizeof(uint32_t)) };
	struct cuts of_a[2], of_b[2], architectures, numbers;

	if (!verdicts_cuts(a, arena, &of_a[0], &of_a[1]) ||
	    !verdicts_cuts(b, arena, &of_b[0], &of_b[1]))
		return false;
	architectures = join_cuts(&of_a[0], &of_b[0], arena);
	numbers = join_cuts(&of_a[1], &of_b[1], arena);
	for (size_t i = 0; i < architectures.count; i++)
		for (size_t j = 0; j < numbers.count; j++)
			if (!same_outcome(&pair, architectures.values[i], numbers.values[j]))
				return false;
	return true;
}

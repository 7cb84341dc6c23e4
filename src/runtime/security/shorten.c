/* shorten.c -- the same filter in fewer instructions.
 *
 * Loading a filter costs what its length is (the kernel checks, converts and compiles it), and the
 * kernel then runs it once for every system call to find out which are always allowed. libseccomp
 * writes some three instructions for each name. Most neighbours have the same verdict, so here the
 * numbers become ranges, found by halves, and single numbers that differ from all around them are
 * asked for one by one; what depends on arguments is copied as it is.
 *
 * Jumps lead forward, at most 255 instructions far, so a program is written from its end: targets
 * are there before the jumps to them, and are used again as long as they are near. */
#include "shorten.h"

#include <linux/seccomp.h>
#include <string.h>

#define JUMP_MOST       255
#define NEAR            200 /* used again, with room for what may still come between */
#define VERDICTS        32

#define EXCEPTIONS_MOST 4 /* asked for one after the other */

struct writer {
	const struct bpf *from;
	struct sock_filter code[BPF_MAXINSNS];
	uint32_t first; /* what is written is code[first..] */
	bool full;
	uint32_t *copies; /* where an instruction of `from` was copied to last; 0: nowhere yet */
	struct {
		uint32_t value, at;
	} verdicts[VERDICTS];
	unsigned verdict_count;
};

static uint32_t write_code(struct writer *writer, struct sock_filter code)
{
	if (writer->first == 0)
		writer->full = true;
	else
		writer->code[--writer->first] = code;
	return writer->first;
}

/* How far a jump written next would have to go. */
static uint32_t distance(const struct writer *writer, uint32_t to)
{
	return to - writer->first;
}

static uint32_t write_long_jump(struct writer *writer, uint32_t to)
{
	return write_code(writer,
			  (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(writer, to)));
}

/* What is too far is reached by a long jump that is written just before. */
static uint32_t write_comparison(struct writer *writer, uint16_t code, uint32_t constant,
				 uint32_t yes, uint32_t no)
{
	if (distance(writer, yes) > JUMP_MOST - 1)
		yes = write_long_jump(writer, yes);
	if (distance(writer, no) > JUMP_MOST)
		no = write_long_jump(writer, no);
	return write_code(writer, (struct sock_filter)BPF_JUMP(
					  code, constant, (unsigned char)distance(writer, yes),
					  (unsigned char)distance(writer, no)));
}

static uint32_t write_verdict(struct writer *writer, uint32_t value)
{
	unsigned slot = 0;

	while (slot < writer->verdict_count && writer->verdicts[slot].value != value)
		slot++;
	if (slot < writer->verdict_count && distance(writer, writer->verdicts[slot].at) < NEAR)
		return writer->verdicts[slot].at;
	write_code(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
	if (slot == VERDICTS)
		return writer->first;
	writer->verdicts[slot].value = value;
	writer->verdicts[slot].at = writer->first;
	writer->verdict_count += slot == writer->verdict_count;
	return writer->first;
}

/* The instruction and all that it leads to. */
static uint32_t copy_from(struct writer *writer, uint32_t at)
{
	const struct sock_filter *code = &writer->from->code[at];
	uint32_t yes, no;

	if (code->code == (BPF_RET | BPF_K))
		return write_verdict(writer, code->k);
	if (code->code == (BPF_JMP | BPF_JA))
		return copy_from(writer, at + 1 + code->k);
	if (writer->full || (writer->copies[at] && distance(writer, writer->copies[at]) < NEAR))
		return writer->copies[at];
	if (BPF_CLASS(code->code) == BPF_JMP) {
		yes = copy_from(writer, at + 1 + code->jt);
		no = copy_from(writer, at + 1 + code->jf);
		write_comparison(writer, code->code, code->k, yes, no);
	} else {
		no = copy_from(writer, at + 1);
		if (no != writer->first)
			write_long_jump(writer, no);
		write_code(writer, *code);
	}
	return writer->copies[at] = writer->first;
}

static uint32_t write_outcome(struct writer *writer, struct outcome outcome)
{
	return outcome.decided ? write_verdict(writer, outcome.value)
			       : copy_from(writer, outcome.value);
}

static bool same_outcomes(struct outcome a, struct outcome b)
{
	return a.decided == b.decided && a.value == b.value;
}

/* Behind the last range of all there is one that starts at 0: its length comes out right. */
static bool is_single(const struct range *range)
{
	return range[1].start - range->start == 1;
}

/* Neighbours that are all like `usual`, but for a few single numbers. */
struct group {
	const struct range *ranges;
	size_t count;
	struct outcome usual;
};

static size_t count_alike(const struct range *ranges, size_t count, struct outcome usual)
{
	unsigned exceptions = 0;
	size_t i = 0;

	for (; i < count; i++)
		if (!same_outcomes(ranges[i].outcome, usual) &&
		    (!is_single(&ranges[i]) || ++exceptions > EXCEPTIONS_MOST))
			break;
	return i;
}

/* The longest that begins here: what is usual is what the first or the second range has. */
static struct group first_group(const struct range *ranges, size_t count)
{
	struct group group = { ranges, count_alike(ranges, count, ranges[0].outcome),
			       ranges[0].outcome };
	size_t second = count > 1 ? count_alike(ranges, count, ranges[1].outcome) : 0;

	if (second > group.count)
		group = (struct group){ ranges, second, ranges[1].outcome };
	return group;
}

static uint32_t write_group(struct writer *writer, const struct group *group)
{
	uint32_t otherwise = write_outcome(writer, group->usual);

	for (size_t i = group->count; i-- > 0;) {
		const struct range *range = &group->ranges[i];
		uint32_t found;

		if (same_outcomes(range->outcome, group->usual))
			continue;
		found = write_outcome(writer, range->outcome);
		otherwise = write_comparison(writer, BPF_JMP | BPF_JEQ | BPF_K, range->start, found,
					     otherwise);
	}
	return otherwise;
}

static uint32_t write_groups(struct writer *writer, const struct group *groups, size_t count)
{
	size_t middle = count / 2;
	uint32_t low, high;

	if (count == 1)
		return write_group(writer, groups);
	high = write_groups(writer, groups + middle, count - middle);
	low = write_groups(writer, groups, middle);
	return write_comparison(writer, BPF_JMP | BPF_JGE | BPF_K, groups[middle].ranges->start,
				high, low);
}

static uint32_t write_ranges(struct writer *writer, const struct range *ranges, size_t count)
{
	auto_arena struct arena work = { 0 };
	struct group *groups = arena_array(&work, count, sizeof(*groups));
	size_t found = 0;

	for (size_t at = 0; at < count; at += groups[found++].count)
		groups[found] = first_group(ranges + at, count - at);
	return write_groups(writer, groups, found);
}

/* ---- one architecture, all architectures ------------------------------------------------------
 */

struct numbers {
	uint32_t architecture; /* from here on */
	struct range *ranges;
	size_t count;
};

static struct numbers ranges_of(const struct bpf *bpf, uint32_t architecture,
				const struct cuts *cuts, struct arena *arena)
{
	struct numbers numbers = { architecture,
				   arena_array(arena, cuts->count + 1, sizeof(struct range)), 0 };

	for (size_t i = 0; i < cuts->count; i++) {
		struct outcome outcome = verdicts_of(bpf, architecture, cuts->values[i]);

		if (numbers.count == 0 ||
		    !same_outcomes(numbers.ranges[numbers.count - 1].outcome, outcome))
			numbers.ranges[numbers.count++] =
				(struct range){ cuts->values[i], outcome };
	}
	return numbers;
}

static bool same_numbers(const struct numbers *a, const struct numbers *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->ranges[i].start != b->ranges[i].start ||
		    !same_outcomes(a->ranges[i].outcome, b->ranges[i].outcome))
			return false;
	return true;
}

static uint32_t write_load(struct writer *writer, uint32_t offset, uint32_t next)
{
	if (next != writer->first)
		write_long_jump(writer, next);
	return write_code(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static uint32_t write_numbers(struct writer *writer, const struct numbers *numbers)
{
	uint32_t tree = write_ranges(writer, numbers->ranges, numbers->count);

	return numbers->count == 1 ? tree
				   : write_load(writer, offsetof(struct seccomp_data, nr), tree);
}

static uint32_t write_architectures(struct writer *writer, const struct numbers *all, size_t count)
{
	size_t middle = count / 2;
	uint32_t low, high;

	if (count == 1)
		return write_numbers(writer, all);
	high = write_architectures(writer, all + middle, count - middle);
	low = write_architectures(writer, all, middle);
	return write_comparison(writer, BPF_JMP | BPF_JGE | BPF_K, all[middle].architecture, high,
				low);
}

static void write_program(struct writer *writer, const struct cuts *architectures,
			  const struct cuts *cuts, struct arena *arena)
{
	struct numbers *all = arena_array(arena, architectures->count, sizeof(*all));
	size_t count = 0;
	uint32_t tree;

	for (size_t i = 0; i < architectures->count; i++) {
		all[count] = ranges_of(writer->from, architectures->values[i], cuts, arena);
		if (count == 0 || !same_numbers(&all[count - 1], &all[count]))
			count++;
	}
	tree = write_architectures(writer, all, count);
	write_load(writer, offsetof(struct seccomp_data, arch), tree);
}

struct bpf shorten(const struct bpf *bpf, struct arena *arena)
{
	auto_arena struct arena work = { 0 };
	struct writer *writer = arena_alloc(&work, sizeof(*writer));
	struct cuts architectures, numbers;
	struct bpf shorter;

	if (!verdicts_cuts(bpf, &work, &architectures, &numbers))
		return *bpf;
	writer->from = bpf;
	writer->first = BPF_MAXINSNS;
	writer->copies = arena_array(&work, bpf->length, sizeof(*writer->copies));
	write_program(writer, &architectures, &numbers, &work);
	shorter = (struct bpf){ writer->code + writer->first, BPF_MAXINSNS - writer->first };
	if (writer->full || shorter.length >= bpf->length || !verdicts_same(bpf, &shorter, &work))
		return *bpf;
	shorter.code =
		(void *)arena_copy(arena, shorter.code, shorter.length * sizeof(*shorter.code));
	return shorter;
}

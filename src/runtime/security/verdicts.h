/* verdicts.h -- what a filter decides from architecture and number alone. Private to security/. */
#ifndef SECURITY_VERDICTS_H
#define SECURITY_VERDICTS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A program of classic BPF, as seccomp(2) takes it. */
struct bpf {
	const struct sock_filter *code;
	uint32_t length;
};

/* Where a run ends that knows the architecture and the number, but no argument. */
struct outcome {
	bool decided;
	uint32_t value; /* the verdict, or the instruction that loads the first argument */
};

/* From `start` up to the next range's start. */
struct range {
	uint32_t start;
	struct outcome outcome;
};

struct cuts {
	uint32_t *values; /* rising, the first is 0 */
	size_t count;
};

/* The values where a decision can change, of architectures and of numbers: between two neighbours
 * every value is treated alike, which makes a test of one of them a proof for all. False when the
 * program does with one of them anything but compare it. */
bool verdicts_cuts(const struct bpf *bpf, struct arena *arena, struct cuts *architectures,
		   struct cuts *numbers);

/* Only of a program that verdicts_cuts accepted. */
struct outcome verdicts_of(const struct bpf *bpf, uint32_t architecture, uint32_t number);

/* Do both programs decide alike, for every architecture, number and argument? */
bool verdicts_same(const struct bpf *a, const struct bpf *b, struct arena *arena);

#endif

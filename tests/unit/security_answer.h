/* security_answer.h -- an interpreter of filters, to judge what is said about them. After cmocka.h.
 */
#ifndef SECURITY_ANSWER_TEST_H
#define SECURITY_ANSWER_TEST_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "security/verdicts.h"

/* A filter's answer, by what bpf(4) says an instruction does. */
static uint32_t answer(const struct bpf *bpf, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (uint32_t at = 0;; at++) {
		const struct sock_filter *code = &bpf->code[at];
		bool yes;

		assert_true(at < bpf->length);
		switch (code->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&accumulator, (const char *)data + code->k, sizeof(accumulator));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= code->k;
			continue;
		case BPF_RET | BPF_K:
			return code->k;
		case BPF_JMP | BPF_JA:
			at += code->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = accumulator == code->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = accumulator > code->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = accumulator >= code->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = accumulator & code->k;
			break;
		default:
			fail_msg("instruction %#x", code->code);
			return 0;
		}
		at += yes ? code->jt : code->jf;
	}
}

#endif

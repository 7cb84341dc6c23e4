/* newer.c -- system calls that are newer than the profile do not exist.
 *
 * An allow list names what its author knew. libc tries newer calls first and falls back to older
 * ones when the kernel does not have them (ENOSYS), but takes EPERM for an answer. So every number
 * above the largest that the profile names gets ENOSYS, whatever the default action is, as runc
 * does it: the filter itself, which is asked about the rest, decides as written. A default that
 * lets calls through needs none of this, nor does one that hands them to a tracer, who may know
 * them. */
#include "newer.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "profile.h"
#include "runtime/security.h"

#define X32_BIT          0x40000000u
#define ANSWER_LENGTH    6u /* instructions for one range */
#define RANGES_FOR_TOKEN 2

static bool lets_through(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG ||
	       (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
}

static uint32_t largest_named(const struct library *library, const struct spec_seccomp *profile,
			      uint32_t token)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct strings *names = &profile->syscalls.items[i].names;

		for (size_t j = 0; j < names->count; j++) {
			int number =
				library->seccomp_syscall_resolve_name_arch(token, names->items[j]);

			/* Negative ones are libseccomp's own, of calls that are not there. */
			if (number > 0 && (uint32_t)number > largest)
				largest = (uint32_t)number;
		}
	}
	return largest;
}

static void add_absent(struct absences *absences, uint32_t architecture, uint32_t first,
		       uint32_t last)
{
	absences->items[absences->count++] = (struct absent){ architecture, first, last };
}

/* x32 is x86_64 to the kernel, with a bit in its numbers. On s390 a number that the entry code has
 * no table for arrives as 0, which has been no call for decades. */
static void add_token(struct absences *absences, uint32_t token, uint32_t largest)
{
	if (largest == 0) /* nothing that is named exists there */
		return;
	if (token == SCMP_ARCH_X86_64)
		add_absent(absences, AUDIT_ARCH_X86_64, largest + 1, X32_BIT - 1);
	else
		add_absent(absences, token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token,
			   largest + 1, UINT32_MAX);
	if (token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X)
		add_absent(absences, token, 0, 0);
}

struct absences newer_find(const struct library *library, scmp_filter_ctx filter,
			   const struct spec_seccomp *profile, struct arena *arena)
{
	struct absences absences = { 0 };
	size_t tokens = 0;

	if (lets_through(profile_action(profile->default_action, profile->default_errno_ret)))
		return absences;
	while (seccomp_architecture_names[tokens].name)
		tokens++;
	absences.items = arena_array(arena, tokens * RANGES_FOR_TOKEN, sizeof(*absences.items));
	for (size_t i = 0; i < tokens; i++) {
		uint32_t token = (uint32_t)seccomp_architecture_names[i].value;

		if (library->seccomp_arch_exist(filter, token) == 0)
			add_token(&absences, token, largest_named(library, profile, token));
	}
	return absences;
}

struct bpf newer_prepend(const struct bpf *bpf, const struct absences *absences,
			 struct arena *arena)
{
	size_t length = absences->count * ANSWER_LENGTH + bpf->length;
	struct sock_filter *code, *at;

	if (absences->count == 0)
		return *bpf;
	at = code = arena_array(arena, length, sizeof(*code));
	for (size_t i = 0; i < absences->count; i++, at += ANSWER_LENGTH) {
		const struct absent *absent = &absences->items[i];
		const struct sock_filter answer[ANSWER_LENGTH] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, absent->architecture, 0, 4),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, absent->first, 0, 2),
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, absent->last, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		};

		memcpy(at, answer, sizeof(answer));
	}
	memcpy(at, bpf->code, bpf->length * sizeof(*code));
	return (struct bpf){ code, (uint32_t)length };
}

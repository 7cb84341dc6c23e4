/* listener.c -- can the listener of a filter be handed over?
 *
 * The process that loads a filter with SCMP_ACT_NOTIFY gets the listener, and passes it on over its
 * control socket: by sendmsg(2), under the filter. pidfd_getfd(2) by the launcher would not need
 * that call, but the right to trace the process, which is not dumpable: Yama may forbid it to
 * everybody, and a runtime without CAP_SYS_PTRACE does not have it. Passing needs no privilege. So
 * the filter has to let sendmsg through: if it failed there would be no agent, if it were for the
 * agent everybody would wait for ever. */
#include "listener.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "verdicts.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define OWN_ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

int listener_check(const struct plan_filter *filter, struct error *err)
{
	auto_arena struct arena work = { 0 };
	const struct bpf bpf = { filter->program,
				 (uint32_t)(filter->length / sizeof(struct sock_filter)) };
	struct cuts architectures, numbers;
	struct outcome outcome;

	/* Who writes programs by hand that are not understood here knows what he does. */
	if (!filter->notify || !verdicts_cuts(&bpf, &work, &architectures, &numbers))
		return 0;
	outcome = verdicts_of(&bpf, OWN_ARCHITECTURE, SYS_sendmsg);
	if (outcome.decided && (outcome.value == SECCOMP_RET_ALLOW ||
				(outcome.value & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG))
		return 0;
	return fail(err, EINVAL,
		    "a filter with SCMP_ACT_NOTIFY must allow sendmsg, which hands its listener to "
		    "the agent");
}

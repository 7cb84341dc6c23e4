/* names.c -- the names that linux.seccomp may use (config-linux.md "Seccomp"), with libseccomp's
 * and the kernel's values. Values that are newer than the build machine's headers stand here as
 * numbers: which names a coffer knows must not depend on where it was built. */
#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "runtime/security.h"

enum {
	WAIT_KILLABLE_RECV = 1 << 5, /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19 */
	MACHINE_LOONGARCH = 258,     /* EM_LOONGARCH */
};

/* clang-format off */
#define ROW(name) { #name, name }
#define END { NULL, 0 }

/* ERRNO and TRACE carry a number in their low 16 bits. */
const struct spec_name seccomp_action_names[] = {
	ROW(SCMP_ACT_KILL),
	ROW(SCMP_ACT_KILL_PROCESS),
	ROW(SCMP_ACT_KILL_THREAD),
	ROW(SCMP_ACT_TRAP),
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	ROW(SCMP_ACT_ALLOW),
	ROW(SCMP_ACT_LOG),
	ROW(SCMP_ACT_NOTIFY),
	END,
};

const struct spec_name seccomp_operator_names[] = {
	ROW(SCMP_CMP_NE),
	ROW(SCMP_CMP_LT),
	ROW(SCMP_CMP_LE),
	ROW(SCMP_CMP_EQ),
	ROW(SCMP_CMP_GE),
	ROW(SCMP_CMP_GT),
	ROW(SCMP_CMP_MASKED_EQ),
	END,
};

/* libseccomp knows an architecture by the token of the audit subsystem. */
const struct spec_name seccomp_architecture_names[] = {
	ROW(SCMP_ARCH_X86),
	ROW(SCMP_ARCH_X86_64),
	ROW(SCMP_ARCH_X32),
	ROW(SCMP_ARCH_ARM),
	ROW(SCMP_ARCH_AARCH64),
	ROW(SCMP_ARCH_MIPS),
	ROW(SCMP_ARCH_MIPS64),
	ROW(SCMP_ARCH_MIPS64N32),
	ROW(SCMP_ARCH_MIPSEL),
	ROW(SCMP_ARCH_MIPSEL64),
	ROW(SCMP_ARCH_MIPSEL64N32),
	ROW(SCMP_ARCH_PPC),
	ROW(SCMP_ARCH_PPC64),
	ROW(SCMP_ARCH_PPC64LE),
	ROW(SCMP_ARCH_S390),
	ROW(SCMP_ARCH_S390X),
	ROW(SCMP_ARCH_PARISC),
	ROW(SCMP_ARCH_PARISC64),
	ROW(SCMP_ARCH_RISCV64),
	{ "SCMP_ARCH_LOONGARCH64", MACHINE_LOONGARCH | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_M68K", EM_68K },
	{ "SCMP_ARCH_SH", EM_SH | __AUDIT_ARCH_LE },
	{ "SCMP_ARCH_SHEB", EM_SH },
	END,
};

const struct spec_name seccomp_flag_names[] = {
	ROW(SECCOMP_FILTER_FLAG_TSYNC),
	ROW(SECCOMP_FILTER_FLAG_LOG),
	ROW(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WAIT_KILLABLE_RECV },
	END,
};
/* clang-format on */

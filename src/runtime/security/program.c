/* program.c -- rules to BPF, by libseccomp (seccomp_rule_add(3)). */
#include "program.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "newer.h"
#include "profile.h"
#include "runtime/security.h"
#include "shorten.h"

enum { BINARY_TREE = 2, ARGUMENTS = 6 };

struct compiler {
	const struct library *library;
	bool unknown_fails;
	const struct spec_seccomp *profile;
	scmp_filter_ctx context;
	uint32_t default_action;
};

/* An architecture that this libseccomp does not know, or that has the other byte order, cannot run
 * here; without its rules its calls are not let through either (the filter kills them). */
static int add_architectures(const struct compiler *compiler, struct error *err)
{
	const struct strings *list = &compiler->profile->architectures;

	for (size_t i = 0; i < list->count; i++) {
		uint64_t token = 0;
		int result;

		spec_name_value(seccomp_architecture_names, list->items[i], &token);
		result = compiler->library->seccomp_arch_add(compiler->context, (uint32_t)token);
		if (result == -EINVAL || result == -EDOM) {
			log_warning("seccomp: %s is not for this host: skipped", list->items[i]);
		} else if (result < 0 && result != -EEXIST) {
			fail_number(err, result, "seccomp_arch_add", "cannot filter %s",
				    list->items[i]);
			return fail_where(err, "linux.seccomp.architectures[%zu]", i);
		}
	}
	return 0;
}

static int add_name(const struct compiler *compiler, const char *name, uint32_t action,
		    const struct scmp_arg_cmp *conditions, unsigned count, struct error *err)
{
	int number = compiler->library->seccomp_syscall_resolve_name(name);
	int result;

	if (number == __NR_SCMP_ERROR && compiler->unknown_fails)
		return fail(err, EINVAL, "libseccomp does not know the system call %s", name);
	if (number == __NR_SCMP_ERROR) {
		log_debug("seccomp: unknown system call %s: skipped", name);
		return 0;
	}
	result = compiler->library->seccomp_rule_add_array(compiler->context, action, number, count,
							   conditions);
	return result < 0 ? fail_number(err, result, "seccomp_rule_add",
					"cannot add a rule for the system call %s", name)
			  : 0;
}

static int add_names(const struct compiler *compiler, const struct spec_seccomp_syscall *rule,
		     const struct scmp_arg_cmp *conditions, unsigned count, struct error *err)
{
	uint32_t action = profile_action(rule->action, rule->errno_ret);

	for (size_t i = 0; i < rule->names.count; i++)
		TRY(add_name(compiler, rule->names.items[i], action, conditions, count, err));
	return 0;
}

static struct scmp_arg_cmp condition_of(const struct spec_seccomp_arg *argument)
{
	uint64_t compare = 0;

	spec_name_value(seccomp_operator_names, argument->op, &compare);
	return (struct scmp_arg_cmp){ argument->index, (enum scmp_compare)compare, argument->value,
				      argument->value_two };
}

/* Conditions on different arguments must all hold. libseccomp takes only one for an argument: when
 * one is named twice, each condition is a rule of its own (any of them may hold), as in runc. */
static int add_rule(const struct compiler *compiler, const struct spec_seccomp_syscall *rule,
		    struct error *err)
{
	struct scmp_arg_cmp conditions[ARGUMENTS];
	unsigned named = 0;
	bool twice = false;

	for (size_t i = 0; i < rule->args.count; i++) {
		unsigned bit = 1u << rule->args.items[i].index;

		twice = twice || (named & bit);
		named |= bit;
		if (!twice)
			conditions[i] = condition_of(&rule->args.items[i]);
	}
	if (!twice)
		return add_names(compiler, rule, conditions, (unsigned)rule->args.count, err);
	for (size_t i = 0; i < rule->args.count; i++) {
		conditions[0] = condition_of(&rule->args.items[i]);
		TRY(add_names(compiler, rule, conditions, 1, err));
	}
	return 0;
}

/* What the default does anyway needs no rule, and libseccomp refuses one. */
static int add_rules(const struct compiler *compiler, struct error *err)
{
	const struct spec_seccomp *profile = compiler->profile;

	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct spec_seccomp_syscall *rule = &profile->syscalls.items[i];

		if (profile_action(rule->action, rule->errno_ret) == compiler->default_action)
			continue;
		if (add_rule(compiler, rule, err) < 0)
			return fail_where(err, "linux.seccomp.syscalls[%zu]", i);
	}
	return 0;
}

static int take_program(const struct compiler *compiler, struct arena *arena,
			struct plan_filter *filter, struct error *err)
{
	auto_close int file = memfd_create("seccomp", MFD_CLOEXEC);
	struct absences absences;
	struct stat status;
	struct bpf bpf;
	void *code;
	int result;

	if (file < 0)
		return fail_call(err, "memfd_create", "cannot compile the filter");
	result = compiler->library->seccomp_export_bpf(compiler->context, file);
	if (result < 0)
		return fail_number(err, result, "seccomp_export_bpf", "cannot compile the filter");
	if (fstat(file, &status) < 0)
		return fail_call(err, "fstat", "cannot compile the filter");
	code = arena_alloc(arena, (size_t)status.st_size);
	if (pread(file, code, (size_t)status.st_size, 0) != status.st_size)
		return fail_call(err, "pread", "cannot compile the filter");
	bpf = (struct bpf){ code, (uint32_t)((size_t)status.st_size / sizeof(*bpf.code)) };
	absences = newer_find(compiler->library, compiler->context, compiler->profile, arena);
	bpf = newer_prepend(&bpf, &absences, arena);
	bpf = shorten(&bpf, arena);
	filter->program = bpf.code;
	filter->length = bpf.length * sizeof(*bpf.code);
	if (filter->length > PROGRAM_MOST)
		return fail(err, E2BIG,
			    "the filter has %u instructions, the kernel takes %d at most",
			    bpf.length, BPF_MAXINSNS);
	return 0;
}

static int compile(const struct compiler *compiler, struct arena *arena, struct plan_filter *filter,
		   struct error *err)
{
	TRY(add_architectures(compiler, err));
	TRY(add_rules(compiler, err));
	/* Found by halves instead of one after the other; where it is not known, nothing is lost.
	 */
	compiler->library->seccomp_attr_set(compiler->context, SCMP_FLTATR_CTL_OPTIMIZE,
					    BINARY_TREE);
	return take_program(compiler, arena, filter, err);
}

int program_compile(const struct library *library, const struct seccomp_request *request,
		    struct arena *arena, struct plan_filter *filter, struct error *err)
{
	const struct spec_seccomp *profile = request->profile;
	struct compiler compiler = {
		.library = library,
		.unknown_fails = request->unknown_fails,
		.profile = profile,
		.default_action =
			profile_action(profile->default_action, profile->default_errno_ret),
	};
	int result;

	compiler.context = library->seccomp_init(compiler.default_action);
	if (!compiler.context) {
		fail(err, ENOTSUP, "this kernel or libseccomp cannot do %s by default",
		     profile->default_action);
		return fail_where(err, "linux.seccomp.defaultAction");
	}
	result = compile(&compiler, arena, filter, err);
	library->seccomp_release(compiler.context);
	return result;
}

/* profile.c -- linux.seccomp, checked and taken apart (config-linux.md "Seccomp"). */
#include "profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "runtime/security.h"

enum { ARGUMENTS = 6 };

bool profile_is_empty(const struct spec_seccomp *profile)
{
	return !profile || ((!profile->default_action || !*profile->default_action) &&
			    profile->syscalls.count == 0);
}

static int check_name(const struct spec_name *names, const char *name, const char *kind,
		      struct error *err)
{
	if (spec_name_known(names, name))
		return 0;
	return fail(err, EINVAL, "\"%s\" is not a valid %s for seccomp", name ? name : "", kind);
}

static int check_names(const struct spec_name *names, const struct strings *list, const char *kind,
		       const char *where, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (check_name(names, list->items[i], kind, err) < 0)
			return fail_where(err, "linux.seccomp.%s[%zu]", where, i);
	return 0;
}

static int check_rule(const struct spec_seccomp_syscall *rule, size_t index, struct error *err)
{
	if (check_name(seccomp_action_names, rule->action, "action", err) < 0)
		return fail_where(err, "linux.seccomp.syscalls[%zu].action", index);
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct spec_seccomp_arg *argument = &rule->args.items[i];

		if (check_name(seccomp_operator_names, argument->op, "operator", err) < 0)
			return fail_where(err, "linux.seccomp.syscalls[%zu].args[%zu].op", index,
					  i);
		if (argument->index < ARGUMENTS)
			continue;
		fail(err, EINVAL, "a system call has no argument %u", argument->index);
		return fail_where(err, "linux.seccomp.syscalls[%zu].args[%zu].index", index, i);
	}
	return 0;
}

int profile_check_flags(const struct spec_seccomp *profile, struct error *err)
{
	return check_names(seccomp_flag_names, &profile->flags, "flag", "flags", err);
}

int profile_check(const struct spec_seccomp *profile, struct error *err)
{
	if (check_name(seccomp_action_names, profile->default_action, "action", err) < 0)
		return fail_where(err, "linux.seccomp.defaultAction");
	TRY(check_names(seccomp_architecture_names, &profile->architectures, "architecture",
			"architectures", err));
	TRY(profile_check_flags(profile, err));
	for (size_t i = 0; i < profile->syscalls.count; i++)
		TRY(check_rule(&profile->syscalls.items[i], i, err));
	return 0;
}

bool profile_notifies(const struct spec_seccomp *profile)
{
	for (size_t i = 0; i < profile->syscalls.count; i++)
		if (text_equal(profile->syscalls.items[i].action, "SCMP_ACT_NOTIFY"))
			return true;
	return false;
}

uint32_t profile_action(const char *action, const uint32_t *errno_ret)
{
	uint64_t value = SCMP_ACT_KILL_PROCESS;

	spec_name_value(seccomp_action_names, action, &value);
	if (value == SCMP_ACT_ERRNO(0) || value == SCMP_ACT_TRACE(0))
		value |= (errno_ret ? *errno_ret : EPERM) & SECCOMP_RET_DATA;
	return (uint32_t)value;
}

/* A known flag without a filter is EFAULT, an unknown one EINVAL. */
bool seccomp_flag_supported(uint64_t flag)
{
	uint64_t flags = flag;

	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static int add_flag(const char *name, bool notifies, uint32_t *flags, struct error *err)
{
	uint64_t flag = 0;

	spec_name_value(seccomp_flag_names, name, &flag);
	if (flag == SECCOMP_FILTER_FLAG_TSYNC)
		return 0;
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notifies) {
		log_debug("%s means nothing without SCMP_ACT_NOTIFY: ignored", name);
		return 0;
	}
	if (!seccomp_flag_supported(flag))
		return fail(err, ENOTSUP, "this kernel does not support the seccomp flag %s", name);
	*flags |= (uint32_t)flag;
	return 0;
}

int profile_flags(const struct spec_seccomp *profile, bool notifies, uint32_t *flags,
		  struct error *err)
{
	*flags = 0;
	if (!profile->flags.items && seccomp_flag_supported(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		*flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < profile->flags.count; i++)
		if (add_flag(profile->flags.items[i], notifies, flags, err) < 0)
			return fail_where(err, "linux.seccomp.flags[%zu]", i);
	return 0;
}

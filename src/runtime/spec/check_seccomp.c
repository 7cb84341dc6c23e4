/* check_seccomp.c -- the structure of linux.seccomp. Names of actions, architectures, operators,
 * flags and system calls are the compiler's matter (security/), which has libseccomp's tables. */
#include <inttypes.h>

#include "base/text.h"
#include "check.h"

enum {
	ARGUMENT_MOST = 5,  /* a system call has six */
	ERRNO_MOST = 4095,  /* MAX_ERRNO */
	TRACE_MOST = 65535, /* SECCOMP_RET_DATA */
};

static bool has_text(const char *string)
{
	return string && string[0];
}

static int check_errno(const char *action, const uint32_t *number, const struct site *site,
		       struct error *err)
{
	if (!number)
		return 0;
	if (text_equal(action, "SCMP_ACT_ERRNO"))
		return check_range(*number, 0, ERRNO_MOST, site, err);
	if (text_equal(action, "SCMP_ACT_TRACE"))
		return check_range(*number, 0, TRACE_MOST, site, err);
	return refuse(err, site, "errno value specified for action %s", action);
}

static int check_arguments(const struct spec_seccomp_syscall *rule, const struct site *site,
			   struct error *err)
{
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct site *at = SITE_INDEX(site, i);

		if (rule->args.items[i].index > ARGUMENT_MOST)
			return refuse(err, SITE(at, "index"),
				      "a system call has no argument %" PRIu32,
				      rule->args.items[i].index);
		if (!has_text(rule->args.items[i].op))
			return refuse(err, SITE(at, "op"), "empty string is not a valid operator");
	}
	return 0;
}

/* The call that hands the listener over would wait for the agent that it is to inform: sendmsg
 * here, write in runc. */
static int check_notify(const struct spec_seccomp_syscall *rule, const struct site *site,
			struct error *err)
{
	static const char *const needed[] = { "write", "sendmsg" };

	if (!text_equal(rule->action, "SCMP_ACT_NOTIFY"))
		return 0;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (strings_have(&rule->names, needed[i]))
			return refuse(err, site,
				      "SCMP_ACT_NOTIFY cannot be used for the %s syscall",
				      needed[i]);
	return 0;
}

static int check_rule(const struct spec_seccomp_syscall *rule, const struct site *site,
		      struct error *err)
{
	const struct site *names = SITE(site, "names");

	if (rule->names.count == 0)
		return refuse(err, names, "names must contain at least one entry");
	for (size_t i = 0; i < rule->names.count; i++)
		if (!has_text(rule->names.items[i]))
			return refuse(err, SITE_INDEX(names, i),
				      "empty string is not a valid syscall");
	if (!has_text(rule->action))
		return refuse(err, SITE(site, "action"), "empty string is not a valid action");
	TRY(check_notify(rule, SITE(site, "action"), err));
	TRY(check_errno(rule->action, rule->errno_ret, SITE(site, "errnoRet"), err));
	return check_arguments(rule, SITE(site, "args"), err);
}

int check_seccomp(const struct spec_seccomp *seccomp, const struct site *site, struct error *err)
{
	const struct site *syscalls = SITE(site, "syscalls");

	if (!seccomp)
		return 0;
	if (text_equal(seccomp->default_action, "SCMP_ACT_NOTIFY"))
		return refuse(err, SITE(site, "defaultAction"),
			      "SCMP_ACT_NOTIFY cannot be used as default action");
	TRY(check_errno(seccomp->default_action, seccomp->default_errno_ret,
			SITE(site, "defaultErrnoRet"), err));
	if (has_text(seccomp->listener_metadata) && !has_text(seccomp->listener_path))
		return refuse(err, SITE(site, "listenerMetadata"),
			      "listenerMetadata must not be set without listenerPath");
	if (has_text(seccomp->listener_path))
		TRY(check_absolute(seccomp->listener_path, SITE(site, "listenerPath"), err));
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		TRY(check_rule(&seccomp->syscalls.items[i], SITE_INDEX(syscalls, i), err));
	return 0;
}

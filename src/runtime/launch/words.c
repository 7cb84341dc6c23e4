/* words.c -- say in words which step failed.
 *
 * {0}..{3} are the step's texts; a container's program that cannot be executed gets runc's words,
 * which engines map to exit codes 126 and 127. Over the start socket there is no plan: the step's
 * name stands for its text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "launch_private.h"

static const char *const step_words[STEP_KINDS] = {
	[STEP_JOIN_NAMESPACE] = "cannot join the namespace",
	[STEP_JOIN_PROCESS] = "cannot join the container's namespaces",
	[STEP_FORK] = "cannot create the process in the container's pid namespace",
	[STEP_UNSHARE] = "cannot make the namespace",
	[STEP_TIME_NAMESPACE] = "cannot make the time namespace",
	[STEP_HOSTNAME] = "cannot set the hostname \"{0}\"",
	[STEP_DOMAINNAME] = "cannot set the domainname \"{0}\"",
	[STEP_LOOPBACK_UP] = "cannot bring up the loopback device",
	[STEP_KEYRING] = "cannot join the session keyring \"{0}\"",
	[STEP_BECOME_ROOT] = "cannot become the user namespace's root",
	[STEP_PROPAGATION] = "cannot change the propagation of \"{0}\"",
	[STEP_CLONE_TREE] = "cannot clone the mount \"{0}\"",
	[STEP_ROOT] = "cannot attach the root filesystem at \"{0}\"",
	[STEP_MOUNT] = "cannot mount {1} on \"{0}\"",
	[STEP_ATTACH] = "cannot bind on \"{0}\"",
	[STEP_TREE_ATTRIBUTES] = "cannot set the attributes of the mount",
	[STEP_MAKE_TREE] = "cannot mount {0}",
	[STEP_REPORT_MOUNT] = "cannot tell the mount's id",
	[STEP_UNMOUNT] = "cannot unmount \"{0}\"",
	[STEP_REMOUNT] = "cannot remount \"{0}\"",
	[STEP_DIRECTORY] = "cannot make the directory \"{0}\"",
	[STEP_SYMLINK] = "cannot make the link \"{0}\"",
	[STEP_DEVICE] = "cannot make the device \"{0}\"",
	[STEP_HOOK] = "error running hook \"{0}\"",
	[STEP_PIVOT] = "cannot change to the container's root",
	[STEP_MOVE_ROOT] = "cannot change to the container's root",
	[STEP_CHROOT] = "cannot change to the container's root",
	[STEP_ROOT_ATTRIBUTES] = "cannot set the attributes of the root filesystem",
	[STEP_READONLY] = "cannot make \"{0}\" read-only",
	[STEP_MASK] = "cannot mask \"{0}\"",
	[STEP_SYSCTL] = "cannot write the sysctl \"{0}\"",
	[STEP_CONSOLE] = "cannot set up the terminal",
	[STEP_TERMINAL] = "cannot set up the terminal",
	[STEP_RLIMIT] = "error setting rlimit",
	[STEP_SCHEDULER] = "cannot set the scheduler",
	[STEP_IO_PRIORITY] = "cannot set the I/O priority",
	[STEP_CPU_AFFINITY] = "cannot set the CPU affinity",
	[STEP_MEMORY_POLICY] = "cannot set the memory policy",
	[STEP_PERSONALITY] = "cannot set the personality",
	[STEP_LABEL] = "cannot set the process label \"{1}\"",
	[STEP_NO_NEW_PRIVILEGES] = "cannot set no_new_privs",
	[STEP_BOUNDING] = "cannot drop from the bounding set",
	[STEP_GROUPS] = "cannot set the additional groups",
	[STEP_USER] = "cannot become the user",
	[STEP_CAPABILITIES] = "cannot set the capabilities",
	[STEP_SECCOMP] = "cannot load the seccomp filter",
	[STEP_CWD] = "cannot change to the working directory \"{0}\"",
	[STEP_CLOSE] = "cannot close descriptors",
	[STEP_WAIT_START] = "cannot wait for the start",
};

/* Put the step's texts into the places {0}..{3}. */
static void fill_words(const char *words, const struct plan *plan, const struct step *step,
		       struct text *out)
{
	for (; *words; words++) {
		if (words[0] == '{' && words[1] >= '0' && words[1] < '0' + STEP_TEXTS) {
			text_add(out, plan_text(plan, step->text[words[1] - '0']));
			words += 2;
		} else {
			text_add_bytes(out, words, 1);
		}
	}
}

static int executable_failed(const struct message *message, struct error *err)
{
	const char *name = message->detail;

	if (message->number == ENOENT && !strchr(name, '/'))
		return fail(err, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
	if (message->number == ENOENT || message->number == ENOTDIR)
		return fail(err, message->number, "exec: \"%s\": stat %s: %s", name, name,
			    error_reason(message->number));
	return fail(err, message->number, "exec: \"%s\": %s", name, error_reason(message->number));
}

static int hook_failed(const struct message *message, const char *what, struct error *err)
{
	int status = (int)message->size;

	if (message->number == ETIMEDOUT)
		return fail(err, ETIMEDOUT, "%s: hook ran past specified timeout", what);
	if (message->number != ECHILD)
		return fail_number(err, message->number, message->call, "%s", what);
	if (WIFSIGNALED(status))
		return fail(err, ECHILD, "%s: signal %d", what, WTERMSIG(status));
	return fail(err, ECHILD, "%s: exit status %d", what, WEXITSTATUS(status));
}

static void describe(const struct plan *plan, const struct message *message, struct text *out)
{
	const struct step_row *row = plan_step_row(message->kind);
	const char *words = message->kind < STEP_KINDS ? step_words[message->kind] : NULL;

	if (words && plan && message->step < plan->header->step_count)
		fill_words(words, plan, &plan->steps[message->step], out);
	else if (words && !strchr(words, '{'))
		text_add(out, words);
	else
		text_format(out, "step %s failed", row ? row->name : "before the plan");
}

static int step_failed(const struct plan *plan, const struct message *message, struct error *err)
{
	auto_text struct text what = { 0 };

	if (message->kind == STEP_EXECUTABLE)
		return executable_failed(message, err);
	if (message->kind == STEP_EXEC)
		return fail(err, message->number, "exec: \"%s\": %s", message->detail,
			    error_reason(message->number));
	describe(plan, message, &what);
	if (message->kind == STEP_HOOK)
		return hook_failed(message, what.data, err);
	if (*message->detail)
		text_format(&what, " (%s)", message->detail);
	fail_number(err, message->number, message->call, "%s", what.data);
	if (message->kind == STEP_FORK && message->number == EAGAIN)
		fail_hint(err, PROCESS_LIMIT_HINT);
	return -message->number;
}

int launch_step_failed(const struct plan *plan, const struct message *message, struct error *err)
{
	int result = step_failed(plan, message, err);

	if (*message->where)
		fail_where(err, "%s", message->where);
	return result;
}

/* cmd_exec.c -- coffer exec: another process in a running container. */
#include <errno.h>
#include <stddef.h>

#include "commands.h"
#include "runtime/lifecycle.h"

struct exec_options {
	char *process, *cwd, *user, *apparmor, *label, *console_socket, *pidfd_socket, *pid_file;
	struct strings cgroups, env, gids, capabilities;
	int64_t preserve_fds;
	bool tty, detach, no_new_privileges, ignore_paused;
};

/* clang-format off */
static const struct option_row options[] = {
	{ "console-socket", 0, OPTION_TEXT, offsetof(struct exec_options, console_socket), "SOCKET", "send the terminal's master end there", NULL, 0 },
	{ "pidfd-socket", 0, OPTION_TEXT, offsetof(struct exec_options, pidfd_socket), "SOCKET", "send a pidfd of the process there", NULL, 0 },
	{ "cwd", 0, OPTION_TEXT, offsetof(struct exec_options, cwd), "DIR", "working directory in the container", NULL, 0 },
	{ "env", 'e', OPTION_LIST, offsetof(struct exec_options, env), "NAME=VALUE", "set a variable", NULL, 0 },
	{ "tty", 't', OPTION_FLAG, offsetof(struct exec_options, tty), NULL, "give it a terminal", NULL, 0 },
	{ "user", 'u', OPTION_TEXT, offsetof(struct exec_options, user), "UID[:GID]", "user and group ids", NULL, 0 },
	{ "additional-gids", 'g', OPTION_LIST, offsetof(struct exec_options, gids), "GID", "add a group id", NULL, 0 },
	{ "process", 'p', OPTION_TEXT, offsetof(struct exec_options, process), "FILE", "a process object as in config.json", NULL, 0 },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct exec_options, detach), NULL, "do not wait for it", NULL, 0 },
	{ "pid-file", 0, OPTION_TEXT, offsetof(struct exec_options, pid_file), "FILE", "write the process id there", NULL, 0 },
	{ "process-label", 0, OPTION_TEXT, offsetof(struct exec_options, label), "LABEL", "SELinux label", NULL, 0 },
	{ "apparmor", 0, OPTION_TEXT, offsetof(struct exec_options, apparmor), "PROFILE", "AppArmor profile", NULL, 0 },
	{ "no-new-privs", 0, OPTION_FLAG, offsetof(struct exec_options, no_new_privileges), NULL, "set no_new_privs", NULL, 0 },
	{ "cap", 'c', OPTION_LIST, offsetof(struct exec_options, capabilities), "CAP", "add a capability", NULL, 0 },
	{ "preserve-fds", 0, OPTION_NUMBER, offsetof(struct exec_options, preserve_fds), "N", "hand over descriptors 3 to 2+N", NULL, 0 },
	{ "cgroup", 0, OPTION_LIST, offsetof(struct exec_options, cgroups), "[CONTROLLER,…:]PATH", "a cgroup below the container's", NULL, 0 },
	{ "ignore-paused", 0, OPTION_FLAG, offsetof(struct exec_options, ignore_paused), NULL, "also in a paused container", NULL, 0 },
};
/* clang-format on */

static int run(const struct command_line *line, struct error *err)
{
	const struct exec_options *from = line->options;
	struct exec_request request = {
		.root = command_root(line),
		.id = line->arguments.items[0],
		.process_file = from->process,
		.args = { line->arguments.items + 1, line->arguments.count - 1 },
		.env = from->env,
		.cwd = from->cwd,
		.user = from->user,
		.additional_gids = from->gids,
		.capabilities = from->capabilities,
		.apparmor = from->apparmor,
		.selinux_label = from->label,
		.console_socket = from->console_socket,
		.pidfd_socket = from->pidfd_socket,
		.pid_file = from->pid_file,
		.cgroups = from->cgroups,
		.preserve_fds = (unsigned)from->preserve_fds,
		.tty = from->tty,
		.detach = from->detach,
		.no_new_privileges = from->no_new_privileges,
		.ignore_paused = from->ignore_paused,
	};
	int exit_code = 0;

	if (from->preserve_fds < 0 || from->preserve_fds > 65536)
		return fail(err, EINVAL, "--preserve-fds: %lld is not a count of descriptors",
			    (long long)from->preserve_fds);
	TRY(container_exec(&request, &exit_code, err));
	return exit_code;
}

const struct command command_exec = {
	.name = "exec",
	.summary = "run another program in a running container",
	.arguments = "CONTAINER [COMMAND [ARGUMENT…]]",
	.least = 1,
	.most = -1,
	.in_order = true,
	.failure = 255, /* as runc: the program's own codes are 0 to 254 */
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct exec_options),
	.run = run,
};

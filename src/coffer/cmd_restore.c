/* cmd_restore.c -- coffer restore: a container out of a checkpoint's image. */
#include <errno.h>
#include <stddef.h>

#include "commands.h"
#include "runtime/lifecycle.h"

struct restore_options {
	struct image_options image;
	char *bundle, *console_socket, *pid_file, *lsm_profile, *lsm_mount_context;
	bool tcp_close, detach, no_pivot, no_subreaper;
};

/* clang-format off */
static const struct option_row options[] = {
	{ "bundle", 'b', OPTION_TEXT, offsetof(struct restore_options, bundle), "DIR", "the bundle (default: the current directory)", NULL, 0 },
	IMAGE_OPTION_ROWS(struct restore_options),
	{ "tcp-close", 0, OPTION_FLAG, offsetof(struct restore_options, tcp_close), NULL, "restore TCP connections as closed ones", NULL, 0 },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct restore_options, detach), NULL, "do not wait for the program", NULL, 0 },
	{ "pid-file", 0, OPTION_TEXT, offsetof(struct restore_options, pid_file), "FILE", "write the process id there", NULL, 0 },
	{ "console-socket", 0, OPTION_TEXT, offsetof(struct restore_options, console_socket), "SOCKET", "send the terminal's master end there", NULL, 0 },
	{ "lsm-profile", 0, OPTION_TEXT, offsetof(struct restore_options, lsm_profile), "TYPE:NAME", "another profile: selinux:LABEL or apparmor:NAME", NULL, 0 },
	{ "lsm-mount-context", 0, OPTION_TEXT, offsetof(struct restore_options, lsm_mount_context), "CONTEXT", "another context= of mounts", NULL, 0 },
	{ "no-pivot", 0, OPTION_FLAG, offsetof(struct restore_options, no_pivot), NULL, "accepted for runc's sake: criu decides", NULL, 0 },
	{ "no-subreaper", 0, OPTION_FLAG, offsetof(struct restore_options, no_subreaper), NULL, "do not become the reaper of orphaned processes", NULL, 0 },
};
/* clang-format on */

/* clang-format off */
static const struct {
	const char *name;
	enum network_lock method;
} locks[] = {
	{ "iptables", NETWORK_LOCK_IPTABLES }, { "nftables", NETWORK_LOCK_NFTABLES },
	{ "skip", NETWORK_LOCK_SKIP },
};
/* clang-format on */

int image_request_from(const struct image_options *from, struct image_request *request,
		       struct error *err)
{
	*request = (struct image_request){
		.image_path = from->image_path,
		.work_path = from->work_path,
		.tcp_established = from->tcp_established,
		.ext_unix_sk = from->ext_unix_sk,
		.shell_job = from->shell_job,
		.file_locks = from->file_locks,
		.auto_dedup = from->auto_dedup,
		.lazy_pages = from->lazy_pages,
		.manage_cgroups_mode = from->manage_cgroups_mode,
	};
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		if (text_equal(from->network_lock, locks[i].name))
			request->network_lock = locks[i].method;
	/* It always is: what is in a network namespace is the engine's business. */
	for (size_t i = 0; i < from->empty_ns.count; i++)
		if (!text_equal(from->empty_ns.items[i], "network"))
			return fail(err, EINVAL, "--empty-ns: namespace \"%s\" is not supported",
				    from->empty_ns.items[i]);
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct globals *globals = line->globals;
	const struct restore_options *from = line->options;
	struct restore_request request = {
		.create = {
			.root = command_root(line),
			.id = line->arguments.items[0],
			.bundle = from->bundle,
			.console_socket = from->console_socket,
			.pid_file = from->pid_file,
			.no_pivot = from->no_pivot,
			.cgroup_manager = globals->cgroup_manager,
			.detach = from->detach,
			.no_subreaper = from->no_subreaper,
		},
		.tcp_close = from->tcp_close,
		.lsm_profile = from->lsm_profile,
		.lsm_mount_context = from->lsm_mount_context,
	};
	int exit_code = 0;

	TRY(image_request_from(&from->image, &request.image, err));
	TRY(container_restore(&request, &exit_code, err));
	return exit_code;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "make a container out of a checkpoint's image",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct restore_options),
	.run = run,
};

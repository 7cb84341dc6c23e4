/* cmd_create.c -- coffer create: a container up to its program, which waits for start. */
#include <errno.h>
#include <stddef.h>

#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"

static const struct option_row options[] = {
	CREATE_OPTION_ROWS(struct create_options),
	{ "no-subreaper", 0, OPTION_FLAG, offsetof(struct create_options, no_subreaper), NULL,
	  "accepted for crun's sake", NULL, OPTION_HIDDEN },
};

static enum rootless rootless_named(const char *name)
{
	return text_equal(name, "true")    ? ROOTLESS_TRUE
	       : text_equal(name, "false") ? ROOTLESS_FALSE
					   : ROOTLESS_AUTO;
}

int create_request_from(const struct command_line *line, const struct create_options *from,
			struct create_request *request, struct error *err)
{
	const struct globals *globals = line->globals;

	if (from->preserve_fds < 0 || from->preserve_fds > 65536)
		return fail(err, EINVAL, "--preserve-fds: %lld is not a count of descriptors",
			    (long long)from->preserve_fds);
	*request = (struct create_request){
		.root = command_root(line),
		.id = line->arguments.items[0],
		.bundle = from->bundle,
		.config = from->config,
		.console_socket = from->console_socket,
		.pidfd_socket = from->pidfd_socket,
		.pid_file = from->pid_file,
		.preserve_fds = (unsigned)from->preserve_fds,
		.no_pivot = from->no_pivot,
		.no_new_keyring = from->no_new_keyring,
		.cgroup_manager = globals->cgroup_manager,
		.rootless = rootless_named(globals->rootless),
		.no_subreaper = from->no_subreaper,
		.detach = from->detach,
		.keep = from->keep,
	};
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	struct create_request request;

	TRY(create_request_from(line, line->options, &request, err));
	return container_create(&request, err);
}

const struct command command_create = {
	.name = "create",
	.summary = "create a container",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct create_options),
	.run = run,
};

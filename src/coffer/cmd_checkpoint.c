/* cmd_checkpoint.c -- coffer checkpoint: a container's state into an image directory. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include "base/number.h"
#include "commands.h"
#include "runtime/lifecycle.h"

struct checkpoint_options {
	struct image_options image;
	char *parent_path, *page_server, *status_fd;
	bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
};

/* clang-format off */
static const struct option_row options[] = {
	IMAGE_OPTION_ROWS(struct checkpoint_options),
	{ "parent-path", 0, OPTION_TEXT, offsetof(struct checkpoint_options, parent_path), "DIR", "an earlier pre-dump, relative to the image", NULL, 0 },
	{ "leave-running", 0, OPTION_FLAG, offsetof(struct checkpoint_options, leave_running), NULL, "let the container go on afterwards", NULL, 0 },
	{ "pre-dump", 0, OPTION_FLAG, offsetof(struct checkpoint_options, pre_dump), NULL, "dump memory only, and let the container go on", NULL, 0 },
	{ "tcp-skip-in-flight", 0, OPTION_FLAG, offsetof(struct checkpoint_options, tcp_skip_in_flight), NULL, "leave out TCP connections that are being made", NULL, 0 },
	{ "link-remap", 0, OPTION_FLAG, offsetof(struct checkpoint_options, link_remap), NULL, "keep open files whose name is gone by hard links", NULL, 0 },
	{ "page-server", 0, OPTION_TEXT, offsetof(struct checkpoint_options, page_server), "ADDRESS:PORT", "send memory pages to criu's page server there", NULL, 0 },
	{ "status-fd", 0, OPTION_TEXT, offsetof(struct checkpoint_options, status_fd), "N", "write a zero byte there when lazy pages are ready", NULL, 0 },
};
/* clang-format on */

static int read_status_fd(const char *text, int *fd, struct error *err)
{
	int64_t number = -1;

	if (text && !number_parse_signed(text, -1, INT_MAX, &number))
		return fail(err, EINVAL, "--status-fd: \"%s\" is not a descriptor", text);
	*fd = (int)number;
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct checkpoint_options *from = line->options;
	struct checkpoint_request request = {
		.root = command_root(line),
		.id = line->arguments.items[0],
		.parent_path = from->parent_path,
		.page_server = from->page_server,
		.leave_running = from->leave_running,
		.pre_dump = from->pre_dump,
		.tcp_skip_in_flight = from->tcp_skip_in_flight,
		.link_remap = from->link_remap,
	};

	TRY(image_request_from(&from->image, &request.image, err));
	TRY(read_status_fd(from->status_fd, &request.status_fd, err));
	return container_checkpoint(&request, err);
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.summary = "write a running container's state into an image directory",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct checkpoint_options),
	.run = run,
};

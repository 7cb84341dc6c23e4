/* cmd_state.c -- coffer state: runc's state document. */
#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"

static int run(const struct command_line *line, struct error *err)
{
	auto_text struct text out = { 0 };
	struct container_summary summary;

	TRY(container_query(command_root(line), line->arguments.items[0], line->arena, &summary,
			    err));
	container_document(&summary, &out);
	return standard_print(out.data, out.length, err);
}

const struct command command_state = {
	.name = "state",
	.summary = "print the state of a container as JSON",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.run = run,
};

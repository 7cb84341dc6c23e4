/* cmd_plan.c -- coffer plan: what create would do with a bundle, without doing it. */
#include <stddef.h>

#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"
#include "runtime/plan.h"

struct plan_command_options {
	char *config;
	char *format;
};

static const struct option_row options[] = {
	{ "config", 'f', OPTION_TEXT, offsetof(struct plan_command_options, config), "FILE",
	  "file in the bundle instead of config.json", NULL, 0 },
	{ "format", 0, OPTION_TEXT, offsetof(struct plan_command_options, format), "FORMAT",
	  "text or json", "text|json", 0 },
};

static int run(const struct command_line *line, struct error *err)
{
	const struct plan_command_options *chosen = line->options;
	struct create_request request = {
		.root = command_root(line),
		.id = "ID",
		.bundle = line->arguments.count > 0 ? line->arguments.items[0] : ".",
		.config = chosen->config,
	};
	auto_text struct text out = { 0 };
	struct plan plan;

	TRY(container_plan(&request, line->arena, &plan, err));
	plan_print(&plan, text_equal(chosen->format, "json"), &out);
	return standard_print(out.data, out.length, err);
}

const struct command command_plan = {
	.name = "plan",
	.summary = "print the kernel operations that a bundle compiles to",
	.arguments = "[BUNDLE]",
	.least = 0,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct plan_command_options),
	.run = run,
};

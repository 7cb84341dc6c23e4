/* cmd_check.c -- coffer check: is this bundle sound? Names keys that the specification does not
 * know, which a runtime must ignore but an author wants to hear of. */
#include <stddef.h>

#include "base/standard.h"
#include "base/text.h"
#include "commands.h"
#include "runtime/lifecycle.h"
#include "runtime/plan.h"
#include "runtime/spec.h"

struct check_options {
	char *config;
};

static const struct option_row options[] = {
	{ "config", 'f', OPTION_TEXT, offsetof(struct check_options, config), "FILE",
	  "file in the bundle instead of config.json", NULL, 0 },
};

static void name_unknown(const struct spec_document *document, struct text *out)
{
	for (size_t i = 0; i < document->notes.unknown.count; i++) {
		const char *path = document->notes.unknown.items[i];
		unsigned row = 0, column = 0;

		json_locate(document->text, document->length, path, &row, &column);
		text_format(out, "%s: %s (line %u:%u): unknown key, ignored\n", document->name,
			    path, row, column);
	}
}

static int run(const struct command_line *line, struct error *err)
{
	const struct check_options *chosen = line->options;
	struct create_request request = {
		.root = command_root(line),
		.id = "ID",
		.bundle = line->arguments.count > 0 ? line->arguments.items[0] : ".",
		.config = chosen->config,
	};
	auto_text struct text out = { 0 };
	struct spec_document document;
	struct plan plan;

	TRY(spec_load(request.bundle, chosen->config ? chosen->config : "config.json", line->arena,
		      &document, err));
	name_unknown(&document, &out);
	if (out.length > 0)
		TRY(standard_print(out.data, out.length, err));
	return container_plan(&request, line->arena, &plan, err);
}

const struct command command_check = {
	.name = "check",
	.summary = "check a bundle without running it",
	.arguments = "[BUNDLE]",
	.least = 0,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct check_options),
	.run = run,
};

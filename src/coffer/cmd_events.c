/* cmd_events.c -- coffer events: what a container uses, and when it is out of memory. */
#include <errno.h>
#include <stddef.h>

#include "base/number.h"
#include "base/standard.h"
#include "commands.h"
#include "runtime/lifecycle.h"

#define DEFAULT_INTERVAL "5s"

struct events_options {
	char *interval;
	bool stats;
};

static const struct option_row options[] = {
	{ "interval", 0, OPTION_TEXT, offsetof(struct events_options, interval), "DURATION",
	  "time between two statistics, as 500ms or 1m30s (default: 5s)", NULL, 0 },
	{ "stats", 0, OPTION_FLAG, offsetof(struct events_options, stats), NULL,
	  "print the statistics once", NULL, 0 },
};

static int print_stats(const struct events_request *request, struct error *err)
{
	auto_text struct text line = { 0 };

	TRY(container_stats(request->root, request->id, &line, err));
	return standard_print(line.data, line.length, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct events_options *chosen = line->options;
	const char *interval = chosen->interval ? chosen->interval : DEFAULT_INTERVAL;
	struct events_request request = {
		.root = command_root(line),
		.id = line->arguments.items[0],
		.tell = standard_print,
	};

	if (!number_parse_duration(interval, &request.interval))
		return fail(err, EINVAL, "--interval: \"%s\" is no duration like 5s or 500ms",
			    interval);
	if (request.interval <= 0)
		return fail(err, EINVAL, "--interval: duration interval must be greater than 0");
	if (chosen->stats)
		return print_stats(&request, err);
	return container_events(&request, err);
}

const struct command command_events = {
	.name = "events",
	.summary = "print what a container uses, and when it is out of memory",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct events_options),
	.run = run,
};

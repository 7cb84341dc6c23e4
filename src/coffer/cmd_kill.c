/* cmd_kill.c -- coffer kill: send a signal. */
#include <stddef.h>

#include "base/log.h"
#include "commands.h"
#include "runtime/lifecycle.h"

struct kill_options {
	bool all;
	bool regex;
};

static const struct option_row options[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct kill_options, all), NULL,
	  "signal every process of the container", NULL, 0 },
	{ "regex", 'r', OPTION_FLAG, offsetof(struct kill_options, regex), NULL,
	  "CONTAINER is a regular expression: signal all that match", NULL, 0 },
};

/* Go on behind a failure, but say each. */
static int kill_matching(const struct command_line *line, int signal, bool all, struct error *err)
{
	struct strings ids = { 0 };
	int result = 0;

	TRY(command_match(line, &ids, err));
	for (size_t i = 0; i < ids.count; i++) {
		struct error failure = { 0 };

		if (container_kill(command_root(line), ids.items[i], signal, all, &failure) == 0)
			continue;
		if (result < 0)
			log_error(err);
		*err = failure;
		result = -failure.number;
	}
	return result;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct kill_options *chosen = line->options;
	const char *name = line->arguments.count > 1 ? line->arguments.items[1] : "SIGTERM";
	int signal = signal_parse(name, err);

	if (signal < 0)
		return signal;
	if (chosen->regex)
		return kill_matching(line, signal, chosen->all, err);
	return container_kill(command_root(line), line->arguments.items[0], signal, chosen->all,
			      err);
}

const struct command command_kill = {
	.name = "kill",
	.summary = "send a signal to a container (default: SIGTERM)",
	.arguments = "CONTAINER [SIGNAL]",
	.least = 1,
	.most = 2,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct kill_options),
	.run = run,
};

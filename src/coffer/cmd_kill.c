/* cmd_kill.c -- coffer kill: send a signal. */
#include <stddef.h>

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

static int kill_one(const struct command_line *line, const char *id, struct error *err)
{
	const struct kill_options *chosen = line->options;
	const char *name = line->arguments.count > 1 ? line->arguments.items[1] : "SIGTERM";
	int signal = signal_parse(name, err);

	return signal < 0 ? signal
			  : container_kill(command_root(line), id, signal, chosen->all, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct kill_options *chosen = line->options;

	return chosen->regex ? command_each_match(line, kill_one, err)
			     : kill_one(line, line->arguments.items[0], err);
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

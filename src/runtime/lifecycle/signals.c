/* signals.c -- signal names (signal(7)). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"
#include "runtime/lifecycle.h"

/* RTMIN+3, RTMAX-1 as kill(1) has them. */
static int parse_real_time(const char *name)
{
	int64_t offset = 0;

	if (!strncasecmp(name, "RTMIN", 5)) {
		if (!name[5])
			return SIGRTMIN;
		if (name[5] == '+' &&
		    number_parse_signed(name + 6, 0, SIGRTMAX - SIGRTMIN, &offset))
			return SIGRTMIN + (int)offset;
	} else if (!strncasecmp(name, "RTMAX", 5)) {
		if (!name[5])
			return SIGRTMAX;
		if (name[5] == '-' &&
		    number_parse_signed(name + 6, 0, SIGRTMAX - SIGRTMIN, &offset))
			return SIGRTMAX - (int)offset;
	}
	return 0;
}

static int parse_name(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} aliases[] = {
		{ "IOT", SIGIOT }, { "POLL", SIGPOLL }, { "CLD", SIGCHLD }, { "UNUSED", SIGSYS }
	};

	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (int number = 1; number < 32; number++) {
		const char *known = sigabbrev_np(number);

		if (known && !strcasecmp(known, name))
			return number;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcasecmp(aliases[i].name, name))
			return aliases[i].number;
	return parse_real_time(name);
}

int signal_parse(const char *text, struct error *err)
{
	uint64_t number = 0;
	int found;

	if (number_parse_unsigned(text, 64, &number)) /* 0 only asks whether it runs */
		return (int)number;
	found = parse_name(text);
	return found > 0 ? found : fail(err, EINVAL, "unknown signal \"%s\"", text);
}

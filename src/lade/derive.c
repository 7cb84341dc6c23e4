/* derive.c -- names, times and history of images that are made here. */
#include "derive.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/number.h"

int derive_check_time(const char *option, const char *time, struct error *err)
{
	int64_t seconds;

	if (!time || human_parse_time(time, &seconds))
		return 0;
	return fail(err, EINVAL, "--%s %s: it is a time like 2024-01-31T12:00:00Z", option, time);
}

/* reproducible-builds.org/specs/source-date-epoch */
static int now(struct arena *arena, int64_t *seconds, bool *told, struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*told = epoch && *epoch;
	*seconds = time(NULL);
	if (*told && !number_parse_signed(epoch, 0, 253402300799, seconds))
		return fail(err, EINVAL, "SOURCE_DATE_EPOCH=%s: it is seconds since 1970", epoch);
	return 0;
}

static char *format_time(int64_t seconds, struct arena *arena)
{
	time_t clock = seconds;
	struct tm parts;
	char text[32];

	gmtime_r(&clock, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return arena_string(arena, text);
}

int derive_step_make(const struct command_line *line, const struct history_options *options,
		     const char *name, struct derive_step *step, const int64_t **latest,
		     struct error *err)
{
	struct arena *arena = line->arena;
	int64_t *seconds = arena_alloc(arena, sizeof(*seconds));
	bool told;

	*step = (struct derive_step){
		.author = options->author,
		.comment = options->comment,
		.created_by = options->created_by
				      ? options->created_by
				      : arena_format(arena, "lade %s", line->command->name),
		.history_created = options->created,
		.no_history = options->none,
	};
	TRY(command_full_name(name, arena, &step->name, err));
	TRY(derive_check_time("history.created", options->created, err));
	TRY(now(arena, seconds, &told, err));
	step->created = format_time(*seconds, arena);
	if (latest)
		*latest = told ? seconds : NULL;
	return 0;
}

int derive_time_now(struct arena *arena, char **created, struct error *err)
{
	int64_t seconds;
	bool told;

	TRY(now(arena, &seconds, &told, err));
	*created = format_time(seconds, arena);
	return 0;
}

/* human.c -- sizes and ages as docker and podman write them. */
#include <stdio.h>
#include <time.h>

#include "commands.h"

char *human_size(int64_t bytes, struct arena *arena)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1000;
		unit++;
	}
	return arena_format(arena, "%.3g %s", size, units[unit]);
}

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define WEEK   (7 * DAY)
#define MONTH  (30 * DAY)
#define YEAR   (365 * DAY)

char *human_duration(int64_t seconds, struct arena *arena)
{
	if (seconds < MINUTE)
		return arena_format(arena, "%ds", (int)seconds);
	if (seconds < HOUR)
		return arena_format(arena, "%dm%02ds", (int)(seconds / MINUTE),
				    (int)(seconds % MINUTE));
	if (seconds < 100 * HOUR)
		return arena_format(arena, "%dh%02dm", (int)(seconds / HOUR),
				    (int)(seconds % HOUR / MINUTE));
	return arena_string(arena, "days");
}

/* Below `until` seconds: so many of `unit`, or the text for exactly one. */
static const struct {
	int64_t until, unit;
	const char *one, *many;
} ages[] = {
	{ MINUTE, 1, "1 second", "seconds" },        { HOUR, MINUTE, "About a minute", "minutes" },
	{ 2 * DAY, HOUR, "About an hour", "hours" }, { 2 * WEEK, DAY, "1 day", "days" },
	{ 2 * MONTH, WEEK, "1 week", "weeks" },      { 2 * YEAR, MONTH, "1 month", "months" },
	{ INT64_MAX, YEAR, "1 year", "years" },
};

static char *human_age(int64_t seconds, struct arena *arena)
{
	size_t row = 0;
	int64_t count;

	if (seconds < 1)
		return arena_string(arena, "Less than a second ago");
	while (seconds >= ages[row].until)
		row++;
	count = seconds / ages[row].unit;
	if (count == 1)
		return arena_format(arena, "%s ago", ages[row].one);
	return arena_format(arena, "%lld %s ago", (long long)count, ages[row].many);
}

bool human_parse_time(const char *text, int64_t *seconds)
{
	struct tm parts = { 0 };
	int used = 0, hours, minutes;
	char sign;

	if (!text ||
	    sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 6)
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	*seconds = timegm(&parts);
	text += used;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9';)
			text++;
	if (sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) == 3)
		*seconds -= (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

char *human_since(const char *created, struct arena *arena)
{
	int64_t seconds;

	return human_parse_time(created, &seconds) ? human_age(time(NULL) - seconds, arena)
						   : arena_string(arena, "");
}

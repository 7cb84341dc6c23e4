/* log.c -- why criu failed, out of its log. Lines are "(00.012345)   1234: Error (file.c:12):
 * words". The first error is mostly the cause, what follows its consequences. */
#include <string.h>

#include "checkpoint_private.h"

/* Which says no more than that it failed. */
static bool is_conclusion(const char *error, size_t length)
{
	static const char failed[] = "FAILED.";
	size_t behind = sizeof(failed) - 1;

	return length >= behind && !memcmp(error + length - behind, failed, behind);
}

const char *criu_log_error(const char *log, struct arena *arena)
{
	const char *error = log;

	while ((error = strstr(error, "Error ("))) {
		size_t length = strcspn(error, "\n");

		if (!is_conclusion(error, length))
			return arena_copy(arena, error, length);
		error += length;
	}
	return NULL;
}

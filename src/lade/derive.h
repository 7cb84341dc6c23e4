/* derive.h -- what the commands that make new images share. */
#ifndef LADE_DERIVE_H
#define LADE_DERIVE_H

#include "commands.h"
#include "image/derive.h"

struct history_options {
	char *author, *comment, *created, *created_by;
	bool none;
};

/* clang-format off */
#define HISTORY_OPTION_ROWS(T, M) \
	{ "history.author", 0, OPTION_TEXT, offsetof(T, M.author), "AUTHOR", "the author of the step in the history (default: the image's)", NULL, 0 }, \
	{ "history.comment", 0, OPTION_TEXT, offsetof(T, M.comment), "TEXT", "its comment", NULL, 0 }, \
	{ "history.created", 0, OPTION_TEXT, offsetof(T, M.created), "TIME", "its time, 2024-01-31T12:00:00Z (default: now)", NULL, 0 }, \
	{ "history.created_by", 0, OPTION_TEXT, offsetof(T, M.created_by), "TEXT", "what it was done by (default: this command)", NULL, 0 }, \
	{ "no-history", 0, OPTION_FLAG, offsetof(T, M.none), NULL, "add no step to the history", NULL, 0 }
/* clang-format on */

/* Everything a derived image is told of where it comes from: now is SOURCE_DATE_EPOCH where that is
 * set; then *latest, if given, points to it. `name` is as a person typed it. What nobody said was
 * done otherwise was done by this command. */
int derive_step_make(const struct command_line *line, const struct history_options *options,
		     const char *name, struct derive_step *step, const int64_t **latest,
		     struct error *err);

/* Now, or SOURCE_DATE_EPOCH where that is set, in RFC 3339. */
int derive_time_now(struct arena *arena, char **created, struct error *err);

/* RFC 3339, or an error that names the option. */
int derive_check_time(const char *option, const char *time, struct error *err);

#endif

/* settings_text.h -- what the readers of configuration files share: a place in the text. */
#ifndef BASE_SETTINGS_TEXT_H
#define BASE_SETTINGS_TEXT_H

#include "base/settings.h"

#define SETTINGS_DEPTH_MOST 64

struct text_at {
	const char *at, *end; /* the text has a NUL behind its end */
	const char *line_start;
	unsigned line;
	unsigned depth;
	const char *file;
	struct arena *arena;
	struct error *err;
};

/* Begin a text; what is no UTF-8, or has control characters, is refused here. */
int text_at_begin(struct text_at *scan, const struct text *text, const char *file,
		  struct arena *arena, struct error *err);
/* Refuse what is at `at` in the present line. Returns -EINVAL. */
int text_at_refuse(const struct text_at *scan, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with what is found there: "expected X, found Y". */
int text_at_expected(const struct text_at *scan, const char *what);

/* Behind the line's end, if one is here ("\n", "\r\n"). */
bool text_at_line_end(struct text_at *scan);
void text_at_blanks(struct text_at *scan); /* blanks and tabs */
/* A new value that begins here. */
struct setting *text_at_new(const struct text_at *scan, enum setting_kind kind);
/* Add to a list, or to a table under its key. */
void setting_add(struct setting *to, struct setting *value);
/* The same; -EINVAL when the key is there already (the place is the new one's). */
int text_at_add(const struct text_at *scan, struct setting *table, struct setting *value);

/* The escape behind a backslash, which `scan` is at, in UTF-8 to `out`. `letters` are pairs of a
 * letter and its character. */
int text_at_escape(struct text_at *scan, const char *letters, struct text *out);
/* A string in double quotes, which the scan is at, in one line. */
int text_at_quoted(struct text_at *scan, const char *letters, char **string);
/* A whole number of at most 64 bits, as the languages have them in common; the word ends there. */
int text_at_integer(const struct text_at *scan, const char *word, int64_t *value);
int text_at_deeper(struct text_at *scan);

#endif

/* schemata.h -- the lines of a schemata file: "L3:0=7ff;1=7ff", "MB:0=20;1=70". */
#ifndef RESCTRL_SCHEMATA_H
#define RESCTRL_SCHEMATA_H

#include <stdbool.h>

#include "base/arena.h"

/* Whether a schemata file's text already says what `line` asks for: every domain that it names has
 * that value. Blanks and leading zeros do not count. */
bool schemata_have(const char *text, const char *line, struct arena *arena);

/* The line of a resource ("L3") without blanks around it, or NULL. */
char *schemata_line(const char *text, const char *resource, struct arena *arena);

#endif

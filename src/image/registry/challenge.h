/* challenge.h -- WWW-Authenticate headers (RFC 9110, 11.6.1). */
#ifndef REGISTRY_CHALLENGE_H
#define REGISTRY_CHALLENGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

struct challenge {
	char *scheme; /* as sent: "Bearer" */
	struct string_map parameters;
};

/* The first challenge of that scheme (any case) in the headers; several may share one header,
 * values may be quoted and hold commas. False: none. Everything in the arena. */
bool challenge_find(const struct strings *headers, const char *scheme, struct arena *arena,
		    struct challenge *challenge);

/* A parameter by its name (any case), or NULL. */
const char *challenge_parameter(const struct challenge *challenge, const char *name);

#endif

/* challenge.c -- read challenges: SCHEME name=value, name="quoted, \"value\"", SCHEME … */
#include "challenge.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_token(char c)
{
	return c && (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(const char **at, const char *characters)
{
	*at += strspn(*at, characters);
}

static char *take_token(const char **at, struct arena *arena)
{
	const char *begin = *at;

	while (is_token(**at))
		(*at)++;
	return arena_copy(arena, begin, (size_t)(*at - begin));
}

/* The quoted string is no longer than this; what is left of the header may be, by far. */
static size_t measure_quoted(const char *at)
{
	const char *end = at + 1;

	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	return (size_t)(end - at);
}

static char *take_quoted(const char **at, struct arena *arena)
{
	char *value = arena_alloc(arena, measure_quoted(*at) + 1);
	size_t length = 0;

	for ((*at)++; **at && **at != '"'; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		value[length++] = **at;
	}
	*at += **at == '"';
	return value;
}

/* "name = value" follows; false (and nothing taken) when it is a scheme or the end. */
static bool take_parameter(const char **at, struct challenge *challenge, struct arena *arena)
{
	const char *probe = *at;
	char *name, *value;

	skip(&probe, " \t,");
	name = take_token(&probe, arena);
	skip(&probe, " \t");
	if (!*name || *probe != '=')
		return false;
	probe++;
	skip(&probe, " \t");
	value = *probe == '"' ? take_quoted(&probe, arena) : take_token(&probe, arena);
	string_map_set(&challenge->parameters, name, value, arena);
	*at = probe;
	return true;
}

static bool find_in(const char *header, const char *scheme, struct arena *arena,
		    struct challenge *challenge)
{
	while (*header) {
		*challenge = (struct challenge){ 0 };
		skip(&header, " \t,");
		challenge->scheme = take_token(&header, arena);
		if (!*challenge->scheme)
			return false;
		while (take_parameter(&header, challenge, arena))
			;
		if (!strcasecmp(challenge->scheme, scheme))
			return true;
		if (*header && !strchr(" \t,", *header) && !is_token(*header))
			header += strcspn(header, ","); /* a token68 ("Negotiate abc=="), or bad */
	}
	return false;
}

bool challenge_find(const struct strings *headers, const char *scheme, struct arena *arena,
		    struct challenge *challenge)
{
	for (size_t i = 0; i < headers->count; i++)
		if (find_in(headers->items[i], scheme, arena, challenge))
			return true;
	return false;
}

const char *challenge_parameter(const struct challenge *challenge, const char *name)
{
	for (size_t i = 0; i < challenge->parameters.count; i++)
		if (!strcasecmp(challenge->parameters.items[i].key, name))
			return challenge->parameters.items[i].value;
	return NULL;
}

/* grammar.c -- the terminals of distribution/reference (v0.6, regexp.go says them as regular
 * expressions; here each is a walk that eats what it accepts and must end at the NUL). */
#include "grammar.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEX     DIGITS "abcdef"
#define ANY_HEX HEX "ABCDEF"

static const char *skip(const char *at, const char *accepted)
{
	return at + strspn(at, accepted);
}

/* [a-zA-Z0-9] and, between two of them, also '-' */
static const char *skip_domain_component(const char *at)
{
	const char *end = skip(at, DIGITS LOWER UPPER "-");

	return end > at && *at != '-' && end[-1] != '-' ? end : NULL;
}

static const char *skip_host(const char *at)
{
	if (*at == '[') {
		const char *end = skip(at + 1, ANY_HEX ":");

		return end > at + 1 && *end == ']' ? end + 1 : NULL;
	}
	at = skip_domain_component(at);
	while (at && *at == '.')
		at = skip_domain_component(at + 1);
	return at;
}

bool grammar_domain(const char *string)
{
	const char *at = skip_host(string);

	if (at && *at == ':') {
		const char *port = at + 1;

		at = skip(port, DIGITS);
		if (at == port)
			return false;
	}
	return at && !*at;
}

/* '.', '_', '__' or any number of '-' */
static const char *skip_separator(const char *at)
{
	if (*at == '.')
		return at + 1;
	if (*at == '_')
		return at + (at[1] == '_' ? 2 : 1);
	return skip(at, "-");
}

static const char *skip_path_component(const char *at)
{
	for (;;) {
		const char *end = skip(at, DIGITS LOWER);

		if (end == at)
			return NULL;
		at = skip_separator(end);
		if (at == end)
			return end;
	}
}

bool grammar_path(const char *string)
{
	const char *at = skip_path_component(string);

	while (at && *at == '/')
		at = skip_path_component(at + 1);
	return at && !*at;
}

bool grammar_tag(const char *string)
{
	const char *end = skip(string, DIGITS LOWER UPPER "_.-");

	return end > string && end <= string + 128 && !*end && *string != '.' && *string != '-';
}

bool grammar_identifier(const char *string)
{
	return strspn(string, HEX) == 64 && !string[64];
}

static const char *skip_layout_component(const char *at)
{
	for (;;) {
		const char *end = skip(at, DIGITS LOWER UPPER);

		if (end == at)
			return NULL;
		if (!*end || !strchr("-._:@+", *end))
			return end;
		at = end + (end[0] == '-' && end[1] == '-' ? 2 : 1);
	}
}

bool grammar_layout_name(const char *string)
{
	const char *at = skip_layout_component(string);

	while (at && *at == '/')
		at = skip_layout_component(at + 1);
	return at && !*at;
}

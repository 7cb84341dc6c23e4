/* schemata.c -- compare what a group has with what a container asks for. */
#include "schemata.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

/* "MB:" -> 10; cache masks are hexadecimal. */
static int base_of(const char *resource)
{
	return text_starts(resource, "MB") ? 10 : 16;
}

struct domain {
	unsigned long long number, value;
};

static bool parse_domain(char *text, int base, struct domain *domain)
{
	char *end;

	domain->number = strtoull(skip_blanks(text), &end, 10);
	end = skip_blanks(end);
	if (*end != '=')
		return false;
	domain->value = strtoull(skip_blanks(end + 1), &end, base);
	return *skip_blanks(end) == '\0';
}

static bool has_domain(const struct strings *domains, int base, const struct domain *wanted)
{
	for (size_t i = 0; i < domains->count; i++) {
		struct domain domain;

		if (parse_domain(domains->items[i], base, &domain) &&
		    domain.number == wanted->number)
			return domain.value == wanted->value;
	}
	return false;
}

static bool line_has(char *line, char *wanted, size_t resource, struct arena *arena)
{
	struct strings have = strings_split(line + resource, ';', arena);
	struct strings want = strings_split(wanted + resource, ';', arena);
	const int base = base_of(wanted);

	for (size_t i = 0; i < want.count; i++) {
		struct domain domain;

		if (!parse_domain(want.items[i], base, &domain) ||
		    !has_domain(&have, base, &domain))
			return false;
	}
	return true;
}

bool schemata_have(const char *text, const char *line, struct arena *arena)
{
	struct strings lines = strings_split(text, '\n', arena);
	char *wanted = skip_blanks(arena_string(arena, line));
	const char *colon = strchr(wanted, ':');
	size_t resource = colon ? (size_t)(colon - wanted) + 1 : 0;

	for (size_t i = 0; resource > 0 && i < lines.count; i++) {
		char *candidate = skip_blanks(lines.items[i]);

		if (strncmp(candidate, wanted, resource) == 0)
			return line_has(candidate, wanted, resource, arena);
	}
	return false;
}

char *schemata_line(const char *text, const char *resource, struct arena *arena)
{
	struct strings lines = strings_split(text, '\n', arena);

	for (size_t i = 0; i < lines.count; i++) {
		char *line = skip_blanks(lines.items[i]);
		const char *rest = text_after(line, resource);

		if (rest && *rest == ':')
			return line;
	}
	return NULL;
}

/* format.c -- references as text again. */
#include <string.h>

#include "base/text.h"
#include "image/reference.h"

static char *format_place(const struct reference *reference, struct arena *arena)
{
	const char *prefix = reference_prefix(reference->transport);
	const char *name = reference->name ? reference->name : "";

	if (!reference->directory)
		return arena_format(arena, "%s%s", prefix, name);
	if (reference->entry >= 0)
		return arena_format(arena, "%s%s:@%d", prefix, reference->directory,
				    reference->entry);
	return arena_format(arena, "%s%s%s%s", prefix, reference->directory,
			    reference->name ? ":" : "", name);
}

static char *format_name(const char *repository, const struct reference *reference,
			 struct arena *arena)
{
	return arena_format(arena, "%s%s%s%s%s", repository, reference->tag ? ":" : "",
			    reference->tag ? reference->tag : "", reference->digest ? "@" : "",
			    reference->digest ? reference->digest : "");
}

char *reference_repository(const struct reference *reference, struct arena *arena)
{
	return arena_format(arena, "%s/%s", reference->domain, reference->path);
}

char *reference_exact(const struct reference *reference, struct arena *arena)
{
	return arena_format(arena, "%s/%s%c%s", reference->domain, reference->path,
			    reference->digest ? '@' : ':', reference_target(reference));
}

char *reference_format(const struct reference *reference, struct arena *arena)
{
	if (reference->transport != REFERENCE_REGISTRY)
		return format_place(reference, arena);
	return format_name(reference_repository(reference, arena), reference, arena);
}

/* Would this path alone be taken for one that begins with a domain? */
static bool path_needs_domain(const char *path)
{
	size_t first = strcspn(path, "/");

	return memchr(path, '.', first) ||
	       (first == strlen("localhost") && text_starts(path, "localhost"));
}

char *reference_familiar(const struct reference *reference, struct arena *arena)
{
	if (reference->transport != REFERENCE_REGISTRY)
		return format_place(reference, arena);
	if (strcmp(reference->domain, "docker.io") != 0 || path_needs_domain(reference->path))
		return reference_format(reference, arena);
	const char *official = text_after(reference->path, "library/");
	bool single = official && !strchr(official, '/');

	return format_name(single ? official : reference->path, reference, arena);
}

const char *reference_target(const struct reference *reference)
{
	return reference->digest ? reference->digest : reference->tag;
}

const char *reference_api_host(const struct reference *reference)
{
	return strcmp(reference->domain, "docker.io") ? reference->domain : "registry-1.docker.io";
}

/* scope.c -- which scope of a policy a name belongs to: the most specific one, alone. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "trust_private.h"

static const struct requirements *of_scope(const struct trust *trust, const char *transport,
					   const char *name)
{
	for (size_t i = 0; i < trust->count; i++)
		if (text_equal(trust->scopes[i].transport, transport) &&
		    !strcmp(trust->scopes[i].name, name))
			return &trust->scopes[i].requirements;
	return NULL;
}

/* A name, then everything above it, up to but without "/". */
static const struct requirements *of_parents(const struct trust *trust, const char *transport,
					     char *name)
{
	const struct requirements *found = of_scope(trust, transport, name);
	char *slash;

	while (!found && (slash = strrchr(name, '/')) && slash != name) {
		*slash = '\0';
		found = of_scope(trust, transport, name);
	}
	return found;
}

/* "*.b.c" and "*.c" for the host a.b.c, without its port. */
static const struct requirements *of_domains(const struct trust *trust, const char *domain,
					     struct arena *arena)
{
	const char *host = arena_copy(arena, domain, strcspn(domain, ":"));
	const struct requirements *found = NULL;

	for (const char *dot = strchr(host, '.'); dot && !found; dot = strchr(dot + 1, '.'))
		found = of_scope(trust, "docker", arena_format(arena, "*%s", dot));
	return found;
}

static const struct requirements *of_registry(const struct trust *trust,
					      const struct reference *name, struct arena *arena)
{
	const struct requirements *found = of_scope(trust, "docker", reference_exact(name, arena));

	if (!found)
		found = of_parents(trust, "docker", reference_repository(name, arena));
	return found ? found : of_domains(trust, name->domain, arena);
}

/* Without symbolic links, as scopes are written. */
static char *real_path(const char *path, struct arena *arena)
{
	char *real = realpath(path, NULL);
	char *kept = arena_string(arena, real ? real : path);

	free(real);
	return kept;
}

static const char *const transports[] = {
	[REFERENCE_REGISTRY] = "docker",         [REFERENCE_LAYOUT] = "oci",
	[REFERENCE_OCI_ARCHIVE] = "oci-archive", [REFERENCE_DOCKER_ARCHIVE] = "docker-archive",
	[REFERENCE_DIRECTORY] = "dir",           [REFERENCE_STORE] = "containers-storage",
};

const struct requirements *scope_find(const struct trust *trust, const struct reference *name,
				      struct arena *arena)
{
	const char *transport = transports[name->transport];
	const struct requirements *found = NULL;

	if (name->transport == REFERENCE_REGISTRY)
		found = of_registry(trust, name, arena);
	else if (name->transport != REFERENCE_DOCKER_ARCHIVE && name->directory)
		found = of_parents(trust, transport, real_path(name->directory, arena));
	if (!found)
		found = of_scope(trust, transport, "");
	return found ? found : of_scope(trust, NULL, "");
}

/* parse.c -- from what people type to a reference.
 *
 * First the transport, then (distribution/reference, normalize.go) the domain, which is a guess by
 * the look of the first component, then tag and digest, and last every part against the grammar,
 * so that the error can say which part is wrong. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "grammar.h"
#include "image/digest.h"
#include "image/reference.h"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN  "index.docker.io"
#define OFFICIAL       "library/"
#define PATH_LIMIT     255

/* Known to other tools; said so where the text would otherwise be a strange tag. */
static const char *const foreign_transports[] = { "docker-daemon:", "containers-storage:", "sif:",
						  "http://", "https://" };

static int refuse(const char *text, const char *reason, struct error *err)
{
	return fail(err, EINVAL, "invalid reference \"%.400s\": %s", text, reason);
}

/* Cut `string` at the first `separator` at or behind `from`; the rest, or NULL. */
static char *cut(char *from, char separator)
{
	char *at = strchr(from, separator);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static bool has_upper(const char *string)
{
	return string[strcspn(string, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool looks_like_domain(const char *component)
{
	return !strcmp(component, "localhost") || strpbrk(component, ".:") || has_upper(component);
}

/* `name` is "[domain/]path" with the tag still on it. Does it name a registry? */
static bool split_domain(char *name, struct arena *arena, struct reference *reference)
{
	char *domain = arena_string(arena, name);
	char *path = cut(domain, '/');
	bool named = path && looks_like_domain(domain);

	if (named) {
		reference->domain = domain;
		reference->path = path;
	} else {
		reference->domain = arena_string(arena, DEFAULT_DOMAIN);
		reference->path = name;
	}
	if (!strcmp(reference->domain, LEGACY_DOMAIN))
		reference->domain = arena_string(arena, DEFAULT_DOMAIN);
	if (!strcmp(reference->domain, DEFAULT_DOMAIN) && !strchr(reference->path, '/'))
		reference->path = arena_format(arena, OFFICIAL "%s", reference->path);
	return named;
}

static int check_parts(const char *text, const struct reference *reference, struct error *err)
{
	if (!*reference->path)
		return refuse(text, "the name is empty", err);
	if (has_upper(reference->path))
		return refuse(text, "repository name must be lowercase", err);
	if (!grammar_domain(reference->domain))
		return refuse(text, "the registry is not HOST[:PORT]", err);
	if (!grammar_path(reference->path))
		return refuse(text,
			      "the repository name has a character or separator that is not "
			      "allowed there",
			      err);
	if (strlen(reference->path) > PATH_LIMIT)
		return refuse(text, "the repository name has more than 255 characters", err);
	if (reference->tag && !grammar_tag(reference->tag))
		return refuse(text, "the tag must be [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", err);
	if (reference->digest && !digest_valid(reference->digest))
		return refuse(text, "the digest must be sha256:HEX or sha512:HEX", err);
	return 0;
}

int reference_parse_name(const char *text, struct arena *arena, struct reference *reference,
			 struct error *err)
{
	char *name = arena_string(arena, text);

	*reference = (struct reference){ .transport = REFERENCE_REGISTRY, .entry = -1 };
	if (grammar_identifier(name))
		return refuse(text, "64 hex digits are an image id, not a name", err);
	reference->digest = cut(name, '@');
	if (!split_domain(name, arena, reference))
		reference->typed = arena_string(arena, text);
	reference->tag = cut(reference->path, ':');
	TRY(check_parts(text, reference, err));
	if (!reference->tag && !reference->digest)
		reference->tag = arena_string(arena, "latest");
	return 0;
}

bool reference_has_target(const char *text)
{
	const char *last = strrchr(text, '/');

	return strchr(text, '@') || strchr(last ? last : text, ':');
}

/* PATH[:NAME|:@N] */
static int parse_place(const char *text, const char *rest, struct arena *arena,
		       struct reference *reference, struct error *err)
{
	uint64_t entry;

	reference->directory = arena_string(arena, rest);
	reference->name = cut(reference->directory, ':');
	if (!*reference->directory)
		return refuse(text, "the path is missing", err);
	if (reference->name && *reference->name == '@') {
		if (!number_parse_unsigned(reference->name + 1, 1000000, &entry))
			return refuse(text, "@ must be followed by a number", err);
		reference->entry = (int)entry;
		reference->name = NULL;
	}
	if (reference->name && !grammar_layout_name(reference->name))
		return refuse(text, "not a name that an image layout can have", err);
	return 0;
}

/* The whole rest is the path: there is one image in it. */
static int parse_path(const char *text, const char *rest, struct arena *arena,
		      struct reference *reference, struct error *err)
{
	reference->directory = arena_string(arena, rest);
	return *rest ? 0 : refuse(text, "the path is missing", err);
}

/* Docker's archives know images by their full names. */
static int parse_saved(const char *text, const char *rest, struct arena *arena,
		       struct reference *reference, struct error *err)
{
	struct reference name;

	TRY(parse_place(text, rest, arena, reference, err));
	if (!reference->name)
		return 0;
	TRY(reference_parse_name(reference->name, arena, &name, err));
	reference->name = reference_format(&name, arena);
	return 0;
}

static int parse_stored(const char *text, const char *rest, struct arena *arena,
			struct reference *reference, struct error *err)
{
	reference->name = arena_string(arena, rest);
	return *rest ? 0 : refuse(text, "the name is missing", err);
}

static int parse_registry(const char *text, const char *rest, struct arena *arena,
			  struct reference *reference, struct error *err)
{
	TRY(reference_parse_name(rest, arena, reference, err));
	reference->typed = NULL; /* docker:// is docker's way of reading short names */
	return 0;
}

static const struct {
	const char *prefix;
	enum reference_transport transport;
	int (*parse)(const char *text, const char *rest, struct arena *arena,
		     struct reference *reference, struct error *err);
} transports[] = {
	{ "docker://", REFERENCE_REGISTRY, parse_registry },
	{ "oci:", REFERENCE_LAYOUT, parse_place },
	{ "oci-archive:", REFERENCE_OCI_ARCHIVE, parse_place },
	{ "docker-archive:", REFERENCE_DOCKER_ARCHIVE, parse_saved },
	{ "dir:", REFERENCE_DIRECTORY, parse_path },
	{ "store:", REFERENCE_STORE, parse_stored },
};

#define TRANSPORT_COUNT (sizeof(transports) / sizeof(transports[0]))

const char *reference_prefix(enum reference_transport transport)
{
	for (size_t i = 0; i < TRANSPORT_COUNT; i++)
		if (transports[i].transport == transport)
			return transports[i].prefix;
	return "";
}

bool reference_has_transport(const char *text)
{
	for (size_t i = 0; i < TRANSPORT_COUNT; i++)
		if (text_starts(text, transports[i].prefix))
			return true;
	return false;
}

static int refuse_foreign(const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(foreign_transports) / sizeof(foreign_transports[0]); i++) {
		const char *rest = text_after(text, foreign_transports[i]);

		if (rest && !grammar_tag(rest))
			return fail(err, EINVAL,
				    "invalid reference \"%.400s\": %s is not a source here "
				    "(NAME, docker://NAME, oci:, oci-archive:, docker-archive:, "
				    "dir: or store:)",
				    text, foreign_transports[i]);
	}
	return 0;
}

int reference_parse(const char *text, struct arena *arena, struct reference *reference,
		    struct error *err)
{
	for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
		const char *rest = text_after(text, transports[i].prefix);

		if (!rest)
			continue;
		*reference =
			(struct reference){ .transport = transports[i].transport, .entry = -1 };
		return transports[i].parse(text, rest, arena, reference, err);
	}
	TRY(refuse_foreign(text, err));
	return reference_parse_name(text, arena, reference, err);
}

bool reference_tag_valid(const char *tag)
{
	return tag && grammar_tag(tag);
}

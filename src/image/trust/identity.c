/* identity.c -- does the name that was signed stand for the image's? (containers-policy.json(5),
 * signedIdentity) */
#include <string.h>

#include "trust_private.h"

/* A name as it was signed: "latest" is added to none. */
struct signed_name {
	struct reference reference;
	bool whole; /* it has a tag or a digest */
};

static bool parse(const char *text, struct arena *arena, struct signed_name *name)
{
	if (!text || reference_parse_name(text, arena, &name->reference, NULL) < 0)
		return false;
	name->whole = reference_has_target(text);
	return true;
}

static bool same_repository(const struct reference *a, const struct reference *b)
{
	return text_equal(a->domain, b->domain) && text_equal(a->path, b->path);
}

static bool same_name(const struct reference *wanted, const struct signed_name *name)
{
	const struct reference *has = &name->reference;

	if (!name->whole || !same_repository(wanted, has))
		return false;
	/* Of an image's name the digest decides. */
	return wanted->digest ? text_equal(wanted->digest, has->digest)
			      : !has->digest && text_equal(wanted->tag, has->tag);
}

static bool repo_digest_or_exact(const struct reference *wanted, const struct signed_name *name)
{
	return wanted->digest ? same_repository(wanted, &name->reference) : same_name(wanted, name);
}

/* The image's name with the prefix replaced, where it has it. */
static bool remap(const struct identity *identity, const struct reference *image,
		  struct arena *arena, struct reference *remapped)
{
	const char *name = reference_repository(image, arena);
	const char *rest = text_after(name, identity->prefix);

	*remapped = *image;
	if (!rest || (*rest && *rest != '/'))
		return true;
	return reference_parse_name(arena_format(arena, "%s%s%c%s", identity->signed_prefix, rest,
						 image->digest ? '@' : ':',
						 reference_target(image)),
				    arena, remapped, NULL) == 0;
}

bool identity_matches(const struct identity *identity, const struct reference *image,
		      const char *text)
{
	bool named = image->transport == REFERENCE_REGISTRY;
	auto_arena struct arena arena = { 0 };
	struct signed_name name, wanted;
	struct reference remapped;

	if (!parse(text, &arena, &name))
		return false;
	switch (identity->kind) {
	case MATCH_EXACT:
		return named && same_name(image, &name);
	case MATCH_REPO_DIGEST_OR_EXACT:
		return named && repo_digest_or_exact(image, &name);
	case MATCH_REPOSITORY:
		return named && same_repository(image, &name.reference);
	case EXACT_REFERENCE:
		return parse(identity->reference, &arena, &wanted) && wanted.whole &&
		       same_name(&wanted.reference, &name);
	case EXACT_REPOSITORY:
		return parse(identity->repository, &arena, &wanted) &&
		       same_repository(&wanted.reference, &name.reference);
	case REMAP_IDENTITY:
		return named && remap(identity, image, &arena, &remapped) &&
		       repo_digest_or_exact(&remapped, &name);
	}
	return false;
}

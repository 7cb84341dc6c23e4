/* check.c -- an image and the requirements of its scope: all must be met. */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "trust_private.h"

static int refuse(const struct requirement *requirement, struct error *err, const char *what)
{
	fail(err, EPERM, "refused by %s (line %u:%u): %s", requirement->place->file,
	     requirement->place->line, requirement->place->column, what);
	return -EPERM;
}

static int verify(const struct requirement *requirement, const struct keys *keys,
		  const struct signature *signature, struct text *payload, struct error *err)
{
	if (requirement->kind == REQUIRE_GPG)
		return gpg_verify(keys, signature, payload, err);
	text_add_bytes(payload, signature->bytes, signature->length);
	return sigstore_verify(keys, signature, err);
}

static int check_signature(const struct requirement *requirement, const struct keys *keys,
			   const struct signature *signature, const struct trust_image *image,
			   struct error *err)
{
	auto_text struct text payload = { 0 };
	const struct payload_question question = {
		.image = image,
		.identity = &requirement->identity,
		.type = requirement->kind == REQUIRE_GPG ? "atomic container signature"
							 : "cosign container image signature",
	};

	TRY(verify(requirement, keys, signature, &payload, err));
	return payload_check(&question, &payload, err);
}

static bool is_of_kind(const struct requirement *requirement, const struct signature *signature)
{
	return (requirement->kind == REQUIRE_GPG) == !signature->base64;
}

/* One good signature is enough; what is wrong with the others is told only when there is none. */
static int check_signatures(const struct requirement *requirement, const struct signature *first,
			    const struct trust_image *image, struct arena *arena, struct error *err)
{
	auto_text struct text reasons = { 0 };
	auto_keys struct keys keys = { 0 };

	TRY(keys_load(requirement, arena, &keys, err));
	for (const struct signature *at = first; at; at = at->next) {
		struct error own = { 0 };
		char line[sizeof(struct error)];

		if (!is_of_kind(requirement, at))
			continue;
		if (check_signature(requirement, &keys, at, image, &own) >= 0)
			return 0;
		error_format(&own, line, sizeof(line));
		text_format(&reasons, "%s%s", reasons.length ? "; " : "", line);
	}
	return refuse(requirement, err,
		      reasons.length ? reasons.data : "a signature is required, and there is none");
}

static int check_requirement(const struct requirement *requirement, const struct trust_image *image,
			     struct arena *arena, struct error *err)
{
	struct signature *first = NULL;

	switch (requirement->kind) {
	case REQUIRE_NOTHING:
		return 0;
	case REQUIRE_IMPOSSIBLE:
		return refuse(requirement, err, "such images are rejected");
	case REQUIRE_UNIMPLEMENTED:
		return refuse(requirement, err,
			      arena_format(arena,
					   "%s is not implemented here, so no image meets it",
					   requirement->unknown));
	default:
		TRY(signatures_find(image, arena, &first, err));
		return check_signatures(requirement, first, image, arena, err);
	}
}

int trust_check(const struct trust *trust, const struct trust_image *image, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const struct requirements *all;

	if (!trust)
		return 0;
	all = scope_find(trust, image->name, &arena);
	for (size_t i = 0; i < all->count; i++)
		if (check_requirement(&all->items[i], image, &arena, err) < 0)
			return fail_where(err, "%s", reference_format(image->name, &arena));
	return 0;
}

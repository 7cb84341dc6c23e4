/* check.c -- an image and the requirements of its scope: all must be met. */
#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "trust_private.h"

static int refuse(const struct requirement *requirement, struct error *err, const char *what)
{
	return fail(err, EPERM, "refused by %s (line %u:%u): %s", requirement->place->file,
		    requirement->place->line, requirement->place->column, what);
}

/* One requirement, and what it says to the signatures. */
struct judging {
	const struct requirement *requirement;
	const struct trust_image *image;
	struct keys keys;
	struct text reasons; /* what is wrong with them */
};

static int verify(const struct judging *judging, const struct signature *signature,
		  struct text *payload, struct error *err)
{
	if (judging->requirement->kind == REQUIRE_GPG)
		return gpg_verify(&judging->keys, signature, judging->image->cancel_fd, payload,
				  err);
	text_add_bytes(payload, signature->bytes, signature->length);
	return sigstore_verify(&judging->keys, signature, err);
}

static int check_signature(const struct judging *judging, const struct signature *signature,
			   struct error *err)
{
	auto_text struct text payload = { 0 };
	const struct requirement *requirement = judging->requirement;
	const struct payload_question question = {
		.image = judging->image,
		.identity = &requirement->identity,
		.type = requirement->kind == REQUIRE_GPG ? "atomic container signature"
							 : "cosign container image signature",
	};

	TRY(verify(judging, signature, &payload, err));
	return payload_check(&question, &payload, err);
}

static bool is_of_kind(const struct requirement *requirement, const struct signature *signature)
{
	return (requirement->kind == REQUIRE_GPG) == !signature->base64;
}

static void add_reason(struct judging *judging, const struct error *wrong)
{
	char line[sizeof(struct error)];

	error_format(wrong, line, sizeof(line));
	text_format(&judging->reasons, "%s%s", judging->reasons.length ? "; " : "", line);
}

static int judge_signature(void *context, const struct signature *signature,
			   const struct error *wrong, struct error *err)
{
	struct judging *judging = context;
	struct error own = { 0 };
	int result;

	if (!signature) {
		add_reason(judging, wrong);
		return 0;
	}
	if (!is_of_kind(judging->requirement, signature))
		return 0;
	result = check_signature(judging, signature, &own);
	if (result >= 0)
		return 1;
	if (result == -ECANCELED) {
		if (err)
			*err = own;
		return result;
	}
	add_reason(judging, &own);
	return 0;
}

/* One good signature is enough; what is wrong with the others is told only when there is none. */
static int check_signatures(struct judging *judging, struct arena *arena, struct error *err)
{
	const struct signature_judge judge = { judge_signature, judging };
	int good;

	TRY(keys_load(judging->requirement, arena, &judging->keys, err));
	TRY(good = signatures_find(judging->image, &judge, err));
	if (good)
		return 0;
	return refuse(judging->requirement, err,
		      judging->reasons.length ? judging->reasons.data
					      : "a signature is required, and there is none");
}

static void end_judging(struct judging *judging)
{
	keys_free(&judging->keys);
	text_free(&judging->reasons);
}

static int check_requirement(const struct requirement *requirement, const struct trust_image *image,
			     struct arena *arena, struct error *err)
{
	struct judging judging __attribute__((cleanup(end_judging))) = {
		.requirement = requirement,
		.image = image,
	};

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
		return check_signatures(&judging, arena, err);
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

/* payload.c -- what a signature says: a manifest's digest, and a name (containers-signature(5)).
 * Both kinds have the same document; whatever else stands in "critical" is not understood, so it is
 * refused. */
#include <errno.h>
#include <string.h>

#include "image/digest.h"
#include "trust_private.h"

struct payload {
	const struct setting *critical, *optional;
	const struct setting *image, *identity;
	char *type, *digest, *name;
};

/* clang-format off */
#define AT(member) offsetof(struct payload, member)
static const struct setting_row payload_rows[] = {
	{ "critical", SETTING_TO_TABLE, AT(critical), NULL },
	{ "optional", SETTING_TO_ANYTHING, AT(optional), NULL },
};
static const struct setting_row critical_rows[] = {
	{ "type",     SETTING_TO_STRING, AT(type),     NULL },
	{ "image",    SETTING_TO_TABLE,  AT(image),    NULL },
	{ "identity", SETTING_TO_TABLE,  AT(identity), NULL },
};
static const struct setting_row image_rows[] = {
	{ "docker-manifest-digest", SETTING_TO_STRING, AT(digest), NULL },
};
static const struct setting_row identity_rows[] = {
	{ "docker-reference", SETTING_TO_STRING, AT(name), NULL },
};
#define ROWS(list) { list, sizeof(list) / sizeof(list[0]), false }
static const struct setting_rows of_payload = ROWS(payload_rows), of_critical = ROWS(critical_rows),
				 of_image = ROWS(image_rows), of_identity = ROWS(identity_rows);
/* clang-format on */

static int read_payload(const struct text *text, struct payload *payload, struct arena *arena,
			struct error *err)
{
	struct setting *root;

	TRY(settings_read_json(text, "the signed payload", arena, &root, err));
	TRY(settings_bind(root, &of_payload, payload, arena, err));
	if (payload->optional && payload->optional->kind != SETTING_TABLE &&
	    payload->optional->kind != SETTING_NULL)
		return setting_refuse(payload->optional, err, "\"optional\" is not a table");
	if (!payload->critical)
		return setting_refuse(root, err, "\"critical\" is missing");
	TRY(settings_bind(payload->critical, &of_critical, payload, arena, err));
	if (!payload->type || !payload->image || !payload->identity)
		return setting_refuse(payload->critical, err,
				      "\"type\", \"image\" or \"identity\" is missing");
	TRY(settings_bind(payload->image, &of_image, payload, arena, err));
	TRY(settings_bind(payload->identity, &of_identity, payload, arena, err));
	if (!payload->digest || !payload->name)
		return setting_refuse(
			payload->critical, err,
			"\"docker-manifest-digest\" or \"docker-reference\" is missing");
	return 0;
}

static int check_digest(const char *said, const struct trust_image *image, struct error *err)
{
	char digest[DIGEST_SIZE];

	TRY(digest_check(said, "signed", err));
	digest_of(digest_algorithm(said), image->manifest, image->length, digest);
	if (strcmp(said, digest) != 0)
		return fail(err, EBADMSG, "the signature is for %s, and this is %s", said, digest);
	return 0;
}

int payload_check(const struct payload_question *question, const struct text *text,
		  struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct payload payload = { 0 };

	TRY(read_payload(text, &payload, &arena, err));
	if (strcmp(payload.type, question->type) != 0)
		return fail(err, EBADMSG, "the signature is a \"%.100s\", not a \"%s\"",
			    payload.type, question->type);
	TRY(check_digest(payload.digest, question->image, err));
	if (!identity_matches(question->identity, question->image->name, payload.name))
		return fail(err, EBADMSG, "the signature is for the name \"%.300s\"", payload.name);
	return 0;
}

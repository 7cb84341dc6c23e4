/* requirement.c -- one requirement of a policy: a row a kind. */
#include <errno.h>
#include <string.h>

#include "trust_private.h"

/* All keys of all kinds; which of them a kind may have stands in its row. */
struct fields {
	char *type, *key_type;
	char *key_path, *key_data;
	struct strings key_paths, key_datas;
	const struct setting *fulcio, *pki, *identity, *base_layer;
	char *rekor_path, *rekor_data;
	struct strings rekor_paths, rekor_datas;
};

/* clang-format off */
#define GPG_TYPES "GPGKeys|signedByGPGKeys|X509Certificates|signedByX509CAs"
#define AT(member) offsetof(struct fields, member)
static const struct setting_row bare_rows[] = {
	{ "type", SETTING_TO_STRING, AT(type), NULL },
};
static const struct setting_row gpg_rows[] = {
	{ "type",           SETTING_TO_STRING,  AT(type),      NULL },
	{ "keyType",        SETTING_TO_STRING,  AT(key_type),  GPG_TYPES },
	{ "keyPath",        SETTING_TO_STRING,  AT(key_path),  NULL },
	{ "keyPaths",       SETTING_TO_STRINGS, AT(key_paths), NULL },
	{ "keyData",        SETTING_TO_STRING,  AT(key_data),  NULL },
	{ "signedIdentity", SETTING_TO_TABLE,   AT(identity),  NULL },
};
static const struct setting_row sigstore_rows[] = {
	{ "type",                SETTING_TO_STRING,  AT(type),        NULL },
	{ "keyPath",             SETTING_TO_STRING,  AT(key_path),    NULL },
	{ "keyPaths",            SETTING_TO_STRINGS, AT(key_paths),   NULL },
	{ "keyData",             SETTING_TO_STRING,  AT(key_data),    NULL },
	{ "keyDatas",            SETTING_TO_STRINGS, AT(key_datas),   NULL },
	{ "fulcio",              SETTING_TO_TABLE,   AT(fulcio),      NULL },
	{ "pki",                 SETTING_TO_TABLE,   AT(pki),         NULL },
	{ "rekorPublicKeyPath",  SETTING_TO_STRING,  AT(rekor_path),  NULL },
	{ "rekorPublicKeyPaths", SETTING_TO_STRINGS, AT(rekor_paths), NULL },
	{ "rekorPublicKeyData",  SETTING_TO_STRING,  AT(rekor_data),  NULL },
	{ "rekorPublicKeyDatas", SETTING_TO_STRINGS, AT(rekor_datas), NULL },
	{ "signedIdentity",      SETTING_TO_TABLE,   AT(identity),    NULL },
};
static const struct setting_row base_rows[] = {
	{ "type",              SETTING_TO_STRING, AT(type),       NULL },
	{ "baseLayerIdentity", SETTING_TO_TABLE,  AT(base_layer), NULL },
};
#define ROWS(list) { list, sizeof(list) / sizeof(list[0]), false }

static const struct {
	const char *type;
	enum requirement_kind kind;
	struct setting_rows rows;
} kinds[] = {
	{ "insecureAcceptAnything", REQUIRE_NOTHING,       ROWS(bare_rows) },
	{ "reject",                 REQUIRE_IMPOSSIBLE,    ROWS(bare_rows) },
	{ "signedBy",               REQUIRE_GPG,           ROWS(gpg_rows) },
	{ "sigstoreSigned",         REQUIRE_SIGSTORE,      ROWS(sigstore_rows) },
	{ "signedBaseLayer",        REQUIRE_UNIMPLEMENTED, ROWS(base_rows) },
};

struct identity_fields {
	char *type, *reference, *repository, *prefix, *signed_prefix;
};

#undef AT
#define AT(member) offsetof(struct identity_fields, member)
#define TYPE_ROW { "type", SETTING_TO_STRING, AT(type), NULL }
static const struct setting_row plain_rows[] = { TYPE_ROW };
static const struct setting_row reference_rows[] = {
	TYPE_ROW,
	{ "dockerReference", SETTING_TO_STRING, AT(reference), NULL },
};
static const struct setting_row repository_rows[] = {
	TYPE_ROW,
	{ "dockerRepository", SETTING_TO_STRING, AT(repository), NULL },
};
static const struct setting_row remap_rows[] = {
	TYPE_ROW,
	{ "prefix",       SETTING_TO_STRING, AT(prefix),        NULL },
	{ "signedPrefix", SETTING_TO_STRING, AT(signed_prefix), NULL },
};

static const struct {
	const char *type;
	enum identity_kind kind;
	struct setting_rows rows;
} identities[] = {
	{ "matchRepoDigestOrExact", MATCH_REPO_DIGEST_OR_EXACT, ROWS(plain_rows) },
	{ "matchExact",             MATCH_EXACT,                ROWS(plain_rows) },
	{ "matchRepository",        MATCH_REPOSITORY,           ROWS(plain_rows) },
	{ "exactReference",         EXACT_REFERENCE,            ROWS(reference_rows) },
	{ "exactRepository",        EXACT_REPOSITORY,           ROWS(repository_rows) },
	{ "remapIdentity",          REMAP_IDENTITY,             ROWS(remap_rows) },
};
/* clang-format on */

static int type_of(const struct setting *table, const char **type, struct error *err)
{
	const struct setting *value;

	if (table->kind != SETTING_TABLE)
		return setting_refuse(table, err, "expected a table with a \"type\", found %s",
				      setting_kind_name(table->kind));
	value = setting_get(table, "type");
	if (!value || value->kind != SETTING_STRING)
		return setting_refuse(value ? value : table, err, "\"type\" must be a string");
	*type = value->string;
	return 0;
}

/* ---- signedIdentity ---------------------------------------------------------------------------
 */

static bool is_name(const char *text)
{
	auto_arena struct arena arena = { 0 };
	struct reference reference;

	return text && reference_parse_name(text, &arena, &reference, NULL) == 0;
}

/* HOST[:PORT][/NAMESPACE…], in full. */
static bool is_prefix(const char *text)
{
	auto_arena struct arena arena = { 0 };

	return text && *text && is_name(arena_format(&arena, "%s/x", text)) && !strchr(text, '@') &&
	       (!strchr(text, '/') || !reference_has_target(text));
}

static int check_identity(const struct setting *table, const struct identity *identity,
			  struct error *err)
{
	switch (identity->kind) {
	case EXACT_REFERENCE:
		if (!is_name(identity->reference) || !reference_has_target(identity->reference))
			return setting_refuse(table, err,
					      "\"dockerReference\" must be a name with tag or "
					      "digest");
		return 0;
	case EXACT_REPOSITORY:
		if (!is_name(identity->repository) || reference_has_target(identity->repository))
			return setting_refuse(table, err,
					      "\"dockerRepository\" must be a name without tag "
					      "and digest");
		return 0;
	case REMAP_IDENTITY:
		if (!is_prefix(identity->prefix) || !is_prefix(identity->signed_prefix))
			return setting_refuse(table, err,
					      "\"prefix\" and \"signedPrefix\" must be "
					      "HOST[:PORT][/NAMESPACE]");
		return 0;
	default:
		return 0;
	}
}

static int read_identity(const struct setting *table, struct identity *identity,
			 struct arena *arena, struct error *err)
{
	struct identity_fields fields = { 0 };
	const char *type;

	if (!table)
		return 0; /* matchRepoDigestOrExact */
	TRY(type_of(table, &type, err));
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		if (strcmp(identities[i].type, type) != 0)
			continue;
		TRY(settings_bind(table, &identities[i].rows, &fields, arena, err));
		*identity =
			(struct identity){ identities[i].kind, fields.reference, fields.repository,
					   fields.prefix, fields.signed_prefix };
		return check_identity(table, identity, err);
	}
	return setting_refuse(setting_get(table, "type"), err,
			      "unknown kind of identity \"%.100s\"", type);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static int take_keys(const struct setting *table, const struct fields *fields,
		     struct requirement *requirement, struct arena *arena, struct error *err)
{
	static const char *const ways[] = { "keyPath",  "keyPaths", "keyData",
					    "keyDatas", "fulcio",   "pki" };
	auto_text struct text bytes = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		count += setting_get(table, ways[i]) != NULL;
	if (count != 1)
		return setting_refuse(
			table, err, "exactly one of keyPath, keyPaths, keyData%s must be there",
			requirement->kind == REQUIRE_SIGSTORE ? ", keyDatas, fulcio and pki" : "");
	requirement->key_paths = fields->key_paths;
	requirement->key_data = fields->key_datas;
	if (fields->key_path)
		strings_add(&requirement->key_paths, fields->key_path, arena);
	if (fields->key_data)
		strings_add(&requirement->key_data, fields->key_data, arena);
	for (size_t i = 0; i < requirement->key_data.count; i++)
		if (!base64_decode(requirement->key_data.items[i], &bytes))
			return setting_refuse(table, err, "key data that is not base64");
	if (!requirement->key_paths.count && !requirement->key_data.count && !fields->fulcio &&
	    !fields->pki)
		return setting_refuse(table, err, "an empty list of keys");
	return 0;
}

/* What fails closed, by its name. */
static const char *not_implemented(const struct fields *fields)
{
	if (fields->base_layer)
		return "signedBaseLayer";
	if (fields->fulcio)
		return "fulcio";
	if (fields->pki)
		return "pki";
	if (fields->rekor_path || fields->rekor_data || fields->rekor_paths.count ||
	    fields->rekor_datas.count)
		return "rekorPublicKey";
	if (fields->key_type && !text_equal(fields->key_type, "GPGKeys"))
		return fields->key_type;
	return NULL;
}

static int finish(const struct setting *table, const struct fields *fields,
		  struct requirement *requirement, struct arena *arena, struct error *err)
{
	if (requirement->kind == REQUIRE_GPG && !fields->key_type)
		return setting_refuse(table, err, "\"keyType\" is missing");
	if (requirement->kind == REQUIRE_GPG || requirement->kind == REQUIRE_SIGSTORE) {
		TRY(take_keys(table, fields, requirement, arena, err));
		TRY(read_identity(fields->identity, &requirement->identity, arena, err));
	}
	if (requirement->kind == REQUIRE_UNIMPLEMENTED && !fields->base_layer)
		return setting_refuse(table, err, "\"baseLayerIdentity\" is missing");
	requirement->unknown = not_implemented(fields);
	if (requirement->unknown)
		requirement->kind = REQUIRE_UNIMPLEMENTED;
	return 0;
}

int requirement_read(const struct setting *table, struct requirement *requirement,
		     struct arena *arena, struct error *err)
{
	struct fields fields = { 0 };
	const char *type;

	TRY(type_of(table, &type, err));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].type, type) != 0)
			continue;
		TRY(settings_bind(table, &kinds[i].rows, &fields, arena, err));
		*requirement = (struct requirement){ .kind = kinds[i].kind, .place = table };
		return finish(table, &fields, requirement, arena, err);
	}
	return setting_refuse(setting_get(table, "type"), err,
			      "unknown kind of requirement \"%.100s\"", type);
}

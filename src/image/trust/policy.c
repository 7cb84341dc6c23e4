/* policy.c -- policy.json as scopes and their requirements. Everything in it is checked when it is
 * read: a policy that is half understood would be worse than none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "trust_private.h"

#define POLICY_MOST (4 << 20)

struct policy {
	const struct setting *usual, *transports;
};

static const struct setting_row rows[] = {
	{ "default", SETTING_TO_LIST, offsetof(struct policy, usual), NULL },
	{ "transports", SETTING_TO_TABLE, offsetof(struct policy, transports), NULL },
};
static const struct setting_rows of_policy = { rows, sizeof(rows) / sizeof(rows[0]), false };

static int read_requirements(const struct setting *list, struct requirements *requirements,
			     struct arena *arena, struct error *err)
{
	if (list->kind != SETTING_LIST)
		return setting_refuse(list, err, "expected a list of requirements, found %s",
				      setting_kind_name(list->kind));
	if (!list->count)
		return setting_refuse(list, err, "an empty list of requirements");
	requirements->items = arena_array(arena, list->count, sizeof(*requirements->items));
	for (const struct setting *at = list->first; at; at = at->next)
		TRY(requirement_read(at, &requirements->items[requirements->count++], arena, err));
	return 0;
}

static bool names_files(const char *transport)
{
	static const char *const kinds[] = { "dir", "oci", "oci-archive", "sif" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i], transport))
			return true;
	return false;
}

/* A scope that can never match would let pass what it should stop. */
static int check_scope(const char *transport, const struct setting *scope, struct error *err)
{
	const char *name = scope->key;

	if (names_files(transport) && *name &&
	    (*name != '/' || !name[1] || text_ends(name, "/") || strstr(name, "//") ||
	     strstr(name, "/./") || strstr(name, "/../")))
		return setting_refuse(scope, err,
				      "the scope \"%.200s\" is not an absolute path below /", name);
	if (!strcmp(transport, "docker") && strchr(name, '*') &&
	    (!text_starts(name, "*.") || strpbrk(name + 1, "*/:@")))
		return setting_refuse(
			scope, err,
			"the scope \"%.200s\" is not *.DOMAIN, HOST, or a name below it", name);
	if (!strcmp(transport, "docker-archive") && *name)
		return setting_refuse(scope, err, "docker-archive has only the scope \"\"");
	return 0;
}

static size_t count_scopes(const struct setting *transports)
{
	size_t count = 1;

	for (const struct setting *at = transports ? transports->first : NULL; at; at = at->next)
		count += at->count;
	return count;
}

static int read_transport(struct trust *trust, const struct setting *transport, struct arena *arena,
			  struct error *err)
{
	if (transport->kind != SETTING_TABLE)
		return setting_refuse(transport, err, "expected a table of scopes, found %s",
				      setting_kind_name(transport->kind));
	for (const struct setting *at = transport->first; at; at = at->next) {
		struct trust_scope *scope = &trust->scopes[trust->count++];

		scope->transport = transport->key;
		scope->name = at->key;
		TRY(check_scope(transport->key, at, err));
		TRY(read_requirements(at, &scope->requirements, arena, err));
	}
	return 0;
}

int policy_read(const struct text *text, const char *file, struct arena *arena,
		const struct trust **read, struct error *err)
{
	struct trust *trust = arena_alloc(arena, sizeof(*trust));
	struct policy policy = { 0 };
	struct setting *root;

	TRY(settings_read_json(text, file, arena, &root, err));
	TRY(settings_bind(root, &of_policy, &policy, arena, err));
	if (!policy.usual)
		return setting_refuse(root, err, "the policy has no \"default\"");
	trust->scopes = arena_array(arena, count_scopes(policy.transports), sizeof(*trust->scopes));
	trust->scopes[trust->count++].name = "";
	TRY(read_requirements(policy.usual, &trust->scopes[0].requirements, arena, err));
	for (const struct setting *at = policy.transports ? policy.transports->first : NULL; at;
	     at = at->next)
		TRY(read_transport(trust, at, arena, err));
	*read = trust;
	return 0;
}

int trust_load(const char *file, struct arena *arena, const struct trust **trust, struct error *err)
{
	const char *named = file ? file : getenv("CONTAINERS_POLICY_JSON");
	const char *path = named && *named ? named : configuration_main("policy.json", arena);
	auto_text struct text text = { 0 };

	*trust = NULL;
	if (!path)
		return 0;
	log_debug("reading %s", path);
	TRY(file_read(AT_FDCWD, path, POLICY_MOST, &text, err));
	return policy_read(&text, arena_string(arena, path), arena, trust, err);
}

/* registries.c -- read registries.conf(5), version 2, and its drop-ins: what comes later wins. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "image/configuration.h"

#define ALIAS_CACHE "containers/short-name-aliases.conf"

/* ---- what may be written ----------------------------------------------------------------------
 */

struct file {
	struct strings search, helpers;
	char *mode, *layer_helper;
	const struct setting *aliases, *registries, *version_1;
};

struct table {
	struct registries_place place;
	char *prefix;
	bool blocked, by_digest_only;
	const struct setting *mirrors;
};

/* clang-format off */
static const struct setting_row file_rows[] = {
	{ "unqualified-search-registries",      SETTING_TO_STRINGS, offsetof(struct file, search), NULL },
	{ "credential-helpers",                 SETTING_TO_STRINGS, offsetof(struct file, helpers), NULL },
	{ "short-name-mode",                    SETTING_TO_STRING,  offsetof(struct file, mode), "enforcing|permissive|disabled|" },
	{ "additional-layer-store-auth-helper", SETTING_TO_STRING,  offsetof(struct file, layer_helper), NULL },
	{ "aliases",                            SETTING_TO_TABLE,   offsetof(struct file, aliases), NULL },
	{ "registry",                           SETTING_TO_LIST,    offsetof(struct file, registries), NULL },
	{ "registries",                         SETTING_TO_TABLE,   offsetof(struct file, version_1), NULL },
};

static const struct setting_row table_rows[] = {
	{ "prefix",                SETTING_TO_STRING,  offsetof(struct table, prefix), NULL },
	{ "location",              SETTING_TO_STRING,  offsetof(struct table, place.location), NULL },
	{ "insecure",              SETTING_TO_BOOLEAN, offsetof(struct table, place.insecure), NULL },
	{ "proxy",                 SETTING_TO_STRING,  offsetof(struct table, place.proxy), NULL },
	{ "blocked",               SETTING_TO_BOOLEAN, offsetof(struct table, blocked), NULL },
	{ "mirror-by-digest-only", SETTING_TO_BOOLEAN, offsetof(struct table, by_digest_only), NULL },
	{ "mirror",                SETTING_TO_LIST,    offsetof(struct table, mirrors), NULL },
};

static const struct setting_row mirror_rows[] = {
	{ "location",         SETTING_TO_STRING,  offsetof(struct registries_place, location), NULL },
	{ "insecure",         SETTING_TO_BOOLEAN, offsetof(struct registries_place, insecure), NULL },
	{ "proxy",            SETTING_TO_STRING,  offsetof(struct registries_place, proxy), NULL },
	{ "pull-from-mirror", SETTING_TO_STRING,  offsetof(struct registries_place, pull), "all|digest-only|tag-only|" },
};

#define ROWS(list) { list, sizeof(list) / sizeof(list[0]), true }
static const struct setting_rows of_file = ROWS(file_rows), of_table = ROWS(table_rows),
				 of_mirror = ROWS(mirror_rows);
/* clang-format on */

/* ---- one registry -----------------------------------------------------------------------------
 */

/* HOST[:PORT][/PATH], perhaps with a tag or a digest: what a reference may begin with. */
static bool is_beginning(const char *name)
{
	auto_arena struct arena arena = { 0 };
	struct reference reference;
	const char *path = strchr(name, '/');

	if (path)
		return reference_parse_name(name, &arena, &reference, NULL) == 0;
	/* A host without a dot is one here, whatever it is in a reference. */
	return reference_parse_name(arena_format(&arena, "%s/x", name), &arena, &reference, NULL) ==
		       0 &&
	       *name;
}

static int check_location(const struct setting *table, const char *key, char *location,
			  struct error *err)
{
	const struct setting *at = setting_get(table, key);
	size_t length = strlen(location);

	if (strstr(location, "://"))
		return setting_refuse(at, err, "%s: \"%.200s\" must be without \"%.*s\"", key,
				      location, (int)(strstr(location, "://") + 3 - location),
				      location);
	while (length && location[length - 1] == '/')
		location[--length] = '\0';
	if (!is_beginning(location))
		return setting_refuse(at, err, "%s: \"%.200s\" is not HOST[:PORT][/NAMESPACE]", key,
				      location);
	return 0;
}

static int check_prefix(const struct setting *table, char *prefix, struct error *err)
{
	const struct setting *at = setting_get(table, "prefix");

	if (!text_starts(prefix, "*."))
		return check_location(table, "prefix", prefix, err);
	if (!prefix[2] || strpbrk(prefix + 1, "*/:@"))
		return setting_refuse(at, err, "prefix: \"%.200s\" is not *.DOMAIN", prefix);
	return 0;
}

static int read_mirror(const struct setting *table, const struct table *of,
		       struct registries_place *mirror, struct arena *arena, struct error *err)
{
	TRY(settings_bind(table, &of_mirror, mirror, arena, err));
	if (!mirror->location || !*mirror->location)
		return setting_refuse(table, err, "a mirror without location");
	if (mirror->pull && *mirror->pull && of->by_digest_only)
		return setting_refuse(setting_get(table, "pull-from-mirror"), err,
				      "pull-from-mirror cannot be combined with "
				      "mirror-by-digest-only");
	return check_location(table, "location", mirror->location, err);
}

static int read_mirrors(const struct table *table, struct registries_rule *rule,
			struct arena *arena, struct error *err)
{
	const struct setting *list = table->mirrors;

	rule->mirrors = arena_array(arena, list ? list->count + 1 : 1, sizeof(*rule->mirrors));
	for (const struct setting *at = list ? list->first : NULL; at; at = at->next)
		TRY(read_mirror(at, table, &rule->mirrors[rule->mirror_count++], arena, err));
	return 0;
}

static int check_table(const struct setting *at, struct table *table, struct arena *arena,
		       struct error *err)
{
	if (table->place.location && !*table->place.location)
		table->place.location = NULL;
	if (table->prefix && !*table->prefix)
		table->prefix = NULL;
	if (!table->prefix && !table->place.location)
		return setting_refuse(at, err, "a registry with neither prefix nor location");
	if (table->place.location)
		TRY(check_location(at, "location", table->place.location, err));
	if (!table->prefix)
		table->prefix = arena_string(arena, table->place.location);
	else
		TRY(check_prefix(at, table->prefix, err));
	if (!table->place.location && *table->prefix != '*')
		return setting_refuse(at, err, "the registry \"%.200s\" has no location",
				      table->prefix);
	return 0;
}

/* By prefix: a later one takes the place of an earlier one. */
static struct registries_rule *place_for(struct registries *registries, const char *prefix,
					 struct arena *arena)
{
	struct registries_rule *more;

	for (size_t i = 0; i < registries->count; i++)
		if (!strcmp(registries->rules[i].prefix, prefix))
			return &registries->rules[i];
	if (registries->count == registries->room) {
		registries->room = 2 * registries->room + 8;
		more = arena_array(arena, registries->room, sizeof(*more));
		if (registries->count)
			memcpy(more, registries->rules, registries->count * sizeof(*more));
		registries->rules = more;
	}
	return &registries->rules[registries->count++];
}

static int read_registry(struct registries *registries, const struct setting *at,
			 struct arena *arena, struct error *err)
{
	struct table table = { 0 };
	struct registries_rule rule = { 0 };

	TRY(settings_bind(at, &of_table, &table, arena, err));
	TRY(check_table(at, &table, arena, err));
	rule = (struct registries_rule){ .prefix = table.prefix,
					 .primary = table.place,
					 .blocked = table.blocked,
					 .mirror_by_digest_only = table.by_digest_only,
					 .file = at->file };
	TRY(read_mirrors(&table, &rule, arena, err));
	*place_for(registries, rule.prefix, arena) = rule;
	return 0;
}

/* ---- short names ------------------------------------------------------------------------------
 */

static int check_alias(const struct setting *alias, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct reference name, value;

	if (alias->kind != SETTING_STRING)
		return setting_refuse(alias, err, "expected a string, found %s",
				      setting_kind_name(alias->kind));
	if (reference_parse_name(alias->key, &arena, &name, NULL) < 0 || !name.typed ||
	    reference_has_target(alias->key))
		return setting_refuse(alias, err,
				      "\"%.200s\" is not a name without registry, tag and digest",
				      alias->key);
	if (!*alias->string)
		return 0;
	if (reference_parse_name(alias->string, &arena, &value, NULL) < 0 || value.typed ||
	    reference_has_target(alias->string))
		return setting_refuse(
			alias, err,
			"\"%.200s\" is not a name with registry, without tag and digest",
			alias->string);
	return 0;
}

static int read_aliases(struct registries *registries, const struct setting *aliases,
			struct arena *arena, struct error *err)
{
	for (const struct setting *at = aliases->first; at; at = at->next) {
		TRY(check_alias(at, err));
		string_map_set(&registries->aliases, at->key, *at->string ? at->string : NULL,
			       arena);
	}
	return 0;
}

static int check_search(const struct setting *root, const struct strings *search, struct error *err)
{
	for (size_t i = 0; i < search->count; i++)
		if (!is_beginning(search->items[i]))
			return setting_refuse(setting_get(root, "unqualified-search-registries"),
					      err,
					      "unqualified-search-registries: \"%.200s\" is not "
					      "HOST[:PORT]",
					      search->items[i]);
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static int refuse_version_1(const struct setting *registries, struct error *err)
{
	setting_refuse(registries, err, "this is version 1 of the format, which is not read");
	return fail_hint(err, "registries.search is now unqualified-search-registries = […]; "
			      "insecure and block are keys of [[registry]]");
}

static void take_globals(struct registries *registries, const struct setting *root,
			 const struct file *file)
{
	if (setting_get(root, "unqualified-search-registries")) {
		registries->search = file->search;
		registries->has_search = true;
	}
	if (setting_get(root, "credential-helpers"))
		registries->credential_helpers = file->helpers;
	if (file->mode && *file->mode)
		registries->enforcing = text_equal(file->mode, "enforcing");
}

static int read_file(struct registries *registries, const char *path, struct arena *arena,
		     struct error *err)
{
	struct file file = { 0 };
	struct setting *root;

	TRY(settings_load(path, settings_read_toml, arena, &root, err));
	TRY(settings_bind(root, &of_file, &file, arena, err));
	if (file.version_1)
		return refuse_version_1(file.version_1, err);
	TRY(check_search(root, &file.search, err));
	take_globals(registries, root, &file);
	if (file.aliases)
		TRY(read_aliases(registries, file.aliases, arena, err));
	for (const struct setting *at = file.registries ? file.registries->first : NULL; at;
	     at = at->next)
		TRY(read_registry(registries, at, arena, err));
	return 0;
}

int registries_read(const struct strings *files, struct arena *arena, struct registries **read,
		    struct error *err)
{
	struct registries *registries = arena_alloc(arena, sizeof(*registries));

	for (size_t i = 0; i < files->count; i++)
		TRY(read_file(registries, files->items[i], arena, err));
	*read = registries;
	return 0;
}

static int list_files(struct arena *arena, struct strings *files, struct error *err)
{
	const char *only = getenv("CONTAINERS_REGISTRIES_CONF");
	const char *last = getenv("CONTAINERS_REGISTRIES_CONF_OVERRIDE");
	const char *main = only && *only ? only : configuration_main("registries.conf", arena);
	const char *aliases =
		geteuid() == 0 ? "/var/cache/" ALIAS_CACHE
			       : configuration_own("XDG_CACHE_HOME", ".cache", ALIAS_CACHE, arena);

	if (main)
		strings_add(files, arena_string(arena, main), arena);
	if (!only || !*only)
		TRY(configuration_drop_ins("registries", ".conf.d", ".conf", arena, files, err));
	if (last && *last)
		strings_add(files, arena_string(arena, last), arena);
	if (aliases && access(aliases, R_OK) == 0)
		strings_add(files, arena_string(arena, aliases), arena);
	return 0;
}

int registries_load(struct arena *arena, struct registries **registries, struct error *err)
{
	struct strings files = { 0 };

	TRY(list_files(arena, &files, err));
	for (size_t i = 0; i < files.count; i++)
		log_debug("reading %s", files.items[i]);
	return registries_read(&files, arena, registries, err);
}

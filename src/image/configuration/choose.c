/* choose.c -- what registries.conf means for one name: which rule, which places, which names. */
#include <errno.h>
#include <string.h>

#include "image/configuration.h"

/* As the configuration knows names: with the digest, else with the tag. */
static char *written(const struct reference *name, struct arena *arena)
{
	if (!name->path) /* a whole registry */
		return arena_string(arena, name->domain);
	return reference_exact(name, arena);
}

/* How much of a name "*.example.com" covers: "a.b.example.com"; 0: it does not match. */
static size_t matched_by_domain(const char *name, const char *domain)
{
	const size_t host = strcspn(name, "/");

	for (const char *at = strstr(name, domain); at && (size_t)(at - name) < host;
	     at = strstr(at + 1, domain)) {
		size_t length = (size_t)(at - name) + strlen(domain);

		if (strchr(":/", name[length])) /* the name's end is one of them */
			return length;
	}
	return 0;
}

static size_t matched(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	if (*prefix == '*')
		return matched_by_domain(name, prefix + 1);
	return text_starts(name, prefix) && strchr("/:@", name[length]) ? length : 0;
}

const struct registries_rule *registries_find(const struct registries *registries,
					      const struct reference *name)
{
	auto_arena struct arena arena = { 0 };
	const char *text = written(name, &arena);
	const struct registries_rule *found = NULL;

	for (size_t i = 0; registries && i < registries->count; i++) {
		const struct registries_rule *rule = &registries->rules[i];

		if (matched(text, rule->prefix) &&
		    (!found || strlen(rule->prefix) > strlen(found->prefix)))
			found = rule;
	}
	return found;
}

static int check_rule(const struct registries_rule *rule, const struct reference *name,
		      struct error *err)
{
	auto_arena struct arena arena = { 0 };

	if (!rule || !rule->blocked)
		return 0;
	return fail(err, EPERM, "%s: the registry %s is blocked by %s", written(name, &arena),
		    rule->prefix, rule->file);
}

int registries_check(const struct registries *registries, const struct reference *name,
		     struct error *err)
{
	return check_rule(registries_find(registries, name), name, err);
}

/* ---- places -----------------------------------------------------------------------------------
 */

static bool is_usable(const struct registries_rule *rule, const struct registries_place *mirror,
		      bool by_digest)
{
	if (rule->mirror_by_digest_only)
		return by_digest;
	if (text_equal(mirror->pull, "digest-only"))
		return by_digest;
	return !text_equal(mirror->pull, "tag-only") || !by_digest;
}

/* The prefix is replaced by the location. */
static int add_source(struct registries_sources *sources, const struct registries_rule *rule,
		      const struct registries_place *place, const struct reference *name,
		      struct arena *arena, struct error *err)
{
	struct registries_source *source = &sources->items[sources->count++];
	const char *text = written(name, arena);
	const char *there = place->location ? arena_format(arena, "%s%s", place->location,
							   text + matched(text, rule->prefix))
					    : text;

	source->place = place;
	if (reference_parse_name(there, arena, &source->reference, err) < 0)
		return fail_where(err, "%s: %s", rule->file, place->location);
	if (!source->reference.typed)
		return 0;
	/* It would be docker.io's, where anybody may have that name. */
	fail(err, EINVAL, "the location \"%s\" names no host: a host has a dot or a port",
	     place->location);
	return fail_where(err, "%s", rule->file);
}

int registries_sources(const struct registries *registries, const struct reference *name,
		       struct arena *arena, struct registries_sources *sources, struct error *err)
{
	static const struct registries_place itself = { 0 };
	const struct registries_rule *rule = registries_find(registries, name);

	TRY(check_rule(rule, name, err));
	*sources = (struct registries_sources){ 0 };
	sources->items =
		arena_array(arena, rule ? rule->mirror_count + 1 : 1, sizeof(*sources->items));
	if (!rule) {
		sources->items[sources->count++] = (struct registries_source){ *name, &itself };
		return 0;
	}
	for (size_t i = 0; i < rule->mirror_count; i++)
		if (is_usable(rule, &rule->mirrors[i], name->digest != NULL))
			TRY(add_source(sources, rule, &rule->mirrors[i], name, arena, err));
	return add_source(sources, rule, &rule->primary, name, arena, err);
}

/* ---- short names ------------------------------------------------------------------------------
 */

/* "name" of "name:tag@digest", and what is behind it. */
static char *cut_name(const char *typed, struct arena *arena, const char **rest)
{
	const char *last = strrchr(typed, '/');
	size_t length = strcspn(typed, "@");
	const char *colon = strchr(last ? last : typed, ':');

	if (colon && (size_t)(colon - typed) < length)
		length = (size_t)(colon - typed);
	*rest = typed + length;
	return arena_copy(arena, typed, length);
}

static char *join(const struct strings *words, struct arena *arena)
{
	auto_text struct text out = { 0 };

	for (size_t i = 0; i < words->count; i++)
		text_format(&out, "%s%s", i ? ", " : "", words->items[i]);
	return arena_string(arena, out.data ? out.data : "");
}

static int search_names(const struct registries *registries, const char *typed, struct arena *arena,
			struct strings *names, struct error *err)
{
	for (size_t i = 0; i < registries->search.count; i++)
		strings_add(names, arena_format(arena, "%s/%s", registries->search.items[i], typed),
			    arena);
	if (!names->count) {
		fail(err, EINVAL,
		     "the short name \"%.200s\" has no alias, and "
		     "unqualified-search-registries is empty",
		     typed);
		return fail_hint(err, "say which registry: docker.io/%.150s", typed);
	}
	if (registries->enforcing && names->count > 1) {
		fail(err, EINVAL,
		     "the short name \"%.200s\" may mean %.600s, and short-name-mode is enforcing",
		     typed, join(names, arena));
		return fail_hint(err, "say which one");
	}
	return 0;
}

int registries_names(const struct registries *registries, const struct reference *name,
		     struct arena *arena, struct strings *names, struct error *err)
{
	const char *rest, *alias;

	*names = (struct strings){ 0 };
	if (!registries || !name->typed) {
		strings_add(names, reference_format(name, arena), arena);
		return 0;
	}
	alias = string_map_get(&registries->aliases, cut_name(name->typed, arena, &rest));
	if (alias)
		strings_add(names, arena_format(arena, "%s%s", alias, rest), arena);
	else if (registries->has_search)
		return search_names(registries, name->typed, arena, names, err);
	else
		strings_add(names, reference_format(name, arena), arena);
	return 0;
}

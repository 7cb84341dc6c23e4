/* settings.c -- an image with another config, or other annotations: rows of what can be set. */
#include <errno.h>
#include <string.h>

#include "base/json_edit.h"
#include "derive_private.h"

struct settle {
	struct documents documents;
	const struct derive_settings *wanted;
	const struct bundle_image *image;
	const struct oci_execution *execution; /* of the old image; empty where it has none */
	struct arena *arena;
};

static void settle_free(struct settle *settle)
{
	documents_free(&settle->documents);
}
#define auto_settle __attribute__((cleanup(settle_free)))

/* ---- single values ----------------------------------------------------------------------------
 */

static const struct {
	size_t offset;
	const char *path;
} texts[] = {
	{ offsetof(struct derive_settings, user), "config.User" },
	{ offsetof(struct derive_settings, working_dir), "config.WorkingDir" },
	{ offsetof(struct derive_settings, stop_signal), "config.StopSignal" },
	{ offsetof(struct derive_settings, created), "created" },
	{ offsetof(struct derive_settings, author), "author" },
	{ offsetof(struct derive_settings, os), "os" },
	{ offsetof(struct derive_settings, architecture), "architecture" },
	{ offsetof(struct derive_settings, variant), "variant" },
};

static void set_texts(struct settle *settle)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *value =
			*(char *const *)((const char *)settle->wanted + texts[i].offset);

		if (value)
			documents_set_string(&settle->documents.config, texts[i].path, value);
	}
}

/* ---- lists, sets and maps ---------------------------------------------------------------------
 */

static void add_string(struct text *json, const char *before, const char *string)
{
	text_add(json, before);
	json_write_string(string, json);
}

static void set_list(struct text *document, const char *path, const struct strings *items)
{
	auto_text struct text json = { 0 };

	for (size_t i = 0; i < items->count; i++)
		add_string(&json, i ? "," : "[", items->items[i]);
	text_add(&json, items->count ? "]" : "[]");
	json_edit_set(document, path, json.data);
}

/* {"80/tcp":{}}: the keys are all. */
static void set_keys(struct text *document, const char *path, const struct strings *keys)
{
	auto_text struct text json = { 0 };

	text_add(&json, "{");
	for (size_t i = 0; i < keys->count; i++) {
		add_string(&json, i ? "," : "", keys->items[i]);
		text_add(&json, ":{}");
	}
	text_add(&json, "}");
	json_edit_set(document, path, json.data);
}

static void set_map(struct text *document, const char *path, const struct string_map *map)
{
	auto_text struct text json = { 0 };

	text_add(&json, "{");
	for (size_t i = 0; i < map->count; i++) {
		add_string(&json, i ? "," : "", map->items[i].key);
		add_string(&json, ":", map->items[i].value);
	}
	text_add(&json, "}");
	json_edit_set(document, path, json.data);
}

static struct strings joined(char *const *items, size_t count, const struct strings *more,
			     struct arena *arena)
{
	struct strings all = { 0 };

	for (size_t i = 0; i < count; i++)
		strings_add(&all, items[i], arena);
	for (size_t i = 0; i < more->count; i++)
		if (!strings_have(&all, more->items[i]))
			strings_add(&all, more->items[i], arena);
	return all;
}

/* "KEY=VALUE", or a key alone. */
static void map_add(struct string_map *map, const struct strings *pairs, struct arena *arena)
{
	for (size_t i = 0; i < pairs->count; i++) {
		char *key = arena_string(arena, pairs->items[i]);
		char *equals = strchr(key, '=');

		if (equals)
			*equals++ = '\0';
		string_map_set(map, key, equals ? equals : arena_string(arena, ""), arena);
	}
}

/* ---- what there is: cleared first, then added to ----------------------------------------------
 */

static void set_environment(struct settle *settle, bool cleared)
{
	struct strings all = { 0 };

	if (!cleared)
		all = joined(settle->execution->env.items, settle->execution->env.count, &all,
			     settle->arena);
	for (size_t i = 0; i < settle->wanted->env.count; i++)
		strings_set_variable(&all, settle->wanted->env.items[i], settle->arena);
	set_list(&settle->documents.config, "config.Env", &all);
}

static void set_entrypoint(struct settle *settle, bool cleared)
{
	set_list(&settle->documents.config, "config.Entrypoint", &settle->wanted->entrypoint);
}

static void set_command(struct settle *settle, bool cleared)
{
	set_list(&settle->documents.config, "config.Cmd", &settle->wanted->cmd);
}

static void set_ports(struct settle *settle, bool cleared)
{
	const struct oci_execution *execution = settle->execution;
	struct strings all =
		joined(execution->exposed_ports.keys, cleared ? 0 : execution->exposed_ports.count,
		       &settle->wanted->exposed_ports, settle->arena);

	set_keys(&settle->documents.config, "config.ExposedPorts", &all);
}

static void set_volumes(struct settle *settle, bool cleared)
{
	const struct oci_execution *execution = settle->execution;
	struct strings all = joined(execution->volumes.keys, cleared ? 0 : execution->volumes.count,
				    &settle->wanted->volumes, settle->arena);

	set_keys(&settle->documents.config, "config.Volumes", &all);
}

static void set_map_of(struct settle *settle, struct text *document, const char *path,
		       const struct string_map *old, const struct strings *pairs)
{
	struct string_map all = { 0 };

	for (size_t i = 0; old && i < old->count; i++)
		string_map_set(&all, old->items[i].key, old->items[i].value, settle->arena);
	map_add(&all, pairs, settle->arena);
	set_map(document, path, &all);
}

static void set_labels(struct settle *settle, bool cleared)
{
	set_map_of(settle, &settle->documents.config, "config.Labels",
		   cleared ? NULL : &settle->execution->labels, &settle->wanted->labels);
}

static void set_annotations(struct settle *settle, bool cleared)
{
	set_map_of(settle, &settle->documents.manifest, "annotations",
		   cleared ? NULL : &settle->image->manifest.annotations,
		   &settle->wanted->annotations);
}

static const struct collection {
	const char *name; /* what --clear calls it */
	size_t offset;    /* of what is wanted */
	void (*set)(struct settle *settle, bool cleared);
} collections[] = {
	{ "config.env", offsetof(struct derive_settings, env), set_environment },
	{ "config.entrypoint", offsetof(struct derive_settings, entrypoint), set_entrypoint },
	{ "config.cmd", offsetof(struct derive_settings, cmd), set_command },
	{ "config.exposedports", offsetof(struct derive_settings, exposed_ports), set_ports },
	{ "config.volume", offsetof(struct derive_settings, volumes), set_volumes },
	{ "config.labels", offsetof(struct derive_settings, labels), set_labels },
	{ "manifest.annotations", offsetof(struct derive_settings, annotations), set_annotations },
};

#define COLLECTIONS (sizeof(collections) / sizeof(collections[0]))

static void set_collections(struct settle *settle)
{
	for (size_t i = 0; i < COLLECTIONS; i++) {
		const struct strings *wanted =
			(const struct strings *)((const char *)settle->wanted +
						 collections[i].offset);
		bool cleared = strings_have(&settle->wanted->clear, collections[i].name);

		if (cleared || wanted->count)
			collections[i].set(settle, cleared);
	}
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static int check_clear(const struct strings *clear, struct error *err)
{
	auto_text struct text known = { 0 };

	for (size_t i = 0; i < COLLECTIONS; i++)
		text_format(&known, "%s%s", i ? ", " : "", collections[i].name);
	for (size_t i = 0; i < clear->count; i++) {
		size_t at = 0;

		while (at < COLLECTIONS && strcmp(collections[at].name, clear->items[i]) != 0)
			at++;
		if (at == COLLECTIONS)
			return fail(err, EINVAL, "--clear %s: it is one of %s", clear->items[i],
				    known.data);
	}
	return 0;
}

/* image-spec config.md: port/tcp, port/udp, port; docker has ranges and sctp, too. */
static bool is_port(const char *text)
{
	static const char digits[] = "0123456789";
	size_t length = strspn(text, digits);

	if (!length)
		return false;
	text += length;
	if (*text == '-') {
		length = strspn(++text, digits);
		if (!length)
			return false;
		text += length;
	}
	return !*text || !strcmp(text, "/tcp") || !strcmp(text, "/udp") || !strcmp(text, "/sctp");
}

static int check_lists(const struct derive_settings *wanted, struct error *err)
{
	for (size_t i = 0; i < wanted->env.count; i++)
		if (!strchr(wanted->env.items[i], '=') || wanted->env.items[i][0] == '=')
			return fail(err, EINVAL, "--config.env %s: it is NAME=VALUE",
				    wanted->env.items[i]);
	for (size_t i = 0; i < wanted->exposed_ports.count; i++)
		if (!is_port(wanted->exposed_ports.items[i]))
			return fail(err, EINVAL,
				    "--config.exposedports %s: it is PORT, PORT/tcp or PORT/udp",
				    wanted->exposed_ports.items[i]);
	for (size_t i = 0; i < wanted->volumes.count; i++)
		if (wanted->volumes.items[i][0] != '/')
			return fail(err, EINVAL, "--config.volume %s: it is an absolute path",
				    wanted->volumes.items[i]);
	return 0;
}

static int check(const struct settle *settle, struct error *err)
{
	const struct derive_settings *wanted = settle->wanted;
	bool annotations =
		wanted->annotations.count || strings_have(&wanted->clear, "manifest.annotations");

	TRY(check_clear(&wanted->clear, err));
	TRY(check_lists(wanted, err));
	if (annotations && settle->documents.docker)
		return fail(err, EINVAL,
			    "the image has Docker's manifest format, which has no annotations");
	return 0;
}

/* ---- the image --------------------------------------------------------------------------------
 */

int derive_settings(struct store *store, const struct bundle_image *image,
		    const struct derive_settings *wanted, struct arena *arena,
		    struct store_image *made, struct error *err)
{
	static const struct oci_execution nothing;
	auto_settle struct settle settle = {
		.wanted = wanted,
		.image = image,
		.execution = image->config.config ? image->config.config : &nothing,
		.arena = arena,
	};
	struct bundle_image renamed = *image;

	TRY(documents_read(store, image, &settle.documents, err));
	TRY(check(&settle, err));
	set_texts(&settle);
	set_collections(&settle);
	if (wanted->author)
		renamed.config.author = wanted->author;
	documents_add_history(&settle.documents, wanted->step, &renamed, true);
	return documents_commit(&settle.documents, store, wanted->step, arena, made, err);
}

/* signatures.c -- registries.d: where the signatures of a registry's images are kept. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "image/configuration.h"

#define ROOTS_STORE "/var/lib/containers/sigstore"
#define OWN_STORE   "containers/sigstore"

struct section {
	char *lookaside, *lookaside_staging, *sigstore, *sigstore_staging;
	bool *attachments;
};

struct file {
	const struct setting *usual, *scopes;
};

/* clang-format off */
#define AT(member) offsetof(struct section, member)
static const struct setting_row section_rows[] = {
	{ "lookaside",                SETTING_TO_STRING, AT(lookaside),         NULL },
	{ "lookaside-staging",        SETTING_TO_STRING, AT(lookaside_staging), NULL },
	{ "sigstore",                 SETTING_TO_STRING, AT(sigstore),          NULL },
	{ "sigstore-staging",         SETTING_TO_STRING, AT(sigstore_staging),  NULL },
	{ "use-sigstore-attachments", SETTING_TO_CHOICE, AT(attachments),       NULL },
};
static const struct setting_row file_rows[] = {
	{ "default-docker", SETTING_TO_TABLE, offsetof(struct file, usual),  NULL },
	{ "docker",         SETTING_TO_TABLE, offsetof(struct file, scopes), NULL },
};
#define ROWS(list) { list, sizeof(list) / sizeof(list[0]), true }
static const struct setting_rows of_section = ROWS(section_rows), of_file = ROWS(file_rows);
/* clang-format on */

/* All files together: "" is default-docker. A scope is described once. */
struct scopes {
	struct setting table;
	struct arena *arena;
};

static int add_scope(struct scopes *scopes, const struct setting *section, const char *name,
		     struct error *err)
{
	const struct setting *other = setting_get(&scopes->table, name);
	struct setting *copy = arena_alloc(scopes->arena, sizeof(*copy));

	if (other)
		return setting_refuse(section, err, "\"%.200s\" is described in %s (line %u) too",
				      *name ? name : "default-docker", other->file, other->line);
	*copy = *section;
	copy->key = arena_string(scopes->arena, name);
	copy->next = scopes->table.first;
	scopes->table.first = copy;
	return 0;
}

static int read_file(struct scopes *scopes, const char *path, struct error *err)
{
	struct file file = { 0 };
	struct setting *root;

	log_debug("reading %s", path);
	TRY(settings_load(path, settings_read_yaml, scopes->arena, &root, err));
	TRY(settings_bind(root, &of_file, &file, scopes->arena, err));
	if (file.usual)
		TRY(add_scope(scopes, file.usual, "", err));
	for (const struct setting *at = file.scopes ? file.scopes->first : NULL; at; at = at->next)
		TRY(add_scope(scopes, at, at->key, err));
	return 0;
}

static int check_url(const struct setting *at, const char *url, struct error *err)
{
	if (!url || text_starts(url, "file:///") || text_starts(url, "https://") ||
	    text_starts(url, "http://"))
		return 0;
	return setting_refuse(at, err, "\"%.200s\" is not a URL (file:///, https://, http://)",
			      url);
}

/* What this scope says and none that is more specific has said. */
static int take_scope(const struct scopes *scopes, const char *name,
		      struct configuration_signatures *where, bool *decided, struct error *err)
{
	const struct setting *at = setting_get(&scopes->table, name);
	struct section section = { 0 };
	const char *url;

	if (!at)
		return 0;
	TRY(settings_bind(at, &of_section, &section, scopes->arena, err));
	url = section.lookaside ? section.lookaside : section.sigstore;
	TRY(check_url(at, url, err));
	if (url && !where->lookaside)
		where->lookaside = url;
	if (section.attachments && !*decided) {
		where->attachments = *section.attachments;
		*decided = true;
	}
	return 0;
}

static int take_scopes(const struct scopes *scopes, const struct reference *name,
		       struct configuration_signatures *where, struct error *err)
{
	struct arena *arena = scopes->arena;
	char *at = reference_repository(name, arena);
	bool decided = false;

	TRY(take_scope(scopes, reference_exact(name, arena), where, &decided, err));
	for (char *slash = at; slash; slash = strrchr(at, '/')) {
		if (slash != at)
			*slash = '\0';
		TRY(take_scope(scopes, at, where, &decided, err));
	}
	return take_scope(scopes, "", where, &decided, err);
}

/* Where podman keeps them when nothing is said. */
static const char *usual_store(struct arena *arena)
{
	const char *own = geteuid() == 0 ? ROOTS_STORE
					 : configuration_own("XDG_DATA_HOME", ".local/share",
							     OWN_STORE, arena);

	return own ? arena_format(arena, "file://%s", own) : NULL;
}

int configuration_signatures(const struct reference *name, struct arena *arena,
			     struct configuration_signatures *where, struct error *err)
{
	struct scopes scopes = { .table = { .kind = SETTING_TABLE }, .arena = arena };
	struct strings files = { 0 };

	*where = (struct configuration_signatures){ 0 };
	TRY(configuration_drop_ins("registries", ".d", ".yaml", arena, &files, err));
	for (size_t i = 0; i < files.count; i++)
		TRY(read_file(&scopes, files.items[i], err));
	TRY(take_scopes(&scopes, name, where, err));
	if (!where->lookaside)
		where->lookaside = usual_store(arena);
	return 0;
}

/* additional.c -- which stores of others are looked into: those of the command line, else those of
 * the environment, else those of storage.conf, in the form of containers' storage.conf(5). */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/settings.h"
#include "commands.h"

#define ADMINISTRATOR "/etc/lade/storage.conf"

struct storage_options {
	struct strings additional;
};

static const char *configuration_path(struct arena *arena)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const char *own = NULL;

	if (base && *base == '/')
		own = arena_format(arena, "%s/lade/storage.conf", base);
	else if (home && *home)
		own = arena_format(arena, "%s/.config/lade/storage.conf", home);
	return own && access(own, F_OK) == 0 ? own : ADMINISTRATOR;
}

/* [storage.options] additionalimagestores = ["/DIR", …]; other keys are containers/storage's. */
static int read_configuration(struct arena *arena, struct strings *paths, struct error *err)
{
	static const struct setting_row rows[] = {
		{ "additionalimagestores", SETTING_TO_STRINGS,
		  offsetof(struct storage_options, additional), NULL },
	};
	static const struct setting_rows known = { rows, 1, true };
	struct storage_options options = { 0 };
	const struct setting *table;
	struct setting *root;
	int result =
		settings_load(configuration_path(arena), settings_read_toml, arena, &root, err);

	if (result == -ENOENT || result == -EACCES) {
		if (err)
			*err = (struct error){ 0 };
		return 0;
	}
	TRY(result);
	table = setting_get(root, "storage");
	if (table && table->kind == SETTING_TABLE)
		table = setting_get(table, "options");
	if (!table)
		return 0;
	TRY(settings_bind(table, &known, &options, arena, err));
	*paths = options.additional;
	return 0;
}

int additional_stores_add(const struct command_line *line, struct store *store, struct error *err)
{
	const struct globals *globals = line->globals;
	const char *environment = getenv("LADE_ADDITIONAL_STORES");
	struct strings paths = globals->additional_stores;

	if (!paths.count && environment)
		paths = strings_split(environment, ':', line->arena);
	else if (!paths.count)
		TRY(read_configuration(line->arena, &paths, err));
	for (size_t i = 0; i < paths.count; i++)
		if (*paths.items[i])
			TRY(store_add_additional(store, paths.items[i], err));
	return 0;
}

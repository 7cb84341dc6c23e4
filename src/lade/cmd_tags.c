/* cmd_tags.c -- lade tags, catalog, delete, referrers: what a registry has, and less of it. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "table.h"

struct options {
	struct network_options network;
	char *artifact_type, *format;
};

/* clang-format off */
static const struct option_row rows[] = {
	ASKING_OPTION_ROWS(struct options, network),
};

static const struct option_row referrers_rows[] = {
	ASKING_OPTION_ROWS(struct options, network),
	{ "artifact-type", 0, OPTION_TEXT, offsetof(struct options, artifact_type), "TYPE", "only those of that type", NULL, 0 },
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "table or json", "table|json", 0 },
};
/* clang-format on */

static int print_names(const struct strings *names, struct error *err)
{
	auto_text struct text out = { 0 };

	for (size_t i = 0; i < names->count; i++) {
		text_mask_controls(names->items[i]);
		text_format(&out, "%s\n", names->items[i]);
	}
	return command_print(&out, err);
}

static int run_tags(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct reference reference;
	struct strings tags;

	TRY(command_open_repository(line, &options->network, line->arguments.items[0], &reference,
				    &registry, err));
	TRY(registry_list_tags(registry, line->arena, &tags, err));
	return print_names(&tags, err);
}

static int run_catalog(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct strings repositories;

	TRY(command_open_registry(line, &options->network, line->arguments.items[0], &registry,
				  err));
	TRY(registry_list_repositories(registry, line->arena, &repositories, err));
	return print_names(&repositories, err);
}

/* A name without tag and digest would delete "latest", which nobody asked for. */
static int check_target(const char *name, struct error *err)
{
	const char *last = strrchr(name, '/');

	if (strchr(name, '@') || strchr(last ? last : name, ':'))
		return 0;
	return fail(err, EINVAL, "\"%s\": name the tag or the digest to delete", name);
}

static int run_delete(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;

	for (size_t i = 0; i < line->arguments.count; i++) {
		auto_registry struct registry *registry = NULL;
		const char *name = line->arguments.items[i];
		struct reference reference;

		TRY(check_target(name, err));
		TRY(command_open_repository(line, &options->network, name, &reference, &registry,
					    err));
		TRY(registry_delete(registry, reference_target(&reference), err));
	}
	return 0;
}

static void add_referrers(const struct oci_index *index, struct arena *arena, struct text *out)
{
	static const char *const heading[] = { "DIGEST", "ARTIFACT TYPE", "SIZE" };
	struct table table = { .columns = 3, .arena = arena };

	table_add(&table, heading);
	for (size_t i = 0; i < index->manifests.count; i++) {
		const struct oci_descriptor *entry = &index->manifests.items[i];
		const char *const cells[] = { entry->digest,
					      entry->artifact_type ? entry->artifact_type : "",
					      human_size(entry->size, arena) };

		if (entry->artifact_type)
			text_mask_controls(entry->artifact_type);
		table_add(&table, cells);
	}
	table_print(&table, out);
}

static int run_referrers(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	auto_text struct text out = { 0 };
	struct reference reference;
	struct oci_index index;
	char digest[DIGEST_SIZE];

	TRY(command_open_repository(line, &options->network, line->arguments.items[0], &reference,
				    &registry, err));
	TRY(registry_resolve(registry, reference_target(&reference), digest, err));
	TRY(registry_list_referrers(registry, digest, options->artifact_type, line->arena, &index,
				    err));
	if (text_equal(options->format, "json"))
		json_write(&oci_index_shape, &index, true, &out);
	else
		add_referrers(&index, line->arena, &out);
	return command_print(&out, err);
}

const struct command command_tags = {
	.name = "tags",
	.alias = "list-tags",
	.summary = "list the tags of a repository",
	.arguments = "REPOSITORY",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run_tags,
};

const struct command command_catalog = {
	.name = "catalog",
	.summary = "list the repositories of a registry",
	.arguments = "HOST[:PORT]",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run_catalog,
};

const struct command command_delete = {
	.name = "delete",
	.summary = "delete a tag, or a manifest with all its tags, from a registry",
	.arguments = "NAME:TAG|NAME@DIGEST…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run_delete,
};

const struct command command_referrers = {
	.name = "referrers",
	.summary = "list what refers to an image in a registry: signatures, SBOMs, …",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.options = referrers_rows,
	.option_count = sizeof(referrers_rows) / sizeof(referrers_rows[0]),
	.size = sizeof(struct options),
	.run = run_referrers,
};

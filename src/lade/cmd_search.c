/* cmd_search.c -- lade search: find images in a registry. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/template.h"
#include "commands.h"
#include "table.h"

#define LIMIT_USUAL 25
#define LIMIT_MOST  100 /* what docker.io gives at once */
#define SHORT_WIDTH 44

struct options {
	struct network_options network;
	char *format;
	int64_t limit;
	bool list_tags, no_trunc;
};

/* clang-format off */
static const struct option_row rows[] = {
	ASKING_OPTION_ROWS(struct options, network),
	{ "format", 0, OPTION_TEXT, offsetof(struct options, format), "FORM", "table, json, or a template: {{.Name}}", NULL, 0 },
	{ "limit", 0, OPTION_NUMBER, offsetof(struct options, limit), "N", "show at most so many (default: 25)", NULL, 0 },
	{ "list-tags", 0, OPTION_FLAG, offsetof(struct options, list_tags), NULL, "list the tags of the repository TERM names", NULL, 0 },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct options, no_trunc), NULL, "show whole descriptions", NULL, 0 },
};

#define FOUND_ROWS(ROW, T) \
	ROW(T, string, index,       "Index",       none, always) \
	ROW(T, string, name,        "Name",        none, always) \
	ROW(T, string, description, "Description", none, always) \
	ROW(T, int64,  stars,       "Stars",       none, always) \
	ROW(T, string, official,    "Official",    none, always) \
	ROW(T, string, automated,   "Automated",   none, always) \
	ROW(T, string, tag,         "Tag",         none, always)
JSON_STRUCT(found_image, FOUND_ROWS);
JSON_SHAPE(found_image, FOUND_ROWS);
/* clang-format on */

static char ok[] = "[OK]", nothing[] = "";

/* "quay.io/ter" searches quay.io for "ter"; a bare word has no host. */
static void split_term(const char *typed, struct arena *arena, const char **host, const char **term)
{
	const char *slash = strchr(typed, '/');
	size_t length = slash ? (size_t)(slash - typed) : 0;

	*host = NULL;
	*term = typed;
	if (slash && (memchr(typed, '.', length) || memchr(typed, ':', length) ||
		      !strncmp(typed, "localhost", length))) {
		*host = arena_copy(arena, typed, length);
		*term = slash + 1;
	}
}

struct found_images {
	struct found_image *items;
	size_t count;
};

static void add_found(const struct registry_search *search, const char *host, struct arena *arena,
		      struct found_images *images)
{
	size_t count = images->count + search->count;
	struct found_image *all = arena_array(arena, count + 1, sizeof(*all));

	for (size_t i = 0; i < images->count; i++)
		all[i] = images->items[i];
	images->items = all;
	for (size_t i = 0; i < search->count; i++) {
		const struct registry_found *found = &search->items[i];

		all[images->count++] = (struct found_image){
			.index = arena_string(arena, host),
			.name = arena_format(arena, "%s/%s", host, found->name),
			.description = found->description ? found->description : nothing,
			.stars = found->stars,
			.official = found->official ? ok : nothing,
			.automated = found->automated ? ok : nothing,
			.tag = nothing,
		};
	}
}

static char *description_of(const struct found_image *found, const struct options *options,
			    struct arena *arena)
{
	char *text = arena_string(arena, found->description);

	text_mask_controls(text);
	if (options->no_trunc || strlen(text) <= SHORT_WIDTH)
		return text;
	return arena_format(arena, "%.*s...", SHORT_WIDTH - 3, text);
}

static void add_table(const struct found_images *images, const struct options *options,
		      struct arena *arena, struct text *out)
{
	static const char *const heading[] = { "NAME", "DESCRIPTION" };
	struct table table = { .columns = 2, .arena = arena };

	table_add(&table, heading);
	for (size_t i = 0; i < images->count; i++) {
		char *name = arena_string(arena, images->items[i].name);
		const char *const cells[] = { name,
					      description_of(&images->items[i], options, arena) };

		text_mask_controls(name);
		table_add(&table, cells);
	}
	table_print(&table, out);
}

static int add_by_template(const struct found_images *images, const struct options *options,
			   struct arena *arena, struct text *out, struct error *err)
{
	const struct template_rows rows_shown = { .shape = &found_image_shape,
						  .items = images->items,
						  .count = images->count };

	for (size_t i = 0; i < images->count; i++)
		images->items[i].description = description_of(&images->items[i], options, arena);
	return template_print(options->format, &rows_shown, arena, out, err);
}

static int add_images(const struct found_images *images, const struct options *options,
		      struct arena *arena, struct text *out, struct error *err)
{
	if (!options->format || text_equal(options->format, "table"))
		add_table(images, options, arena, out);
	else if (text_equal(options->format, "json"))
		command_add_json(&found_image_shape, images->items, images->count, out);
	else
		return add_by_template(images, options, arena, out, err);
	return 0;
}

static int list_tags(const struct command_line *line, struct text *out, struct error *err)
{
	static const char *const heading[] = { "NAME", "TAG" };
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct table table = { .columns = 2, .arena = line->arena };
	size_t limit = options->limit ? (size_t)options->limit : LIMIT_USUAL;
	struct reference reference;
	struct strings tags;
	char *name;

	TRY(command_open_repository(line, &options->network, line->arguments.items[0], &reference,
				    &registry, err));
	TRY(registry_list_tags(registry, line->arena, &tags, err));
	name = reference_repository(&reference, line->arena);
	table_add(&table, heading);
	for (size_t i = 0; i < tags.count && i < limit; i++) {
		const char *const cells[] = { name, tags.items[i] };

		text_mask_controls(tags.items[i]);
		table_add(&table, cells);
	}
	table_print(&table, out);
	return 0;
}

/* Where a bare word is searched for: registries.conf(5), else docker.io, as docker does. */
static int usual_hosts(struct arena *arena, struct strings *hosts, struct error *err)
{
	static char hub[] = "docker.io";
	struct registries *registries;

	TRY(registries_load(arena, &registries, err));
	if (registries->has_search)
		*hosts = registries->search;
	else
		strings_add(hosts, hub, arena);
	return hosts->count ? 0
			    : fail(err, EINVAL,
				   "unqualified-search-registries is empty: name the "
				   "registry to search");
}

static int search_host(const struct command_line *line, const char *host, const char *term,
		       struct found_images *images, struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct registry_search search;

	/* docker.io's search does not live where its images do. */
	TRY(command_open_registry(line, &options->network,
				  text_equal(host, "docker.io") ? "index.docker.io:443" : host,
				  &registry, err));
	TRY(registry_find(registry, term, options->limit ? (int)options->limit : LIMIT_USUAL,
			  line->arena, &search, err));
	add_found(&search, host, line->arena, images);
	return 0;
}

static int search(const struct command_line *line, struct text *out, struct error *err)
{
	const struct options *options = line->options;
	struct found_images images = { 0 };
	struct strings hosts = { 0 };
	const char *host, *term;

	split_term(line->arguments.items[0], line->arena, &host, &term);
	if (host)
		strings_add(&hosts, arena_string(line->arena, host), line->arena);
	else
		TRY(usual_hosts(line->arena, &hosts, err));
	for (size_t i = 0; i < hosts.count; i++)
		TRY(search_host(line, hosts.items[i], term, &images, err));
	return add_images(&images, options, line->arena, out, err);
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_text struct text out = { 0 };

	if (options->limit < 0 || options->limit > LIMIT_MOST)
		return fail(err, EINVAL, "--limit: 1 to %d", LIMIT_MOST);
	TRY(options->list_tags ? list_tags(line, &out, err) : search(line, &out, err));
	return command_print(&out, err);
}

const struct command command_search = {
	.name = "search",
	.summary = "find images in a registry",
	.arguments = "[HOST/]TERM",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

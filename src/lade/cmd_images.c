/* cmd_images.c -- lade images: list what the store has, as podman does. */
#include <string.h>
#include <time.h>

#include "filter.h"
#include "image/reference.h"
#include "images.h"

/* clang-format off */
static const struct option_row rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct images_options, all), NULL, "accepted for podman's sake: there are no hidden images", NULL, 0 },
	{ "digests", 0, OPTION_FLAG, offsetof(struct images_options, digests), NULL, "show the manifests' digests", NULL, 0 },
	{ "filter", 'f', OPTION_LIST, offsetof(struct images_options, filters), "KEY=VALUE", "only those: reference, label, dangling, before, since, until, id, digest, containers, readonly, …", NULL, 0 },
	{ "format", 0, OPTION_TEXT, offsetof(struct images_options, format), "FORM", "json, or a template: {{.Repository}}:{{.Tag}}, table {{.ID}}", NULL, 0 },
	{ "history", 0, OPTION_FLAG, offsetof(struct images_options, history), NULL, "show all names of each image too", NULL, 0 },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct images_options, no_trunc), NULL, "show whole IDs", NULL, 0 },
	{ "noheading", 'n', OPTION_FLAG, offsetof(struct images_options, noheading), NULL, "leave out the first line", NULL, 0 },
	{ "sort", 0, OPTION_TEXT, offsetof(struct images_options, sort), "KEY", "created (the default), id, repository, size or tag", "created|id|repository|size|tag", 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct images_options, quiet), NULL, "show IDs only", NULL, 0 },
};
/* clang-format on */

/* The pattern's repository in full, or its last components; and its tag, if it has one. */
static bool wanted(const struct store_image *image, const char *pattern, struct arena *arena)
{
	struct reference reference, want;
	const char *repository, *typed, *colon = strrchr(pattern, ':');

	if (!image->name || reference_parse_name(pattern, arena, &want, NULL) < 0 ||
	    reference_parse_name(image->name, arena, &reference, NULL) < 0)
		return false;
	colon = colon && strchr(colon, '/') ? NULL : colon; /* a port */
	if (colon && !text_equal(want.tag, reference.tag))
		return false;
	repository = reference_repository(&reference, arena);
	typed = colon ? arena_copy(arena, pattern, (size_t)(colon - pattern)) : pattern;
	return text_equal(repository, reference_repository(&want, arena)) ||
	       text_ends(repository, arena_format(arena, "/%s", typed));
}

static void keep_named(struct store_images *images, const char *pattern, struct arena *arena)
{
	size_t kept = 0;

	for (size_t i = 0; i < images->count; i++)
		if (wanted(&images->items[i], pattern, arena))
			images->items[kept++] = images->items[i];
	images->count = kept;
}

static int filter(const struct store_bundles *bundles, const struct strings *typed,
		  struct arena *arena, struct store_images *images, struct error *err)
{
	struct store_images all = { arena_array(arena, images->count + 1, sizeof(*images->items)),
				    images->count };
	struct filter_context context = { &all, bundles, time(NULL), arena };
	struct filters filters;

	for (size_t i = 0; i < images->count; i++)
		all.items[i] = images->items[i];
	TRY(filters_read(typed, NULL, &context, &filters, err));
	filters_apply(&filters, images);
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct images_options *options = line->options;
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };
	struct store_images images;
	struct store_bundles bundles;

	TRY(command_open_store(line, STORE_LOOK, &store, err));
	TRY(store_list_images(&store, line->arena, &images, err));
	TRY(store_list_bundles(&store, line->arena, &bundles, err));
	TRY(filter(&bundles, &options->filters, line->arena, &images, err));
	if (line->arguments.count)
		keep_named(&images, line->arguments.items[0], line->arena);
	images_sort(&images, options->sort);
	if (options->quiet)
		images_ids(&images, options, line->arena, &out);
	else if (text_equal(options->format, "json"))
		images_json(&images, &bundles, line->arena, &out);
	else
		TRY(images_print(&images, &bundles, options, line->arena, &out, err));
	return command_print(&out, err);
}

const struct command command_images = {
	.name = "images",
	.alias = "ls",
	.summary = "list the images in the store",
	.arguments = "[NAME[:TAG]]",
	.least = 0,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct images_options),
	.run = run,
};

/* cmd_prune.c -- lade prune: take away the images that nobody needs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "filter.h"
#include "images.h"

struct options {
	struct strings filters;
	bool all, force;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL, "every image that no bundle uses, not only those without a name", NULL, 0 },
	{ "filter", 0, OPTION_LIST, offsetof(struct options, filters), "KEY=VALUE", "only those: until=TIME, label=KEY[=VALUE], label!=KEY", NULL, 0 },
	{ "force", 'f', OPTION_FLAG, offsetof(struct options, force), NULL, "do not ask, also on a terminal", NULL, 0 },
};
/* clang-format on */

/* Only where there is somebody to answer. */
static bool confirmed(const struct options *options)
{
	char answer[16] = "";

	if (options->force || !isatty(STDIN_FILENO))
		return true;
	fprintf(stderr,
		"WARNING! This command removes all %s.\nAre you sure you want to continue? [y/N] ",
		options->all ? "images that no bundle uses" : "images without a name");
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Another lade may have begun to use it: then it stays. */
static int remove_image(struct store *store, const struct store_image *image, struct arena *arena,
			struct text *out, struct error *err)
{
	const char *what = image->name ? image->name : store_image_key(image);
	struct strings untagged = { 0 };
	struct store_image left;
	int result = store_remove_image(store, what, false, arena, &untagged, err);

	if (result == -EBUSY || result == -ENOENT) {
		log_debug("%s stays: %s", what, err ? err->what : "");
		*err = (struct error){ 0 };
		return 0;
	}
	TRY(result);
	if (image->id && store_find_image(store, store_image_key(image), arena, &left, NULL) < 0)
		text_format(out, "%s\n", digest_hex(image->id));
	return 0;
}

static int prune(const struct command_line *line, struct store *store, struct text *out,
		 struct error *err)
{
	const struct options *options = line->options;
	struct store_images images;
	struct store_bundles bundles;
	struct filter_context context = { &images, &bundles, time(NULL), line->arena };
	struct filters filters;

	TRY(store_list_images(store, line->arena, &images, err));
	TRY(store_list_bundles(store, line->arena, &bundles, err));
	TRY(filters_read(&options->filters, "until|label", &context, &filters, err));
	for (size_t i = 0; i < images.count; i++) {
		const struct store_image *image = &images.items[i];

		if ((!options->all && image->name) || image->read_only ||
		    store_count_bundles(&bundles, image) || !filters_match(&filters, image))
			continue;
		TRY(remove_image(store, image, line->arena, out, err));
	}
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	auto_text struct text out = { 0 };

	if (!confirmed(line->options))
		return 0;
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(prune(line, &store, &out, err));
	command_collect(&store);
	return command_print(&out, err);
}

const struct command command_prune = {
	.name = "prune",
	.summary = "remove images that have no name, or that nobody uses",
	.arguments = "",
	.least = 0,
	.most = 0,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

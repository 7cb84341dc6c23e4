/* cmd_pull.c -- lade pull: bring images into the store. */
#include <errno.h>
#include <string.h>

#include "commands.h"

struct options {
	struct network_options network;
	bool quiet, all_platforms, all_tags;
};

/* clang-format off */
static const struct option_row rows[] = {
	NETWORK_OPTION_ROWS(struct options, network),
	{ "all-platforms", 0, OPTION_FLAG, offsetof(struct options, all_platforms), NULL, "fetch an index whole: the images for all platforms, and what else it lists", NULL, 0 },
	{ "all-tags", 'a', OPTION_FLAG, offsetof(struct options, all_tags), NULL, "fetch every tag of the repository", NULL, 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
};
/* clang-format on */

static int pull(const struct command_line *line, struct store *store, const char *source,
		struct error *err)
{
	const struct options *options = line->options;
	struct progress *progress = NULL;
	struct transfer_options transfer;
	struct store_image image;
	int result;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	transfer.all_platforms = options->all_platforms;
	if (!options->quiet)
		progress = progress_open("Pulling", source, &transfer, line->arena);
	result = transfer_pull(store, source, &transfer, line->arena, &image, err);
	progress_close(progress);
	return result < 0 ? result : command_print_id(&image, err);
}

/* Each tag that the registry lists, as a name of its own. */
static int pull_tags(const struct command_line *line, struct store *store, const char *source,
		     struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	struct reference reference;
	struct strings tags;
	const char *repository, *name = text_starts(source, "docker://") ? source + 9 : source;

	TRY(command_open_repository(line, &options->network, name, &reference, &registry, err));
	repository = reference_repository(&reference, line->arena);
	if (strchr(strrchr(name, '/') ? strrchr(name, '/') : name, ':') || reference.digest)
		return fail(err, EINVAL, "%s: --all-tags is for a repository, without a tag",
			    source);
	TRY(registry_list_tags(registry, line->arena, &tags, err));
	for (size_t i = 0; i < tags.count; i++)
		TRY(pull(line, store, arena_format(line->arena, "%s:%s", repository, tags.items[i]),
			 err));
	return 0;
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	auto_store struct store store = STORE_NONE;

	if (options->all_platforms && (options->network.platform || options->network.arch ||
				       options->network.os || options->network.variant))
		return fail(err, EINVAL, "either --all-platforms or one of them");
	TRY(command_open_store(line, STORE_USE, &store, err));
	for (size_t i = 0; i < line->arguments.count; i++)
		TRY((options->all_tags ? pull_tags : pull)(line, &store, line->arguments.items[i],
							   err));
	return 0;
}

const struct command command_pull = {
	.name = "pull",
	.summary = "fetch an image from a registry, or import it from an OCI layout",
	.arguments = "IMAGE|oci:DIR[:NAME]…",
	.least = 1,
	.most = -1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

/* cmd_config.c -- lade config: an image with other settings. */
#include <errno.h>
#include <string.h>

#include "derive.h"

struct options {
	struct derive_settings settings;
	struct history_options history;
	char *tag;
};

/* clang-format off */
#define SETTING(M) offsetof(struct options, settings.M)
static const struct option_row rows[] = {
	{ "config.user", 0, OPTION_TEXT, SETTING(user), "USER[:GROUP]", "who its program runs as", NULL, 0 },
	{ "config.exposedports", 0, OPTION_LIST, SETTING(exposed_ports), "PORT[/PROTOCOL]", "one more port that it listens on", NULL, 0 },
	{ "config.env", 0, OPTION_LIST, SETTING(env), "NAME=VALUE", "an environment variable", NULL, 0 },
	{ "config.entrypoint", 0, OPTION_LIST, SETTING(entrypoint), "WORD", "its program, a word each time", NULL, 0 },
	{ "config.cmd", 0, OPTION_LIST, SETTING(cmd), "WORD", "the program's arguments, a word each time", NULL, 0 },
	{ "config.volume", 0, OPTION_LIST, SETTING(volumes), "DIR", "one more directory for data of its own", NULL, 0 },
	{ "config.label", 0, OPTION_LIST, SETTING(labels), "KEY=VALUE", "a label", NULL, 0 },
	{ "config.workingdir", 0, OPTION_TEXT, SETTING(working_dir), "DIR", "where its program starts", NULL, 0 },
	{ "config.stopsignal", 0, OPTION_TEXT, SETTING(stop_signal), "SIGNAL", "what ends it", NULL, 0 },
	{ "created", 0, OPTION_TEXT, SETTING(created), "TIME", "when it was made, 2024-01-31T12:00:00Z", NULL, 0 },
	{ "author", 0, OPTION_TEXT, SETTING(author), "AUTHOR", "by whom", NULL, 0 },
	{ "platform.os", 0, OPTION_TEXT, SETTING(os), "OS", "what it runs on", NULL, 0 },
	{ "platform.arch", 0, OPTION_TEXT, SETTING(architecture), "ARCH", "the same", NULL, 0 },
	{ "platform.variant", 0, OPTION_TEXT, SETTING(variant), "VARIANT", "the same", NULL, 0 },
	{ "os", 0, OPTION_TEXT, SETTING(os), "OS", "as --platform.os", NULL, OPTION_HIDDEN },
	{ "architecture", 0, OPTION_TEXT, SETTING(architecture), "ARCH", "as --platform.arch", NULL, OPTION_HIDDEN },
	{ "manifest.annotation", 0, OPTION_LIST, SETTING(annotations), "KEY=VALUE", "an annotation of the manifest", NULL, 0 },
	{ "clear", 0, OPTION_LIST, SETTING(clear), "LIST", "first forget all of config.env, config.labels, …", NULL, 0 },
	{ "tag", 0, OPTION_TEXT, offsetof(struct options, tag), "NAME[:TAG]", "the new image's name (default: the image's own)", NULL, 0 },
	HISTORY_OPTION_ROWS(struct options, history),
};
/* clang-format on */

static int name_of(const struct options *options, const struct bundle_image *image,
		   const char **name, struct error *err)
{
	*name = options->tag ? options->tag : image->stored.name;
	if (*name)
		return 0;
	fail(err, EINVAL, "the image has no name");
	return fail_hint(err, "give the new one a name: --tag NAME");
}

static int run(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	struct derive_settings settings = options->settings;
	auto_store struct store store = STORE_NONE;
	struct bundle_image image;
	struct store_image made;
	struct derive_step step;
	const char *name;

	TRY(derive_check_time("created", settings.created, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(command_load_image(line, &store, line->arguments.items[0], &image, err));
	TRY(name_of(options, &image, &name, err));
	TRY(derive_step_make(line, &options->history, name, &step, NULL, err));
	settings.step = &step;
	TRY(derive_settings(&store, &image, &settings, line->arena, &made, err));
	return command_print_id(&made, err);
}

const struct command command_config = {
	.name = "config",
	.summary = "make a new image that has other settings",
	.arguments = "IMAGE",
	.least = 1,
	.most = 1,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

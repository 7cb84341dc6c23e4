/* main.c -- lade: parse the command line, run one command, report its error. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/standard.h"
#include "commands.h"

/* clang-format off */
static const struct option_row global_options[] = {
	{ "root", 0, OPTION_TEXT, offsetof(struct globals, root), "DIR", "the image store (default: /var/lib/lade or $XDG_DATA_HOME/lade)", NULL, 0 },
	{ "additional-store", 0, OPTION_LIST, offsetof(struct globals, additional_stores), "DIR", "a store to look into as well, which is never written", NULL, 0 },
	{ "log-format", 0, OPTION_TEXT, offsetof(struct globals, log_format), "FORMAT", "form of the messages: text or json", "text|json", 0 },
	{ "log-level", 0, OPTION_TEXT, offsetof(struct globals, log_level), "LEVEL", "error, warning, info or debug", "error|warning|info|debug", 0 },
	{ "debug", 0, OPTION_FLAG, offsetof(struct globals, debug), NULL, "the same as --log-level debug", NULL, 0 },
	{ "version", 'v', OPTION_FLAG, offsetof(struct globals, version), NULL, "print the version", NULL, 0 },
	{ "help", 'h', OPTION_FLAG, offsetof(struct globals, help), NULL, "print this help", NULL, 0 },
};
/* clang-format on */

/* clang-format off */
static const struct command *const commands[] = {
	/* registries */
	&command_pull, &command_push, &command_copy_images, &command_search, &command_tags,
	&command_catalog, &command_referrers, &command_delete, &command_login, &command_logout,
	/* the store */
	&command_images, &command_inspect, &command_history, &command_tag, &command_untag,
	&command_rmi, &command_prune, &command_exists, &command_tree, &command_df,
	&command_diff, &command_save, &command_load, &command_import, &command_export, &command_mount, &command_unmount, &command_check, &command_gc,
	/* bundles */
	&command_run, &command_bundle, &command_release, &command_unpack,
	&command_repack, &command_config,
	&command_completion, NULL,
};
/* clang-format on */

/* clang-format off */
static const struct command_spelling spellings[] = {
	{ "image", "diff", &command_diff },
	{ "image", "exists", &command_exists },
	{ "image", "history", &command_history },
	{ "image", "import", &command_import },
	{ "image", "inspect", &command_inspect },
	{ "image", "list", &command_images },
	{ "image", "load", &command_load },
	{ "image", "ls", &command_images },
	{ "image", "mount", &command_mount },
	{ "image", "prune", &command_prune },
	{ "image", "pull", &command_pull },
	{ "image", "push", &command_push },
	{ "image", "rm", &command_rmi },
	{ "image", "save", &command_save },
	{ "image", "search", &command_search },
	{ "image", "tag", &command_tag },
	{ "image", "tree", &command_tree },
	{ "image", "umount", &command_unmount },
	{ "image", "unmount", &command_unmount },
	{ "image", "untag", &command_untag },
	{ "system", "check", &command_check },
	{ "system", "df", &command_df },
	{ "system", "prune", &command_prune },
	{ 0 },
};
/* clang-format on */

static const struct argument_names names[] = {
	{ "IMAGE", "lade images --filter dangling=false --format \"{{.Repository}}:{{.Tag}}\"" },
	{ 0 },
};

static const struct program lade = {
	.name = "lade",
	.summary = "fetch container images, keep them, make OCI bundles of them",
	.options = global_options,
	.option_count = sizeof(global_options) / sizeof(global_options[0]),
	.commands = commands,
	.spellings = spellings,
	.names = names,
};

static int print_version(struct error *err)
{
	puts("lade version " PACKAGE_VERSION);
	return standard_flush(err);
}

static int run(const struct strings *words, struct arena *arena, struct error *err)
{
	static const struct option_set set = { OPTION_ROWS(global_options), true };
	struct option_words line = { .words = words, .used = 1 };
	struct globals *globals = arena_alloc(arena, sizeof(*globals));
	const struct command *command;

	TRY(options_parse(&set, &line, globals, arena, err));
	TRY(log_open("lade", NULL, text_equal(globals->log_format, "json"),
		     globals->debug ? LOG_LEVEL_DEBUG : log_level_named(globals->log_level), err));
	TRY(interrupt_install(err));
	if (globals->version)
		return print_version(err);
	if (globals->help)
		line.used = words->count;
	return options_dispatch(&lade, globals, &line, &command, arena, err);
}

/* podman's users write a bare --tls-verify for true. */
static void complete_switches(struct strings *words)
{
	static char complete[] = "--tls-verify=true";

	for (size_t i = 1; i < words->count && strcmp(words->items[i], "--"); i++)
		if (!strcmp(words->items[i], "--tls-verify"))
			words->items[i] = complete;
}

/* A deep image and many layers want descriptors; the soft limit is for select(2)'s sake. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	struct strings words = { argv, (size_t)argc };
	struct error err = { 0 };
	int result;

	standard_occupy();
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	complete_switches(&words);
	result = run(&words, &arena, &err);
	if (result >= 0)
		return result;
	command_report(&err);
	return interrupt_signal() ? 128 + interrupt_signal() : EXIT_ERROR;
}

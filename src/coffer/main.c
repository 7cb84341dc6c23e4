/* main.c -- coffer: parse the command line, run one command, report its error. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/own.h"
#include "base/standard.h"
#include "commands.h"
#include "runtime/security.h"
#include "runtime/spec.h"
#include "runtime/state.h"

/* clang-format off */
static const struct option_row global_options[] = {
	{ "root", 0, OPTION_TEXT, offsetof(struct globals, root), "DIR", "where the containers' state is kept (default: /run/coffer or $XDG_RUNTIME_DIR/coffer)", NULL, 0 },
	{ "log", 0, OPTION_TEXT, offsetof(struct globals, log), "FILE", "write messages there too: a path, journald:ID or syslog:ID", NULL, 0 },
	{ "log-format", 0, OPTION_TEXT, offsetof(struct globals, log_format), "FORMAT", "form of the messages: text or json", "text|json", 0 },
	{ "log-level", 0, OPTION_TEXT, offsetof(struct globals, log_level), "LEVEL", "error, warning, info or debug", "error|warning|info|debug", 0 },
	{ "debug", 0, OPTION_FLAG, offsetof(struct globals, debug), NULL, "the same as --log-level debug", NULL, 0 },
	{ "systemd-cgroup", 's', OPTION_FLAG, offsetof(struct globals, systemd_cgroup), NULL, "make cgroups through systemd", NULL, 0 },
	{ "cgroup-manager", 0, OPTION_TEXT, offsetof(struct globals, cgroup_manager), "MANAGER", "cgroupfs, systemd or disabled", "cgroupfs|systemd|disabled", 0 },
	{ "rootless", 0, OPTION_TEXT, offsetof(struct globals, rootless), "WHEN", "leave out cgroups that may not be made and that no limit needs: true, false or auto", "true|false|auto", 0 },
	{ "version", 'v', OPTION_FLAG, offsetof(struct globals, version), NULL, "print the version", NULL, 0 },
	{ "version", 'V', OPTION_FLAG, offsetof(struct globals, version), NULL, "the same, crun's letter", NULL, OPTION_HIDDEN },
	{ "criu", 0, OPTION_TEXT, offsetof(struct globals, criu), "PROGRAM", "accepted for runc 1.1's sake: criu is found in PATH", NULL, OPTION_HIDDEN },
	{ "help", 'h', OPTION_FLAG, offsetof(struct globals, help), NULL, "print this help", NULL, 0 },
	{ "usage", '?', OPTION_FLAG, offsetof(struct globals, help), NULL, "the same, in crun's way", NULL, OPTION_HIDDEN },
};
/* clang-format on */

static const struct command *const commands[] = {
	&command_create,     &command_start,
	&command_state,      &command_kill,
	&command_delete,     &command_run,
	&command_exec,       &command_list,
	&command_ps,         &command_pause,
	&command_resume,     &command_update,
	&command_events,     &command_mounts,
	&command_checkpoint, &command_restore,
	&command_spec,       &command_plan,
	&command_check,      &command_features,
	&command_completion, NULL,
};

static const struct argument_names names[] = {
	{ "CONTAINER", "coffer list --quiet" },
	{ 0 },
};

static const struct program coffer = {
	.name = "coffer",
	.summary = "run containers from OCI bundles",
	.options = global_options,
	.option_count = sizeof(global_options) / sizeof(global_options[0]),
	.commands = commands,
	.names = names,
};

const char *command_root(const struct command_line *line)
{
	const struct globals *globals = line->globals;

	return state_root(globals->root, line->arena);
}

/* docker reads "runc version X" in the form NAME version X, "commit:", "spec:". */
static int print_version(struct error *err)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "coffer version " PACKAGE_VERSION "\nspec: %s\n",
			      SPEC_VERSION);

	return standard_print(text, (size_t)length, err);
}

static int open_log(const struct globals *globals, struct error *err)
{
	return log_open("coffer", globals->log, text_equal(globals->log_format, "json"),
			globals->debug ? LOG_LEVEL_DEBUG : log_level_named(globals->log_level),
			err);
}

/* --systemd-cgroup is runc's word for --cgroup-manager systemd. */
static int choose_manager(struct globals *globals, struct error *err)
{
	if (!globals->systemd_cgroup)
		return 0;
	if (globals->cgroup_manager && !text_equal(globals->cgroup_manager, "systemd"))
		return fail(err, EINVAL, "--systemd-cgroup and --cgroup-manager %s contradict",
			    globals->cgroup_manager);
	globals->cgroup_manager = "systemd";
	return 0;
}

static int run(const struct strings *words, const struct command **command, struct arena *arena,
	       struct error *err)
{
	static const struct option_set set = { OPTION_ROWS(global_options), true };
	struct option_words line = { .words = words, .used = 1 };
	struct globals *globals = arena_alloc(arena, sizeof(*globals));

	TRY(options_parse(&set, &line, globals, arena, err));
	TRY(open_log(globals, err));
	TRY(choose_manager(globals, err));
	if (globals->version)
		return print_version(err);
	if (globals->help)
		line.used = words->count;
	return options_dispatch(&coffer, globals, &line, command, arena, err);
}

int main(int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	struct strings words = { argv, (size_t)argc };
	const struct command *command = NULL;
	struct error err = { 0 };
	int result;

	standard_occupy();
	signal(SIGPIPE, SIG_DFL); /* callers that ignore them would have the container inherit it */
	signal(SIGCHLD, SIG_DFL);
	result = run(&words, &command, &arena, &err);
	if (result >= 0)
		return result;
	log_error(&err);
	return command && command->failure ? command->failure : 1;
}

/* cmd_run.c -- lade run: pull if missing, bundle, run, release.
 *
 * The bundle is below the store (containers/NAME), made for this one run. In the foreground it is
 * released when the runtime has ended; a detached container's is released by a poststop hook, when
 * somebody deletes the container. The runtime's own words come through its log file, so that its
 * failures can be told from the program's exit code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/own.h"
#include "base/spawn.h"
#include "commands.h"

#define LOG_LIMIT (1 << 20)

struct options {
	struct network_options network;
	struct bundle_changes changes;
	char *rootfs, *name, *runtime, *pull, *pid_file, *output;
	bool interactive, detach, remove, quiet;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "name", 0, OPTION_TEXT, offsetof(struct options, name), "NAME", "the container's ID (default: made up)", NULL, 0 },
	{ "interactive", 'i', OPTION_FLAG, offsetof(struct options, interactive), NULL, "the program reads lade's standard input", NULL, 0 },
	{ "detach", 'd', OPTION_FLAG, offsetof(struct options, detach), NULL, "print the ID and leave it running", NULL, 0 },
	{ "output", 0, OPTION_TEXT, offsetof(struct options, output), "FILE", "where a detached program's output goes (default: nowhere)", NULL, 0 },
	{ "rm", 0, OPTION_FLAG, offsetof(struct options, remove), NULL, "accepted for podman's sake: nothing is left in any case", NULL, 0 },
	{ "runtime", 0, OPTION_TEXT, offsetof(struct options, runtime), "PROGRAM", "the OCI runtime (default: coffer, crun or runc)", NULL, 0 },
	{ "pull", 0, OPTION_TEXT, offsetof(struct options, pull), "WHEN", "missing (the default), always or never", "missing|always|never|newer", 0 },
	{ "pidfile", 0, OPTION_TEXT, offsetof(struct options, pid_file), "FILE", "write the container's process ID there", NULL, 0 },
	{ "rootfs", 0, OPTION_TEXT, offsetof(struct options, rootfs), "DRIVER", "how the root filesystem is made: overlay, copy or runtime (default: overlay or copy)", "overlay|copy|runtime", 0 },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "show no progress", NULL, 0 },
	BUNDLE_OPTION_ROWS(struct options, changes),
	NETWORK_OPTION_ROWS(struct options, network),
};

#define LOGGED_ROWS(ROW, T) \
	ROW(T, string, level,   "level", none, optional) \
	ROW(T, string, message, "msg",   none, optional)
JSON_STRUCT(logged_line, LOGGED_ROWS);
JSON_SHAPE(logged_line, LOGGED_ROWS);
/* clang-format on */

struct running {
	const struct command_line *line;
	const struct options *options;
	struct store *store;
	struct bundle_changes changes;
	const char *name, *runtime, *directory, *log;
};

/* ---- what is run ----------------------------------------------------------------------------- */

static int load_image(const struct command_line *line, struct store *store,
		      struct bundle_image *image, struct error *err)
{
	const struct options *options = line->options;
	const char *what = line->arguments.items[0];
	bool always = text_equal(options->pull, "always") || text_equal(options->pull, "newer");
	struct transfer_options transfer;
	struct progress *progress = NULL;
	struct store_image pulled;
	int result = -ENOENT;

	TRY(network_options_apply(&options->network, line->arena, &transfer, err));
	if (!always)
		result = bundle_load_platform(store, what, transfer.platform, line->arena, image,
					      err);
	if (result != -ENOENT || text_equal(options->pull, "never"))
		return result;
	*err = (struct error){ 0 };
	if (!options->quiet)
		progress = progress_open("Pulling", what, &transfer, line->arena);
	result = transfer_pull(store, what, &transfer, line->arena, &pulled, err);
	progress_close(progress);
	TRY(result);
	return bundle_load_image(store, pulled.name ? pulled.name : pulled.digest, line->arena,
				 image, err);
}

/* ---- by what --------------------------------------------------------------------------------- */

/* This program's own file; NULL where /proc does not tell. */
static char *own_path(struct arena *arena)
{
	auto_free char *path = realpath("/proc/self/exe", NULL);

	return path ? arena_string(arena, path) : NULL;
}

/* The coffer beside this lade, before any on PATH. */
static const char *find_sibling(struct arena *arena)
{
	const char *own = own_path(arena);
	const char *slash = own ? strrchr(own, '/') : NULL;

	return slash ? spawn_find(arena_format(arena, "%.*s/coffer", (int)(slash - own), own),
				  arena)
		     : NULL;
}

static int find_runtime(struct running *running, struct error *err)
{
	static const char *const usual[] = { "coffer", "crun", "runc" };
	struct arena *arena = running->line->arena;
	const char *wanted = running->options->runtime;

	running->runtime = wanted ? spawn_find(wanted, arena) : find_sibling(arena);
	for (size_t i = 0; !wanted && !running->runtime && i < sizeof(usual) / sizeof(usual[0]);
	     i++)
		running->runtime = spawn_find(usual[i], arena);
	return running->runtime ? 0
				: fail(err, ENOENT, "the runtime %s is not installed",
				       wanted ? wanted : "coffer (or crun, or runc)");
}

static int choose_name(struct running *running, struct error *err)
{
	unsigned char random[8];
	const char *name = running->options->name;

	if (name && (!*name || strchr(name, '/') || *name == '.'))
		return fail(err, EINVAL, "--name %s: not a name a container can have", name);
	if (!name && getrandom(random, sizeof(random), 0) != sizeof(random))
		return fail_call(err, "getrandom", "cannot make a name");
	running->name = name ? name
			     : arena_format(running->line->arena, "lade-%02x%02x%02x%02x%02x%02x",
					    random[0], random[1], random[2], random[3], random[4],
					    random[5]);
	return 0;
}

/* ---- its place ------------------------------------------------------------------------------- */

static int prepare(struct running *running, struct error *err)
{
	struct arena *arena = running->line->arena;
	const char *parent = arena_format(arena, "%s/containers", running->store->path);
	struct strings *hook = &running->changes.poststop;
	char *own = own_path(arena);

	running->changes = running->options->changes;
	running->directory = arena_format(arena, "%s/%s", parent, running->name);
	running->log = arena_format(arena, "%s/%s.log", parent, running->name);
	TRY(file_make_directories(parent, 0700, err));
	if (!running->options->detach)
		return 0;
	if (!own)
		return fail_call(err, "readlink",
				 "cannot find this program for the hook that releases the bundle");
	strings_add(hook, own, arena);
	strings_add(hook, arena_format(arena, "--root=%s", running->store->path), arena);
	strings_add(hook, arena_string(arena, "release"), arena);
	strings_add(hook, arena_string(arena, "--force"), arena);
	strings_add(hook, arena_string(arena, running->directory), arena);
	return 0;
}

static int make_bundle(struct running *running, const struct bundle_image *image, struct error *err)
{
	const struct strings *words = &running->line->arguments;
	const struct bundle_request request = {
		.image = image,
		.directory = running->directory,
		.driver = running->options->rootfs,
		.runtime_mounts = text_ends(running->runtime, "/coffer"),
		.command = { words->items + 1, words->count - 1, 0 },
		.changes = &running->changes,
		.cancel_fd = interrupt_fd(),
	};

	return bundle_make(running->store, &request, running->line->arena, err);
}

/* ---- the runtime ----------------------------------------------------------------------------- */

static struct strings runtime_words(const struct running *running)
{
	struct arena *arena = running->line->arena;
	struct strings words = { 0 };

	strings_add(&words, arena_string(arena, running->runtime), arena);
	strings_add(&words, arena_format(arena, "--log=%s", running->log), arena);
	strings_add(&words, arena_string(arena, "--log-format=json"), arena);
	strings_add(&words, arena_string(arena, "run"), arena);
	if (running->options->detach)
		strings_add(&words, arena_string(arena, "--detach"), arena);
	if (running->options->pid_file) {
		strings_add(&words, arena_string(arena, "--pid-file"), arena);
		strings_add(&words, running->options->pid_file, arena);
	}
	strings_add(&words, arena_string(arena, "--bundle"), arena);
	strings_add(&words, arena_string(arena, running->directory), arena);
	strings_add(&words, arena_string(arena, running->name), arena);
	return words;
}

static void take_file(int number, const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0 || dup2(fd, number) < 0)
		_exit(EXIT_ERROR);
}

/* Standard input only for who asked; a detached program must not keep its caller's pipes open:
 * whoever reads lade's output would wait for it. */
static void give_standard_files(const struct options *options)
{
	const char *output = options->output ? options->output : "/dev/null";

	if (!options->interactive && !options->changes.terminal)
		take_file(STDIN_FILENO, "/dev/null", O_RDONLY);
	if (!options->detach)
		return;
	take_file(STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND);
	if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		_exit(EXIT_ERROR);
}

/* In the child: signals as a program expects them. */
static void become_runtime(const struct running *running, const struct strings *words)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	give_standard_files(running->options);
	execv(running->runtime, words->items);
	_exit(127);
}

static pid_t runtime_pid;

/* What lade is told, the runtime is told, and passes it on to the container. */
static void pass_on(int number)
{
	if (runtime_pid > 0)
		kill(runtime_pid, number);
}

static int wait_for_runtime(struct error *err)
{
	static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	int status;

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		sigaction(passed[i], &action, NULL);
	while (waitpid(runtime_pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail_call(err, "waitpid", "cannot wait for the runtime");
	runtime_pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_runtime(struct running *running, struct error *err)
{
	struct strings words = runtime_words(running);

	runtime_pid = fork();
	if (runtime_pid < 0)
		return fail_call(err, "fork", "cannot start the runtime");
	if (runtime_pid == 0)
		become_runtime(running, &words);
	return wait_for_runtime(err);
}

/* podman's codes: 127 for a program that is not there, 126 for one that cannot be executed. */
static int code_of(const char *message)
{
	static const struct {
		const char *words;
		int code;
	} codes[] = { { "executable file not found", 127 },
		      { "no such file or directory", 127 },
		      { "permission denied", 126 },
		      { "is a directory", 126 } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcasestr(message, codes[i].words))
			return codes[i].code;
	return EXIT_ERROR;
}

/* The runtime's last error, if it had one (it told it already, if it could be heard): then the
 * status is not the program's. */
static int judge(const struct running *running, int status)
{
	struct arena *arena = running->line->arena;
	auto_text struct text text = { 0 };
	struct strings lines;
	const char *message = NULL;

	if (file_read(AT_FDCWD, running->log, LOG_LIMIT, &text, NULL) == 0 && text.length) {
		lines = strings_split(text.data, '\n', arena);
		for (size_t i = 0; i < lines.count; i++) {
			struct logged_line read;
			const struct json_source source = { lines.items[i], strlen(lines.items[i]),
							    "log" };

			if (json_read(&source, &logged_line_shape, &read, arena, NULL, NULL) == 0 &&
			    text_equal(read.level, "error") && read.message)
				message = read.message;
		}
	}
	unlink(running->log);
	if (message && running->options->detach) {
		struct error heard = { 0 };

		fail(&heard, EREMOTEIO, "%s", message);
		command_report(&heard);
	}
	return message ? code_of(message) : status;
}

/* The bundle's record keeps the image while the store is free for others, its collector too. */
static int run_and_release(struct running *running, struct error *err)
{
	auto_text struct text out = { 0 };
	int status, code;
	bool stays;

	store_close(running->store);
	*running->store = (struct store)STORE_NONE;
	status = run_runtime(running, err);
	TRY(status);
	code = judge(running, status);
	stays = running->options->detach && code == 0;
	if (stays) {
		text_format(&out, "%s\n", running->name);
		TRY(command_print(&out, err));
		return 0;
	}
	TRY(command_open_store(running->line, STORE_USE, running->store, err));
	status =
		bundle_release(running->store, running->directory, true, running->line->arena, err);
	return status < 0 && status != -ENOENT ? status : code; /* the hook may have been faster */
}

static int run(const struct command_line *line, struct error *err)
{
	auto_store struct store store = STORE_NONE;
	struct running running = { .line = line, .options = line->options, .store = &store };
	struct bundle_image image;

	TRY(find_runtime(&running, err));
	TRY(choose_name(&running, err));
	TRY(command_open_store(line, STORE_USE, &store, err));
	TRY(load_image(line, &store, &image, err));
	TRY(prepare(&running, err));
	TRY(make_bundle(&running, &image, err));
	return run_and_release(&running, err);
}

const struct command command_run = {
	.name = "run",
	.summary = "run an image: pull it if it is missing, bundle, run, release",
	.arguments = "IMAGE [COMMAND [ARG…]]",
	.least = 1,
	.most = -1,
	.in_order = true,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct options),
	.run = run,
};

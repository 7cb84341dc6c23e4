/* cmd_login.c -- lade login, lade logout: credentials that stay, in podman's and docker's files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "commands.h"

#define PASSWORD_MOST (1 << 20)

struct options {
	struct network_options network;
	char *username, *password;
	bool password_stdin, get_login, all, verbose;
};

/* clang-format off */
static const struct option_row login_rows[] = {
	LOGIN_OPTION_ROWS(struct options, network),
	{ "username", 'u', OPTION_TEXT, offsetof(struct options, username), "USER", "the user (default: ask)", NULL, 0 },
	{ "password", 'p', OPTION_TEXT, offsetof(struct options, password), "PASSWORD", "the password; others can see it in the process list", NULL, 0 },
	{ "password-stdin", 0, OPTION_FLAG, offsetof(struct options, password_stdin), NULL, "read the password from standard input", NULL, 0 },
	{ "get-login", 0, OPTION_FLAG, offsetof(struct options, get_login), NULL, "print who is logged in", NULL, 0 },
	{ "verbose", 'v', OPTION_FLAG, offsetof(struct options, verbose), NULL, "accepted for podman's sake", NULL, OPTION_HIDDEN },
};

static const struct option_row logout_rows[] = {
	{ "authfile", 0, OPTION_TEXT, offsetof(struct options, network.authfile), "FILE", "the file of credentials", NULL, 0 },
	{ "all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL, "forget every registry", NULL, 0 },
};
/* clang-format on */

/* ---- asking ---------------------------------------------------------------------------------- */

static char *read_line(struct arena *arena)
{
	char line[4096];

	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return arena_string(arena, line);
}

/* A password may have lines (a key in JSON): all there is, without the last line's end. */
static char *read_all(struct arena *arena)
{
	auto_text struct text text = { 0 };
	char *password;
	size_t length;

	if (file_read_fd(STDIN_FILENO, "standard input", PASSWORD_MOST, &text, NULL) < 0)
		return NULL;
	password = arena_string(arena, text.data ? text.data : "");
	length = strlen(password);
	if (length && password[length - 1] == '\n')
		password[--length] = '\0';
	if (length && password[length - 1] == '\r')
		password[--length] = '\0';
	return password;
}

static char *ask(const char *prompt, bool hidden, struct arena *arena)
{
	struct termios shown, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	char *answer;

	fprintf(stderr, "%s: ", prompt);
	if (terminal && hidden) {
		quiet = shown;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	answer = read_line(arena);
	if (terminal && hidden) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	return answer;
}

static int find_user(const struct options *options, struct arena *arena, char **user,
		     struct error *err)
{
	*user = options->username;
	if (!*user && (options->password_stdin || !isatty(STDIN_FILENO)))
		return fail(err, EINVAL, "name the user: --username");
	if (!*user)
		*user = ask("Username", false, arena);
	return *user && **user ? 0 : fail(err, EINVAL, "no user was named");
}

static int find_password(const struct options *options, struct arena *arena, char **password,
			 struct error *err)
{
	*password = options->password;
	if (*password && options->password_stdin)
		return fail(err, EINVAL, "--password and --password-stdin exclude each other");
	if (options->password_stdin)
		*password = read_all(arena);
	else if (!*password && isatty(STDIN_FILENO))
		*password = ask("Password", true, arena);
	else if (!*password)
		return fail(err, EINVAL, "no terminal to ask for the password: --password-stdin");
	return *password ? 0 : fail(err, EINVAL, "no password was given");
}

/* ---- login ----------------------------------------------------------------------------------- */

static const char *host_of(const char *key, struct arena *arena)
{
	return arena_copy(arena, key, strcspn(key, "/"));
}

static int get_login(const struct command_line *line, const char *key, struct error *err)
{
	const struct options *options = line->options;
	auto_registry struct registry *registry = NULL;
	auto_text struct text out = { 0 };

	TRY(command_open_registry(line, &options->network, host_of(key, line->arena), &registry,
				  err));
	if (!registry_user(registry))
		return fail(err, ENOENT, "not logged into %s", key);
	text_format(&out, "%s\n", registry_user(registry));
	return command_print(&out, err);
}

/* Kept only when the registry takes it. */
static int run_login(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const char *key = line->arguments.count ? line->arguments.items[0] : "docker.io";
	struct network_options network = options->network;
	auto_registry struct registry *registry = NULL;
	auto_text struct text out = { 0 };
	char *user, *password;

	if (text_after(key, "https://"))
		key = text_after(key, "https://");
	if (options->get_login)
		return get_login(line, key, err);
	TRY(find_user(options, line->arena, &user, err));
	TRY(find_password(options, line->arena, &password, err));
	network.creds = arena_format(line->arena, "%s:%s", user, password);
	TRY(command_open_registry(line, &network, host_of(key, line->arena), &registry, err));
	if (registry_ping(registry, err) < 0) {
		if (err->number == EACCES)
			*err->hint = '\0'; /* it would say to log in */
		return fail_where(err, "cannot log into %s", key);
	}
	TRY(registry_keep_login(key, user, password, options->network.authfile, err));
	text_add(&out, "Login Succeeded!\n");
	return command_print(&out, err);
}

/* ---- logout ---------------------------------------------------------------------------------- */

static int run_logout(const struct command_line *line, struct error *err)
{
	const struct options *options = line->options;
	const char *key = line->arguments.count ? line->arguments.items[0] : "docker.io";
	auto_text struct text out = { 0 };

	if (options->all) {
		TRY(registry_forget_all(options->network.authfile, err));
		text_add(&out, "Removed login credentials for all registries\n");
		return command_print(&out, err);
	}
	TRY(registry_forget_login(key, options->network.authfile, err));
	text_format(&out, "Removed login credentials for %s\n", key);
	return command_print(&out, err);
}

const struct command command_login = {
	.name = "login",
	.summary = "keep credentials for a registry, once it takes them",
	.arguments = "[HOST[:PORT]]",
	.least = 0,
	.most = 1,
	.options = login_rows,
	.option_count = sizeof(login_rows) / sizeof(login_rows[0]),
	.size = sizeof(struct options),
	.run = run_login,
};

const struct command command_logout = {
	.name = "logout",
	.summary = "forget the credentials for a registry",
	.arguments = "[HOST[:PORT]]",
	.least = 0,
	.most = 1,
	.options = logout_rows,
	.option_count = sizeof(logout_rows) / sizeof(logout_rows[0]),
	.size = sizeof(struct options),
	.run = run_logout,
};

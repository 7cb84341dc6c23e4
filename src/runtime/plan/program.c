/* program.c -- plan the terminal, and the program that is finally executed. */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"

void plan_console(struct draft *draft)
{
	const struct spec_console_size *size = draft->process->console_size;
	bool mount = draft->created & CLONE_NEWNS || (draft->spec && draft->joined & CLONE_NEWNS);

	if (draft->process->terminal)
		ADD(draft, CONSOLE, "process.terminal",
		    .number = { size ? size->height : 0, size ? size->width : 0, mount,
				draft->process->user->uid });
	if (draft->process->terminal && !draft->unborn)
		ADD(draft, TERMINAL, "process.terminal");
}

static const char *environment_get(const struct strings *environment, const char *prefix)
{
	const char *value = NULL;

	for (size_t i = 0; i < environment->count; i++)
		if (text_starts(environment->items[i], prefix))
			value = environment->items[i] + strlen(prefix);
	return value;
}

int plan_executable(struct draft *draft)
{
	const struct spec_process *process = draft->process;

	if (process->args.count == 0) {
		fail(draft->err, EINVAL, "no program to execute is given");
		return fail_where(draft->err, "process.args");
	}
	ADD(draft, EXECUTABLE, "process.args[0]",
	    .text = { process->args.items[0], environment_get(&process->env, "PATH="),
		      process->cwd });
	return 0;
}

/* HOME, which engines rely on: when it is missing only the container's /etc/passwd can tell. */
void plan_home(struct draft *draft)
{
	if (!environment_get(&draft->process->env, "HOME="))
		ADD(draft, HOME, NULL, .number = { draft->process->user->uid });
}

static void set_variable(struct draft *draft, struct strings *environment, const char *name,
			 const char *value)
{
	const char *prefix = place(draft, "%s=", name);
	char *assignment = arena_format(draft->arena, "%s%s", prefix, value);

	for (size_t i = 0; i < environment->count; i++)
		if (text_starts(environment->items[i], prefix)) {
			environment->items[i] = assignment;
			return;
		}
	strings_add(environment, assignment, draft->arena);
}

/* sd_listen_fds(3): descriptors from 3 on are sockets. */
static void tell_of_sockets(struct draft *draft, struct strings *environment)
{
	const struct plan_options *options = draft->options;

	if (!options || options->listen_fds == 0)
		return;
	set_variable(draft, environment, "LISTEN_FDS", place(draft, "%u", options->listen_fds));
	set_variable(draft, environment, "LISTEN_PID", "1");
	if (options->listen_names)
		set_variable(draft, environment, "LISTEN_FDNAMES", options->listen_names);
}

/* Exactly what is configured, with HOME, the sockets that are handed on, and where to notify. */
int plan_exec_program(struct draft *draft)
{
	const struct spec_process *process = draft->process;
	struct strings environment = { 0 };

	for (size_t i = 0; i < process->env.count; i++)
		strings_add(&environment, process->env.items[i], draft->arena);
	tell_of_sockets(draft, &environment);
	if (draft->notify_socket)
		set_variable(draft, &environment, "NOTIFY_SOCKET", draft->notify_socket);
	ADD(draft, EXEC, "process.args",
	    .data = { builder_list(&draft->build, process->args.items, process->args.count),
		      builder_list(&draft->build, environment.items, environment.count) });
	return 0;
}

/* api.c -- libcoffer's public face: the verbs of lifecycle.h behind types of its own. */
#include "coffer.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/lifecycle.h"

static int told(int result, const struct error *err, struct coffer_error *error)
{
	if (result < 0 && error) {
		error->number = err->number;
		error_format(err, error->message, sizeof(error->message));
	}
	return result < 0 ? result : 0;
}

/* NULL is the default; it lives in the arena. */
static const char *root_of(const char *root, struct arena *arena)
{
	return root ? root : state_root(NULL, arena);
}

static struct create_request request_of(const struct coffer_container *container,
					struct arena *arena)
{
	return (struct create_request){
		.root = root_of(container->root, arena),
		.id = container->id,
		.bundle = container->bundle,
		.console_socket = container->console_socket,
		.pid_file = container->pid_file,
		.preserve_fds = container->preserve_fds,
		.no_pivot = container->flags & COFFER_NO_PIVOT,
		.no_new_keyring = container->flags & COFFER_NO_NEW_KEYRING,
		.cgroup_manager = container->flags & COFFER_NO_CGROUP ? "disabled" : NULL,
		.detach = true,
	};
}

int coffer_create(const struct coffer_container *container, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct create_request request = request_of(container, &arena);
	struct error err = { 0 };

	return told(container_create(&request, &err), &err, error);
}

int coffer_run_detached(const struct coffer_container *container, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct create_request request = request_of(container, &arena);
	struct error err = { 0 };
	int exit_code;

	return told(container_run(&request, &exit_code, &err), &err, error);
}

int coffer_start(const char *root, const char *id, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };

	return told(container_start(root_of(root, &arena), id, &err), &err, error);
}

int coffer_kill(const char *root, const char *id, int signal, int all, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };

	return told(container_kill(root_of(root, &arena), id, signal, all, &err), &err, error);
}

int coffer_delete(const char *root, const char *id, int force, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };

	return told(container_delete(root_of(root, &arena), id, force, &err), &err, error);
}

int coffer_pause(const char *root, const char *id, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };

	return told(container_pause(root_of(root, &arena), id, true, &err), &err, error);
}

int coffer_resume(const char *root, const char *id, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct error err = { 0 };

	return told(container_pause(root_of(root, &arena), id, false, &err), &err, error);
}

int coffer_state(const char *root, const char *id, char **json, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct container_summary summary;
	struct text out = { 0 };
	struct error err = { 0 };
	int result = container_query(root_of(root, &arena), id, &arena, &summary, &err);

	if (result == 0) {
		container_document(&summary, &out);
		*json = out.data;
	}
	return told(result, &err, error);
}

int coffer_exec(const char *root, const char *id, char *const *argv, int *exit_code,
		struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct exec_request request = { .root = root_of(root, &arena), .id = id };
	struct error err = { 0 };

	for (char *const *word = argv; *word; word++)
		strings_add(&request.args, *word, &arena);
	return told(container_exec(&request, exit_code, &err), &err, error);
}

int coffer_update(const char *root, const char *id, const char *resources,
		  struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	const struct json_source source = { resources, strlen(resources), "resources" };
	struct spec_resources changes;
	struct error err = { 0 };
	int result = json_read(&source, &spec_resources_shape, &changes, &arena, NULL, &err);

	if (result == 0)
		result = container_update(root_of(root, &arena), id, &changes, NULL, &err);
	return told(result, &err, error);
}

int coffer_stats(const char *root, const char *id, char **json, struct coffer_error *error)
{
	auto_arena struct arena arena = { 0 };
	struct text line = { 0 };
	struct error err = { 0 };
	int result = container_stats(root_of(root, &arena), id, &line, &err);

	if (result == 0)
		*json = line.data;
	return told(result, &err, error);
}

/* exec_process.c -- the process of `exec`: the container's own as a template, or a whole process
 * object, with the command line's changes. Kept from create, not read from the bundle again: a
 * bundle edited meanwhile must not change what exec does. */
#include "exec_process.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "runtime/spec_names.h"

/* UID[:GID]; numeric only: names are the image's, and a number must never be looked up as one
 * (CVE-2016-3697). As runc: the group that is not named, and the additional groups, are the
 * container's; crun gives group 0 and no others. */
static int set_user(struct spec_process *process, const char *text, struct arena *arena,
		    struct error *err)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_copy(arena, text, (size_t)(colon - text)) : text;

	if (!number_parse_id(uid, &process->user->uid))
		return fail(err, EINVAL, "--user: \"%s\" is not a user id", uid);
	if (colon && !number_parse_id(colon + 1, &process->user->gid))
		return fail(err, EINVAL, "--user: \"%s\" is not a group id", colon + 1);
	return 0;
}

static int add_groups(struct spec_process *process, const struct strings *groups,
		      struct arena *arena, struct error *err)
{
	struct json_uint32s *have = &process->user->additional_gids;
	uint32_t *all = arena_array(arena, have->count + groups->count, sizeof(*all));

	if (have->count > 0)
		memcpy(all, have->items, have->count * sizeof(*all));
	for (size_t i = 0; i < groups->count; i++)
		if (!number_parse_id(groups->items[i], &all[have->count + i]))
			return fail(err, EINVAL, "--additional-gids: \"%s\" is not a group id",
				    groups->items[i]);
	have->items = all;
	have->count += groups->count;
	return 0;
}

/* A copy that may grow: the template's arrays stay as they are. */
static struct strings copy_strings(const struct strings *from, struct arena *arena)
{
	struct strings copy = { 0 };

	for (size_t i = 0; i < from->count; i++)
		strings_add(&copy, from->items[i], arena);
	return copy;
}

/* As runc: added to the sets; ambient only where the inheritable set has it; inheritable is never
 * touched (CVE-2022-29162). */
static int add_capabilities(struct spec_process *process, const struct strings *names,
			    struct arena *arena, struct error *err)
{
	struct spec_capabilities *sets = arena_alloc(arena, sizeof(*sets));

	if (process->capabilities)
		*sets = *process->capabilities;
	sets->bounding = copy_strings(&sets->bounding, arena);
	sets->effective = copy_strings(&sets->effective, arena);
	sets->permitted = copy_strings(&sets->permitted, arena);
	sets->ambient = copy_strings(&sets->ambient, arena);
	for (size_t i = 0; i < names->count; i++) {
		int number = spec_capability_number(names->items[i]);
		char *name;

		if (number < 0)
			return fail(err, EINVAL, "--cap: unknown capability \"%s\"",
				    names->items[i]);
		name = (char *)spec_capability_names[number].name;
		strings_add(&sets->bounding, name, arena);
		strings_add(&sets->effective, name, arena);
		strings_add(&sets->permitted, name, arena);
		if (strings_have(&sets->inheritable, name))
			strings_add(&sets->ambient, name, arena);
	}
	process->capabilities = sets;
	return 0;
}

static int change_identity(struct spec_process *process, const struct exec_request *request,
			   struct arena *arena, struct error *err)
{
	if (request->user)
		TRY(set_user(process, request->user, arena, err));
	if (request->additional_gids.count > 0)
		TRY(add_groups(process, &request->additional_gids, arena, err));
	if (request->capabilities.count > 0)
		TRY(add_capabilities(process, &request->capabilities, arena, err));
	if (request->no_new_privileges)
		process->no_new_privileges = true;
	if (request->apparmor)
		process->apparmor_profile = (char *)request->apparmor;
	if (request->selinux_label)
		process->selinux_label = (char *)request->selinux_label;
	return 0;
}

static int check_variables(const struct strings *env, struct error *err)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i])
			return fail(err, EINVAL, "--env: \"%s\" is not NAME=VALUE", env->items[i]);
	}
	return 0;
}

static int change_surroundings(struct spec_process *process, const struct exec_request *request,
			       struct arena *arena, struct error *err)
{
	TRY(check_variables(&request->env, err));
	for (size_t i = 0; i < request->env.count; i++)
		strings_set_variable(&process->env, request->env.items[i], arena);
	if (request->cwd && request->cwd[0] != '/')
		return fail(err, EINVAL, "--cwd: \"%s\" is not an absolute path", request->cwd);
	if (request->cwd)
		process->cwd = (char *)request->cwd;
	return 0;
}

/* What a process object does not speak of is the container's, as in runc: a process with fewer
 * restrictions than its container has been asked for by nobody. */
static void complete_process(struct spec_process *process, const struct spec_process *template)
{
	if (!process->capabilities)
		process->capabilities = template->capabilities;
	if (!process->apparmor_profile || !*process->apparmor_profile)
		process->apparmor_profile = template->apparmor_profile;
	if (!process->selinux_label || !*process->selinux_label)
		process->selinux_label = template->selinux_label;
	if (process->rlimits.count == 0)
		process->rlimits = template->rlimits;
}

static int load_process(const char *file, const struct spec_process *template, struct arena *arena,
			struct spec_process **process, struct error *err)
{
	struct error place = { 0 };

	TRY(spec_load_process(file, arena, process, err));
	if (template) /* a container may have been created without a process */
		complete_process(*process, template);
	if (spec_check_process(*process, "", err) == 0)
		return 0;
	fail_where(&place, "%s: %s", file, err->where);
	memcpy(err->where, place.where, sizeof(err->where));
	return -err->number;
}

int exec_process(const struct exec_request *request, const struct spec_process *template,
		 struct arena *arena, struct spec_process **process, struct error *err)
{
	struct spec_user *user = arena_alloc(arena, sizeof(*user));

	if (request->process_file)
		return load_process(request->process_file, template, arena, process, err);
	if (request->args.count == 0)
		return fail(err, EINVAL, "exec needs a command, or --process FILE");
	*process = arena_alloc(arena, sizeof(**process));
	**process = *template;
	if (template->user)
		*user = *template->user;
	(*process)->user = user;
	(*process)->args = request->args;
	(*process)->terminal = request->tty;
	(*process)->env = copy_strings(&template->env, arena);
	TRY(change_surroundings(*process, request, arena, err));
	TRY(change_identity(*process, request, arena, err));
	return spec_check_process(*process, "process", err);
}

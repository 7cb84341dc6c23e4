/* compose.c -- an image's config as a config.json, by the rules of image-spec conversion.md.
 * Pure: what must be looked up (users, host) comes with the input. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "bundle_private.h"

/* Nothing newer is used, and some runtimes refuse what they do not know by number. */
#define BUNDLE_SPEC_VERSION "1.0.2"

#define DEFAULT_PATH        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const struct oci_execution nothing;

static const struct oci_execution *execution_of(const struct bundle_input *input)
{
	return input->config->config ? input->config->config : &nothing;
}

/* ---- process.args ---------------------------------------------------------------------------- */

static int compose_args(const struct bundle_input *input, struct arena *arena,
			struct spec_process *process, struct error *err)
{
	const struct oci_execution *execution = execution_of(input);
	const struct strings *tail = input->command.count ? &input->command : &execution->cmd;

	for (size_t i = 0; i < execution->entrypoint.count; i++)
		strings_add(&process->args, execution->entrypoint.items[i], arena);
	for (size_t i = 0; i < tail->count; i++)
		strings_add(&process->args, tail->items[i], arena);
	if ((process->args.count && *process->args.items[0]) ||
	    (input->changes && input->changes->entrypoint)) /* looked at again by the change */
		return 0;
	fail(err, EINVAL, "the image names no command to run");
	return fail_hint(err, "give one: lade bundle IMAGE DIR COMMAND…");
}

/* ---- process.env ----------------------------------------------------------------------------- */

static bool env_has(const struct strings *env, const char *prefix)
{
	for (size_t i = 0; i < env->count; i++)
		if (text_starts(env->items[i], prefix))
			return true;
	return false;
}

/* KEY=VALUE and nothing else: other tools took a bare KEY for an order to copy the host's variable
 * (CVE-2026-57231). */
static void compose_env(const struct bundle_input *input, struct arena *arena,
			struct spec_process *process)
{
	const struct strings *wanted = &execution_of(input)->env;

	if (!env_has(wanted, "PATH="))
		strings_add(&process->env, arena_string(arena, DEFAULT_PATH), arena);
	for (size_t i = 0; i < wanted->count; i++) {
		const char *equals = strchr(wanted->items[i], '=');

		if (equals && equals != wanted->items[i])
			strings_add(&process->env, wanted->items[i], arena);
		else
			log_warning("the image's environment entry \"%s\" is not KEY=VALUE: left "
				    "out",
				    wanted->items[i]);
	}
	if (!env_has(wanted, "HOME="))
		strings_add(&process->env, arena_format(arena, "HOME=%s", input->user->home),
			    arena);
}

/* ---- process.user, process.cwd --------------------------------------------------------------- */

static int check_mapped(const struct bundle_host *host, const struct bundle_user *user,
			struct error *err)
{
	if (!host->rootless || (user->uid <= host->sub_uid.size && user->gid <= host->sub_gid.size))
		return 0;
	fail(err, EINVAL, "the image's user %u:%u has no id on this host", user->uid, user->gid);
	return fail_hint(err, "ask for a range in /etc/subuid and /etc/subgid");
}

static void compose_user(const struct bundle_input *input, struct arena *arena,
			 struct spec_process *process)
{
	struct spec_user *user = arena_alloc(arena, sizeof(*user));

	user->uid = input->user->uid;
	user->gid = input->user->gid;
	if (!input->host->rootless || input->host->sub_gid.size)
		user->additional_gids = input->user->groups;
	process->user = user;
}

static char *compose_cwd(const struct bundle_input *input, struct arena *arena)
{
	const char *directory = execution_of(input)->working_dir;

	if (!directory || !*directory)
		return arena_string(arena, "/");
	return arena_format(arena, "%s%s", *directory == '/' ? "" : "/", directory);
}

/* ---- the document ---------------------------------------------------------------------------- */

static int compose_process(const struct bundle_input *input, struct arena *arena, struct spec *spec,
			   struct error *err)
{
	struct spec_process *process = arena_alloc(arena, sizeof(*process));

	spec->process = process;
	TRY(check_mapped(input->host, input->user, err));
	TRY(compose_args(input, arena, process, err));
	compose_env(input, arena, process);
	compose_user(input, arena, process);
	process->cwd = compose_cwd(input, arena);
	defaults_add_capabilities(process, arena);
	return 0;
}

/* The root is an overlay for the runtime to mount: before everything else. */
static void compose_root_mount(const struct strings *options, struct arena *arena,
			       struct spec *spec)
{
	struct spec_mount *items = arena_array(arena, spec->mounts.count + 1, sizeof(*items));

	items[0] = (struct spec_mount){ .destination = arena_string(arena, "/"),
					.type = arena_string(arena, "overlay"),
					.source = arena_string(arena, "overlay"),
					.options = *options };
	memcpy(items + 1, spec->mounts.items, spec->mounts.count * sizeof(*items));
	spec->mounts.items = items;
	spec->mounts.count++;
}

int bundle_compose(const struct bundle_input *input, struct arena *arena, struct spec *spec,
		   struct error *err)
{
	*spec = (struct spec){ 0 };
	spec->oci_version = arena_string(arena, BUNDLE_SPEC_VERSION);
	TRY(compose_process(input, arena, spec, err));
	spec->root = arena_alloc(arena, sizeof(*spec->root));
	spec->root->path = arena_string(arena, "rootfs");
	if (input->hostname)
		spec->hostname = arena_string(arena, input->hostname);
	defaults_compose(input->host, arena, spec);
	if (input->root_options.count)
		compose_root_mount(&input->root_options, arena, spec);
	annotations_compose(input->config, arena, &spec->annotations);
	return changes_apply(input, arena, spec, err);
}

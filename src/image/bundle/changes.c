/* changes.c -- podman's flags on top of a composed config.json: the process, and the order of all.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "bundle_private.h"
#include "runtime/spec_names.h"

void changes_split(const char *pair, struct arena *arena, char **key, char **value)
{
	char *equals;

	*key = arena_string(arena, pair);
	equals = strchr(*key, '=');
	*value = equals ? equals + 1 : NULL;
	if (equals)
		*equals = '\0';
}

/* ---- environment ------------------------------------------------------------------------------
 */

/* "KEY" alone takes the caller's value: the caller asks for it by name, an image never does. */
static int change_env(const struct change *change, struct error *err)
{
	struct strings *env = &change->spec->process->env;

	for (size_t i = 0; i < change->wanted->env.count; i++) {
		char *pair = change->wanted->env.items[i], *key, *value;

		changes_split(pair, change->arena, &key, &value);
		if (!*key)
			return fail(err, EINVAL, "--env %s: the name is missing", pair);
		if (!value && !getenv(key))
			continue;
		if (!value)
			pair = arena_format(change->arena, "%s=%s", key, getenv(key));
		strings_set_variable(env, pair, change->arena);
	}
	if (change->wanted->terminal)
		strings_set_variable(env, arena_string(change->arena, "TERM=xterm"), change->arena);
	return 0;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* clang-format off */
#define WORDS_ROWS(ROW, T) \
	ROW(T, strings, words, "words", none, required)
JSON_STRUCT(entrypoint_words, WORDS_ROWS);
JSON_SHAPE(entrypoint_words, WORDS_ROWS);
/* clang-format on */

static int read_entrypoint(const char *text, struct strings *words, struct arena *arena,
			   struct error *err)
{
	struct entrypoint_words read;
	char *named;

	*words = (struct strings){ 0 };
	if (*text != '[') {
		if (*text)
			strings_add(words, arena_string(arena, text), arena);
		return 0;
	}
	named = arena_format(arena, "{\"words\":%s}", text);
	TRY(json_read(&(struct json_source){ named, strlen(named), "--entrypoint" },
		      &entrypoint_words_shape, &read, arena, NULL, err));
	*words = read.words;
	return 0;
}

/* With another entrypoint the image's Cmd means nothing: only the caller's words are left. */
static int change_args(const struct change *change, struct error *err)
{
	struct strings args;

	if (!change->wanted->entrypoint)
		return 0;
	TRY(read_entrypoint(change->wanted->entrypoint, &args, change->arena, err));
	for (size_t i = 0; i < change->input->command.count; i++)
		strings_add(&args, change->input->command.items[i], change->arena);
	if (!args.count)
		return fail(err, EINVAL, "--entrypoint: no command is left to run");
	change->spec->process->args = args;
	return 0;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static bool parse_limit(const char *text, uint64_t *value)
{
	if (!strcmp(text, "-1") || !strcmp(text, "unlimited")) {
		*value = UINT64_MAX;
		return true;
	}
	return number_parse_unsigned(text, UINT64_MAX, value);
}

static char *limit_name(const char *typed, struct arena *arena)
{
	char *name = arena_format(arena, "RLIMIT_%s", typed);

	for (char *letter = name; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	return name;
}

/* NAME=SOFT[:HARD] */
static int parse_ulimit(const char *text, struct spec_rlimit *limit, struct arena *arena,
			struct error *err)
{
	char *name, *soft, *hard;

	changes_split(text, arena, &name, &soft);
	hard = soft ? strchr(soft, ':') : NULL;
	if (hard)
		*hard++ = '\0';
	limit->type = limit_name(name, arena);
	if (!spec_name_known(spec_rlimit_names, limit->type))
		return fail(err, EINVAL, "--ulimit %s: there is no such limit", text);
	if (!soft || !parse_limit(soft, &limit->soft) ||
	    !parse_limit(hard ? hard : soft, &limit->hard))
		return fail(err, EINVAL, "--ulimit %s: it is NAME=SOFT[:HARD]", text);
	return 0;
}

static int change_limits(const struct change *change, struct error *err)
{
	const struct strings *wanted = &change->wanted->ulimits;
	struct spec_process *process = change->spec->process;

	process->rlimits.items =
		arena_array(change->arena, wanted->count + 1, sizeof(*process->rlimits.items));
	for (size_t i = 0; i < wanted->count; i++) {
		struct spec_rlimit limit;
		size_t at = 0;

		TRY(parse_ulimit(wanted->items[i], &limit, change->arena, err));
		while (at < process->rlimits.count &&
		       strcmp(process->rlimits.items[at].type, limit.type) != 0)
			at++;
		process->rlimits.items[at] = limit; /* the last of a name counts */
		process->rlimits.count += at == process->rlimits.count;
	}
	return 0;
}

/* ---- user ------------------------------------------------------------------------------------ */

static int change_groups(const struct change *change, struct error *err)
{
	const struct strings *wanted = &change->wanted->group_add;
	struct json_uint32s *groups = &change->spec->process->user->additional_gids;
	uint32_t *items;

	if (!wanted->count)
		return 0;
	items = arena_array(change->arena, groups->count + wanted->count, sizeof(*items));
	if (groups->count)
		memcpy(items, groups->items, groups->count * sizeof(*items));
	groups->items = items;
	for (size_t i = 0; i < wanted->count; i++)
		if (!number_parse_id(wanted->items[i], &items[groups->count++]))
			return fail(err, EINVAL, "--group-add %s: it is a number",
				    wanted->items[i]);
	return 0;
}

static int change_umask(const struct change *change, struct error *err)
{
	const char *text = change->wanted->umask;
	uint32_t *umask;

	if (!text)
		return 0;
	if (!*text || strlen(text) > 4 || text[strspn(text, "01234567")])
		return fail(err, EINVAL, "--umask %s: it is octal, as 0022", text);
	umask = arena_alloc(change->arena, sizeof(*umask));
	*umask = (uint32_t)strtoul(text, NULL, 8);
	change->spec->process->user->umask = umask;
	return 0;
}

int changes_process(const struct change *change, struct error *err)
{
	struct spec_process *process = change->spec->process;
	const struct bundle_changes *wanted = change->wanted;
	int64_t score;

	TRY(change_args(change, err));
	TRY(change_env(change, err));
	TRY(change_limits(change, err));
	TRY(change_groups(change, err));
	TRY(change_umask(change, err));
	process->terminal = wanted->terminal;
	if (wanted->workdir && *wanted->workdir != '/')
		return fail(err, EINVAL, "--workdir %s: it must be absolute", wanted->workdir);
	if (wanted->workdir)
		process->cwd = wanted->workdir;
	if (!wanted->oom_score_adj)
		return 0;
	if (!number_parse_signed(wanted->oom_score_adj, -1000, 1000, &score))
		return fail(err, EINVAL, "--oom-score-adj %s: it is -1000 to 1000",
			    wanted->oom_score_adj);
	process->oom_score_adj = arena_alloc(change->arena, sizeof(*process->oom_score_adj));
	*process->oom_score_adj = (int32_t)score;
	return 0;
}

/* ---- annotations, hooks ------------------------------------------------------------------------
 */

static int add_pairs(const struct change *change, const struct strings *pairs, const char *option,
		     struct error *err)
{
	for (size_t i = 0; i < pairs->count; i++) {
		char *key, *value;

		changes_split(pairs->items[i], change->arena, &key, &value);
		if (!*key)
			return fail(err, EINVAL, "%s %s: the name is missing", option,
				    pairs->items[i]);
		string_map_set(&change->spec->annotations, key,
			       value ? value : arena_string(change->arena, ""), change->arena);
	}
	return 0;
}

static void add_poststop(const struct change *change)
{
	const struct strings *words = &change->wanted->poststop;
	struct spec_hooks *hooks;

	if (!words->count)
		return;
	hooks = arena_alloc(change->arena, sizeof(*hooks));
	hooks->poststop.items = arena_array(change->arena, 1, sizeof(*hooks->poststop.items));
	hooks->poststop.items[0].path = words->items[0];
	hooks->poststop.items[0].args = *words;
	hooks->poststop.count = 1;
	change->spec->hooks = hooks;
}

/* ---- all of it ------------------------------------------------------------------------------- */

int changes_apply(const struct bundle_input *input, struct arena *arena, struct spec *spec,
		  struct error *err)
{
	const struct change change = { input, input->changes, spec, arena };

	if (!input->changes)
		return 0;
	TRY(changes_process(&change, err));
	TRY(changes_capabilities(&change, err));
	TRY(changes_security(&change, err));
	TRY(changes_namespaces(&change, err));
	TRY(changes_mounts(&change, err));
	TRY(changes_devices(&change, err));
	TRY(changes_resources(&change, err));
	TRY(add_pairs(&change, &input->changes->labels, "--label", err));
	TRY(add_pairs(&change, &input->changes->annotations, "--annotation", err));
	add_poststop(&change);
	return 0;
}

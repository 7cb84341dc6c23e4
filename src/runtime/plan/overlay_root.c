/* overlay_root.c -- plan a root that no directory of the host has: the first mount of config.json,
 * an overlay on "/".
 *
 * Detached it is made, by the launcher where it may, else by the init image in the container's user
 * namespace, and attached in the container's mount namespace alone. Layers are given one by one:
 * fsconfig(2) takes 255 bytes a value. */
#include <string.h>

#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"

#define WHERE "mounts[0]"

static int refuse(struct draft *draft, const char *member, int number, const char *reason)
{
	fail(draft->err, number, "%s", reason);
	return fail_where(draft->err, WHERE ".%s", member);
}

static void add_option(struct text *data, const char *key, const char *value, size_t length)
{
	text_format(data, "%s%s=\"%.*s\"", data->length ? "," : "", key, (int)length, value);
}

/* ---- lowerdir=A:B, where '\' takes the meaning from ':' and ',' and itself ---------------------
 */

static size_t layer_length(const char *list)
{
	size_t length = 0;

	while (list[length] && list[length] != ':')
		length += list[length] == '\\' && list[length + 1] ? 2 : 1;
	return length;
}

static void add_layer(struct draft *draft, struct text *data, const char *escaped, size_t length)
{
	char *path = arena_alloc(draft->arena, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		i += escaped[i] == '\\' && i + 1 < length;
		path[used++] = escaped[i];
	}
	add_option(data, "lowerdir+", path, used);
}

static void add_layers(struct draft *draft, struct text *data, const char *list)
{
	for (;;) {
		size_t length = layer_length(list);

		add_layer(draft, data, list, length);
		if (!list[length])
			return;
		list += length + 1;
	}
}

/* ---- the options ------------------------------------------------------------------------------
 */

/* The length of the first option: up to a comma that is one. */
static size_t option_length(const char *data)
{
	size_t length = 0;

	while (data[length] && data[length] != ',')
		length += data[length] == '\\' && data[length + 1] ? 2 : 1;
	return length;
}

static void translate(struct draft *draft, const char *options, struct text *data)
{
	while (*options) {
		size_t length = option_length(options);
		char *option = arena_copy(draft->arena, options, length);
		char *value = strchr(option, '=');

		if (text_starts(option, "lowerdir+="))
			add_layer(draft, data, value + 1, strlen(value + 1));
		else if (text_starts(option, "lowerdir="))
			add_layers(draft, data, value + 1);
		else if (value)
			add_option(data, arena_copy(draft->arena, option, (size_t)(value - option)),
				   value + 1, strlen(value + 1));
		else if (*option)
			text_format(data, "%s%s", data->length ? "," : "", option);
		options += length;
		options += *options == ',';
	}
}

static int check(struct draft *draft, const struct mount_draft *mount)
{
	const struct mount_options *options = mount->options;

	if (options->flags & (MS_BIND | MS_REMOUNT))
		return refuse(draft, "options", EINVAL, "the root is a new overlay");
	if (strchr(options->data, '"'))
		return refuse(draft, "options", EINVAL,
			      "a directory of the root's has a quote in it");
	if (wants_id_map(mount))
		return refuse(draft, "uidMappings", ENOTSUP,
			      "the ids of an overlay cannot be mapped");
	return 0;
}

int plan_overlay_root(struct draft *draft, const struct spec_mount *entry, int *slot)
{
	struct mount_options options;
	struct mount_draft mount = { .mount = entry, .where = WHERE, .options = &options };
	auto_text struct text data = { 0 };
	struct step_values values = {
		.kind = draft->facts->privileged ? STEP_NEW_TREE : STEP_MAKE_TREE,
		.where = WHERE,
	};

	TRY(mount_options_read(&entry->options, false, WHERE, draft->arena, &options, draft->err));
	TRY(check(draft, &mount));
	translate(draft, options.data, &data);
	values.text[0] = "overlay";
	values.text[1] = entry->source ? entry->source : "overlay";
	values.text[2] = labelled_data(draft, "overlay",
				       arena_string(draft->arena, data.data ? data.data : ""));
	values.number[0] = options.flags & FILESYSTEM_FLAGS;
	values.number[1] = options.own.set | options.recursive.set;
	*slot = builder_slot(&draft->build);
	builder_add(&draft->build, &values)->slot = *slot;
	return 0;
}

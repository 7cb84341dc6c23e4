/* name.c -- the container's unit and the slices around it, out of cgroupsPath. Pure.
 *
 * "slice:prefix:name" is the unit prefix-name.scope, also with an empty prefix: "slice::name" is
 * -name.scope, as runc (ScopePrefix + "-" + Name) and crun (the second colon becomes a dash) have
 * it. "slice:name" is name.scope, as crun has it; runc refuses it. */
#include <errno.h>
#include <string.h>

#include "unit.h"

#define NAME_MOST 255 /* systemd's UNIT_NAME_MAX without its end */
#define VALID     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\"

bool unit_is_slice(const char *unit)
{
	return text_ends(unit, ".slice");
}

/* "a+b" -> "a\x2bb" */
static const char *escape(const char *name, struct arena *arena)
{
	auto_text struct text escaped = { 0 };

	for (const char *c = name; *c; c++)
		if (strchr(VALID, *c))
			text_add_bytes(&escaped, c, 1);
		else
			text_format(&escaped, "\\x%02x", (unsigned char)*c);
	return arena_string(arena, escaped.data ? escaped.data : "");
}

/* systemd.slice(5): dashes part a slice from the one above it, so none is empty. */
static bool is_slice(const char *slice)
{
	size_t length = strlen(slice);

	if (text_equal(slice, "-.slice"))
		return true;
	return unit_is_slice(slice) && length <= NAME_MOST && *slice != '-' && *slice != '.' &&
	       slice[length - sizeof(".slice")] != '-' && !strstr(slice, "--") &&
	       strspn(slice, VALID) == length;
}

/* "a-b.slice" -> "/a.slice/a-b.slice"; "-.slice" -> "" */
static const char *expand(const char *slice, struct arena *arena)
{
	auto_text struct text path = { 0 };
	size_t length = strlen(slice) - strlen(".slice");

	if (text_equal(slice, "-.slice"))
		return "";
	for (size_t i = 1; i <= length; i++)
		if (i == length || slice[i] == '-')
			text_format(&path, "/%.*s.slice", (int)i, slice);
	return arena_string(arena, path.data);
}

static int check(const struct unit_name *name, struct error *err)
{
	if (!is_slice(name->slice))
		return fail(err, EINVAL, "\"%s\" is no name of a slice", name->slice);
	if (strlen(name->unit) > NAME_MOST)
		return fail(err, ENAMETOOLONG, "the unit's name is longer than %d bytes",
			    NAME_MOST);
	if (unit_is_slice(name->unit) && !is_slice(name->unit))
		return fail(err, EINVAL, "\"%s\" is no name of a slice", name->unit);
	return 0;
}

/* A slice's own name says where it is. */
static int finish(struct unit_name *name, struct arena *arena, struct error *err)
{
	if (check(name, err) < 0)
		return fail_where(err, "linux.cgroupsPath");
	if (unit_is_slice(name->unit))
		name->path = expand(name->unit, arena);
	else
		name->path = arena_format(arena, "%s/%s", expand(name->slice, arena), name->unit);
	return 0;
}

int unit_name_parse(const char *cgroups_path, const char *id, const char *default_slice,
		    struct arena *arena, struct unit_name *name, struct error *err)
{
	struct strings parts;
	const char *own, *prefix = "";

	*name = (struct unit_name){ .slice = default_slice };
	if (!cgroups_path || !*cgroups_path) {
		name->unit = arena_format(arena, "coffer-%s.scope", escape(id, arena));
		return finish(name, arena, err);
	}
	parts = strings_split(cgroups_path, ':', arena);
	if (parts.count < 2 || parts.count > 3 || !*parts.items[parts.count - 1]) {
		fail(err, EINVAL,
		     "expected \"slice:prefix:name\" for systemd's cgroups, got \"%s\" instead",
		     cgroups_path);
		return fail_where(err, "linux.cgroupsPath");
	}
	if (*parts.items[0])
		name->slice = parts.items[0];
	own = escape(parts.items[parts.count - 1], arena);
	if (parts.count == 3)
		prefix = arena_format(arena, "%s-", escape(parts.items[1], arena));
	name->unit = unit_is_slice(own) ? own : arena_format(arena, "%s%s.scope", prefix, own);
	return finish(name, arena, err);
}

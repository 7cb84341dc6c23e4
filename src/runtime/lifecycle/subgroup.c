/* subgroup.c -- run.oci.delegate-cgroup (crun's): the program lives in a cgroup below the
 * container's own, which so can pass its controllers on at once. It is entered when the cgroup
 * namespace is made, whose root stays the container's own cgroup. */
#include "subgroup.h"
#include "runtime/spec_annotations.h"

#include <errno.h>

static const char subgroup_annotation[] = ANNOTATION_DELEGATE;

static const char *subgroup_name(const struct spec *spec)
{
	const char *name = string_map_get(&spec->annotations, subgroup_annotation);

	return name && *name ? name : NULL;
}

int subgroup_check(const struct spec *spec, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const char *name = subgroup_name(spec);
	struct strings parts;

	if (!name)
		return 0;
	parts = strings_split(name, '/', &arena);
	for (size_t i = 0; i < parts.count; i++)
		if (text_equal(parts.items[i], "..")) {
			fail(err, EINVAL, "\"%s\" leads out of the container's cgroup", name);
			return fail_where(err, "annotations[\"%s\"]", subgroup_annotation);
		}
	return 0;
}

int subgroup_enter(const struct birth *birth, struct error *err)
{
	const struct spec *spec = &birth->document.spec;
	const char *name = subgroup_name(spec);
	uint32_t owner;
	bool given = cgroup_owner(spec, &birth->facts, &owner) && owner != birth->facts.euid;

	if (!name || !birth->has_cgroup || !birth->cgroup.path)
		return 0;
	return cgroup_move_below(&birth->cgroup, name, birth->launched.pid, given ? &owner : NULL,
				 err);
}

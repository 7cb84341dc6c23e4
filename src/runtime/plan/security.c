/* security.c -- plan what the process may do: labels, the seccomp filter, capabilities.
 *
 * Sets are exactly as configured; absent capabilities are none. What cannot be granted is left out
 * with a warning, as config.md asks: capabilities that the runtime itself does not have, ambient
 * ones that are not both permitted and inheritable, effective ones that are not permitted. */
#include <string.h>

#include "base/log.h"
#include "chapters.h"
#include "mount_flags.h"
#include "runtime/spec_names.h"

/* ---- labels ---------------------------------------------------------------------------------- */

static int refuse_label(struct draft *draft, const char *member, const char *reason)
{
	fail(draft->err, ENOTSUP, "%s", reason);
	return fail_where(draft->err, "process.%s", member);
}

/* Each for the next exec. An unconfined process needs no AppArmor. */
int plan_labels(struct draft *draft)
{
	const char *profile = draft->process->apparmor_profile;
	const char *label = draft->process->selinux_label;

	if (profile && *profile && draft->facts->apparmor)
		ADD(draft, LABEL, "process.apparmorProfile",
		    .text = { "attr/apparmor/exec", place(draft, "exec %s", profile) });
	else if (profile && *profile && strcmp(profile, "unconfined") != 0)
		return refuse_label(draft, "apparmorProfile",
				    "apparmor is not enabled on this host");
	if (label && *label && !draft->facts->selinux)
		return refuse_label(draft, "selinuxLabel", "selinux is not enabled on this host");
	if (label && *label)
		ADD(draft, LABEL, "process.selinuxLabel", .text = { "attr/exec", label });
	return 0;
}

/* ---- seccomp --------------------------------------------------------------------------------- */

void plan_seccomp(struct draft *draft)
{
	const struct plan_filter *filter = &draft->filter;

	if (filter->length == 0)
		return;
	ADD(draft, SECCOMP, "linux.seccomp",
	    .data = { builder_block(&draft->build, filter->program, filter->length) },
	    .number = { filter->flags, filter->notify });
}

/* ---- capabilities ---------------------------------------------------------------------------- */

static int read_set(struct draft *draft, const struct strings *names, const char *set,
		    uint64_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < names->count; i++) {
		int number = spec_capability_number(names->items[i]);

		if (number < 0) {
			fail(draft->err, EINVAL, "unknown capability \"%s\"", names->items[i]);
			return fail_where(draft->err, "process.capabilities.%s[%zu]", set, i);
		}
		*bits |= 1ull << number;
	}
	return 0;
}

static const char *names_of(struct arena *arena, uint64_t bits)
{
	const char *names = "";

	for (const struct spec_name *row = spec_capability_names; row->name; row++)
		if (bits >> row->value & 1)
			names = arena_format(arena, "%s%s%s", names, *names ? ", " : "", row->name);
	return names;
}

/* Keep what `possible` has. */
static uint64_t granted(const struct draft *draft, uint64_t bits, uint64_t possible,
			const char *set, const char *reason)
{
	if (bits & ~possible)
		log_warning("process.capabilities.%s: left out %s: %s", set,
			    names_of(draft->arena, bits & ~possible), reason);
	return bits & possible;
}

/* A user namespace of its own starts with everything. */
static uint64_t possible_capabilities(const struct draft *draft)
{
	return has_namespace(draft, CLONE_NEWUSER) ? ~0ull : draft->facts->bounding;
}

static int read_granted(struct draft *draft, const struct strings *names, const char *set,
			uint64_t *bits)
{
	TRY(read_set(draft, names, set, bits));
	*bits = granted(draft, *bits, possible_capabilities(draft), set,
			"not in this runtime's bounding set");
	return 0;
}

static const struct spec_capabilities no_capabilities;

static const struct spec_capabilities *configured(const struct draft *draft)
{
	return draft->process->capabilities ? draft->process->capabilities : &no_capabilities;
}

int plan_bounding(struct draft *draft)
{
	uint64_t bounding;

	TRY(read_granted(draft, &configured(draft)->bounding, "bounding", &bounding));
	ADD(draft, BOUNDING, "process.capabilities.bounding", .number = { bounding });
	return 0;
}

int plan_capabilities(struct draft *draft)
{
	const struct spec_capabilities *sets = configured(draft);
	uint64_t effective, permitted, inheritable, ambient;

	TRY(read_granted(draft, &sets->effective, "effective", &effective));
	TRY(read_granted(draft, &sets->permitted, "permitted", &permitted));
	TRY(read_granted(draft, &sets->inheritable, "inheritable", &inheritable));
	TRY(read_granted(draft, &sets->ambient, "ambient", &ambient));
	effective = granted(draft, effective, permitted, "effective", "not permitted");
	/* `runc spec` writes ambient sets without inheritable ones: left out without a word. */
	ambient &= permitted & inheritable;
	ADD(draft, CAPABILITIES, "process.capabilities",
	    .number = { effective, permitted, inheritable, ambient });
	return 0;
}

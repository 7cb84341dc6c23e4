/* annotations.c -- org.systemd.property.NAME = VALUE: properties of the container's unit by
 * annotation, with values in GVariant's text format.
 *
 * Engines pass on annotations of whoever may make containers (CVE-2024-3154), and systemd has more
 * properties with each version. So those are taken that say how much the container may have, how it
 * is stopped, and what it is called; none that runs something, acts on other units, takes processes
 * in, opens devices, or keeps the unit from being stopped. The features document lists the prefix
 * as unsafe all the same. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "property.h"
#include "runtime/spec_annotations.h"

#define PREFIX          ANNOTATION_SYSTEMD_PROPERTY
#define USEC_PER_SECOND 1000000u
#define SHORTEST        3

/* systemd.unit(5), systemd.kill(5), systemd.scope(5), systemd.resource-control(5). */
static const char *const taken[] = {
	/* clang-format off */
	"Description", "Documentation", "After", "Before", "DefaultDependencies", "CollectMode",
	"TimeoutStop*Sec", "RuntimeMax*Sec", "RuntimeRandomizedExtra*Sec",
	"KillMode", "KillSignal", "FinalKillSignal", "SendSIGHUP", "SendSIGKILL", "SurviveFinalKillSignal",
	"CPU*", "StartupCPU*", "Allowed*", "StartupAllowed*", "Memory*", "StartupMemory*", "DefaultMemory*",
	"DefaultStartupMemory*", "Tasks*", "IO*", "StartupIO*", "BlockIO*", "StartupBlockIO*",
	"OOMPolicy", "ManagedOOM*", "IPAccounting", "IPAddressAllow", "IPAddressDeny",
	"SocketBindAllow", "SocketBindDeny", "RestrictNetworkInterfaces",
	/* clang-format on */
};

static int check_name(const char *name, struct error *err)
{
	if (strlen(name) < SHORTEST)
		return fail(err, EINVAL, "\"%s\" is no property: too short", name);
	for (const char *c = name; *c; c++)
		if (!isalpha((unsigned char)*c))
			return fail(err, EINVAL, "\"%s\" is no property: letters only", name);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (fnmatch(taken[i], name, 0) == 0)
			return 0;
	return fail(err, EPERM, "the property %s is not for annotations", name);
}

/* "TimeoutStopSec" is no property over D-Bus, "TimeoutStopUSec" is: as systemd-run, runc and crun
 * have it, seconds become microseconds. "MemorySec" stays what it is: letters in lower case come
 * before "Sec". */
static bool is_in_seconds(const char *name)
{
	size_t length = strlen(name);

	return text_ends(name, "Sec") && length > SHORTEST &&
	       islower((unsigned char)name[length - 4]);
}

static int count_microseconds(const struct property *property, uint64_t *microseconds,
			      struct error *err)
{
	const union property_scalar *scalar = property->scalars;
	int64_t seconds;

	if (property->count != 1 || !strchr("ynqiuxtd", *property->type))
		return fail(err, EINVAL, "%s is a number of seconds", property->name);
	if (*property->type == 'd') {
		double exact = scalar->real * USEC_PER_SECOND;

		if (exact < 0 || exact > 1e18)
			return fail(err, ERANGE, "%g seconds are out of range", scalar->real);
		*microseconds = (uint64_t)exact;
		return 0;
	}
	seconds = (int64_t)scalar->number;
	if (seconds < 0 || (uint64_t)seconds > UINT64_MAX / USEC_PER_SECOND)
		return fail(err, ERANGE, "%" PRId64 " seconds are out of range", seconds);
	*microseconds = (uint64_t)seconds * USEC_PER_SECOND;
	return 0;
}

static int to_microseconds(struct property *property, struct arena *arena, struct error *err)
{
	uint64_t microseconds = 0;

	TRY(count_microseconds(property, &microseconds, err));
	property->scalars[0].number = microseconds;
	property->type = "t";
	property->name =
		arena_format(arena, "%.*sUSec", (int)strlen(property->name) - 3, property->name);
	return 0;
}

static int add_annotation(const char *name, const char *value, struct arena *arena,
			  struct properties *list, struct error *err)
{
	struct property parsed = { .name = name };

	TRY(check_name(name, err));
	TRY(variant_parse(value, arena, &parsed, err));
	if (is_in_seconds(name))
		TRY(to_microseconds(&parsed, arena, err));
	*property_add(list, arena, parsed.name, parsed.type) = parsed;
	return 0;
}

int properties_of_annotations(const struct string_map *annotations, struct arena *arena,
			      struct properties *list, struct error *err)
{
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const char *key = annotations->items[i].key, *name = text_after(key, PREFIX);
		const char *where = arena_format(arena, "annotations[\"%s\"]", key);

		if (!name)
			continue;
		if (add_annotation(name, annotations->items[i].value, arena, list, err) < 0)
			return fail_where(err, "%s", where);
		list->items[list->count - 1].where = where;
	}
	return 0;
}

/* device_allow.c -- device rules as systemd has them: all devices, or a list of those allowed. */
#include <inttypes.h>

#include "property.h"

static bool is_list(const struct device_rules *rules)
{
	for (size_t i = 1; i < rules->count; i++)
		if (!rules->items[i].allow)
			return false;
	return !rules->items[0].allow;
}

/* "/dev/char/1:3", and for all of a major number or of a type "char-136", "char-*":
 * systemd.resource- control(5), DeviceAllow. */
static const char *specifier(const struct device_rule *rule, struct arena *arena)
{
	const char *type = rule->type == 'b' ? "block" : "char";

	if (rule->major == DEVICE_ANY)
		return arena_format(arena, "%s-*", type);
	if (rule->minor == DEVICE_ANY)
		return arena_format(arena, "%s-%" PRId64, type, rule->major);
	return arena_format(arena, "/dev/%s/%" PRId64 ":%" PRId64, type, rule->major, rule->minor);
}

static const char *access_letters(const struct device_rule *rule, struct arena *arena)
{
	return arena_format(arena, "%s%s%s", rule->access & BPF_DEVCG_ACC_READ ? "r" : "",
			    rule->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			    rule->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* A minor number of every major is nothing that systemd can say. */
static bool is_expressible(const struct device_rule *rule)
{
	return rule->major != DEVICE_ANY || rule->minor == DEVICE_ANY;
}

void properties_of_devices(const struct device_rules *rules, struct arena *arena,
			   struct properties *list)
{
	struct property *allow;

	property_text(property_add(list, arena, "DevicePolicy", "s"), arena,
		      is_list(rules) ? "strict" : "auto");
	/* An empty list takes away what was allowed before. */
	property_add(list, arena, "DeviceAllow", "a(ss)");
	if (!is_list(rules))
		return;
	allow = property_add(list, arena, "DeviceAllow", "a(ss)");
	for (size_t i = 1; i < rules->count; i++)
		if (is_expressible(&rules->items[i])) {
			property_text(allow, arena, specifier(&rules->items[i], arena));
			property_text(allow, arena, access_letters(&rules->items[i], arena));
		}
}

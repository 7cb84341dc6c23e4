/* devices.c -- the device rules of config.json ("Allowed Device list"), made simple, and as writes
 * for cgroup v1. */
#include "devices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ANY DEVICE_ANY
#define RWM DEVICE_ACCESS_ALL

/* What every container may use: making any node (using it is another matter), null, zero, full,
 * random, urandom, tty, pseudo terminals. The same as runc's. */
/* clang-format off */
static const struct device_rule default_rules[] = {
	{ true, 'c', ANY, ANY, BPF_DEVCG_ACC_MKNOD, NULL },
	{ true, 'b', ANY, ANY, BPF_DEVCG_ACC_MKNOD, NULL },
	{ true, 'c',   1,   3, RWM, NULL }, /* null */
	{ true, 'c',   1,   5, RWM, NULL }, /* zero */
	{ true, 'c',   1,   7, RWM, NULL }, /* full */
	{ true, 'c',   1,   8, RWM, NULL }, /* random */
	{ true, 'c',   1,   9, RWM, NULL }, /* urandom */
	{ true, 'c',   5,   0, RWM, NULL }, /* tty */
	{ true, 'c',   5,   2, RWM, NULL }, /* ptmx */
	{ true, 'c', 136, ANY, RWM, NULL }, /* pts */
};

static const struct { char letter; unsigned bit; } accesses[] = {
	{ 'r', BPF_DEVCG_ACC_READ }, { 'w', BPF_DEVCG_ACC_WRITE }, { 'm', BPF_DEVCG_ACC_MKNOD },
};
/* clang-format on */

#define DEFAULT_COUNT (sizeof(default_rules) / sizeof(*default_rules))
#define ACCESS_COUNT  (sizeof(accesses) / sizeof(*accesses))

static int read_access(const char *text, unsigned *access, struct error *err)
{
	if (!text || !*text) {
		*access = RWM;
		return 0;
	}
	for (const char *letter = text; *letter; letter++) {
		size_t i = 0;

		while (i < ACCESS_COUNT && accesses[i].letter != *letter)
			i++;
		if (i == ACCESS_COUNT)
			return fail(err, EINVAL, "\"%s\" is no access: r, w and m make one", text);
		*access |= accesses[i].bit;
	}
	return 0;
}

/* Some engines say -1 for "all". */
static int read_number(const int64_t *number, int64_t *value, struct error *err)
{
	*value = number ? *number : ANY;
	if (*value < ANY || *value > INT32_MAX)
		return fail(err, EINVAL, "%" PRId64 " is no device number", *value);
	return 0;
}

static int read_rule(const struct spec_device_rule *source, struct device_rule *rule,
		     struct error *err)
{
	const char *type = source->type && *source->type ? source->type : "a";

	rule->allow = source->allow;
	if (strlen(type) != 1 || !strchr("abc", *type))
		return fail(err, EINVAL, "\"%s\" is no device type: a, b or c", type);
	rule->type = *type;
	TRY(read_number(source->major, &rule->major, err));
	TRY(read_number(source->minor, &rule->minor, err));
	return read_access(source->access, &rule->access, err);
}

static bool is_about_everything(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == ANY && rule->minor == ANY && rule->access == RWM;
}

/* What came before a rule about everything has no say any more. To the v1 kernel a rule of type
 * "a" is about everything whatever else it says: any other is one for "b" and one for "c". */
static void add_rule(struct device_rules *rules, struct device_rule rule)
{
	if (is_about_everything(&rule)) {
		rules->items[0] = rule;
		rules->count = 1;
		rules->everything = rule.allow;
		return;
	}
	rules->everything = rules->everything && rule.allow;
	if (rule.type != 'a') {
		rules->items[rules->count++] = rule;
		return;
	}
	rule.type = 'b';
	rules->items[rules->count++] = rule;
	rule.type = 'c';
	rules->items[rules->count++] = rule;
}

static bool overlap(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (a->access & b->access) &&
	       (a->major == ANY || b->major == ANY || a->major == b->major) &&
	       (a->minor == ANY || b->minor == ANY || a->minor == b->minor);
}

static bool covers(const struct device_rule *wide, const struct device_rule *narrow)
{
	return (wide->major == ANY || wide->major == narrow->major) &&
	       (wide->minor == ANY || wide->minor == narrow->minor);
}

/* Rules that later ones leave nothing to decide are dropped: engines list the default devices. */
static void drop_shadowed(struct device_rules *rules)
{
	size_t kept = 1;

	for (size_t i = 1; i < rules->count; i++) {
		const struct device_rule *rule = &rules->items[i];
		size_t later = i + 1;

		while (later < rules->count && !(rules->items[later].type == rule->type &&
						 covers(&rules->items[later], rule) &&
						 !(rule->access & ~rules->items[later].access)))
			later++;
		if (later == rules->count)
			rules->items[kept++] = *rule;
	}
	rules->count = kept;
}

int device_rules_make(const struct spec_resources *resources, struct arena *arena,
		      struct device_rules *rules, struct error *err)
{
	size_t count = resources ? resources->devices.count : 0;

	rules->items = arena_array(arena, 1 + 2 * count + DEFAULT_COUNT, sizeof(*rules->items));
	add_rule(rules, (struct device_rule){ false, 'a', ANY, ANY, RWM, NULL });
	for (size_t i = 0; i < count; i++) {
		struct device_rule rule = { 0 };

		rule.where = arena_format(arena, "linux.resources.devices[%zu]", i);
		if (read_rule(&resources->devices.items[i], &rule, err) < 0)
			return fail_where(err, "%s", rule.where);
		add_rule(rules, rule);
	}
	for (size_t i = 0; i < DEFAULT_COUNT && !rules->everything; i++)
		add_rule(rules, default_rules[i]);
	drop_shadowed(rules);
	return 0;
}

static const char *number_text(struct arena *arena, int64_t number)
{
	return number == ANY ? "*" : arena_format(arena, "%" PRId64, number);
}

static const char *rule_text(struct arena *arena, const struct device_rule *rule)
{
	char access[ACCESS_COUNT + 1] = "", *end = access;

	for (size_t i = 0; i < ACCESS_COUNT; i++)
		if (rule->access & accesses[i].bit)
			*end++ = accesses[i].letter;
	return arena_format(arena, "%c %s:%s %s", rule->type, number_text(arena, rule->major),
			    number_text(arena, rule->minor), access);
}

static void add_write(struct cgroup_writes *writes, struct arena *arena,
		      const struct device_rule *rule)
{
	writes->items[writes->count++] = (struct cgroup_write){
		.controller = "devices",
		.file = rule->allow ? "devices.allow" : "devices.deny",
		.value = rule_text(arena, rule),
		.where = rule->where ? rule->where : "linux.resources.devices",
	};
}

/* The v1 kernel keeps one default and a list of exceptions; a rule of the default's sense takes
 * away exceptions of exactly its own numbers. So exceptions that it covers are taken away one by
 * one, and a part of a wider exception cannot be. Denying too much is left standing where only the
 * default devices would be allowed again. */
static int add_removals(const struct device_rules *rules, size_t index, struct arena *arena,
			struct cgroup_writes *writes, struct error *err)
{
	const struct device_rule *rule = &rules->items[index];

	for (size_t i = 1; i < index; i++) {
		struct device_rule exception = rules->items[i];

		if (exception.allow == rule->allow || !overlap(&exception, rule))
			continue;
		if (!covers(rule, &exception)) {
			if (!rule->where)
				continue;
			fail(err, EINVAL, "cgroup v1 cannot make an exception to %s",
			     exception.where ? exception.where : "the default devices");
			return fail_where(err, "%s", rule->where);
		}
		exception.allow = rule->allow;
		exception.access &= rule->access;
		exception.where = rule->where;
		add_write(writes, arena, &exception);
	}
	return 0;
}

int device_rules_plan(const struct device_rules *rules, struct arena *arena,
		      struct cgroup_writes *writes, struct error *err)
{
	size_t most = rules->count + rules->count * rules->count / 2;

	*writes = (struct cgroup_writes){
		.items = arena_array(arena, most, sizeof(*writes->items)),
	};
	for (size_t i = 0; i < rules->count; i++) {
		const struct device_rule *rule = &rules->items[i];

		if (i > 0 && rule->allow == rules->items[0].allow)
			TRY(add_removals(rules, i, arena, writes, err));
		else
			add_write(writes, arena, rule);
	}
	return 0;
}

/* convert.c -- say a setting of config.json in the words of a kernel file.
 *
 * Engines send 0 for "not set" in memory.limit, cpu.quota and the like, and runc takes it so; a
 * memory limit of no bytes would be of no use either. */
#include <errno.h>
#include <inttypes.h>

#include "resources.h"

static int say(const char **value, const char *words)
{
	*value = words;
	return 0;
}

static char *decimal(const struct planner *planner, int64_t number)
{
	return arena_format(planner->arena, "%" PRId64, number);
}

static char *unsigned_decimal(const struct planner *planner, int64_t number)
{
	return arena_format(planner->arena, "%" PRIu64, (uint64_t)number);
}

int as_number(const struct planner *planner, struct setting *setting, const char **value)
{
	return say(value, decimal(planner, setting->number));
}

int as_unsigned(const struct planner *planner, struct setting *setting, const char **value)
{
	return say(value, unsigned_decimal(planner, setting->number));
}

/* Any number but 0. */
int as_set_number(const struct planner *planner, struct setting *setting, const char **value)
{
	return setting->number == 0 ? 0 : as_number(planner, setting, value);
}

int as_text(const struct planner *planner, struct setting *setting, const char **value)
{
	return say(value, setting->text);
}

/* A number whose default 0 is what a host without the file has anyway. */
int as_switch(const struct planner *planner, struct setting *setting, const char **value)
{
	setting->optional = setting->number == 0;
	return as_number(planner, setting, value);
}

/* "8:0 500", "eth0 7" */
int as_keyed(const struct planner *planner, struct setting *setting, const char **value)
{
	return say(value, arena_format(planner->arena, "%s %" PRIu64, setting->key,
				       (uint64_t)setting->number));
}

static int check_bytes(const struct planner *planner, int64_t bytes)
{
	if (bytes < -1)
		return fail(planner->err, EINVAL,
			    "%" PRId64 " bytes are no limit (-1 is unlimited)", bytes);
	return 0;
}

int as_bytes(const struct planner *planner, struct setting *setting, const char **value)
{
	TRY(check_bytes(planner, setting->number));
	return as_set_number(planner, setting, value);
}

int as_bytes_or_max(const struct planner *planner, struct setting *setting, const char **value)
{
	TRY(check_bytes(planner, setting->number));
	if (setting->number == -1)
		return say(value, "max");
	return as_set_number(planner, setting, value);
}

/* v1 limits memory and swap together, as config.json does. A host that does not account for swap
 * has no limit for it. */
int as_memory_and_swap(const struct planner *planner, struct setting *setting, const char **value)
{
	setting->optional = setting->number == -1;
	return as_bytes(planner, setting, value);
}

/* v2 limits swap alone: config.json's sum less the memory. */
int as_swap_alone(const struct planner *planner, struct setting *setting, const char **value)
{
	const struct spec_memory *memory = planner->resources->memory;
	int64_t limit = memory->limit ? *memory->limit : 0;

	TRY(check_bytes(planner, setting->number));
	if (setting->number == -1) {
		setting->optional = true;
		return say(value, "max");
	}
	if (limit <= 0)
		return fail(planner->err, EINVAL, "unable to set swap limit without memory limit");
	if (setting->number < limit)
		return fail(planner->err, EINVAL, "memory+swap limit should be >= memory limit");
	setting->optional = setting->number == limit;
	return say(value, decimal(planner, setting->number - limit));
}

static double log2_of(uint64_t number)
{
	unsigned exponent = 63 - (unsigned)__builtin_clzll(number);
	double mantissa = (double)number / (double)(1ull << exponent); /* 1 to 2 */
	double ratio = (mantissa - 1) / (mantissa + 1), power = ratio, sum = 0;

	/* ln m = 2 artanh((m-1)/(m+1)), a series that gains a digit a term here. */
	for (unsigned n = 1; n < 40; n += 2, power *= ratio * ratio)
		sum += power / n;
	return exponent + 2 * sum / 0.693147180559945309417;
}

static double ten_to_the(double exponent)
{
	double x = exponent * 2.302585092994045684018, term = 1, sum = 1;

	for (unsigned n = 1; n < 60; n++) {
		term *= x / n;
		sum += term;
	}
	return sum;
}

/* The curve that runc (since 1.3.2), crun and youki share: 2 -> 1, 1024 -> 100, 262144 -> 10000:
 * ceil(10 ^ ((l^2 + 125 l) / 612 - 7 / 34)), l = log2(shares). No libm: the runtime's hot path maps
 * libc alone. What is whole but for rounding must not be rounded up. */
unsigned weight_of_shares(uint64_t shares)
{
	double l, weight;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	weight = ten_to_the((l * l + 125 * l - 126) / 612) - 1e-9;
	return (unsigned)weight + 1;
}

int as_weight_of_shares(const struct planner *planner, struct setting *setting, const char **value)
{
	if (setting->number == 0)
		return 0;
	return say(value, decimal(planner, weight_of_shares((uint64_t)setting->number)));
}

/* One file for quota and period; a quota alone leaves the period as it is. */
int as_cpu_max(const struct planner *planner, struct setting *setting, const char **value)
{
	const uint64_t *period = planner->resources->cpu->period;
	const char *quota = setting->number > 0 ? decimal(planner, setting->number) : "max";

	if (setting->number == 0)
		return 0;
	if (!period || *period == 0)
		return say(value, quota);
	return say(value, arena_format(planner->arena, "%s %" PRIu64, quota, *period));
}

/* The period, where no quota says it already. */
int as_cpu_max_period(const struct planner *planner, struct setting *setting, const char **value)
{
	const int64_t *quota = planner->resources->cpu->quota;

	if (setting->number == 0 || (quota && *quota != 0))
		return 0;
	return say(value, arena_format(planner->arena, "max %" PRIu64, (uint64_t)setting->number));
}

/* A limit of 0 would not let the container's own process be born in its cgroup: it counts as 1. */
int as_pids(const struct planner *planner, struct setting *setting, const char **value)
{
	if (setting->number < 0)
		return say(value, "max");
	return say(value, setting->number == 0 ? "1" : decimal(planner, setting->number));
}

/* config.json's 10 to 1000 on io.weight's 1 to 10000. */
static int64_t io_weight(int64_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

int as_io_weight(const struct planner *planner, struct setting *setting, const char **value)
{
	if (setting->number == 0)
		return 0;
	return say(value, decimal(planner, io_weight(setting->number)));
}

int as_keyed_io_weight(const struct planner *planner, struct setting *setting, const char **value)
{
	return say(value, arena_format(planner->arena, "%s %" PRId64, setting->key,
				       io_weight(setting->number)));
}

static int say_io_max(const struct planner *planner, const struct setting *setting,
		      const char *name, const char **value)
{
	const char *rate =
		setting->number == 0 ? "max" : unsigned_decimal(planner, setting->number);

	return say(value, arena_format(planner->arena, "%s %s=%s", setting->key, name, rate));
}

int as_rbps(const struct planner *planner, struct setting *setting, const char **value)
{
	return say_io_max(planner, setting, "rbps", value);
}

int as_wbps(const struct planner *planner, struct setting *setting, const char **value)
{
	return say_io_max(planner, setting, "wbps", value);
}

int as_riops(const struct planner *planner, struct setting *setting, const char **value)
{
	return say_io_max(planner, setting, "riops", value);
}

int as_wiops(const struct planner *planner, struct setting *setting, const char **value)
{
	return say_io_max(planner, setting, "wiops", value);
}

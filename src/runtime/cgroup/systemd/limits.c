/* limits.c -- limits as unit properties.
 *
 * The resource table has said which kernel file gets which words. Here stands which of those files
 * systemd keeps too, by which property: one row a file, of v2 and of v1. So `unified` comes along,
 * and a conversion is made in one place. What has no row is a file that systemd never touches. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "property.h"

#define DEFAULT_PERIOD 100000 /* us, the kernel's */
#define PERCENT        10000  /* us of a processor's second */

struct limit {
	const char *property;
	const char *value; /* as the kernel gets it */
	const char *where;
};

struct compiler {
	struct arena *arena;
	struct properties *list;
	/* A quota needs its period, which v1 has in a file of its own. */
	const char *quota, *quota_where;
	uint64_t period;
	bool has_period;
};

typedef void compile_limit(struct compiler *compiler, const struct limit *limit);

static struct property *add(struct compiler *compiler, const struct limit *limit, const char *type)
{
	struct property *property =
		property_add(compiler->list, compiler->arena, limit->property, type);

	property->where = limit->where;
	property->optional = true;
	return property;
}

/* "max", or -1 on v1: no limit. */
static bool parse_amount(const char *text, uint64_t *amount)
{
	int64_t bytes;

	if (text_equal(text, "max") || text_equal(text, "-1")) {
		*amount = PROPERTY_INFINITY;
		return true;
	}
	if (number_parse_unsigned(text, UINT64_MAX, amount))
		return true;
	/* `unified` may say 1G, as the kernel reads it. */
	if (!number_parse_size(text, &bytes) || bytes < 0)
		return false;
	*amount = (uint64_t)bytes;
	return true;
}

static void as_amount(struct compiler *compiler, const struct limit *limit)
{
	uint64_t amount;

	if (parse_amount(limit->value, &amount))
		property_number(add(compiler, limit, "t"), compiler->arena, amount);
}

/* The weight of an idle cgroup is systemd's 0. */
static void as_idle(struct compiler *compiler, const struct limit *limit)
{
	if (text_equal(limit->value, "1"))
		property_number(add(compiler, limit, "t"), compiler->arena, 0);
}

static void as_truth(struct compiler *compiler, const struct limit *limit)
{
	property_number(add(compiler, limit, "b"), compiler->arena, !text_equal(limit->value, "0"));
}

/* memory.oom.group is what systemd sets for a unit that is to be killed whole. */
static void as_oom_policy(struct compiler *compiler, const struct limit *limit)
{
	property_text(add(compiler, limit, "s"), compiler->arena,
		      text_equal(limit->value, "1") ? "kill" : "continue");
}

static void note_quota(struct compiler *compiler, const struct limit *limit)
{
	compiler->quota = limit->value;
	compiler->quota_where = limit->where;
}

static void note_period(struct compiler *compiler, const struct limit *limit)
{
	compiler->has_period |= number_parse_unsigned(limit->value, UINT64_MAX, &compiler->period);
}

/* "QUOTA PERIOD", "QUOTA" */
static void note_quota_and_period(struct compiler *compiler, const struct limit *limit)
{
	struct strings words = strings_split(limit->value, ' ', compiler->arena);
	struct limit part = *limit;

	part.value = words.items[0];
	note_quota(compiler, &part);
	if (words.count < 2)
		return;
	part.value = words.items[1];
	note_period(compiler, &part);
}

/* systemd writes percents into its unit files: it is given whole ones, so that what it reads there
 * after a reload is not less than was asked for. The kernel's file gets the exact numbers. */
static uint64_t per_second(uint64_t quota, uint64_t period)
{
	__uint128_t exact = ((__uint128_t)quota * 1000000 + period - 1) / period;
	__uint128_t rounded = (exact + PERCENT - 1) / PERCENT * PERCENT;

	return rounded < PROPERTY_INFINITY ? (uint64_t)rounded : PROPERTY_INFINITY;
}

static void add_quota(struct compiler *compiler)
{
	struct limit limit = { .where = compiler->quota_where };
	uint64_t period = compiler->has_period ? compiler->period : DEFAULT_PERIOD, quota;

	if (compiler->has_period && period > 0) {
		limit.property = "CPUQuotaPeriodUSec";
		property_number(add(compiler, &limit, "t"), compiler->arena, period);
	}
	if (!compiler->quota || !parse_amount(compiler->quota, &quota) || period == 0)
		return;
	limit.property = "CPUQuotaPerSecUSec";
	property_number(add(compiler, &limit, "t"), compiler->arena,
			quota == PROPERTY_INFINITY ? quota : per_second(quota, period));
}

static void set_bit(unsigned char *mask, uint64_t number)
{
	mask[number / 8] |= (unsigned char)(1u << number % 8);
}

#define SET_MOST 8192 /* processors or memory nodes */

/* "0-3,7" as a mask of bytes, the lowest first. */
static bool parse_set(const char *value, struct arena *arena, unsigned char mask[SET_MOST / 8])
{
	struct strings ranges = strings_split(value, ',', arena);

	for (size_t i = 0; i < ranges.count; i++) {
		char *dash = strchr(ranges.items[i], '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (!number_parse_unsigned(ranges.items[i], SET_MOST - 1, &first))
			return false;
		last = first;
		if (dash && !number_parse_unsigned(dash + 1, SET_MOST - 1, &last))
			return false;
		for (; first <= last; first++)
			set_bit(mask, first);
	}
	return true;
}

static void as_set(struct compiler *compiler, const struct limit *limit)
{
	unsigned char mask[SET_MOST / 8] = { 0 };
	size_t length = sizeof(mask);
	struct property *property;

	if (!parse_set(limit->value, compiler->arena, mask))
		return;
	while (length > 0 && mask[length - 1] == 0)
		length--;
	property = add(compiler, limit, "ay");
	for (size_t i = 0; i < length; i++)
		property_number(property, compiler->arena, mask[i]);
}

static void add_device(struct compiler *compiler, const struct limit *limit, const char *device,
		       uint64_t amount)
{
	struct property *property = add(compiler, limit, "a(st)");

	property_text(property, compiler->arena,
		      arena_format(compiler->arena, "/dev/block/%s", device));
	property_number(property, compiler->arena, amount);
}

/* "8:0 500", of a property for devices. */
static void as_device(struct compiler *compiler, const struct limit *limit)
{
	struct strings words = strings_split(limit->value, ' ', compiler->arena);
	uint64_t amount;

	if (words.count == 2 && parse_amount(words.items[1], &amount))
		add_device(compiler, limit, words.items[0], amount);
}

/* "500", "default 500", "8:0 500" */
static void as_io_weights(struct compiler *compiler, const struct limit *limit)
{
	const char *general = text_after(limit->value, "default ");
	struct limit part = *limit;

	if (!general && strchr(limit->value, ':')) {
		part.property = "IODeviceWeight";
		as_device(compiler, &part);
		return;
	}
	part.value = general ? general : limit->value;
	as_amount(compiler, &part);
}

static const struct {
	const char *key, *property;
} device_keys[] = {
	{ "rbps=", "IOReadBandwidthMax" },
	{ "wbps=", "IOWriteBandwidthMax" },
	{ "riops=", "IOReadIOPSMax" },
	{ "wiops=", "IOWriteIOPSMax" },
	{ "target=", "IODeviceLatencyTargetUSec" },
};

/* "8:0 rbps=1048576 wiops=max" */
static void as_device_keys(struct compiler *compiler, const struct limit *limit)
{
	struct strings words = strings_split(limit->value, ' ', compiler->arena);
	struct limit part = *limit;
	uint64_t amount;

	for (size_t i = 1; i < words.count; i++)
		for (size_t k = 0; k < sizeof(device_keys) / sizeof(*device_keys); k++) {
			const char *value = text_after(words.items[i], device_keys[k].key);

			part.property = device_keys[k].property;
			if (value && parse_amount(value, &amount))
				add_device(compiler, &part, words.items[0], amount);
		}
}

enum version { V1 = 1, V2 = 2 };

/* clang-format off */
static const struct {
	const char *file, *property;
	compile_limit *compile;
	unsigned versions; /* of cgroups; cpusets, burst and idle are systemd's on v2 only, or never */
} rows[] = {
	{ "memory.max",             "MemoryMax",            as_amount,             V2 },
	{ "memory.high",            "MemoryHigh",           as_amount,             V2 },
	{ "memory.low",             "MemoryLow",            as_amount,             V2 },
	{ "memory.min",             "MemoryMin",            as_amount,             V2 },
	{ "memory.swap.max",        "MemorySwapMax",        as_amount,             V2 },
	{ "memory.zswap.max",       "MemoryZSwapMax",       as_amount,             V2 },
	{ "memory.zswap.writeback", "MemoryZSwapWriteback", as_truth,              V2 },
	{ "memory.oom.group",       "OOMPolicy",            as_oom_policy,         V2 },
	{ "cpu.weight",             "CPUWeight",            as_amount,             V2 },
	{ "cpu.idle",               "CPUWeight",            as_idle,               V2 },
	{ "cpu.max",                NULL,                   note_quota_and_period, V2 },
	{ "cpuset.cpus",            "AllowedCPUs",          as_set,                V2 },
	{ "cpuset.mems",            "AllowedMemoryNodes",   as_set,                V2 },
	{ "pids.max",               "TasksMax",             as_amount,             V1 | V2 },
	{ "io.weight",              "IOWeight",             as_io_weights,         V2 },
	{ "io.max",                 NULL,                   as_device_keys,        V2 },
	{ "io.latency",             NULL,                   as_device_keys,        V2 },
	{ "memory.limit_in_bytes",           "MemoryLimit",           as_amount,   V1 },
	{ "cpu.shares",                      "CPUShares",             as_amount,   V1 },
	{ "cpu.cfs_quota_us",                NULL,                    note_quota,  V1 },
	{ "cpu.cfs_period_us",               NULL,                    note_period, V1 },
	{ "blkio.weight",                    "BlockIOWeight",         as_amount,   V1 },
	{ "blkio.weight_device",             "BlockIODeviceWeight",   as_device,   V1 },
	{ "blkio.throttle.read_bps_device",  "BlockIOReadBandwidth",  as_device,   V1 },
	{ "blkio.throttle.write_bps_device", "BlockIOWriteBandwidth", as_device,   V1 },
};
/* clang-format on */

static void compile_write(struct compiler *compiler, const struct cgroup_write *write)
{
	struct limit limit = { .value = write->value, .where = write->where };
	unsigned version = *write->controller ? V1 : V2;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((rows[i].versions & version) && text_equal(rows[i].file, write->file)) {
			limit.property = rows[i].property;
			rows[i].compile(compiler, &limit);
		}
}

void properties_of_writes(const struct cgroup_writes *writes, struct arena *arena,
			  struct properties *list)
{
	struct compiler compiler = { .arena = arena, .list = list };

	for (size_t i = 0; i < writes->count; i++)
		if (!writes->items[i].check)
			compile_write(&compiler, &writes->items[i]);
	add_quota(&compiler);
}

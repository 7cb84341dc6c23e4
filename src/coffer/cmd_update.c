/* cmd_update.c -- coffer update: change the limits of a container. */
#include <errno.h>
#include <stddef.h>

#include "base/log.h"
#include "base/number.h"
#include "commands.h"
#include "runtime/lifecycle.h"

/* One row a limit: its flag, how it is written, and the member of linux.resources it stands for. */
/* clang-format off */
#define LIMIT_ROWS(ROW) \
	ROW("memory",             memory,             bytes,      memory,   limit,            "BYTES", "limit of memory, as 512m; -1: none") \
	ROW("memory-reservation", memory_reservation, bytes,      memory,   reservation,      "BYTES", "memory that is kept from reclaim (v1: soft limit)") \
	ROW("memory-swap",        memory_swap,        bytes,      memory,   swap,             "BYTES", "limit of memory and swap together; -1: none") \
	ROW("kernel-memory",      kernel_memory,      bytes,      memory,   kernel,           "BYTES", "accepted and ignored: the kernel has no such limit") \
	ROW("kernel-memory-tcp",  kernel_memory_tcp,  bytes,      memory,   kernel_tcp,       "BYTES", "accepted and ignored, too") \
	ROW("cpu-share",          cpu_share,          unsigned64, cpu,      shares,           "N", "weight among other containers, 2 to 262144") \
	ROW("cpu-quota",          cpu_quota,          signed64,   cpu,      quota,            "MICROSECONDS", "processor time in a period; -1: no limit") \
	ROW("cpu-period",         cpu_period,         unsigned64, cpu,      period,           "MICROSECONDS", "the period of the quota") \
	ROW("cpu-burst",          cpu_burst,          unsigned64, cpu,      burst,            "MICROSECONDS", "unused quota that may be saved up") \
	ROW("cpu-idle",           cpu_idle,           signed64,   cpu,      idle,             "0|1", "1: run only when nothing else does") \
	ROW("cpu-rt-period",      cpu_rt_period,      unsigned64, cpu,      realtime_period,  "MICROSECONDS", "period of realtime scheduling (v1)") \
	ROW("cpu-rt-runtime",     cpu_rt_runtime,     signed64,   cpu,      realtime_runtime, "MICROSECONDS", "realtime processor time in a period (v1)") \
	ROW("cpuset-cpus",        cpuset_cpus,        string,     cpu,      cpus,             "LIST", "processors, as 0-3,7") \
	ROW("cpuset-mems",        cpuset_mems,        string,     cpu,      mems,             "LIST", "memory nodes") \
	ROW("blkio-weight",       blkio_weight,       unsigned32, block_io, weight,           "N", "weight of block input and output, 10 to 1000") \
	ROW("pids-limit",         pids_limit,         signed64,   pids,     limit,            "N", "most processes and threads; -1: no limit")

#define OPTION_MEMBER(name, option, as, object, member, argument, help) char *option;
#define OPTION_ROW(name, option, as, object, member, argument, help) \
	{ name, 0, OPTION_TEXT, offsetof(struct update_options, option), argument, help, NULL, 0 },

struct update_options {
	char *resources, *l3_cache_schema, *mem_bw_schema;
	LIMIT_ROWS(OPTION_MEMBER)
};

static const struct option_row options[] = {
	{ "resources", 'r', OPTION_TEXT, offsetof(struct update_options, resources), "FILE", "read linux.resources there (- is standard input) and ignore all other options", NULL, 0 },
	LIMIT_ROWS(OPTION_ROW)
	{ "l3-cache-schema", 0, OPTION_TEXT, offsetof(struct update_options, l3_cache_schema), "SCHEMA", "Intel RDT: parts of the L3 cache, as L3:0=f;1=f", NULL, 0 },
	{ "mem-bw-schema", 0, OPTION_TEXT, offsetof(struct update_options, mem_bw_schema), "SCHEMA", "Intel RDT: memory bandwidth, as MB:0=20;1=70", NULL, 0 },
};
/* clang-format on */

/* NULL: it is not in the right form. */
static void *read_bytes(const char *text, struct arena *arena)
{
	int64_t *number = arena_alloc(arena, sizeof(*number));

	return number_parse_size(text, number) ? number : NULL;
}

static void *read_signed64(const char *text, struct arena *arena)
{
	int64_t *number = arena_alloc(arena, sizeof(*number));

	return number_parse_signed(text, INT64_MIN, INT64_MAX, number) ? number : NULL;
}

static void *read_unsigned64(const char *text, struct arena *arena)
{
	uint64_t *number = arena_alloc(arena, sizeof(*number));

	return number_parse_unsigned(text, UINT64_MAX, number) ? number : NULL;
}

static void *read_unsigned32(const char *text, struct arena *arena)
{
	uint32_t *number = arena_alloc(arena, sizeof(*number));
	uint64_t wide;

	if (!number_parse_unsigned(text, UINT32_MAX, &wide))
		return NULL;
	*number = (uint32_t)wide;
	return number;
}

static void *read_string(const char *text, struct arena *arena)
{
	return arena_string(arena, text);
}

/* clang-format off */
#define SET_LIMIT(name, option, as, object, member, argument, help)                                \
	if (from->option) {                                                                        \
		if (!resources->object)                                                            \
			resources->object = arena_alloc(arena, sizeof(*resources->object));        \
		resources->object->member = read_##as(from->option, arena);                        \
		if (!resources->object->member)                                                    \
			return fail(err, EINVAL, "--" name ": \"%s\" is not of the form " argument, from->option); \
	}
/* clang-format on */

static int limits_from_flags(const struct update_options *from, struct arena *arena,
			     struct spec_resources *resources, struct error *err)
{
	LIMIT_ROWS(SET_LIMIT)
	return 0;
}

#define COUNT_FLAG(name, option, as, object, member, argument, help) +(from->option != NULL)

static int run(const struct command_line *line, struct error *err)
{
	const struct update_options *from = line->options;
	const char *id = line->arguments.items[0];
	const struct spec_intel_rdt schemas = { .l3_cache_schema = from->l3_cache_schema,
						.mem_bw_schema = from->mem_bw_schema };
	struct spec_resources *resources = arena_alloc(line->arena, sizeof(*resources));

	if (!from->resources)
		TRY(limits_from_flags(from, line->arena, resources, err));
	else
		TRY(spec_load_resources(from->resources, line->arena, &resources, err));
	if (from->resources && 0 LIMIT_ROWS(COUNT_FLAG) > 0)
		log_warning("--resources is given: the other options are ignored");
	return container_update(command_root(line), id, resources, &schemas, err);
}

const struct command command_update = {
	.name = "update",
	.summary = "change the limits of a container",
	.arguments = "CONTAINER",
	.least = 1,
	.most = 1,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.size = sizeof(struct update_options),
	.run = run,
};

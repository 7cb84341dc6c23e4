/* stats.c -- the figures of a cgroup: which file of cgroup v1 and v2 each one stands in, under
 * which key, and in which unit. A figure whose file is not there stays 0, as in runc's document. */
#include "stats.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/own.h"
#include "members.h"
#include "tree.h"

JSON_SHAPE(stats_pressure_line, STATS_PRESSURE_LINE_ROWS);
JSON_SHAPE(stats_pressure, STATS_PRESSURE_ROWS);
JSON_SHAPE(stats_cpu_usage, STATS_CPU_USAGE_ROWS);
JSON_SHAPE(stats_throttling, STATS_THROTTLING_ROWS);
JSON_SHAPE(stats_cpu, STATS_CPU_ROWS);
JSON_SHAPE(stats_cpuset, STATS_CPUSET_ROWS);
JSON_SHAPE(stats_memory_entry, STATS_MEMORY_ENTRY_ROWS);
JSON_SHAPE(stats_memory, STATS_MEMORY_ROWS);
JSON_SHAPE(stats_pids, STATS_PIDS_ROWS);
JSON_SHAPE(stats_io_entry, STATS_IO_ENTRY_ROWS);
JSON_SHAPE(stats_io, STATS_IO_ROWS);
JSON_SHAPE(stats_hugetlb, STATS_HUGETLB_ROWS);
JSON_SHAPE(cgroup_stats, STATS_ROWS);

#define FILE_MOST    (1u << 20)
#define TICK         (1000000000 / 100) /* USER_HZ, in ns */
#define MICROSECONDS 1000

struct source {
	const char *file; /* NULL: this version does not say */
	const char *key;  /* of its line; NULL: the file is the number */
	uint64_t unit;    /* 0: 1 */
};

struct figure {
	size_t offset; /* of a uint64_t in struct stats_block */
	const char *controller;
	struct source v1, v2;
};

#define AT(member) offsetof(struct stats_block, member)

/* clang-format off */
#define MEMORY_ROWS(member, v1_stem) \
	{ AT(member.usage),   "memory", { v1_stem "usage_in_bytes" }, { NULL } }, \
	{ AT(member.max),     "memory", { v1_stem "max_usage_in_bytes" }, { NULL } }, \
	{ AT(member.limit),   "memory", { v1_stem "limit_in_bytes" }, { NULL } }, \
	{ AT(member.failcnt), "memory", { v1_stem "failcnt" }, { NULL } }

static const struct figure figures[] = {
	{ AT(cpu_usage.total), "cpuacct", { "cpuacct.usage" }, { "cpu.stat", "usage_usec", MICROSECONDS } },
	{ AT(cpu_usage.user), "cpuacct", { "cpuacct.stat", "user", TICK }, { "cpu.stat", "user_usec", MICROSECONDS } },
	{ AT(cpu_usage.kernel), "cpuacct", { "cpuacct.stat", "system", TICK }, { "cpu.stat", "system_usec", MICROSECONDS } },
	{ AT(throttling.periods), "cpu", { "cpu.stat", "nr_periods" }, { "cpu.stat", "nr_periods" } },
	{ AT(throttling.throttled_periods), "cpu", { "cpu.stat", "nr_throttled" }, { "cpu.stat", "nr_throttled" } },
	{ AT(throttling.throttled_time), "cpu", { "cpu.stat", "throttled_time" }, { "cpu.stat", "throttled_usec", MICROSECONDS } },

	{ AT(cpuset.cpu_exclusive), "cpuset", { "cpuset.cpu_exclusive" }, { NULL } },
	{ AT(cpuset.mem_hardwall), "cpuset", { "cpuset.mem_hardwall" }, { NULL } },
	{ AT(cpuset.mem_exclusive), "cpuset", { "cpuset.mem_exclusive" }, { NULL } },
	{ AT(cpuset.memory_migrate), "cpuset", { "cpuset.memory_migrate" }, { NULL } },
	{ AT(cpuset.memory_spread_page), "cpuset", { "cpuset.memory_spread_page" }, { NULL } },
	{ AT(cpuset.memory_spread_slab), "cpuset", { "cpuset.memory_spread_slab" }, { NULL } },
	{ AT(cpuset.memory_pressure), "cpuset", { "cpuset.memory_pressure" }, { NULL } },
	{ AT(cpuset.sched_load_balance), "cpuset", { "cpuset.sched_load_balance" }, { NULL } },
	{ AT(cpuset.sched_relax_domain_level), "cpuset", { "cpuset.sched_relax_domain_level" }, { NULL } },

	{ AT(memory.cache), "memory", { "memory.stat", "cache" }, { "memory.stat", "file" } },
	{ AT(memory_usage.usage), "memory", { NULL }, { "memory.current" } },
	{ AT(memory_usage.max), "memory", { NULL }, { "memory.peak" } },
	{ AT(memory_usage.limit), "memory", { NULL }, { "memory.max" } },
	{ AT(memory_usage.failcnt), "memory", { NULL }, { "memory.events", "max" } },
	{ AT(memory_swap.usage), "memory", { NULL }, { "memory.swap.current" } },
	{ AT(memory_swap.limit), "memory", { NULL }, { "memory.swap.max" } },
	{ AT(memory_swap.failcnt), "memory", { NULL }, { "memory.swap.events", "max" } },
	MEMORY_ROWS(memory_usage, "memory."),
	MEMORY_ROWS(memory_swap, "memory.memsw."),
	MEMORY_ROWS(memory_kernel, "memory.kmem."),
	MEMORY_ROWS(memory_kernel_tcp, "memory.kmem.tcp."),

	{ AT(pids.current), "pids", { "pids.current" }, { "pids.current" } },
	{ AT(pids.limit), "pids", { "pids.max" }, { "pids.max" } },
};
/* clang-format on */

int stats_dir(const struct cgroup *cgroup, const char *controller, bool *unified)
{
	struct cgroup_tree *tree = tree_find(cgroup, controller);

	if (!tree)
		tree = tree_unified(cgroup);
	if (!tree || tree_open(tree, cgroup->path, NULL) < 0)
		return -1;
	*unified = tree->kind->unified;
	return tree->dir;
}

static bool parse(const char *word, uint64_t *number)
{
	char *end;

	if (text_starts(word, "max")) {
		*number = UINT64_MAX;
		return true;
	}
	*number = strtoull(word, &end, 10); /* "-1" is 2^64-1, as a signed member has it */
	return end != word;
}

bool stats_number(const char *text, const char *key, uint64_t *number)
{
	size_t length = key ? strlen(key) : 0;

	if (!key)
		return parse(text, number);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return parse(line + length + 1, number);
	}
	return false;
}

/* The file that was read last: neighbouring rows take their figures from one reading. */
struct reading {
	int dir;
	const char *file;
	struct text text;
};

static const char *read_once(struct reading *reading, int dir, const char *file)
{
	if (reading->dir == dir && text_equal(reading->file, file))
		return reading->text.data;
	reading->dir = dir;
	reading->file = file;
	if (file_read(dir, file, FILE_MOST, &reading->text, NULL) < 0)
		text_free(&reading->text);
	return reading->text.data;
}

static void read_figures(const struct cgroup *cgroup, struct stats_block *block)
{
	struct reading reading = { .dir = -1 };

	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		const struct figure *figure = &figures[i];
		bool unified = false;
		int dir = stats_dir(cgroup, figure->controller, &unified);
		const struct source *source = unified ? &figure->v2 : &figure->v1;
		const char *text;
		uint64_t number;

		if (dir < 0 || !source->file)
			continue;
		text = read_once(&reading, dir, source->file);
		if (!text || !stats_number(text, source->key, &number))
			continue;
		number *= source->unit ? source->unit : 1;
		memcpy((char *)block + figure->offset, &number, sizeof(number));
	}
	text_free(&reading.text);
}

/* runc's swap is memory and swap together, as on v1. */
static void add_memory_to_swap(const struct cgroup *cgroup, struct stats_block *block)
{
	bool unified = false;

	if (stats_dir(cgroup, "memory", &unified) < 0 || !unified)
		return;
	block->memory_swap.usage += block->memory_usage.usage;
	if (block->memory_swap.limit != UINT64_MAX)
		block->memory_swap.limit =
			block->memory_usage.limit == UINT64_MAX
				? UINT64_MAX
				: block->memory_swap.limit + block->memory_usage.limit;
}

/* Without the controller they can still be counted, as runc does. */
static void count_pids(const struct cgroup *cgroup, struct arena *arena, struct stats_block *block)
{
	struct members members = { 0 };
	bool unified = false;
	int dir = stats_dir(cgroup, "pids", &unified);

	if (block->pids.limit == UINT64_MAX)
		block->pids.limit = 0;
	if (block->pids.current == 0 && dir >= 0 && members_read(dir, arena, &members, NULL) == 0)
		block->pids.current = members.count;
}

static void link_block(struct stats_block *block, struct cgroup_stats *stats)
{
	block->cpu.usage = &block->cpu_usage;
	block->cpu.throttling = &block->throttling;
	block->memory.usage = &block->memory_usage;
	block->memory.swap = &block->memory_swap;
	block->memory.kernel = &block->memory_kernel;
	block->memory.kernel_tcp = &block->memory_kernel_tcp;
	stats->cpu = &block->cpu;
	stats->cpuset = &block->cpuset;
	stats->memory = &block->memory;
	stats->pids = &block->pids;
	stats->blkio = &block->io;
}

int cgroup_stats_read(const struct cgroup *cgroup, struct arena *arena, struct cgroup_stats *stats,
		      struct error *err)
{
	struct stats_block *block = arena_alloc(arena, sizeof(*block));

	*stats = (struct cgroup_stats){ .intel_rdt = arena_string(arena, "{}") };
	link_block(block, stats);
	if (!cgroup->path)
		return 0;
	read_figures(cgroup, block);
	add_memory_to_swap(cgroup, block);
	count_pids(cgroup, arena, block);
	stats_read_lists(cgroup, arena, block, stats);
	return 0;
}

/* stats.h -- the parts of reading statistics: single figures by rows (stats.c), lists and maps
 * (stats_lists.c). */
#ifndef CGROUP_STATS_H
#define CGROUP_STATS_H

#include "runtime/cgroup_stats.h"

/* All objects of the document, which point at each other. */
struct stats_block {
	struct stats_cpu cpu;
	struct stats_cpu_usage cpu_usage;
	struct stats_throttling throttling;
	struct stats_cpuset cpuset;
	struct stats_memory memory;
	struct stats_memory_entry memory_usage, memory_swap, memory_kernel, memory_kernel_tcp;
	struct stats_pids pids;
	struct stats_io io;
};

/* The directory that has this controller (v1's name), v1's before v2's; *unified tells which. -1:
 * it is nowhere. */
int stats_dir(const struct cgroup *cgroup, const char *controller, bool *unified);

/* Fill in what is no single figure. */
void stats_read_lists(const struct cgroup *cgroup, struct arena *arena, struct stats_block *block,
		      struct cgroup_stats *stats);

/* The number behind `key ` in a file of lines, or at its very beginning (key NULL); "max" is
 * 2^64-1. */
bool stats_number(const char *text, const char *key, uint64_t *number);

#endif

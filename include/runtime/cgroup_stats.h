/* cgroup_stats.h -- what a container uses, as `events --stats` prints it: runc's document, whose
 * consumers parse it. Times are nanoseconds, sizes bytes. Part of the front door of cgroup. */
#ifndef RUNTIME_CGROUP_STATS_H
#define RUNTIME_CGROUP_STATS_H

#include "base/json.h"
#include "runtime/cgroup.h"

/* clang-format off */

/* Pressure stall information; averages are percents, as the kernel writes them. */
#define STATS_PRESSURE_LINE_ROWS(ROW, T) \
	ROW(T, raw,    avg10,  "avg10",  none, always) \
	ROW(T, raw,    avg60,  "avg60",  none, always) \
	ROW(T, raw,    avg300, "avg300", none, always) \
	ROW(T, uint64, total,  "total",  none, always)
JSON_STRUCT(stats_pressure_line, STATS_PRESSURE_LINE_ROWS);

#define STATS_PRESSURE_ROWS(ROW, T) \
	ROW(T, object, some, "some", stats_pressure_line, always) \
	ROW(T, object, full, "full", stats_pressure_line, always)
JSON_STRUCT(stats_pressure, STATS_PRESSURE_ROWS);

#define STATS_CPU_USAGE_ROWS(ROW, T) \
	ROW(T, uint64, total,         "total",         none, optional) \
	ROW(T, raw,    percpu,        "percpu",        none, optional) \
	ROW(T, raw,    percpu_kernel, "percpu_kernel", none, optional) \
	ROW(T, raw,    percpu_user,   "percpu_user",   none, optional) \
	ROW(T, uint64, kernel,        "kernel",        none, always) \
	ROW(T, uint64, user,          "user",          none, always)
JSON_STRUCT(stats_cpu_usage, STATS_CPU_USAGE_ROWS);

#define STATS_THROTTLING_ROWS(ROW, T) \
	ROW(T, uint64, periods,           "periods",          none, optional) \
	ROW(T, uint64, throttled_periods, "throttledPeriods", none, optional) \
	ROW(T, uint64, throttled_time,    "throttledTime",    none, optional)
JSON_STRUCT(stats_throttling, STATS_THROTTLING_ROWS);

#define STATS_CPU_ROWS(ROW, T) \
	ROW(T, object, usage,      "usage",      stats_cpu_usage,  always) \
	ROW(T, object, throttling, "throttling", stats_throttling, always) \
	ROW(T, object, psi,        "psi",        stats_pressure,   optional)
JSON_STRUCT(stats_cpu, STATS_CPU_ROWS);

#define STATS_CPUSET_ROWS(ROW, T) \
	ROW(T, raw,    cpus,                     "cpus",                     none, optional) \
	ROW(T, uint64, cpu_exclusive,            "cpu_exclusive",            none, always) \
	ROW(T, raw,    mems,                     "mems",                     none, optional) \
	ROW(T, uint64, mem_hardwall,             "mem_hardwall",             none, always) \
	ROW(T, uint64, mem_exclusive,            "mem_exclusive",            none, always) \
	ROW(T, uint64, memory_migrate,           "memory_migrate",           none, always) \
	ROW(T, uint64, memory_spread_page,       "memory_spread_page",       none, always) \
	ROW(T, uint64, memory_spread_slab,       "memory_spread_slab",       none, always) \
	ROW(T, uint64, memory_pressure,          "memory_pressure",          none, always) \
	ROW(T, uint64, sched_load_balance,       "sched_load_balance",       none, always) \
	ROW(T, int64,  sched_relax_domain_level, "sched_relax_domain_level", none, always)
JSON_STRUCT(stats_cpuset, STATS_CPUSET_ROWS);

/* A limit of 2^64-1 is none; v1 kernels have a number of their own for that. */
#define STATS_MEMORY_ENTRY_ROWS(ROW, T) \
	ROW(T, uint64, limit,   "limit",   none, always) \
	ROW(T, uint64, usage,   "usage",   none, optional) \
	ROW(T, uint64, max,     "max",     none, optional) \
	ROW(T, uint64, failcnt, "failcnt", none, always)
JSON_STRUCT(stats_memory_entry, STATS_MEMORY_ENTRY_ROWS);

/* swap is memory and swap together. raw: the kernel's memory.stat. */
#define STATS_MEMORY_ROWS(ROW, T) \
	ROW(T, uint64, cache,      "cache",     none,               optional) \
	ROW(T, object, usage,      "usage",     stats_memory_entry, always) \
	ROW(T, object, swap,       "swap",      stats_memory_entry, always) \
	ROW(T, object, kernel,     "kernel",    stats_memory_entry, always) \
	ROW(T, object, kernel_tcp, "kernelTCP", stats_memory_entry, always) \
	ROW(T, raw,    raw,        "raw",       none,               optional) \
	ROW(T, object, psi,        "psi",       stats_pressure,     optional)
JSON_STRUCT(stats_memory, STATS_MEMORY_ROWS);

/* limit 0: none */
#define STATS_PIDS_ROWS(ROW, T) \
	ROW(T, uint64, current, "current", none, optional) \
	ROW(T, uint64, limit,   "limit",   none, optional)
JSON_STRUCT(stats_pids, STATS_PIDS_ROWS);

#define STATS_IO_ENTRY_ROWS(ROW, T) \
	ROW(T, uint64, major, "major", none, optional) \
	ROW(T, uint64, minor, "minor", none, optional) \
	ROW(T, string, op,    "op",    none, optional) \
	ROW(T, uint64, value, "value", none, optional)
JSON_STRUCT(stats_io_entry, STATS_IO_ENTRY_ROWS);

#define STATS_IO_ROWS(ROW, T) \
	ROW(T, objects, service_bytes, "ioServiceBytesRecursive", stats_io_entry, optional) \
	ROW(T, objects, serviced,      "ioServicedRecursive",     stats_io_entry, optional) \
	ROW(T, objects, queued,        "ioQueueRecursive",        stats_io_entry, optional) \
	ROW(T, objects, service_time,  "ioServiceTimeRecursive",  stats_io_entry, optional) \
	ROW(T, objects, wait_time,     "ioWaitTimeRecursive",     stats_io_entry, optional) \
	ROW(T, objects, merged,        "ioMergedRecursive",       stats_io_entry, optional) \
	ROW(T, objects, time,          "ioTimeRecursive",         stats_io_entry, optional) \
	ROW(T, objects, sectors,       "sectorsRecursive",        stats_io_entry, optional) \
	ROW(T, object,  psi,           "psi",                     stats_pressure, optional)
JSON_STRUCT(stats_io, STATS_IO_ROWS);

#define STATS_HUGETLB_ROWS(ROW, T) \
	ROW(T, uint64, usage,   "usage",   none, optional) \
	ROW(T, uint64, max,     "max",     none, optional) \
	ROW(T, uint64, failcnt, "failcnt", none, always)
JSON_STRUCT(stats_hugetlb, STATS_HUGETLB_ROWS);

/* intel_rdt and network_interfaces are not the cgroup's: whoever knows fills them in. */
#define STATS_ROWS(ROW, T) \
	ROW(T, object,     cpu,                "cpu",                stats_cpu,     always) \
	ROW(T, object,     cpuset,             "cpuset",             stats_cpuset,  always) \
	ROW(T, object,     memory,             "memory",             stats_memory,  always) \
	ROW(T, object,     pids,               "pids",               stats_pids,    always) \
	ROW(T, object,     blkio,              "blkio",              stats_io,      always) \
	ROW(T, object_map, hugetlb,            "hugetlb",            stats_hugetlb, always) \
	ROW(T, raw,        intel_rdt,          "intel_rdt",          none,          always) \
	ROW(T, raw,        network_interfaces, "network_interfaces", none,          always)
JSON_STRUCT(cgroup_stats, STATS_ROWS);

/* clang-format on */

/* Read all figures; those of missing controllers stay 0. Everything is in the arena. */
int cgroup_stats_read(const struct cgroup *cgroup, struct arena *arena, struct cgroup_stats *stats,
		      struct error *err);

/* Told by the kernel that its processes were out of memory: memory.events by inotify on v2, an
 * eventfd on v1. */
struct cgroup_oom {
	int fd;         /* poll it for POLLIN; -1: there is no memory controller */
	int dir;        /* the cgroup's with the memory controller */
	uint64_t count; /* v2: kills seen so far */
	bool unified;
};

int cgroup_oom_watch(const struct cgroup *cgroup, struct cgroup_oom *oom, struct error *err);
/* Since the last time this was asked: was there one? Never blocks. */
bool cgroup_oom_happened(struct cgroup_oom *oom);
void cgroup_oom_close(struct cgroup_oom *oom);

#endif

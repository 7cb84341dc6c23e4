/* cgroup_stats.c -- the statistics' document from the kernel's files: made up ones, below temporary
 * directories that stand for a v1 and a v2 host. No root needed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "runtime/cgroup_stats.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static char root[64];
static struct arena arena;

struct fake_file {
	const char *name, *content;
};

static void make(const char *controller, const struct fake_file *files)
{
	const char *directory = arena_format(&arena, "%s/%s/box", root, controller);

	assert_int_equal(file_make_directories(directory, 0755, NULL), 0);
	for (; files->name; files++) {
		const char *path = arena_format(&arena, "%s/%s", directory, files->name);
		auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

		assert_true(fd >= 0);
		assert_int_equal(
			file_write_all(fd, files->content, strlen(files->content), path, NULL), 0);
	}
}

/* clang-format off */
static const struct fake_file unified[] = {
	{ "cgroup.procs", "" },
	{ "cpu.stat", "usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnr_periods 7\nnr_throttled 3\nthrottled_usec 40\n" },
	{ "cpuset.cpus.effective", "0-2,5\n" },
	{ "cpuset.mems.effective", "0\n" },
	{ "memory.current", "4096\n" }, { "memory.peak", "8192\n" }, { "memory.max", "max\n" },
	{ "memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n" },
	{ "memory.swap.current", "1024\n" }, { "memory.swap.max", "2048\n" },
	{ "memory.stat", "file 77\nanon 3\n" },
	{ "pids.current", "4\n" }, { "pids.max", "max\n" },
	{ "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n259:1 \n" },
	{ "hugetlb.2MB.current", "1\n" }, { "hugetlb.2MB.rsvd.current", "2097152\n" },
	{ "hugetlb.2MB.events", "max 9\n" },
	{ "hugetlb.1GB.current", "0\n" }, { "hugetlb.1GB.events", "max 0\n" },
	{ "cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=10.00 total=12\n" },
	{ "memory.pressure", "some avg10=0.05 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=2\n" },
	{ NULL, NULL },
};

static const char unified_document[] =
	"{\"cpu\":{\"usage\":{\"total\":3000000,\"kernel\":1000000,\"user\":2000000},"
	"\"throttling\":{\"periods\":7,\"throttledPeriods\":3,\"throttledTime\":40000},"
	"\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0,\"avg300\":10,\"total\":12},"
	"\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":0}}},"
	"\"cpuset\":{\"cpus\":[0,1,2,5],\"cpu_exclusive\":0,\"mems\":[0],\"mem_hardwall\":0,"
	"\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
	"\"memory\":{\"cache\":77,\"usage\":{\"limit\":18446744073709551615,\"usage\":4096,\"max\":8192,\"failcnt\":5},"
	"\"swap\":{\"limit\":18446744073709551615,\"usage\":5120,\"failcnt\":0},"
	"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},"
	"\"raw\":{\"anon\":3,\"file\":77},"
	"\"psi\":{\"some\":{\"avg10\":0.05,\"avg60\":0,\"avg300\":0,\"total\":1},"
	"\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":2}}},"
	"\"pids\":{\"current\":4},"
	"\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,\"op\":\"Write\",\"value\":2}],"
	"\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":3},{\"major\":8,\"op\":\"Write\",\"value\":4}]},"
	"\"hugetlb\":{\"1GB\":{\"failcnt\":0},\"2MB\":{\"usage\":2097152,\"failcnt\":9}},"
	"\"intel_rdt\":{},\"network_interfaces\":null}";

static const struct fake_file v1_cpu[] = {
	{ "cpu.stat", "nr_periods 7\nnr_throttled 3\nthrottled_time 40\n" },
	{ "cpuacct.usage", "3000\n" }, { "cpuacct.stat", "user 2\nsystem 1\n" },
	{ "cpuacct.usage_percpu", "1000 2000 \n" },
	{ "cpuacct.usage_all", "cpu user system\n0 10 20\n1 30 40\n" },
	{ NULL, NULL },
};
static const struct fake_file v1_cpuset[] = {
	{ "cpuset.cpus", "0,3\n" }, { "cpuset.mems", "0-1\n" }, { "cpuset.sched_load_balance", "1\n" },
	{ "cpuset.sched_relax_domain_level", "-1\n" }, { NULL, NULL },
};
static const struct fake_file v1_memory[] = {
	{ "memory.usage_in_bytes", "4096\n" }, { "memory.max_usage_in_bytes", "8192\n" },
	{ "memory.limit_in_bytes", "16384\n" }, { "memory.failcnt", "5\n" },
	{ "memory.memsw.usage_in_bytes", "5120\n" }, { "memory.memsw.limit_in_bytes", "32768\n" },
	{ "memory.kmem.usage_in_bytes", "100\n" }, { "memory.kmem.tcp.failcnt", "2\n" },
	{ "memory.stat", "cache 77\nrss 3\n" }, { NULL, NULL },
};
static const struct fake_file v1_pids[] = {
	{ "pids.current", "4\n" }, { "pids.max", "10\n" }, { NULL, NULL },
};
static const struct fake_file v1_blkio[] = {
	{ "blkio.throttle.io_service_bytes_recursive", "8:16 Read 1\n8:16 Write 2\n8:16 Total 3\nTotal 3\n" },
	{ "blkio.bfq.io_service_bytes_recursive", "Total 0\n" },
	{ "blkio.bfq.io_serviced_recursive", "8:16 Read 4\nTotal 4\n" },
	{ "blkio.throttle.io_serviced_recursive", "8:16 Read 5\n" },
	{ "blkio.sectors_recursive", "8:16 6\n" }, { NULL, NULL },
};
static const struct fake_file v1_hugetlb[] = {
	{ "hugetlb.2MB.usage_in_bytes", "1\n" }, { "hugetlb.2MB.max_usage_in_bytes", "2\n" },
	{ "hugetlb.2MB.failcnt", "3\n" }, { NULL, NULL },
};

static const char v1_document[] =
	"{\"cpu\":{\"usage\":{\"total\":3000,\"percpu\":[1000,2000],\"percpu_kernel\":[20,40],\"percpu_user\":[10,30],"
	"\"kernel\":10000000,\"user\":20000000},"
	"\"throttling\":{\"periods\":7,\"throttledPeriods\":3,\"throttledTime\":40}},"
	"\"cpuset\":{\"cpus\":[0,3],\"cpu_exclusive\":0,\"mems\":[0,1],\"mem_hardwall\":0,"
	"\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"
	"\"memory_pressure\":0,\"sched_load_balance\":1,\"sched_relax_domain_level\":-1},"
	"\"memory\":{\"cache\":77,\"usage\":{\"limit\":16384,\"usage\":4096,\"max\":8192,\"failcnt\":5},"
	"\"swap\":{\"limit\":32768,\"usage\":5120,\"failcnt\":0},"
	"\"kernel\":{\"limit\":0,\"usage\":100,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":2},"
	"\"raw\":{\"cache\":77,\"rss\":3}},"
	"\"pids\":{\"current\":4,\"limit\":10},"
	"\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1},"
	"{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":2},{\"major\":8,\"minor\":16,\"op\":\"Total\",\"value\":3}],"
	"\"ioServicedRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":4}],"
	"\"sectorsRecursive\":[{\"major\":8,\"minor\":16,\"value\":6}]},"
	"\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3}},"
	"\"intel_rdt\":{},\"network_interfaces\":null}";
/* clang-format on */

static void expect(const struct facts *facts, const char *document)
{
	const struct cgroup_place place = { .path = (char *)"/box" };
	auto_text struct text out = { 0 };
	struct cgroup_stats stats;
	struct cgroup cgroup;

	assert_int_equal(cgroup_open(&place, facts, &cgroup, NULL), 0);
	assert_int_equal(cgroup_stats_read(&cgroup, &arena, &stats, NULL), 0);
	json_write(&cgroup_stats_shape, &stats, false, &out);
	assert_string_equal(out.data, document);
	cgroup_close(&cgroup);
}

static void v2_files_make_the_document(void **state)
{
	const struct facts facts = { .cgroup_layout = CGROUP_UNIFIED,
				     .cgroup_unified = arena_format(&arena, "%s/v2", root) };

	make("v2", unified);
	expect(&facts, unified_document);
}

static void v1_files_make_the_document(void **state)
{
	const struct cgroup_hierarchy hierarchies[] = {
		{ arena_format(&arena, "%s/cpu", root), "cpu,cpuacct" },
		{ arena_format(&arena, "%s/cpuset", root), "cpuset" },
		{ arena_format(&arena, "%s/memory", root), "memory" },
		{ arena_format(&arena, "%s/pids", root), "pids" },
		{ arena_format(&arena, "%s/blkio", root), "blkio" },
		{ arena_format(&arena, "%s/hugetlb", root), "hugetlb" },
	};
	const struct facts facts = { .cgroup_layout = CGROUP_LEGACY,
				     .hierarchies = hierarchies,
				     .hierarchy_count = 6 };

	make("cpu", v1_cpu);
	make("cpuset", v1_cpuset);
	make("memory", v1_memory);
	make("pids", v1_pids);
	make("blkio", v1_blkio);
	make("hugetlb", v1_hugetlb);
	expect(&facts, v1_document);
}

static void figures_of_missing_controllers_are_zero(void **state)
{
	const struct facts facts = { .cgroup_layout = CGROUP_UNIFIED,
				     .cgroup_unified = arena_format(&arena, "%s/bare", root) };
	static const struct fake_file bare[] = { { "cgroup.procs", "7\n8\n" }, { NULL, NULL } };
	const struct cgroup_place place = { .path = (char *)"/box" };
	struct cgroup_stats stats;
	struct cgroup cgroup;

	make("bare", bare);
	assert_int_equal(cgroup_open(&place, &facts, &cgroup, NULL), 0);
	assert_int_equal(cgroup_stats_read(&cgroup, &arena, &stats, NULL), 0);
	assert_int_equal(stats.memory->usage->usage, 0);
	assert_null(stats.memory->raw);
	assert_null(stats.cpu->psi);
	assert_int_equal(stats.hugetlb.count, 0);
	assert_int_equal(stats.pids->current, 2); /* counted */
	cgroup_close(&cgroup);
}

static int set_up(void **state)
{
	snprintf(root, sizeof(root), "/tmp/coffer-test-stats-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	arena_free(&arena);
	return file_remove_tree(AT_FDCWD, root, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_files_make_the_document),
		cmocka_unit_test(v1_files_make_the_document),
		cmocka_unit_test(figures_of_missing_controllers_are_zero),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

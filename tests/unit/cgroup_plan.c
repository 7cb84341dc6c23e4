/* cgroup_plan.c -- every row of the resource table: config.json in, files and values out, on a v1,
 * a v2 and a hybrid host. No root needed.
 *
 * An expectation is a line a write: "FILE=VALUE" (v1: "CONTROLLER:FILE=VALUE"), and behind it
 * " (optional)", " (or)" where the next one takes the place of a missing file, " (most)" where the
 * file is only compared; or "! PLACE: WORDS", an error. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup/resources.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static const struct cgroup_hierarchy all_hierarchies[] = {
	{ "/sys/fs/cgroup/memory", "memory" },
	{ "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct" },
	{ "/sys/fs/cgroup/cpuset", "cpuset" },
	{ "/sys/fs/cgroup/pids", "pids" },
	{ "/sys/fs/cgroup/blkio", "blkio" },
	{ "/sys/fs/cgroup/hugetlb", "hugetlb" },
	{ "/sys/fs/cgroup/net", "net_cls,net_prio" },
	{ "/sys/fs/cgroup/rdma", "rdma" },
	{ "/sys/fs/cgroup/systemd", "name=systemd" },
};

static const struct facts v1 = { .cgroup_layout = CGROUP_LEGACY,
				 .hierarchies = all_hierarchies,
				 .hierarchy_count = 9 };
static const struct facts v2 = { .cgroup_layout = CGROUP_UNIFIED,
				 .cgroup_unified = "/sys/fs/cgroup" };
/* memory and cpu in v1, all else in v2 */
static const struct facts hybrid = { .cgroup_layout = CGROUP_HYBRID,
				     .cgroup_unified = "/sys/fs/cgroup/unified",
				     .hierarchies = all_hierarchies,
				     .hierarchy_count = 2 };

struct expectation {
	const char *json, *v1, *v2;
};

/* clang-format off */
static const struct expectation expectations[] = {
	{ "{}", "", "" },
	{ "{\"memory\": {\"limit\": 1048576}}",
	  "memory:memory.limit_in_bytes=1048576\n",
	  "memory.max=1048576\n" },
	{ "{\"memory\": {\"limit\": -1}}",
	  "memory:memory.limit_in_bytes=-1\nmemory:memory.memsw.limit_in_bytes=-1 (optional)\n",
	  "memory.max=max\nmemory.swap.max=max (optional)\n" },
	{ "{\"memory\": {\"limit\": 0, \"reservation\": 0, \"swap\": 0}}", "", "" },
	{ "{\"memory\": {\"limit\": -2}}",
	  "! linux.resources.memory.limit: -2 bytes are no limit (-1 is unlimited)",
	  "! linux.resources.memory.limit: -2 bytes are no limit (-1 is unlimited)" },
	{ "{\"memory\": {\"limit\": 1000, \"swap\": 1500}}",
	  "memory:memory.limit_in_bytes=1000\nmemory:memory.memsw.limit_in_bytes=1500\n",
	  "memory.max=1000\nmemory.swap.max=500\n" },
	{ "{\"memory\": {\"limit\": 1000, \"swap\": 1000}}",
	  "memory:memory.limit_in_bytes=1000\nmemory:memory.memsw.limit_in_bytes=1000\n",
	  "memory.max=1000\nmemory.swap.max=0 (optional)\n" },
	{ "{\"memory\": {\"limit\": 1000, \"swap\": -1}}",
	  "memory:memory.limit_in_bytes=1000\nmemory:memory.memsw.limit_in_bytes=-1 (optional)\n",
	  "memory.max=1000\nmemory.swap.max=max (optional)\n" },
	{ "{\"memory\": {\"swap\": 1000}}",
	  "memory:memory.memsw.limit_in_bytes=1000\n",
	  "! linux.resources.memory.swap: unable to set swap limit without memory limit" },
	{ "{\"memory\": {\"limit\": 1000, \"swap\": 500}}",
	  "memory:memory.limit_in_bytes=1000\nmemory:memory.memsw.limit_in_bytes=500\n",
	  "! linux.resources.memory.swap: memory+swap limit should be >= memory limit" },
	{ "{\"memory\": {\"reservation\": 4096}}",
	  "memory:memory.soft_limit_in_bytes=4096\n",
	  "memory.low=4096\n" },
	{ "{\"memory\": {\"kernel\": 4096, \"kernelTCP\": 4096}}", "", "" },
	{ "{\"memory\": {\"swappiness\": 60}}", "memory:memory.swappiness=60\n", "" },
	{ "{\"memory\": {\"disableOOMKiller\": true}}", "memory:memory.oom_control=1\n", "" },
	{ "{\"memory\": {\"disableOOMKiller\": false}}",
	  "memory:memory.oom_control=0 (optional)\n", "" },
	{ "{\"memory\": {\"useHierarchy\": true}}", "memory:memory.use_hierarchy=1 (optional)\n", "" },
	{ "{\"memory\": {\"useHierarchy\": false}}", "", "" },
	{ "{\"memory\": {\"limit\": 4096, \"checkBeforeUpdate\": true}}",
	  "memory:memory.limit_in_bytes=4096\n",
	  "memory.current=4096 (most)\nmemory.max=4096\n" },
	{ "{\"cpu\": {\"shares\": 1024}}", "cpu:cpu.shares=1024\n", "cpu.weight=100\n" },
	{ "{\"cpu\": {\"shares\": 2}}", "cpu:cpu.shares=2\n", "cpu.weight=1\n" },
	{ "{\"cpu\": {\"shares\": 262144}}", "cpu:cpu.shares=262144\n", "cpu.weight=10000\n" },
	{ "{\"cpu\": {\"shares\": 0}}", "", "" },
	{ "{\"cpu\": {\"quota\": 50000, \"period\": 100000}}",
	  "cpu:cpu.cfs_period_us=100000\ncpu:cpu.cfs_quota_us=50000\n",
	  "cpu.max=50000 100000\n" },
	{ "{\"cpu\": {\"quota\": 50000}}", "cpu:cpu.cfs_quota_us=50000\n", "cpu.max=50000\n" },
	{ "{\"cpu\": {\"quota\": -1}}", "cpu:cpu.cfs_quota_us=-1\n", "cpu.max=max\n" },
	{ "{\"cpu\": {\"quota\": 0, \"period\": 0}}", "", "" },
	{ "{\"cpu\": {\"period\": 50000}}",
	  "cpu:cpu.cfs_period_us=50000\n", "cpu.max=max 50000\n" },
	{ "{\"cpu\": {\"quota\": 50000, \"burst\": 10000}}",
	  "cpu:cpu.cfs_quota_us=50000\ncpu:cpu.cfs_burst_us=10000\n",
	  "cpu.max=50000\ncpu.max.burst=10000\n" },
	{ "{\"cpu\": {\"burst\": 0}}",
	  "cpu:cpu.cfs_burst_us=0 (optional)\n", "cpu.max.burst=0 (optional)\n" },
	{ "{\"cpu\": {\"realtimePeriod\": 1000000, \"realtimeRuntime\": 950000}}",
	  "cpu:cpu.rt_period_us=1000000\ncpu:cpu.rt_runtime_us=950000\n", "" },
	{ "{\"cpu\": {\"shares\": 1024, \"idle\": 1}}",
	  "cpu:cpu.shares=1024\ncpu:cpu.idle=1\n", "cpu.weight=100\ncpu.idle=1\n" },
	{ "{\"cpu\": {\"cpus\": \"0-3,7\", \"mems\": \"0\"}}",
	  "cpuset:cpuset.cpus=0-3,7\ncpuset:cpuset.mems=0\n",
	  "cpuset.cpus=0-3,7\ncpuset.mems=0\n" },
	{ "{\"pids\": {\"limit\": 100}}", "pids:pids.max=100\n", "pids.max=100\n" },
	{ "{\"pids\": {\"limit\": -1}}", "pids:pids.max=max\n", "pids.max=max\n" },
	{ "{\"pids\": {\"limit\": 0}}", "pids:pids.max=1\n", "pids.max=1\n" },
	{ "{\"blockIO\": {\"weight\": 500}}",
	  "blkio:blkio.weight=500 (or)\nblkio:blkio.bfq.weight=500\n",
	  "io.bfq.weight=500 (or)\nio.weight=4950\n" },
	{ "{\"blockIO\": {\"weight\": 10}}",
	  "blkio:blkio.weight=10 (or)\nblkio:blkio.bfq.weight=10\n",
	  "io.bfq.weight=10 (or)\nio.weight=1\n" },
	{ "{\"blockIO\": {\"weight\": 1000}}",
	  "blkio:blkio.weight=1000 (or)\nblkio:blkio.bfq.weight=1000\n",
	  "io.bfq.weight=1000 (or)\nio.weight=10000\n" },
	{ "{\"blockIO\": {\"leafWeight\": 500}}", "blkio:blkio.leaf_weight=500\n", "" },
	{ "{\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, \"weight\": 500, \"leafWeight\": 300},"
	  " {\"major\": 8, \"minor\": 16, \"weight\": 100}]}}",
	  "blkio:blkio.weight_device=8:0 500 (or)\nblkio:blkio.bfq.weight_device=8:0 500\n"
	  "blkio:blkio.weight_device=8:16 100 (or)\nblkio:blkio.bfq.weight_device=8:16 100\n"
	  "blkio:blkio.leaf_weight_device=8:0 300\n",
	  "io.bfq.weight=8:0 500 (or)\nio.weight=8:0 4950\n"
	  "io.bfq.weight=8:16 100 (or)\nio.weight=8:16 910\n" },
	{ "{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 0, \"rate\": 600}],"
	  " \"throttleWriteBpsDevice\": [{\"major\": 8, \"minor\": 0, \"rate\": 0}],"
	  " \"throttleReadIOPSDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 18446744073709551615}],"
	  " \"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 300}]}}",
	  "blkio:blkio.throttle.read_bps_device=8:0 600\n"
	  "blkio:blkio.throttle.write_bps_device=8:0 0\n"
	  "blkio:blkio.throttle.read_iops_device=8:16 18446744073709551615\n"
	  "blkio:blkio.throttle.write_iops_device=8:16 300\n",
	  "io.max=8:0 rbps=600\nio.max=8:0 wbps=max\n"
	  "io.max=8:16 riops=18446744073709551615\nio.max=8:16 wiops=300\n" },
	{ "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 4194304}, {\"pageSize\": \"1GB\", \"limit\": 0}]}",
	  "hugetlb:hugetlb.2MB.limit_in_bytes=4194304\nhugetlb:hugetlb.1GB.limit_in_bytes=0\n"
	  "hugetlb:hugetlb.2MB.rsvd.limit_in_bytes=4194304 (optional)\n"
	  "hugetlb:hugetlb.1GB.rsvd.limit_in_bytes=0 (optional)\n",
	  "hugetlb.2MB.max=4194304\nhugetlb.1GB.max=0\n"
	  "hugetlb.2MB.rsvd.max=4194304 (optional)\nhugetlb.1GB.rsvd.max=0 (optional)\n" },
	{ "{\"hugepageLimits\": [{\"pageSize\": \"../../x\", \"limit\": 1}]}",
	  "! linux.resources.hugepageLimits[0].limit: \"../../x\" is no page size (they look like \"2MB\")",
	  "! linux.resources.hugepageLimits[0].limit: \"../../x\" is no page size (they look like \"2MB\")" },
	{ "{\"network\": {\"classID\": 1048577, \"priorities\": [{\"name\": \"eth0\", \"priority\": 5}]}}",
	  "net_cls:net_cls.classid=1048577\nnet_prio:net_prio.ifpriomap=eth0 5\n", "" },
	{ "{\"network\": {\"priorities\": [{\"name\": \"e 0\", \"priority\": 5}]}}",
	  "! linux.resources.network.priorities[0].priority: \"e 0\" is no name",
	  "! linux.resources.network.priorities[0].priority: \"e 0\" is no name" },
	{ "{\"rdma\": {\"mlx5_1\": {\"hcaHandles\": 3, \"hcaObjects\": 10000}, \"rxe3\": {\"hcaObjects\": 1}}}",
	  "rdma:rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma:rdma.max=rxe3 hca_object=1\n",
	  "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=rxe3 hca_object=1\n" },
	{ "{\"unified\": {\"memory.high\": \"1000\", \"io.max\": \"8:0 rbps=1\\n8:16 wbps=2\\n\"}}",
	  "! linux.resources.unified[\"memory.high\"]: cgroup v2 is not there",
	  "memory.high=1000\nio.max=8:0 rbps=1\nio.max=8:16 wbps=2\n" },
	{ "{\"unified\": {\"../memory.high\": \"1\"}}",
	  "! linux.resources.unified[\"../memory.high\"]: \"../memory.high\" must be a file name (no slashes)",
	  "! linux.resources.unified[\"../memory.high\"]: \"../memory.high\" must be a file name (no slashes)" },
	{ "{\"unified\": {\"memory\": \"1\"}}",
	  "! linux.resources.unified[\"memory\"]: \"memory\" must be in the form CONTROLLER.PARAMETER",
	  "! linux.resources.unified[\"memory\"]: \"memory\" must be in the form CONTROLLER.PARAMETER" },
};
/* clang-format on */

static void print_writes(const struct cgroup_writes *writes, struct text *out)
{
	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];

		assert_true(text_starts(write->where, "linux.resources."));
		text_format(out, "%s%s%s=%s%s%s%s\n", write->controller,
			    *write->controller ? ":" : "", write->file, write->value,
			    write->optional ? " (optional)" : "", write->or_next ? " (or)" : "",
			    write->check ? " (most)" : "");
	}
}

static void read_resources(const char *json, struct spec_resources *resources, struct arena *arena)
{
	struct error err = { 0 };

	if (json_read(&(struct json_source){ json, strlen(json), "test" }, &spec_resources_shape,
		      resources, arena, NULL, &err) < 0)
		fail_msg("%s: %s", json, err.what);
}

static void expect(const char *json, const struct facts *facts, const char *expected)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text out = { 0 };
	struct spec_resources resources;
	struct cgroup_writes writes;
	struct error err = { 0 };

	read_resources(json, &resources, &arena);
	text_add(&out, "");
	if (cgroup_plan(&resources, facts, &arena, &writes, &err) < 0)
		text_format(&out, "! %s: %s", err.where, err.what);
	else
		print_writes(&writes, &out);
	assert_string_equal(out.data, expected);
}

static void every_row_has_its_v1_file_and_value(void **state)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++)
		expect(expectations[i].json, &v1, expectations[i].v1);
}

static void every_row_has_its_v2_file_and_value(void **state)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++)
		expect(expectations[i].json, &v2, expectations[i].v2);
}

static void a_hybrid_host_takes_v1_where_it_has_the_controller(void **state)
{
	expect("{\"memory\": {\"limit\": 4096}, \"cpu\": {\"shares\": 2}, \"pids\": {\"limit\": "
	       "5}}",
	       &hybrid, "memory:memory.limit_in_bytes=4096\ncpu:cpu.shares=2\npids.max=5\n");
	expect("{\"unified\": {\"hugetlb.2MB.max\": \"0\"}}", &hybrid, "hugetlb.2MB.max=0\n");
}

static void a_v1_controller_that_is_not_mounted_is_still_asked_for(void **state)
{
	static const struct facts bare = { .cgroup_layout = CGROUP_LEGACY,
					   .hierarchies = all_hierarchies,
					   .hierarchy_count = 1 };

	expect("{\"pids\": {\"limit\": 5}}", &bare, "pids:pids.max=5\n");
}

static void without_resources_nothing_is_written(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct cgroup_writes writes = { NULL, 7 };

	assert_int_equal(cgroup_plan(NULL, &v2, &arena, &writes, NULL), 0);
	assert_int_equal(writes.count, 0);
}

static void lines_of_keys_know_how_they_are_taken_back(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct spec_resources resources;
	struct cgroup_writes writes;

	read_resources("{\"blockIO\": {\"throttleReadBpsDevice\": "
		       "[{\"major\": 8, \"minor\": 0, \"rate\": 600}]}}",
		       &resources, &arena);
	assert_int_equal(cgroup_plan(&resources, &v2, &arena, &writes, NULL), 0);
	assert_string_equal(writes.items[0].reset, "8:0 rbps=max");
	assert_string_equal(writes.items[0].where,
			    "linux.resources.blockIO.throttleReadBpsDevice[0].rate");
	assert_int_equal(cgroup_plan(&resources, &v1, &arena, &writes, NULL), 0);
	assert_string_equal(writes.items[0].reset, "8:0 0");
}

/* The formula in the notes of runc 1.3.2, by libm. */
static unsigned weight_by_libm(uint64_t shares)
{
	long double l = log2l((long double)shares);
	long double weight = powl(10, (l * l + 125 * l) / 612 - 7.0L / 34);

	if (shares <= 2)
		return 1;
	return shares >= 262144 ? 10000 : (unsigned)ceill(weight - 1e-9L);
}

static void shares_follow_the_common_curve(void **state)
{
	for (uint64_t shares = 1; shares <= 262200; shares++)
		if (weight_of_shares(shares) != weight_by_libm(shares))
			fail_msg("%u shares are weight %u", (unsigned)shares,
				 weight_of_shares(shares));
	assert_int_equal(weight_of_shares(UINT64_MAX), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_its_v1_file_and_value),
		cmocka_unit_test(every_row_has_its_v2_file_and_value),
		cmocka_unit_test(a_hybrid_host_takes_v1_where_it_has_the_controller),
		cmocka_unit_test(a_v1_controller_that_is_not_mounted_is_still_asked_for),
		cmocka_unit_test(without_resources_nothing_is_written),
		cmocka_unit_test(lines_of_keys_know_how_they_are_taken_back),
		cmocka_unit_test(shares_follow_the_common_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

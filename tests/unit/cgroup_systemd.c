/* cgroup_systemd.c -- what systemd is told of a container: the unit's name and place, a property
 * for every limit that it knows, devices, annotations. No systemd needed, nor root. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup/systemd/property.h"
#include "runtime/cgroup/systemd/unit.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static const struct cgroup_hierarchy hierarchies[] = {
	{ "/sys/fs/cgroup/memory", "memory" }, { "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct" },
	{ "/sys/fs/cgroup/cpuset", "cpuset" }, { "/sys/fs/cgroup/pids", "pids" },
	{ "/sys/fs/cgroup/blkio", "blkio" },   { "/sys/fs/cgroup/devices", "devices" },
};
static const struct facts v1 = { .cgroup_layout = CGROUP_LEGACY,
				 .hierarchies = hierarchies,
				 .hierarchy_count = 6 };
static const struct facts v2 = { .cgroup_layout = CGROUP_UNIFIED,
				 .cgroup_unified = "/sys/fs/cgroup" };

/* A line a property: "NAME=TYPE VALUE…". */
static const struct {
	const char *json, *v1, *v2;
} limits[] = {
	/* clang-format off */
	{ "{}", "", "" },
	{ "{\"memory\": {\"limit\": 1048576}}", "MemoryLimit=t 1048576\n", "MemoryMax=t 1048576\n" },
	{ "{\"memory\": {\"limit\": -1}}",
	  "MemoryLimit=t infinity\n", "MemoryMax=t infinity\nMemorySwapMax=t infinity\n" },
	{ "{\"memory\": {\"limit\": 1000, \"swap\": 1500}}",
	  "MemoryLimit=t 1000\n", "MemoryMax=t 1000\nMemorySwapMax=t 500\n" },
	{ "{\"memory\": {\"reservation\": 4096}}", "", "MemoryLow=t 4096\n" },
	{ "{\"memory\": {\"limit\": 4096, \"checkBeforeUpdate\": true}}",
	  "MemoryLimit=t 4096\n", "MemoryMax=t 4096\n" },
	{ "{\"memory\": {\"swappiness\": 60, \"disableOOMKiller\": false}}", "", "" },
	{ "{\"cpu\": {\"shares\": 1024}}", "CPUShares=t 1024\n", "CPUWeight=t 100\n" },
	{ "{\"cpu\": {\"quota\": 50000, \"period\": 100000}}",
	  "CPUQuotaPeriodUSec=t 100000\nCPUQuotaPerSecUSec=t 500000\n",
	  "CPUQuotaPeriodUSec=t 100000\nCPUQuotaPerSecUSec=t 500000\n" },
	{ "{\"cpu\": {\"quota\": 50000}}", "CPUQuotaPerSecUSec=t 500000\n", "CPUQuotaPerSecUSec=t 500000\n" },
	{ "{\"cpu\": {\"quota\": 12345, \"period\": 33333}}", /* a whole percent, and not less */
	  "CPUQuotaPeriodUSec=t 33333\nCPUQuotaPerSecUSec=t 380000\n",
	  "CPUQuotaPeriodUSec=t 33333\nCPUQuotaPerSecUSec=t 380000\n" },
	{ "{\"cpu\": {\"quota\": -1}}", "CPUQuotaPerSecUSec=t infinity\n", "CPUQuotaPerSecUSec=t infinity\n" },
	{ "{\"cpu\": {\"period\": 50000}}", "CPUQuotaPeriodUSec=t 50000\n",
	  "CPUQuotaPeriodUSec=t 50000\nCPUQuotaPerSecUSec=t infinity\n" },
	{ "{\"cpu\": {\"quota\": 10000, \"burst\": 500}}",
	  "CPUQuotaPerSecUSec=t 100000\n", "CPUQuotaPerSecUSec=t 100000\n" },
	{ "{\"cpu\": {\"shares\": 1024, \"idle\": 1}}", "CPUShares=t 1024\n", "CPUWeight=t 100\nCPUWeight=t 0\n" },
	{ "{\"cpu\": {\"idle\": 0}}", "", "" },
	{ "{\"cpu\": {\"cpus\": \"0-3,9\", \"mems\": \"0\"}}", "",
	  "AllowedCPUs=ay 15 2\nAllowedMemoryNodes=ay 1\n" },
	{ "{\"cpu\": {\"realtimeRuntime\": 5, \"realtimePeriod\": 10}}", "", "" },
	{ "{\"pids\": {\"limit\": 50}}", "TasksMax=t 50\n", "TasksMax=t 50\n" },
	{ "{\"pids\": {\"limit\": -1}}", "TasksMax=t infinity\n", "TasksMax=t infinity\n" },
	{ "{\"blockIO\": {\"weight\": 10}}", "BlockIOWeight=t 10\n", "IOWeight=t 1\n" },
	{ "{\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, \"weight\": 1000}]}}",
	  "BlockIODeviceWeight=a(st) /dev/block/8:0 1000\n", "IODeviceWeight=a(st) /dev/block/8:0 10000\n" },
	{ "{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 4096}]}}",
	  "BlockIOReadBandwidth=a(st) /dev/block/8:16 4096\n", "IOReadBandwidthMax=a(st) /dev/block/8:16 4096\n" },
	{ "{\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 4096}]}}",
	  "BlockIOWriteBandwidth=a(st) /dev/block/8:16 4096\n", "IOWriteBandwidthMax=a(st) /dev/block/8:16 4096\n" },
	{ "{\"blockIO\": {\"throttleReadIOPSDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 7}]}}",
	  "", "IOReadIOPSMax=a(st) /dev/block/8:16 7\n" },
	{ "{\"blockIO\": {\"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 16, \"rate\": 0}]}}",
	  "", "IOWriteIOPSMax=a(st) /dev/block/8:16 infinity\n" },
	{ "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}]}", "", "" },
	{ "{\"unified\": {\"memory.high\": \"8192\", \"memory.min\": \"4096\", \"memory.oom.group\": \"1\","
	  " \"memory.zswap.max\": \"max\", \"memory.zswap.writeback\": \"0\", \"memory.swap.high\": \"1\"}}", NULL,
	  "MemoryHigh=t 8192\nMemoryMin=t 4096\nOOMPolicy=s kill\nMemoryZSwapMax=t infinity\n"
	  "MemoryZSwapWriteback=b 0\n" },
	{ "{\"unified\": {\"io.max\": \"8:0 rbps=1 wiops=max\", \"io.weight\": \"default 7\","
	  " \"io.latency\": \"8:0 target=75\"}}", NULL,
	  "IOReadBandwidthMax=a(st) /dev/block/8:0 1\nIOWriteIOPSMax=a(st) /dev/block/8:0 infinity\n"
	  "IOWeight=t 7\nIODeviceLatencyTargetUSec=a(st) /dev/block/8:0 75\n" },
	{ "{\"unified\": {\"cpu.max\": \"max 20000\", \"memory.max\": \"1G\"}}", NULL,
	  "MemoryMax=t 1073741824\nCPUQuotaPeriodUSec=t 20000\nCPUQuotaPerSecUSec=t infinity\n" },
	/* clang-format on */
};

static void read_resources(const char *json, struct spec_resources *resources, struct arena *arena)
{
	struct error err = { 0 };

	if (json_read(&(struct json_source){ json, strlen(json), "test" }, &spec_resources_shape,
		      resources, arena, NULL, &err) < 0)
		fail_msg("%s: %s", json, err.what);
}

static const char *words_of(const struct properties *list, struct arena *arena)
{
	const char *words = "";

	for (size_t i = 0; i < list->count; i++)
		words = arena_format(arena, "%s%s\n", words,
				     property_words(&list->items[i], arena));
	return words;
}

static void expect_limits(const char *json, const struct facts *facts, const char *expected)
{
	auto_arena struct arena arena = { 0 };
	struct spec_resources resources;
	struct properties list = { 0 };
	struct cgroup_writes writes;
	struct error err = { 0 };

	if (!expected)
		return;
	read_resources(json, &resources, &arena);
	assert_int_equal(cgroup_plan(&resources, facts, &arena, &writes, &err), 0);
	properties_of_writes(&writes, &arena, &list);
	assert_string_equal(words_of(&list, &arena), expected);
	for (size_t i = 0; i < list.count; i++) {
		assert_true(list.items[i].optional);
		assert_true(text_starts(list.items[i].where, "linux.resources.") ||
			    !list.items[i].where);
	}
}

static void every_limit_has_its_property_on_v1(void **state)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		expect_limits(limits[i].json, &v1, limits[i].v1);
}

static void every_limit_has_its_property_on_v2(void **state)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		expect_limits(limits[i].json, &v2, limits[i].v2);
}

/* ---- devices --------------------------------------------------------------------------------- */

static const char *devices_of(const char *json, struct arena *arena)
{
	struct spec_resources resources;
	struct device_rules rules = { 0 };
	struct properties list = { 0 };
	struct error err = { 0 };

	read_resources(json, &resources, arena);
	assert_int_equal(device_rules_make(&resources, arena, &rules, &err), 0);
	properties_of_devices(&rules, arena, &list);
	return words_of(&list, arena);
}

static void a_list_of_allowed_devices_is_systemds(void **state)
{
	auto_arena struct arena arena = { 0 };

	assert_string_equal(devices_of("{\"devices\": [{\"allow\": false, \"access\": \"rwm\"},"
				       "{\"allow\": true, \"type\": \"b\", \"major\": 8, "
				       "\"minor\": 0, \"access\": \"r\"},"
				       "{\"allow\": true, \"type\": \"c\", \"major\": 10, "
				       "\"access\": \"rw\"}]}",
				       &arena),
			    "DevicePolicy=s strict\nDeviceAllow=a(ss)\n"
			    "DeviceAllow=a(ss) /dev/block/8:0 r char-10 rw char-* m block-* m "
			    "/dev/char/1:3 rwm /dev/char/1:5 rwm /dev/char/1:7 rwm "
			    "/dev/char/1:8 rwm /dev/char/1:9 rwm /dev/char/5:0 rwm "
			    "/dev/char/5:2 rwm char-136 rwm\n");
}

static void other_rules_are_not_systemds(void **state)
{
	auto_arena struct arena arena = { 0 };

	assert_string_equal(
		devices_of("{\"devices\": [{\"allow\": true, \"access\": \"rwm\"}]}", &arena),
		"DevicePolicy=s auto\nDeviceAllow=a(ss)\n");
	assert_string_equal(devices_of("{\"devices\": [{\"allow\": true, \"access\": \"rwm\"},"
				       "{\"allow\": false, \"type\": \"b\", \"major\": 8, "
				       "\"access\": \"rwm\"}]}",
				       &arena),
			    "DevicePolicy=s auto\nDeviceAllow=a(ss)\n");
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
	const char *path, *id, *unit, *cgroup; /* cgroup NULL: refused, in the words of `unit` */
} names[] = {
	/* clang-format off */
	{ NULL, "c1", "coffer-c1.scope", "/system.slice/coffer-c1.scope" },
	{ "", "c1", "coffer-c1.scope", "/system.slice/coffer-c1.scope" },
	{ "", "a+b,c", "coffer-a\\x2bb\\x2cc.scope", "/system.slice/coffer-a\\x2bb\\x2cc.scope" },
	{ "machine.slice:libpod:77aa", "c", "libpod-77aa.scope", "/machine.slice/libpod-77aa.scope" },
	{ ":docker:77aa", "c", "docker-77aa.scope", "/system.slice/docker-77aa.scope" },
	{ "a-b-c.slice:crio:x", "c", "crio-x.scope", "/a.slice/a-b.slice/a-b-c.slice/crio-x.scope" },
	{ "-.slice:p:n", "c", "p-n.scope", "/p-n.scope" },
	{ "m.slice::n", "c", "-n.scope", "/m.slice/-n.scope" },
	{ "m.slice:n", "c", "n.scope", "/m.slice/n.scope" },
	{ "m.slice:p:q-r.slice", "c", "q-r.slice", "/q.slice/q-r.slice" },
	{ "m.slice:p:x.scope", "c", "p-x.scope.scope", "/m.slice/p-x.scope.scope" },
	{ "/absolute", "c", "expected \"slice:prefix:name\" for systemd's cgroups, got \"/absolute\" instead", NULL },
	{ "a.slice:b:", "c", "expected \"slice:prefix:name\" for systemd's cgroups, got \"a.slice:b:\" instead", NULL },
	{ "a.slice:b:c:d", "c", "expected \"slice:prefix:name\" for systemd's cgroups, got \"a.slice:b:c:d\" instead", NULL },
	{ "a:b:c", "c", "\"a\" is no name of a slice", NULL },
	{ "a/b.slice:b:c", "c", "\"a/b.slice\" is no name of a slice", NULL },
	{ "-a.slice:b:c", "c", "\"-a.slice\" is no name of a slice", NULL },
	{ "a-.slice:b:c", "c", "\"a-.slice\" is no name of a slice", NULL },
	{ "a--b.slice:b:c", "c", "\"a--b.slice\" is no name of a slice", NULL },
	{ "..slice:b:c", "c", "\"..slice\" is no name of a slice", NULL },
	{ ".slice:b:c", "c", "\".slice\" is no name of a slice", NULL },
	{ "a.slice:b:../../x", "c", "b-..\\x2f..\\x2fx.scope", "/a.slice/b-..\\x2f..\\x2fx.scope" },
	/* clang-format on */
};

static void cgroupsPath_names_a_unit_in_its_slices(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		auto_arena struct arena arena = { 0 };
		struct unit_name name;
		struct error err = { 0 };
		int result = unit_name_parse(names[i].path, names[i].id, "system.slice", &arena,
					     &name, &err);

		if (names[i].cgroup) {
			assert_string_equal(err.what, "");
			assert_string_equal(name.unit, names[i].unit);
			assert_string_equal(name.path, names[i].cgroup);
		} else {
			assert_int_equal(result, -EINVAL);
			assert_string_equal(err.what, names[i].unit);
			assert_string_equal(err.where, "linux.cgroupsPath");
		}
	}
}

static void a_name_that_systemd_has_no_room_for_is_refused(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct unit_name name;
	struct error err = { 0 };
	char id[256];

	memset(id, 'x', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	assert_int_equal(unit_name_parse(NULL, id, "system.slice", &arena, &name, &err),
			 -ENAMETOOLONG);
}

/* ---- annotations ----------------------------------------------------------------------------- */

static const struct {
	const char *name, *value, *property; /* property NULL: refused */
} annotations[] = {
	/* clang-format off */
	{ "TimeoutStopUSec", "uint64 123456789", "TimeoutStopUSec=t 123456789" },
	{ "CollectMode", "'inactive-or-failed'", "CollectMode=s inactive-or-failed" },
	{ "CollectMode", "\"inactive\"", "CollectMode=s inactive" },
	{ "TasksAccounting", "true", "TasksAccounting=b 1" },
	{ "TasksAccounting", " false ", "TasksAccounting=b 0" },
	{ "IONice", "5", "IONice=i 5" },
	{ "IONice", "-5", "IONice=i -5" },
	{ "IONice", "0x1f", "IONice=i 31" },
	{ "CPUSome", "byte 0xff", "CPUSome=y 255" },
	{ "CPUSome", "int16 -3", "CPUSome=n -3" },
	{ "CPUSome", "uint32 4294967295", "CPUSome=u 4294967295" },
	{ "CPUSome", "uint64 18446744073709551614", "CPUSome=t 18446744073709551614" },
	{ "CPUSome", "int64 -9223372036854775808", "CPUSome=x -9223372036854775808" },
	{ "CPUSome", "1.5", "CPUSome=d 1.5" },
	{ "CPUSome", "double 2", "CPUSome=d 2" },
	{ "After", "['a.service', \"b.service\"]", "After=as a.service b.service" },
	{ "After", "@as []", "After=as" },
	{ "After", "@as ['a']", "After=as a" },
	{ "CPUSome", "[uint32 1, 2]", "CPUSome=au 1 2" },
	{ "CPUSome", "'it\\'s \\\"x\\\"\\n'", "CPUSome=s it's \"x\"\n" },
	{ "TimeoutStopSec", "uint64 5", "TimeoutStopUSec=t 5000000" },
	{ "TimeoutStopSec", "5", "TimeoutStopUSec=t 5000000" },
	{ "TimeoutStopSec", "0.5", "TimeoutStopUSec=t 500000" },
	{ "TimeoutStopSec", "'5'", NULL },
	{ "TimeoutStopSec", "-5", NULL },
	{ "TimeoutStopSec", "uint64 18446744073709551615", NULL },
	{ "CPUQuotaPerSecUSec", "uint64 5", "CPUQuotaPerSecUSec=t 5" },
	{ "MemoryMax", "", NULL }, { "MemoryMax", "garbage", NULL }, { "MemoryMax", "uint64", NULL },
	{ "MemoryMax", "uint64 -1", NULL }, { "MemoryMax", "uint64 18446744073709551616", NULL },
	{ "MemoryMax", "2147483648", NULL }, { "MemoryMax", "5 5", NULL }, { "MemoryMax", "uint64 5x", NULL },
	{ "MemoryMax", "int32 0x80000000", NULL }, { "MemoryMax", "handle 0", NULL },
	{ "CPUSome", "'open", NULL }, { "CPUSome", "[1, 'a']", NULL }, { "CPUSome", "[]", NULL }, { "CPUSome", "[1", NULL },
	{ "CPUSome", "@as 'a'", NULL }, { "CPUSome", "@zz 'a'", NULL }, { "CPUSome", "uint32 'a'", NULL }, { "CPUSome", "{'a': 1}", NULL },
	{ "CPUSome", "'\\", NULL }, { "CPUSome", "true false", NULL }, { "CPUSome", "string true", NULL },
	{ "ab", "true", NULL }, { "A.B.C", "true", NULL }, { "Some1", "true", NULL },
	{ "ExecStart", "'/bin/true'", NULL }, { "ExecStopPost", "'/bin/true'", NULL }, { "User", "'root'", NULL },
	{ "PIDs", "[uint32 1]", NULL }, { "Slice", "'a.slice'", NULL }, { "FailureAction", "'poweroff'", NULL },
	{ "OnFailure", "['x.service']", NULL }, { "Conflicts", "['x.service']", NULL },
	{ "BPFProgram", "['device:/x']", NULL }, { "RefuseManualStop", "true", NULL },
	{ "DevicePolicy", "'auto'", NULL }, { "DeviceAllow", "@a(ss) [('/dev/sda', 'rwm')]", NULL },
	{ "Delegate", "false", NULL }, { "RequiresMountsFor", "['/mnt']", NULL }, { "JobTimeoutAction", "'poweroff'", NULL },
	{ "StopWhenUnneeded", "true", NULL }, { "OOMScoreAdjust", "-1000", NULL }, { "NFTSet", "'x'", NULL },
	{ "SomethingNew", "true", NULL },
	/* clang-format on */
};

static void annotations_are_properties_with_typed_values(void **state)
{
	for (size_t i = 0; i < sizeof(annotations) / sizeof(*annotations); i++) {
		auto_arena struct arena arena = { 0 };
		struct properties list = { 0 };
		struct string_map map = { 0 };
		struct error err = { 0 };
		char *key = arena_format(&arena, "org.systemd.property.%s", annotations[i].name);

		string_map_set(&map, "unrelated", "x", &arena);
		string_map_set(&map, key, (char *)annotations[i].value, &arena);
		if (annotations[i].property) {
			if (properties_of_annotations(&map, &arena, &list, &err) < 0)
				fail_msg("%s: %s", annotations[i].value, err.what);
			assert_int_equal(list.count, 1);
			assert_string_equal(property_words(&list.items[0], &arena),
					    annotations[i].property);
			assert_false(list.items[0].optional);
		} else {
			if (properties_of_annotations(&map, &arena, &list, &err) == 0)
				fail_msg("%s=%s is taken", key, annotations[i].value);
			assert_string_equal(err.where,
					    arena_format(&arena, "annotations[\"%s\"]", key));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_has_its_property_on_v1),
		cmocka_unit_test(every_limit_has_its_property_on_v2),
		cmocka_unit_test(a_list_of_allowed_devices_is_systemds),
		cmocka_unit_test(other_rules_are_not_systemds),
		cmocka_unit_test(cgroupsPath_names_a_unit_in_its_slices),
		cmocka_unit_test(a_name_that_systemd_has_no_room_for_is_refused),
		cmocka_unit_test(annotations_are_properties_with_typed_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

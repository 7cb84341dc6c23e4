/* spec_merge.c -- changes of linux.resources on top of what is set. No root needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "runtime/spec.h"

#include <cmocka.h> /* after error.h, whose fail() it hides */

static struct spec_resources *read_resources(const char *json, struct arena *arena)
{
	struct spec_resources *resources = arena_alloc(arena, sizeof(*resources));
	struct error err = { 0 };

	if (json_read(&(struct json_source){ json, strlen(json), "test" }, &spec_resources_shape,
		      resources, arena, NULL, &err) < 0)
		fail_msg("%s: %s", json, err.what);
	return resources;
}

static void expect(const char *before, const char *changes, const char *expected)
{
	auto_arena struct arena arena = { 0 };
	auto_text struct text merged = { 0 }, untouched = { 0 }, original = { 0 };
	struct spec_resources *old = before ? read_resources(before, &arena) : NULL;

	if (old)
		json_write(&spec_resources_shape, old, false, &original);
	json_write(&spec_resources_shape,
		   spec_merge_resources(old, read_resources(changes, &arena), &arena), false,
		   &merged);
	assert_string_equal(merged.data, expected);
	if (!old)
		return;
	json_write(&spec_resources_shape, old, false, &untouched);
	assert_string_equal(untouched.data, original.data);
}

static void what_is_absent_stays(void **state)
{
	expect("{\"memory\":{\"limit\":4096},\"pids\":{\"limit\":5}}", "{\"pids\":{\"limit\":6}}",
	       "{\"memory\":{\"limit\":4096},\"pids\":{\"limit\":6}}");
	expect("{\"cpu\":{\"shares\":2,\"cpus\":\"0\"}}", "{\"cpu\":{\"quota\":1000}}",
	       "{\"cpu\":{\"shares\":2,\"quota\":1000,\"cpus\":\"0\"}}");
	expect(NULL, "{\"pids\":{\"limit\":6}}", "{\"pids\":{\"limit\":6}}");
	expect("{\"pids\":{\"limit\":6}}", "{}", "{\"pids\":{\"limit\":6}}");
}

static void zero_and_nothing_stand_for_what_is_set(void **state)
{
	expect("{\"memory\":{\"limit\":4096,\"reservation\":4096,\"swap\":8192},"
	       "\"cpu\":{\"shares\":2,\"quota\":1000,\"period\":2000,\"cpus\":\"0\",\"mems\":\"0\"}"
	       ","
	       "\"blockIO\":{\"weight\":10}}",
	       "{\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0},"
	       "\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"},"
	       "\"blockIO\":{\"weight\":0}}",
	       "{\"memory\":{\"limit\":4096,\"reservation\":4096,\"swap\":8192},"
	       "\"cpu\":{\"shares\":2,\"quota\":1000,\"period\":2000,\"cpus\":\"0\",\"mems\":\"0\"}"
	       ","
	       "\"blockIO\":{\"weight\":10}}");
}

static void zero_is_a_value_where_it_means_something(void **state)
{
	expect("{\"memory\":{\"swappiness\":60,\"disableOOMKiller\":true},"
	       "\"cpu\":{\"burst\":7,\"idle\":1},\"pids\":{\"limit\":9}}",
	       "{\"memory\":{\"swappiness\":0,\"disableOOMKiller\":false},"
	       "\"cpu\":{\"burst\":0,\"idle\":0},\"pids\":{\"limit\":0}}",
	       "{\"memory\":{\"swappiness\":0,\"disableOOMKiller\":false},"
	       "\"cpu\":{\"burst\":0,\"idle\":0},\"pids\":{\"limit\":0}}");
}

static void lists_change_by_their_keys(void **state)
{
	expect("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
	       "{\"major\":8,\"minor\":16,\"rate\":2}]}}",
	       "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":3},"
	       "{\"major\":9,\"minor\":0,\"rate\":4}]}}",
	       "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
	       "{\"major\":8,\"minor\":16,\"rate\":3},{\"major\":9,\"minor\":0,\"rate\":4}]}}");
	expect("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}]}",
	       "{\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":2},"
	       "{\"pageSize\":\"2MB\",\"limit\":3}]}",
	       "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":3},"
	       "{\"pageSize\":\"1GB\",\"limit\":2}]}");
	expect("{\"network\":{\"classID\":1,\"priorities\":[{\"name\":\"a\",\"priority\":1}]}}",
	       "{\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":2}]}}",
	       "{\"network\":{\"classID\":1,\"priorities\":[{\"name\":\"a\",\"priority\":2}]}}");
	expect("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}",
	       "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":20}]}}",
	       "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":20}]}}");
}

static void maps_change_by_their_keys(void **state)
{
	expect("{\"rdma\":{\"a\":{\"hcaHandles\":1},\"b\":{\"hcaHandles\":2}}}",
	       "{\"rdma\":{\"b\":{\"hcaObjects\":3},\"c\":{\"hcaHandles\":4}}}",
	       "{\"rdma\":{\"a\":{\"hcaHandles\":1},\"b\":{\"hcaHandles\":2,\"hcaObjects\":3},"
	       "\"c\":{\"hcaHandles\":4}}}");
	expect("{\"unified\":{\"memory.high\":\"1\",\"io.max\":\"2\"}}",
	       "{\"unified\":{\"io.max\":\"3\",\"pids.max\":\"4\"}}",
	       "{\"unified\":{\"memory.high\":\"1\",\"io.max\":\"3\",\"pids.max\":\"4\"}}");
}

static void unlimited_memory_lifts_the_sum_with_swap(void **state)
{
	expect("{\"memory\":{\"limit\":4096,\"swap\":8192}}", "{\"memory\":{\"limit\":-1}}",
	       "{\"memory\":{\"limit\":-1,\"swap\":-1}}");
	expect("{\"memory\":{\"limit\":4096}}", "{\"memory\":{\"limit\":-1}}",
	       "{\"memory\":{\"limit\":-1}}");
}

static void device_rules_stay(void **state)
{
	expect("{\"pids\":{\"limit\":1}}", "{\"devices\":[{\"allow\":true}]}",
	       "{\"pids\":{\"limit\":1}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_stays),
		cmocka_unit_test(zero_and_nothing_stand_for_what_is_set),
		cmocka_unit_test(zero_is_a_value_where_it_means_something),
		cmocka_unit_test(lists_change_by_their_keys),
		cmocka_unit_test(maps_change_by_their_keys),
		cmocka_unit_test(unlimited_memory_lifts_the_sum_with_swap),
		cmocka_unit_test(device_rules_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

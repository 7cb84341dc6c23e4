/* json_edit: one member changes, everything else stays as it was written. */
#include "base_case.h"

#include "base/json_edit.h"

static const char odd[] =
	"{ \"a\" : 1.50 ,\n\t\"b\":{\"c\" : [ 1 , {\"x\":\"}\\\"\"} ],\"d\":null} , "
	"\"unknown\" : { \"Z\": [] }\n}";

static void expect_set(const char *before, const char *path, const char *value, const char *after)
{
	auto_text struct text document = { 0 };

	text_add(&document, before);
	json_edit_set(&document, path, value);
	assert_string_equal(document.data, after);
}

static void expect_append(const char *before, const char *path, const char *value,
			  const char *after)
{
	auto_text struct text document = { 0 };

	text_add(&document, before);
	json_edit_append(&document, path, value);
	assert_string_equal(document.data, after);
}

static void test_a_member_is_replaced_in_its_place(void **state)
{
	expect_set(odd, "a", "2",
		   "{ \"a\" : 2 ,\n\t\"b\":{\"c\" : [ 1 , {\"x\":\"}\\\"\"} ],\"d\":null} , "
		   "\"unknown\" : { \"Z\": [] }\n}");
	expect_set(odd, "b.c", "true",
		   "{ \"a\" : 1.50 ,\n\t\"b\":{\"c\" : true,\"d\":null} , "
		   "\"unknown\" : { \"Z\": [] }\n}");
	expect_set("{\"a\":{\"b\":1}}", "a", "\"t\"", "{\"a\":\"t\"}");
}

static void test_a_new_member_comes_last(void **state)
{
	expect_set("{}", "a", "1", "{\"a\":1}");
	expect_set("{ }", "a", "1", "{\"a\":1 }");
	expect_set("{\"b\" : 2\n}", "a", "1", "{\"b\" : 2,\"a\":1\n}");
	expect_set("{\"b\":{\"c\":1}}", "b.d", "2", "{\"b\":{\"c\":1,\"d\":2}}");
}

static void test_missing_objects_on_the_way_are_made(void **state)
{
	expect_set("{}", "a.b.c", "1", "{\"a\":{\"b\":{\"c\":1}}}");
	expect_set("{\"a\":null}", "a.b", "1", "{\"a\":{\"b\":1}}");
	expect_set("{\"a\":{}}", "a.b.c", "1", "{\"a\":{\"b\":{\"c\":1}}}");
}

static void test_a_member_is_removed_with_one_comma(void **state)
{
	expect_set("{\"a\":1,\"b\":2,\"c\":3}", "a", NULL, "{\"b\":2,\"c\":3}");
	expect_set("{\"a\":1,\"b\":2,\"c\":3}", "b", NULL, "{\"a\":1,\"c\":3}");
	expect_set("{\"a\":1,\"b\":2,\"c\":3}", "c", NULL, "{\"a\":1,\"b\":2}");
	expect_set("{\"a\": [1] }", "a", NULL, "{ }");
	expect_set("{\"a\":1}", "b", NULL, "{\"a\":1}");
	expect_set("{\"a\":1}", "a.b", NULL, "{\"a\":1}");
}

static void test_items_are_appended(void **state)
{
	expect_append("{\"a\":[]}", "a", "1", "{\"a\":[1]}");
	expect_append("{\"a\":[ 1 ]}", "a", "2", "{\"a\":[ 1,2 ]}");
	expect_append("{\"b\":0}", "a", "1", "{\"b\":0,\"a\":[1]}");
	expect_append("{\"a\":null}", "a", "1", "{\"a\":[1]}");
	expect_append("{\"r\":{\"a\":[\"x\"]}}", "r.a", "\"y\"", "{\"r\":{\"a\":[\"x\",\"y\"]}}");
}

static void test_keys_inside_values_are_no_members(void **state)
{
	expect_set("{\"x\":\"a\",\"y\":{\"a\":0},\"a\":1}", "a", "2",
		   "{\"x\":\"a\",\"y\":{\"a\":0},\"a\":2}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_member_is_replaced_in_its_place),
		cmocka_unit_test(test_a_new_member_comes_last),
		cmocka_unit_test(test_missing_objects_on_the_way_are_made),
		cmocka_unit_test(test_a_member_is_removed_with_one_comma),
		cmocka_unit_test(test_items_are_appended),
		cmocka_unit_test(test_keys_inside_values_are_no_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

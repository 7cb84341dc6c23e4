/* base_json_write.c -- structs into JSON and back; paths found again in a document. */
#include "base_case.h"

#include "base/json.h"

#define LEAF_ROWS(ROW, T) ROW(T, string, name, "name", none, required)
JSON_STRUCT(leaf, LEAF_ROWS);
JSON_SHAPE(leaf, LEAF_ROWS);

#define TREE_ROWS(ROW, T)                                                                          \
	ROW(T, string, text, "text", none, optional)                                               \
	ROW(T, boolean, flag, "flag", none, optional)                                              \
	ROW(T, opt_boolean, opt_flag, "optFlag", none, optional)                                   \
	ROW(T, int32, i32, "i32", none, optional)                                                  \
	ROW(T, int64, i64, "i64", none, optional)                                                  \
	ROW(T, uint32, u32, "u32", none, optional)                                                 \
	ROW(T, uint64, u64, "u64", none, optional)                                                 \
	ROW(T, opt_int32, opt_i32, "optI32", none, optional)                                       \
	ROW(T, opt_int64, opt_i64, "optI64", none, optional)                                       \
	ROW(T, opt_uint32, opt_u32, "optU32", none, optional)                                      \
	ROW(T, opt_uint64, opt_u64, "optU64", none, optional)                                      \
	ROW(T, strings, list, "list", none, optional)                                              \
	ROW(T, uint32s, numbers, "numbers", none, optional)                                        \
	ROW(T, object, leaf, "leaf", leaf, optional)                                               \
	ROW(T, objects, leaves, "leaves", leaf, optional)                                          \
	ROW(T, string_map, map, "map", none, optional)                                             \
	ROW(T, object_map, leaf_map, "leafMap", leaf, optional)                                    \
	ROW(T, raw, raw, "raw", none, optional)
JSON_STRUCT(tree, TREE_ROWS);
JSON_SHAPE(tree, TREE_ROWS);

#define ALWAYS_ROWS(ROW, T)                                                                        \
	ROW(T, string, text, "text", none, always)                                                 \
	ROW(T, uint32, number, "number", none, always)                                             \
	ROW(T, boolean, flag, "flag", none, always)                                                \
	ROW(T, strings, list, "list", none, always)                                                \
	ROW(T, object, leaf, "leaf", leaf, always)                                                 \
	ROW(T, string_map, map, "map", none, always)                                               \
	ROW(T, opt_int64, opt, "opt", none, always)
JSON_STRUCT(everything, ALWAYS_ROWS);
JSON_SHAPE(everything, ALWAYS_ROWS);

static void assert_round_trip(struct base_case *test, const char *text)
{
	const struct json_source source = { text, strlen(text), "doc" };
	auto_text struct text out = { 0 };
	struct tree tree;

	if (json_read(&source, &tree_shape, &tree, &test->arena, NULL, &test->err) < 0)
		fail_msg("%s", told(test));
	json_write(&tree_shape, &tree, false, &out);
	assert_string_equal(out.data, text);
}

static void test_what_was_read_is_written_again(void **state)
{
	assert_round_trip(*state, "{}");
	assert_round_trip(*state, "{\"text\":\"\"}");
	assert_round_trip(
		*state,
		"{\"text\":\"a\\\"b\",\"flag\":true,\"optFlag\":false,\"i32\":-2147483648,"
		"\"i64\":-9223372036854775808,\"u32\":4294967295,\"u64\":18446744073709551615,"
		"\"optI32\":0,\"optI64\":-1,\"optU32\":0,\"optU64\":18446744073709551615,"
		"\"list\":[\"a\",\"\"],\"numbers\":[1,2],\"leaf\":{\"name\":\"l\"},"
		"\"leaves\":[{\"name\":\"m\"},{\"name\":\"n\"}],\"map\":{\"k.x\":\"v\"},"
		"\"leafMap\":{\"o\":{\"name\":\"p\"}},\"raw\":{ \"any\": [1.50] }}");
}

static void test_what_is_written_always_is_there_when_unset(void **state)
{
	struct everything nothing = { 0 };
	auto_text struct text out = { 0 };

	json_write(&everything_shape, &nothing, false, &out);
	assert_string_equal(out.data, "{\"text\":\"\",\"number\":0,\"flag\":false,\"list\":[],"
				      "\"leaf\":null,\"map\":{},\"opt\":null}");
}

static void test_pretty_output_is_indented_by_two(void **state)
{
	struct leaf leaf = { .name = (char *)"l" };
	char *items[] = { (char *)"a", (char *)"b", NULL };
	struct everything tree = { .list = { items, 2 }, .leaf = &leaf };
	auto_text struct text out = { 0 };

	json_write(&everything_shape, &tree, true, &out);
	assert_string_equal(out.data, "{\n"
				      "  \"text\": \"\",\n"
				      "  \"number\": 0,\n"
				      "  \"flag\": false,\n"
				      "  \"list\": [\n"
				      "    \"a\",\n"
				      "    \"b\"\n"
				      "  ],\n"
				      "  \"leaf\": {\n"
				      "    \"name\": \"l\"\n"
				      "  },\n"
				      "  \"map\": {},\n"
				      "  \"opt\": null\n"
				      "}\n");
}

static void test_strings_are_escaped_as_go_escapes_them(void **state)
{
	static const struct {
		const char *string, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain <&> \x7f", "\"plain <&> \x7f\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x1b[", "\"\\u0001\\u001f\\u001b[\"" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\\u2028\\u2029\xe2\x80\xaa\"" },
		{ "a\xff\xc3(\xe2\x82", "\"a\\ufffd\\ufffd(\\ufffd\\ufffd\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_text struct text out = { 0 };

		json_write_string(rows[i].string, &out);
		assert_string_equal(out.data, rows[i].json);
	}
}

/* ---- json_locate ---- */

static const char document[] =
	"{\n"
	"  \"mounts\": [ {\"source\": \"a\"},\n"
	"    { \"destination\": \"x]}\\\"\", \"source\": \"b\" } ],\n"
	"  \"linux\": { \"sysctl\": {\"net.ipv4.ip_forward\": \"1\"}, \"n\": 5 },\n"
	"  \"quote\\\"d\": 1\n"
	"}\n";

static void assert_found(const char *path, bool found, unsigned line, unsigned column)
{
	unsigned at_line, at_column;

	assert_int_equal(json_locate(document, sizeof(document) - 1, path, &at_line, &at_column),
			 found);
	assert_int_equal(at_line, line);
	assert_int_equal(at_column, column);
}

static void test_a_path_is_found_again(void **state)
{
	assert_found("", true, 1, 1);
	assert_found("mounts", true, 2, 13);
	assert_found("mounts[0]", true, 2, 15);
	assert_found("mounts[0].source", true, 2, 26);
	assert_found("mounts[1].source", true, 3, 41);
	assert_found("linux.n", true, 4, 59);
	assert_found("linux.sysctl[\"net.ipv4.ip_forward\"]", true, 4, 48);
}

static void test_of_a_path_that_is_not_there_the_nearest_value_is_told(void **state)
{
	assert_found("mounts[1].type", false, 3, 5);
	assert_found("mounts[2]", false, 2, 13);
	assert_found("linux.sysctl[\"x\"]", false, 4, 24);
	assert_found("linux.n.deeper", false, 4, 59);
	assert_found("absent", false, 1, 1);
	assert_found("mounts[x]", false, 2, 15);
	assert_found("linux.", false, 4, 12);
	assert_found("linux[\"unfinished", false, 4, 12);
}

static void test_looking_in_broken_text_stays_inside_it(void **state)
{
	static const char *const paths[] = { "mounts[1].source", "linux.sysctl[\"net\"]", "a[9]" };

	for (size_t length = 0; length < sizeof(document); length++) {
		char *bytes = malloc(length ? length : 1); /* the sanitizer watches its end */
		unsigned line, column;

		memcpy(bytes, document, length);
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			json_locate(bytes, length, paths[i], &line, &column);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_read_is_written_again),
		TEST(test_what_is_written_always_is_there_when_unset),
		TEST(test_pretty_output_is_indented_by_two),
		TEST(test_strings_are_escaped_as_go_escapes_them),
		TEST(test_a_path_is_found_again),
		TEST(test_of_a_path_that_is_not_there_the_nearest_value_is_told),
		TEST(test_looking_in_broken_text_stays_inside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* base_json_read.c -- documents into structs: what each kind takes, what is refused, and where. */
#include "base_case.h"

#include "base/json.h"

#define INNER_ROWS(ROW, T)                                                                         \
	ROW(T, string, name, "name", none, required)                                               \
	ROW(T, int32, weight, "weight", none, optional)                                            \
	ROW(T, objects, children, "children", inner, optional) /* itself, by pointer */
JSON_STRUCT(inner, INNER_ROWS);
JSON_SHAPE(inner, INNER_ROWS);

#define OUTER_ROWS(ROW, T)                                                                         \
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
	ROW(T, object, inner, "inner", inner, optional)                                            \
	ROW(T, objects, inners, "inners", inner, optional)                                         \
	ROW(T, string_map, map, "map", none, optional)                                             \
	ROW(T, object_map, inner_map, "innerMap", inner, optional)                                 \
	ROW(T, raw, raw, "raw", none, optional)
JSON_STRUCT(outer, OUTER_ROWS);
JSON_SHAPE(outer, OUTER_ROWS);

static int read_bytes(struct base_case *test, const char *text, size_t length, struct outer *outer)
{
	const struct json_source source = { text, length, "doc" };

	return json_read(&source, &outer_shape, outer, &test->arena, NULL, &test->err);
}

static struct outer read_good(struct base_case *test, const char *text)
{
	struct outer outer;

	if (read_bytes(test, text, strlen(text), &outer) < 0)
		fail_msg("%s: %s", text, told(test));
	return outer;
}

static void assert_refused(struct base_case *test, const char *text, const char *line)
{
	struct outer outer;

	assert_int_equal(read_bytes(test, text, strlen(text), &outer), -EINVAL);
	assert_string_equal(told(test), line);
}

/* ---- what each kind takes ---- */

static void test_an_empty_object_leaves_everything_absent(void **state)
{
	struct outer outer = read_good(*state, " { } ");
	const struct outer nothing = { 0 };

	assert_memory_equal(&outer, &nothing, sizeof(outer));
}

static void test_scalars_of_every_kind(void **state)
{
	struct outer outer = read_good(
		*state, "{\"text\":\"a\\u00e4\\ud83d\\ude00\\n\",\"flag\":true,\"optFlag\":false,"
			"\"i32\":-2147483648,\"i64\":-9223372036854775808,\"u32\":4294967295,"
			"\"u64\":18446744073709551615,\"optI32\":0,\"optI64\":9223372036854775807,"
			"\"optU32\":7,\"optU64\":0}");

	assert_string_equal(outer.text, "a\xc3\xa4\xf0\x9f\x98\x80\n");
	assert_true(outer.flag);
	assert_false(*outer.opt_flag);
	assert_true(outer.i32 == INT32_MIN && outer.i64 == INT64_MIN);
	assert_true(outer.u32 == UINT32_MAX && outer.u64 == UINT64_MAX);
	assert_int_equal(*outer.opt_i32, 0);
	assert_true(*outer.opt_i64 == INT64_MAX);
	assert_int_equal(*outer.opt_u32, 7);
	assert_int_equal(*outer.opt_u64, 0);
}

static void test_lists_of_strings_and_numbers(void **state)
{
	struct outer outer = read_good(*state, "{\"list\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\","
					       "\"7\",\"8\",\"9\"],\"numbers\":[0,4294967295]}");

	assert_int_equal(outer.list.count, 9);
	assert_string_equal(outer.list.items[8], "9");
	assert_null(outer.list.items[9]);
	assert_int_equal(outer.numbers.count, 2);
	assert_true(outer.numbers.items[1] == UINT32_MAX);
}

static void test_objects_lists_and_maps_of_objects_nest(void **state)
{
	struct outer outer =
		read_good(*state, "{\"inner\":{\"name\":\"a\",\"children\":[{\"name\":\"b\"},"
				  "{\"name\":\"c\",\"weight\":3}]},\"inners\":[{\"name\":\"d\"}],"
				  "\"innerMap\":{\"x\":{\"name\":\"e\"},\"y\":{\"name\":\"f\"}}}");

	assert_string_equal(outer.inner->name, "a");
	assert_int_equal(outer.inner->children.count, 2);
	assert_string_equal(outer.inner->children.items[1].name, "c");
	assert_int_equal(outer.inner->children.items[1].weight, 3);
	assert_string_equal(outer.inners.items[0].name, "d");
	assert_int_equal(outer.inner_map.count, 2);
	assert_string_equal(outer.inner_map.keys[1], "y");
	assert_string_equal(outer.inner_map.items[1].name, "f");
}

static void test_maps_keep_their_order_and_grow(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };
	struct outer outer;

	text_add(&text, "{\"map\":{");
	for (int i = 0; i < 2000; i++)
		text_format(&text, "%s\"k%d\":\"v%d\"", i ? "," : "", i, i);
	text_add(&text, "}}");
	outer = read_good(test, text.data);
	assert_int_equal(outer.map.count, 2000);
	assert_string_equal(outer.map.items[1234].key, "k1234");
	assert_string_equal(string_map_get(&outer.map, "k1999"), "v1999");
}

static void test_raw_values_are_kept_as_they_stand(void **state)
{
	static const char *const values[] = {
		"{ \"a\" : [1, 2.50, \"x\\u00e4\"] }", "[ ]", "1.50e3", "true", "\"s\\n\"",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct base_case *test = *state;
		struct outer outer = read_good(
			test, arena_format(&test->arena,
					   "{\"flag\":true, \"raw\" : %s , \"u32\":3}", values[i]));

		assert_string_equal(outer.raw, values[i]);
		assert_int_equal(outer.u32, 3);
	}
}

static void test_nothing_points_into_the_text(void **state)
{
	struct base_case *test = *state;
	char text[] = "{\"text\":\"abc\",\"list\":[\"d\"],\"raw\":[1]}";
	struct outer outer = read_good(test, text);

	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(outer.text, "abc");
	assert_string_equal(outer.list.items[0], "d");
	assert_string_equal(outer.raw, "[1]");
}

static void test_null_is_absent(void **state)
{
	struct outer outer = read_good(
		*state, "{\"text\":null,\"optI32\":null,\"list\":null,\"inner\":null,"
			"\"raw\":null,\"flag\":null,\"u64\":null,\"map\":{\"a\":null,\"b\":\"1\"},"
			"\"unknown\":null}");

	assert_null(outer.text);
	assert_null(outer.opt_i32);
	assert_null(outer.list.items);
	assert_null(outer.inner);
	assert_null(outer.raw);
	assert_int_equal(outer.map.count, 1);
	assert_string_equal(outer.map.items[0].key, "b");
}

static void test_unknown_keys_are_ignored_or_collected(void **state)
{
	struct base_case *test = *state;
	const char *text = "{\"future\":{\"text\":1,\"a\":[{}]},\"inners\":[{\"name\":\"a\"},"
			   "{\"name\":\"b\",\"a.b\":[]}],\"map\":{\"any\":\"x\"},\"u32\":5}";
	const struct json_source source = { text, strlen(text), "doc" };
	struct json_notes notes = { 0 };
	struct outer outer;

	assert_int_equal(json_read(&source, &outer_shape, &outer, &test->arena, &notes, NULL), 0);
	assert_int_equal(outer.u32, 5);
	assert_int_equal(notes.unknown.count, 2);
	assert_string_equal(notes.unknown.items[0], "future");
	assert_string_equal(notes.unknown.items[1], "inners[1][\"a.b\"]");
}

/* ---- what is refused, and where ---- */

static void test_a_wrong_type_names_path_line_and_column(void **state)
{
	struct base_case *test = *state;

	assert_refused(test, "{\"text\":5}",
		       "doc: text (line 1:9): expected a string, found a number");
	assert_refused(test, "{\n\t\"flag\": \"yes\"\n}",
		       "doc: flag (line 2:10): expected a boolean, found a string");
	assert_refused(test, "{\"u32\": \"5\"}",
		       "doc: u32 (line 1:9): expected a whole number, found a string");
	assert_refused(test, "{\"list\": [\"a\",\n  {}]}",
		       "doc: list[1] (line 2:3): expected a string, found an object");
	assert_refused(test, "{\"list\": \"a\"}",
		       "doc: list (line 1:10): expected an array of strings, found a string");
	assert_refused(test, "{\"inner\": []}",
		       "doc: inner (line 1:11): expected an object, found an array");
	assert_refused(test, "{\"inners\": [{\"name\":\"a\"}, {\"name\":\"b\",\"weight\":true}]}",
		       "doc: inners[1].weight (line 1:48): expected a whole number, found a "
		       "boolean");
	assert_refused(test, "{\"map\": {\"a.b\": 1}}",
		       "doc: map[\"a.b\"] (line 1:17): expected a string, found a number");
	assert_refused(test, "[]", "doc (line 1:1): expected an object, found an array");
	assert_refused(test, "\"x\"", "doc (line 1:1): expected an object, found a string");
}

static void test_columns_count_characters(void **state)
{
	assert_refused(*state, "{\"text\":\"\xc3\xa4\xe2\x82\xac\",\"flag\":1}",
		       "doc: flag (line 1:21): expected a boolean, found a number");
}

static void test_numbers_are_exact_and_in_range(void **state)
{
	struct base_case *test = *state;
	static const struct {
		const char *key, *number, *what;
	} rows[] = {
		{ "i32", "2147483648", "32 signed" },
		{ "i32", "-2147483649", "32 signed" },
		{ "u32", "-1", "32 unsigned" },
		{ "u32", "4294967296", "32 unsigned" },
		{ "u64", "-0", "64 unsigned" },
		{ "u64", "18446744073709551616", "64 unsigned" },
		{ "i64", "1.0", "64 signed" },
		{ "i64", "1e3", "64 signed" },
		{ "i64", "1E3", "64 signed" },
		{ "optI32", "0.5", "32 signed" },
		{ "optU64", "2.5e1", "64 unsigned" },
		{ "i64", "9223372036854775808", "64 signed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_refused(
			test,
			arena_format(&test->arena, "{\"%s\":%s}", rows[i].key, rows[i].number),
			arena_format(&test->arena,
				     "doc: %s (line 1:%zu): %s is not a whole number of %s "
				     "bits",
				     rows[i].key, strlen(rows[i].key) + 5, rows[i].number,
				     rows[i].what));
}

static void test_a_number_longer_than_any_is_refused(void **state)
{
	struct base_case *test = *state;
	struct outer outer;
	char text[4096] = "{\"u64\":1";

	memset(text + 8, '0', 4000);
	strcpy(text + 4008, "}");
	assert_int_equal(read_bytes(test, text, strlen(text), &outer), -EINVAL);
}

static void test_a_key_that_is_there_twice_is_refused(void **state)
{
	struct base_case *test = *state;

	assert_refused(test, "{\"u32\":1,\"u32\":2}", "doc: u32 (line 1:8): is there twice");
	assert_refused(test, "{\"map\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"3\"}}",
		       "doc: map.a (line 1:13): is there twice");
	assert_refused(test, "{\"innerMap\":{\"a\":{\"name\":\"x\"},\"a\":{\"name\":\"y\"}}}",
		       "doc: innerMap.a (line 1:18): is there twice");
	assert_refused(test, "{\"u32\":1,\"u\\u00332\":2}", "doc: u32 (line 1:8): is there twice");
}

static void test_a_key_that_is_there_twice_is_found_in_any_map(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };
	struct outer outer;

	text_add(&text, "{\"map\":{");
	for (int i = 0; i < 5000; i++)
		text_format(&text, "\"k%d\":\"\",", i);
	text_add(&text, "\"k4999\":\"\"}}");
	assert_int_equal(read_bytes(test, text.data, text.length, &outer), -EINVAL);
	assert_string_equal(test->err.what, "is there twice");
}

static void test_a_required_key_must_be_there(void **state)
{
	struct base_case *test = *state;

	assert_refused(test, "{\"inner\":\n {\"weight\":1}}",
		       "doc: inner.name (line 2:2): is required and missing");
	assert_refused(test, "{\"inner\": {\"name\":null}}",
		       "doc: inner.name (line 1:19): is required and missing");
	assert_refused(test, "{\"innerMap\":{\"x\":{}}}",
		       "doc: innerMap.x.name (line 1:18): is required and missing");
}

static void test_null_is_no_item_and_no_document(void **state)
{
	assert_refused(*state, "{\"list\":[\"a\", null]}",
		       "doc: list[1] (line 1:15): a null has no place here");
	assert_refused(*state, "null", "doc (line 1:1): a null has no place here");
}

static void test_nesting_ends_at_64(void **state)
{
	struct base_case *test = *state;
	char text[400] = "{\"unknown\":";
	struct outer outer;

	for (int depth = 63; depth <= 64; depth++) {
		memset(text + 11, '[', (size_t)depth);
		memset(text + 11 + depth, ']', (size_t)depth);
		strcpy(text + 11 + 2 * depth, "}");
		assert_int_equal(read_bytes(test, text, strlen(text), &outer),
				 depth == 63 ? 0 : -EINVAL);
	}
	assert_string_equal(test->err.what, "nested too deeply");
}

static void test_known_objects_nest_no_deeper(void **state)
{
	struct base_case *test = *state;
	auto_text struct text text = { 0 };
	struct outer outer;

	text_add(&text, "{\"inner\":");
	for (int i = 0; i < 40; i++)
		text_add(&text, "{\"name\":\"x\",\"children\":[");
	assert_int_equal(read_bytes(test, text.data, text.length, &outer), -EINVAL);
	assert_string_equal(test->err.what, "nested too deeply");
}

static void test_strings_are_strict_utf8(void **state)
{
	struct base_case *test = *state;

	assert_refused(test, "{\"text\":\n\"a\xff\"}", "doc (line 2:3): not UTF-8");
	assert_refused(test, "{\"text\":\"\xc0\xaf\"}", "doc (line 1:10): not UTF-8");
	assert_refused(test, "{\"unknown\":\"\xed\xa0\x80\"}", "doc (line 1:13): not UTF-8");
	assert_refused(test, "{\"text\":\"\\ud800\"}", "doc (line 1:10): half a surrogate pair");
	assert_refused(test, "{\"text\":\"\\ude00\\ud83d\"}",
		       "doc (line 1:10): half a surrogate pair");
	assert_refused(test, "{\"text\":\"\\ud83d\\u0041\"}",
		       "doc (line 1:10): half a surrogate pair");
	assert_string_equal(read_good(test, "{\"text\":\"\\\\ud800\"}").text, "\\ud800");
}

static void test_a_zero_byte_is_refused_in_strings_and_keys(void **state)
{
	struct base_case *test = *state;
	struct outer outer;

	assert_refused(test, "{\"text\":\"/etc\\u0000/x\"}",
		       "doc: text (line 1:9): the string has a zero byte");
	assert_refused(test, "{\"map\":{\"a\\u0000b\":\"\"}}",
		       "doc: map (line 1:8): a key has a zero byte");
	assert_int_equal(read_bytes(test, "{}\0", 3, &outer), -EINVAL);
}

static void test_what_is_no_json_names_the_place(void **state)
{
	struct base_case *test = *state;
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"{\"text\"",
		"{\"text\":",
		"{\"text\":\"a",
		"{\"text\":\"a\"",
		"{\"list\":[",
		"{\"list\":[1,]}",
		"{\"u32\":01}",
		"{\"u32\":+1}",
		"{\"u32\":.5}",
		"{\"u32\":1,}",
		"{u32:1}",
		"{'u32':1}",
		"{}{}",
		"{} x",
		"{]",
		"nul",
		"{\"a\":tru}",
		"{\"text\":\"a\nb\"}",
		"{\"text\":\"\\x\"}",
		"{\"text\":\"\\u12\"}",
		"{\"a\":1 /* comment */}",
		"\xef\xbb\xbf{}",
		"{\"raw\":{\"a\":}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct outer outer;

		if (read_bytes(test, texts[i], strlen(texts[i]), &outer) != -EINVAL)
			fail_msg("taken: %s", texts[i]);
		assert_true(text_starts(test->err.where, "doc"));
		assert_true(test->err.what[0]);
	}
	assert_refused(test, "{\n\"u32\": 1,\n}",
		       "doc (line 3:1): invalid object key (must be a string)");
	assert_refused(test, "{}\n{}", "doc (line 2:1): trailing garbage");
}

static void test_the_text_need_not_be_terminated(void **state)
{
	struct base_case *test = *state;
	char *bytes = malloc(9); /* the sanitizer watches its end */
	struct outer outer;

	memcpy(bytes, "{\"u32\":12", 9);
	for (size_t length = 0; length <= 9; length++)
		assert_int_equal(read_bytes(test, bytes, length, &outer), -EINVAL);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_object_leaves_everything_absent),
		TEST(test_scalars_of_every_kind),
		TEST(test_lists_of_strings_and_numbers),
		TEST(test_objects_lists_and_maps_of_objects_nest),
		TEST(test_maps_keep_their_order_and_grow),
		TEST(test_raw_values_are_kept_as_they_stand),
		TEST(test_nothing_points_into_the_text),
		TEST(test_null_is_absent),
		TEST(test_unknown_keys_are_ignored_or_collected),
		TEST(test_a_wrong_type_names_path_line_and_column),
		TEST(test_columns_count_characters),
		TEST(test_numbers_are_exact_and_in_range),
		TEST(test_a_number_longer_than_any_is_refused),
		TEST(test_a_key_that_is_there_twice_is_refused),
		TEST(test_a_key_that_is_there_twice_is_found_in_any_map),
		TEST(test_a_required_key_must_be_there),
		TEST(test_null_is_no_item_and_no_document),
		TEST(test_nesting_ends_at_64),
		TEST(test_known_objects_nest_no_deeper),
		TEST(test_strings_are_strict_utf8),
		TEST(test_a_zero_byte_is_refused_in_strings_and_keys),
		TEST(test_what_is_no_json_names_the_place),
		TEST(test_the_text_need_not_be_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

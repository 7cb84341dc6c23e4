/* base_settings.c -- TOML, JSON and YAML as people get them right, and mostly wrong. */
#include "base_case.h"

#include "base/settings.h"

static struct setting *root_of(struct base_case *test, settings_reader *reader, const char *content)
{
	struct text text = { (char *)content, strlen(content), 0 };
	struct setting *root = NULL;

	return reader(&text, "f", &test->arena, &root, &test->err) == 0 ? root : NULL;
}

/* The tree in one line: {key=value,…}. */
static void draw(const struct setting *setting, struct text *out)
{
	bool table = setting->kind == SETTING_TABLE;

	switch (setting->kind) {
	case SETTING_STRING:
		text_format(out, "'%s'", setting->string);
		return;
	case SETTING_BOOLEAN:
		text_add(out, setting->boolean ? "true" : "false");
		return;
	case SETTING_NULL:
		text_add(out, "null");
		return;
	case SETTING_INTEGER:
		text_format(out, "%lld", (long long)setting->integer);
		return;
	default:
		text_add(out, table ? "{" : "[");
		for (const struct setting *at = setting->first; at; at = at->next) {
			if (table)
				text_format(out, "%s=", at->key);
			draw(at, out);
			text_add(out, at->next ? "," : "");
		}
		text_add(out, table ? "}" : "]");
	}
}

struct read_case {
	const char *content;
	const char *tree; /* or the whole error */
};

static void check(struct base_case *test, settings_reader *reader, const struct read_case *cases,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_text struct text out = { 0 };
		struct setting *root;

		test->err = (struct error){ 0 };
		root = root_of(test, reader, cases[i].content);
		if (root)
			draw(root, &out);
		else
			text_add(&out, told(test));
		if (strcmp(out.data, cases[i].tree) != 0)
			print_message("of: %s\n", cases[i].content);
		assert_string_equal(out.data, cases[i].tree);
	}
}

#define CHECK(reader, cases) check(test, reader, cases, sizeof(cases) / sizeof(cases[0]))

/* clang-format off */
static const struct read_case good_toml[] = {
	{ "", "{}" },
	{ "# nothing\n\n", "{}" },
	{ "\xef\xbb\xbf" "a = 1", "{a=1}" },
	{ "a = 1\r\nb = 2\r\n", "{a=1,b=2}" },
	{ "a = \"x\" # why\n\"b c\" = 'y\\z'\n'd' = true\n", "{a='x',b c='y\\z',d=true}" },
	{ "a = \"\\t\\\"\\\\\\u00e9\\U0001F600\"", "{a='\t\"\\\xc3\xa9\xf0\x9f\x98\x80'}" },
	{ "a = \"\"\"\nx\n\"\"y\\\n   z\"\"\"", "{a='x\n\"\"yz'}" },
	{ "a = '''\nx\\n''y'''", "{a='x\\n''y'}" },
	{ "a = \"\"\nb = ''", "{a='',b=''}" },
	{ "a = [ 1, # one\n 2,\n]\nb = [[], ['x']]", "{a=[1,2],b=[[],['x']]}" },
	{ "a = { b = 1, c.d = 'x', e = {} }", "{a={b=1,c={d='x'},e={}}}" },
	{ "a = +1_000\nb = -2\nc = 0xfF\nd = 0o17\ne = 0b11\nf = 0", "{a=1000,b=-2,c=255,d=15,e=3,f=0}" },
	{ "a = 9223372036854775807", "{a=9223372036854775807}" },
	{ "[a]\nb = 1\n[a.c]\nd = 2\n[e]\n", "{a={b=1,c={d=2}},e={}}" },
	{ "[a.b]\nc = 1\n[a]\nd = 2\n", "{a={b={c=1},d=2}}" },
	{ "a.b = 1\na.c = 2\n", "{a={b=1,c=2}}" },
	{ "[[r]]\na = 1\n[[r.m]]\nb = 2\n[[r.m]]\nb = 3\n[[r]]\na = 4\n", "{r=[{a=1,m=[{b=2},{b=3}]},{a=4}]}" },
	{ "[ a . \"b\" ]\n  c = 1", "{a={b={c=1}}}" },
};

static const struct read_case bad_toml[] = {
	{ "a", "f (line 1:2): expected \"=\", found the end of the file" },
	{ "a = ", "f (line 1:5): expected a value, found the end of the file" },
	{ "a =\n1", "f (line 1:4): expected a value, found the end of the line" },
	{ "= 1", "f (line 1:1): expected a key, found \"=\"" },
	{ "a = yes", "f (line 1:5): expected a value, found \"yes\"" },
	{ "a = True", "f (line 1:5): expected a value, found \"True\"" },
	{ "a = 1 b = 2", "f (line 1:7): expected the end of the line, found \"b\"" },
	{ "a = 1\n\nb = \"x", "f (line 3:5): the string does not end in its line" },
	{ "a = 'x\n'", "f (line 1:5): the string does not end in its line" },
	{ "b = 1\na = \"\"\"\nx\n", "f (line 2:5): the string does not end" },
	{ "a = \"\\x\"", "f (line 1:6): unknown escape in a string" },
	{ "a = \"\\u12\"", "f (line 1:6): \\u needs 4 hex digits" },
	{ "a = \"\\ud800\"", "f (line 1:6): no character has this code" },
	{ "a = 1\na = 2", "f (line 2:1): \"a\" is set twice (first in line 1)" },
	{ "a = 1\n[a]", "f (line 2:2): \"a\" is set twice (first in line 1)" },
	{ "[a]\n[a]", "f (line 2:2): \"a\" is set twice (first in line 1)" },
	{ "[[a]]\n[a]", "f (line 2:2): \"a\" is set twice (first in line 1)" },
	{ "a = []\n[[a]]", "f (line 2:3): \"a\" is set twice (first in line 1)" },
	{ "a.b = 1\n[a]", "f (line 2:2): \"a\" is set twice (first in line 1)" },
	{ "a = {}\n[a.b]", "f (line 2:2): the table \"a\" is complete (line 1): nothing is added" },
	{ "[a.b]\n[x]\n[a]\nb.c = 1", "f (line 4:1): the table \"b\" is complete (line 1): nothing is added" },
	{ "a = 1\na.b = 2", "f (line 2:1): \"a\" is a number (line 1), not a table" },
	{ "[a", "f (line 1:3): expected \"]\", found the end of the file" },
	{ "[[a]", "f (line 1:4): expected \"]]\", found \"]\"" },
	{ "[]", "f (line 1:2): expected a key, found \"]\"" },
	{ "a = [1 2]", "f (line 1:8): expected \",\" or \"]\", found \"2\"" },
	{ "a = [1,,2]", "f (line 1:8): expected a value, found \",\"" },
	{ "a = {b = 1,}", "f (line 1:12): expected a key, found \"}\"" },
	{ "a = {b = 1\n}", "f (line 1:11): expected \",\" or \"}\" in the same line, found the end of the line" },
	{ "a = 1.5", "f (line 1:5): fractions and dates are not used here" },
	{ "a = 1979-05-27", "f (line 1:5): fractions and dates are not used here" },
	{ "a = 012", "f (line 1:5): \"012\" is no whole number" },
	{ "a = 1__0", "f (line 1:5): \"1__0\" is no whole number" },
	{ "a = 0xfg", "f (line 1:5): \"0xfg\" is no whole number" },
	{ "a = 9223372036854775808", "f (line 1:5): 9223372036854775808 is too large" },
	{ "a = \"\xff\"", "f (line 1:6): not UTF-8" },
	{ "a = 1\n b = \"\x01\"", "f (line 2:7): a control character" },
};

static const struct read_case json[] = {
	{ "{}", "{}" },
	{ " {\n\"a\": [ true, false, -1, \"x\\/\\ud83d\\ude00\", {} ] }\n", "{a=[true,false,-1,'x/\xf0\x9f\x98\x80',{}]}" },
	{ "", "f (line 1:1): expected \"{\", found the end of the file" },
	{ "[]", "f (line 1:1): expected \"{\", found \"[\"" },
	{ "{\"a\":1,}", "f (line 1:8): expected a key in double quotes, found \"}\"" },
	{ "{\"a\":1\n\"b\":2}", "f (line 2:1): expected \",\" or \"}\", found \"\"b\":2\"" },
	{ "{\"a\":1,\n \"a\":2}", "f (line 2:2): \"a\" is set twice (first in line 1)" },
	{ "{\"a\":null, \"b\":1}", "{a=null,b=1}" },
	{ "{\"a\":[null, {}]}", "{a=[null,{}]}" },
	{ "{\"a\":null, \"a\":1}", "f (line 1:12): \"a\" is set twice (first in line 1)" },
	{ "{\"a\":null, \"a\":null}", "f (line 1:12): \"a\" is set twice (first in line 1)" },
	{ "{\"a\":nulls}", "f (line 1:6): expected a value, found \"nulls\"" },
	{ "{\"a\":01}", "f (line 1:6): \"01\" is no whole number" },
	{ "{\"a\":1.5}", "f (line 1:6): \"1.5\" is no whole number" },
	{ "{\"a\":[1,]}", "f (line 1:9): expected a value, found \"]\"" },
	{ "{\"a\":'x'}", "f (line 1:6): expected a value, found \"'x'\"" },
	{ "{\"a\":\"x\ny\"}", "f (line 1:6): the string does not end in its line" },
	{ "{\"a\":\"\\q\"}", "f (line 1:7): unknown escape in a string" },
	{ "{\"a\":\"\\ud83d\"}", "f (line 1:7): no character has this code" },
	{ "{} {}", "f (line 1:4): expected nothing more, found \"{\"" },
	{ "{\"a\"", "f (line 1:5): expected \":\", found the end of the file" },
	{ "{\"a\":{\"b\":1}", "f (line 1:13): expected \",\" or \"}\", found the end of the file" },
};

static const struct read_case yaml[] = {
	{ "", "{}" },
	{ "---\n# x\na: b\n", "{a='b'}" },
	{ "docker:\n  h:5000/n:\n    lookaside: file:///x y # z\n    on: true\n  'q''s':\n    \"a\\tb\": 'c: d'\n",
	  "{docker={h:5000/n={lookaside='file:///x y',on=true},q's={a\tb='c: d'}}}" },
	{ "a:\n  b:\n    c: 1\nd: e\n", "{a={b={c='1'}},d='e'}" },
	{ "a:\nb: x\n", "{a={},b='x'}" },
	{ "a: b\na: c\n", "f (line 2:1): \"a\" is set twice (first in line 1)" },
	{ "a:\n\tb: c\n", "f (line 2:1): a tab in the indentation" },
	{ "a: b\n  c: d\n", "f (line 2:3): is indented too far" },
	{ "a:\n    b: c\n  d: e\n", "f (line 3:3): is indented as no line above" },
	{ "a: [b]\n", "f (line 1:4): only mappings of strings are understood here" },
	{ "a: &x b\n", "f (line 1:4): only mappings of strings are understood here" },
	{ "- a\n", "f (line 1:1): only mappings of strings are understood here" },
	{ "a: |\n", "f (line 1:4): only mappings of strings are understood here" },
	{ "a\n", "f (line 1:2): expected \"KEY: VALUE\", found the end of the line" },
	{ "a: \"b\" c\n", "f (line 1:8): expected the end of the line, found \"c\"" },
	{ "a: 'b\n", "f (line 1:4): the string does not end in its line" },
	{ "a: b\n---\nc: d\n", "f (line 2:1): only mappings of strings are understood here" },
};
/* clang-format on */

static void toml_is_read_as_it_is_meant(void **state)
{
	struct base_case *test = *state;

	CHECK(settings_read_toml, good_toml);
}

static void wrong_toml_is_refused_with_its_place(void **state)
{
	struct base_case *test = *state;

	CHECK(settings_read_toml, bad_toml);
}

static void json_is_read_strictly(void **state)
{
	struct base_case *test = *state;

	CHECK(settings_read_json, json);
}

static void mappings_of_yaml_are_read_and_nothing_is_guessed(void **state)
{
	struct base_case *test = *state;

	CHECK(settings_read_yaml, yaml);
}

static void values_in_values_have_a_limit(void **state)
{
	struct base_case *test = *state;
	auto_text struct text deep = { 0 };

	text_add(&deep, "a = ");
	for (int i = 0; i < 100000; i++)
		text_add(&deep, "[");
	assert_null(root_of(test, settings_read_toml, deep.data));
	assert_string_equal(told(test), "f (line 1:69): nested too deeply");
}

/* Every beginning of a good file is read or refused, never run over. */
static void a_file_may_end_anywhere(void **state)
{
	struct base_case *test = *state;
	static settings_reader *const readers[] = { settings_read_toml, settings_read_json,
						    settings_read_yaml };

	for (size_t i = 0; i < sizeof(good_toml) / sizeof(good_toml[0]); i++)
		for (size_t length = strlen(good_toml[i].content); length > 0; length--)
			for (size_t r = 0; r < 3; r++) {
				char *cut = arena_copy(&test->arena, good_toml[i].content, length);

				test->err = (struct error){ 0 };
				if (!root_of(test, readers[r], cut))
					assert_true(test->err.number == EINVAL && *test->err.where);
			}
}

struct bound {
	char *name, *mode;
	bool on, *choice;
	struct strings list;
};

static const struct setting_row rows[] = {
	{ "name", SETTING_TO_STRING, offsetof(struct bound, name), NULL },
	{ "mode", SETTING_TO_STRING, offsetof(struct bound, mode), "all|none" },
	{ "on", SETTING_TO_BOOLEAN, offsetof(struct bound, on), NULL },
	{ "choice", SETTING_TO_CHOICE, offsetof(struct bound, choice), NULL },
	{ "list", SETTING_TO_STRINGS, offsetof(struct bound, list), NULL },
};

static const struct setting_rows strict = { rows, 5, false }, lenient = { rows, 5, true };

static int bind(struct base_case *test, const struct setting_rows *how, const char *content,
		struct bound *bound)
{
	*bound = (struct bound){ 0 };
	test->err = (struct error){ 0 };
	return settings_bind(root_of(test, settings_read_toml, content), how, bound, &test->arena,
			     &test->err);
}

static void a_table_is_bound_by_rows(void **state)
{
	struct base_case *test = *state;
	struct bound bound;

	assert_int_equal(bind(test, &strict,
			      "name = 'n'\nmode = 'all'\non = true\nchoice = false\n"
			      "list = ['a', 'b']",
			      &bound),
			 0);
	assert_string_equal(bound.name, "n");
	assert_true(bound.on && bound.choice && !*bound.choice && bound.list.count == 2);
	assert_int_equal(bind(test, &lenient, "other = 1\nname = 'n'", &bound), 0);
	assert_null(bound.choice);
}

static void what_does_not_fit_the_rows_is_refused_with_its_place(void **state)
{
	struct base_case *test = *state;
	static const struct read_case cases[] = {
		{ "name = true", "f (line 1:8): name: expected a string, found true or false" },
		{ "on = 'true'", "f (line 1:6): on: expected true or false, found a string" },
		{ "list = 'a'", "f (line 1:8): list: expected a list, found a string" },
		{ "list = [\n'a', 1]", "f (line 2:6): expected a string, found a number" },
		{ "mode = 'al'", "f (line 1:8): mode: \"al\" is none of all|none" },
		{ "\n nam = 'x'", "f (line 2:8): unknown key \"nam\"" },
	};
	struct bound bound;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(bind(test, &strict, cases[i].content, &bound), -EINVAL);
		assert_string_equal(told(test), cases[i].tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(toml_is_read_as_it_is_meant),
		TEST(wrong_toml_is_refused_with_its_place),
		TEST(json_is_read_strictly),
		TEST(mappings_of_yaml_are_read_and_nothing_is_guessed),
		TEST(values_in_values_have_a_limit),
		TEST(a_file_may_end_anywhere),
		TEST(a_table_is_bound_by_rows),
		TEST(what_does_not_fit_the_rows_is_refused_with_its_place),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

/* base_template.c -- Go's templates over structs with rows. */
#include "base_case.h"

#include "base/template.h"

/* clang-format off */
#define PART_ROWS(ROW, T) \
	ROW(T, string,  created_by, "created_by", none, optional) \
	ROW(T, boolean, empty,      "empty",      none, optional)
JSON_STRUCT(part, PART_ROWS);
JSON_SHAPE(part, PART_ROWS);

#define ENGINE_ROWS(ROW, T) \
	ROW(T, strings,    env,    "Env",    none, optional) \
	ROW(T, string_map, labels, "Labels", none, optional) \
	ROW(T, object_map, ports,  "Ports",  part, optional)
JSON_STRUCT(engine, ENGINE_ROWS);
JSON_SHAPE(engine, ENGINE_ROWS);

#define THING_ROWS(ROW, T) \
	ROW(T, string,  id,        "Id",        none,   always) \
	ROW(T, string,  created,   "CreatedAt", none,   always) \
	ROW(T, int64,   size,      "Size",      none,   always) \
	ROW(T, boolean, read_only, "ReadOnly",  none,   always) \
	ROW(T, object,  engine,    "Config",    engine, optional) \
	ROW(T, objects, parts,     "History",   part,   always) \
	ROW(T, raw,     health,    "Health",    none,   optional)
JSON_STRUCT(thing, THING_ROWS);
JSON_SHAPE(thing, THING_ROWS);
/* clang-format on */

static char document[] =
	"{\"Id\":\"abcdef\",\"CreatedAt\":\"2024-01-02T03:04:05.5Z\",\"Size\":42,"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"z\":\"last\",\"a.b\":\"first\"},"
	"\"Ports\":{\"80/tcp\":{}}},"
	"\"History\":[{\"created_by\":\"RUN x\"},{\"created_by\":\"CMD\",\"empty\":true}]}";

static const char *const times[] = { "CreatedAt", NULL };
static const struct template_heading headings[] = { { "ID", "THING ID" }, { 0 } };

struct printed {
	struct arena arena;
	struct text out;
	struct error err;
	int result;
};

static struct printed printed;

static int forget_printed(void **state)
{
	text_free(&printed.out);
	arena_free(&printed.arena);
	printed = (struct printed){ 0 };
	return 0;
}

/* The template over that thing, `count` times. */
static const char *print_many(const char *format, size_t count)
{
	struct thing *things;
	struct template_rows rows = {
		.shape = &thing_shape, .count = count, .headings = headings, .times = times
	};

	forget_printed(NULL);
	things = arena_array(&printed.arena, count + 1, sizeof(*things));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_read(&(struct json_source){ document, strlen(document),
								  "document", 0 },
					   &thing_shape, &things[i], &printed.arena, NULL,
					   &printed.err),
				 0);
	rows.items = things;
	text_add(&printed.out, "");
	printed.result = template_print(format, &rows, &printed.arena, &printed.out, &printed.err);
	return printed.out.data;
}

#define PRINTS(format, expected)     assert_string_equal(print_many(format, 1), expected "\n")
#define PRINTS_ALL(format, expected) assert_string_equal(print_many(format, 2), expected)

#define REFUSES(format, expected)                                                                  \
	do {                                                                                       \
		print_many(format, 1);                                                             \
		assert_int_equal(printed.result, -EINVAL);                                         \
		assert_string_equal(printed.err.what, expected);                                   \
		assert_int_equal(printed.out.length, 0);                                           \
	} while (0)

static void fields_are_found_by_either_name(void **state)
{
	PRINTS("{{.Id}} {{.ID}} {{ .Size }}", "abcdef abcdef 42");
	PRINTS("{{.Config.Env}} {{(index .History 0).CreatedBy}}", "[A=1 B=2] RUN x");
	PRINTS("{{.Config.Labels.z}} {{.Config.Labels.none}}", "last <no value>");
	PRINTS("{{$.Id}}", "abcdef");
}

static void values_print_as_go_prints_them(void **state)
{
	PRINTS("{{.ReadOnly}} {{.CreatedAt}}", "false 2024-01-02 03:04:05.5 +0000 UTC");
	PRINTS("{{.Config.Labels}} {{.Config.Ports}}",
	       "map[a.b:first z:last] map[80/tcp:{ false}]");
	PRINTS("{{.History}}", "[{RUN x false} {CMD true}]");
	PRINTS("{{.Health}}", "null");
}

static void json_is_the_document_s(void **state)
{
	PRINTS("{{json .Config.Env}} {{json .Id}} {{json .Size}}",
	       "[\"A=1\",\"B=2\"] \"abcdef\" 42");
	PRINTS("{{json .Config.Labels}}", "{\"z\":\"last\",\"a.b\":\"first\"}");
	PRINTS("{{.History | json}}",
	       "[{\"created_by\":\"RUN x\"},{\"created_by\":\"CMD\",\"empty\":true}]");
	PRINTS("{{json .CreatedAt}}", "\"2024-01-02T03:04:05.5Z\"");
}

static void conditions_and_loops(void **state)
{
	PRINTS("{{if .ReadOnly}}ro{{else}}rw{{end}}", "rw");
	PRINTS("{{if .ReadOnly}}a{{else if eq .Size 42}}b{{else}}c{{end}}", "b");
	PRINTS("{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>");
	PRINTS("{{range $i, $v := .Config.Env}}{{$i}}:{{$v}} {{end}}", "0:A=1 1:B=2 ");
	PRINTS("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "z=last;a.b=first;");
	PRINTS("{{range .Config.Ports}}x{{else}}none{{end}}", "x");
	PRINTS("{{with .Config}}{{len .Env}} {{$.Id}}{{end}}", "2 abcdef");
	PRINTS("{{if .Id}}{{range .Config.Env}}.{{else}}-{{end}}{{end}}!", "..!");
	PRINTS("{{$n := .Size}}{{if gt $n 40}}big{{end}}", "big");
	PRINTS("{{if and .Id (not .ReadOnly)}}yes{{end}}", "yes");
}

static void functions_of_go_and_podman(void **state)
{
	PRINTS("{{index .Config.Labels \"a.b\"}}{{index .Config.Labels \"no\"}}", "first");
	PRINTS("{{join .Config.Env \", \"}} {{.Id | upper}} {{upper \"x\" | lower}}",
	       "A=1, B=2 ABCDEF x");
	PRINTS("{{printf \"%-8s|%5d|%q|%%\" .Id .Size \"x\"}}", "abcdef  |   42|\"x\"|%");
	PRINTS("{{slice .Id 0 3}} {{truncate .Id 2}} {{pad \"x\" 1 2}}.", "abc ab  x  .");
	PRINTS("{{range split \"a:b\" \":\"}}{{title .}}{{end}}", "AB");
	PRINTS("{{or \"\" .Id}} {{ne .Id \"x\"}} {{le 2 2}}", "abcdef true true");
	PRINTS("{{print .Size 7}} {{`raw`}}", "42 7 raw");
}

static void blanks_and_escapes(void **state)
{
	PRINTS("a {{- .Id -}} b", "aabcdefb");
	PRINTS("{{.Id}}\\t{{.Size}}\\n", "abcdef\t42");
	PRINTS("{{/* nothing */}}x", "x");
}

static void every_row_ends_its_line(void **state)
{
	PRINTS_ALL("{{.Id}}", "abcdef\nabcdef\n");
	PRINTS_ALL("{{range .}}{{.Id}},{{end}}", "abcdef,abcdef,\n");
	assert_string_equal(print_many("{{.Id}}", 0), "");
}

static void table_has_headings_and_columns(void **state)
{
	PRINTS_ALL("table {{.ID}}\\t{{.CreatedAt}}\\t{{.ReadOnly}}",
		   "THING ID    CREATED AT                       READ ONLY\n"
		   "abcdef      2024-01-02 03:04:05.5 +0000 UTC  false\n"
		   "abcdef      2024-01-02 03:04:05.5 +0000 UTC  false\n");
	assert_string_equal(print_many("table {{.Id}} {{json .Size}}", 0), "ID          SIZE\n");
}

static void errors_name_the_column(void **state)
{
	REFUSES("{{.Foo}}", "template, column 3: no field \"Foo\" here: there are Id, CreatedAt, "
			    "Size, ReadOnly, Config, History, Health");
	REFUSES("{{.Config.Env.Foo}}", "template, column 3: no field \"Foo\" here");
	REFUSES("{{.Id", "template, column 6: \"}}\" is missing");
	REFUSES("x{{foo .Id}}", "template, column 4: there is no function \"foo\" (a field begins "
				"with a dot: .foo)");
	REFUSES("{{if .Id}}x", "template, column 3: {{end}} is missing");
	REFUSES("{{end}}", "template, column 3: unexpected {{end}}");
	REFUSES("{{index .Config.Env 7}}", "template, column 3: index: out of range");
	REFUSES("{{.Id .Size}}", "template, column 3: this is no function, it takes no values");
	REFUSES("{{$x}}", "template, column 3: there is no variable $x");
	REFUSES("{{\"abc}}", "template, column 3: the string has no end");
	REFUSES("{{len}}", "template, column 3: len: too few values");
	REFUSES("{{}}", "template, column 3: a value is missing");
	REFUSES("{{(.Id}}", "template, column 3: \")\" is missing");
}

static void nesting_has_an_end(void **state)
{
	auto_text struct text deep = { 0 };

	text_add(&deep, "{{");
	for (int i = 0; i < 5000; i++)
		text_add(&deep, "(");
	print_many(deep.data, 1);
	assert_int_equal(printed.result, -EINVAL);
	text_clear(&deep);
	for (int i = 0; i < 5000; i++)
		text_add(&deep, "{{if .Id}}");
	print_many(deep.data, 1);
	assert_int_equal(printed.result, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_by_either_name),
		cmocka_unit_test(values_print_as_go_prints_them),
		cmocka_unit_test(json_is_the_document_s),
		cmocka_unit_test(conditions_and_loops),
		cmocka_unit_test(functions_of_go_and_podman),
		cmocka_unit_test(blanks_and_escapes),
		cmocka_unit_test(every_row_ends_its_line),
		cmocka_unit_test(table_has_headings_and_columns),
		cmocka_unit_test(errors_name_the_column),
		cmocka_unit_test(nesting_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, forget_printed);
}

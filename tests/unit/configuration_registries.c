/* configuration_registries.c -- registries.conf: which rule, which places, which names; and what is
 * wrong with files as people write them. */
#include "base_case.h"

#include "image/configuration.h"

static int read_files(struct base_case *test, const char *first, const char *second,
		      struct registries **registries)
{
	struct strings files = { 0 };

	test->err = (struct error){ 0 };
	put_file(test->dir, "first", first);
	put_file(test->dir, "second", second ? second : "");
	strings_add(&files, arena_format(&test->arena, "%s/first", test->path), &test->arena);
	strings_add(&files, arena_format(&test->arena, "%s/second", test->path), &test->arena);
	return registries_read(&files, &test->arena, registries, &test->err);
}

static struct registries *read_file(struct base_case *test, const char *content)
{
	struct registries *registries = NULL;

	if (read_files(test, content, NULL, &registries) < 0)
		print_message("%s\n", told(test));
	assert_non_null(registries);
	return registries;
}

static struct reference name_of(struct base_case *test, const char *text)
{
	struct reference reference;

	assert_int_equal(reference_parse(text, &test->arena, &reference, &test->err), 0);
	return reference;
}

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *const example =
	"unqualified-search-registries = ['example.com', 'localhost:5000']\n"
	"[aliases]\n'short' = 'quay.io/a/long'\n"
	"[[registry]]\nprefix = 'example.com/foo'\nlocation = 'inside:5000/bar'\n"
	"[[registry.mirror]]\nlocation = 'm0.local/x'\npull-from-mirror = 'tag-only'\n"
	"[[registry.mirror]]\nlocation = 'm1.local/y/'\ninsecure = true\n"
	"pull-from-mirror = 'digest-only'\n"
	"[[registry.mirror]]\nlocation = 'm2.local'\n"
	"[[registry]]\nlocation = 'example.com/foo/deep'\nblocked = true\n"
	"[[registry]]\nprefix = '*.example.org'\ninsecure = true\n"
	"[[registry]]\nprefix = '*.sub.example.org'\nlocation = 'one.place'\n"
	"[[registry]]\nlocation = 'digests.only'\nmirror-by-digest-only = true\n"
	"[[registry.mirror]]\nlocation = 'd.local'\n"
	"[[registry]]\nprefix = 'docker.io/library'\nlocation = 'hub.local/official'\n";

/* "m0.local/x/a:1 inside:5000/bar/a:1" */
static const char *sources_of(struct base_case *test, const struct registries *registries,
			      const char *name)
{
	struct reference reference = name_of(test, name);
	struct registries_sources sources;
	auto_text struct text out = { 0 };

	test->err = (struct error){ 0 };
	if (registries_sources(registries, &reference, &test->arena, &sources, &test->err) < 0)
		return told(test);
	for (size_t i = 0; i < sources.count; i++)
		text_format(&out, "%s%s%s", i ? " " : "",
			    reference_format(&sources.items[i].reference, &test->arena),
			    sources.items[i].place->insecure ? "!" : "");
	return arena_string(&test->arena, out.data);
}

static void a_name_is_pulled_from_mirrors_and_then_from_its_place(void **state)
{
	struct base_case *test = *state;
	struct registries *registries = read_file(test, example);
	static const char *const cases[][2] = {
		{ "example.com/foo/a:1", "m0.local/x/a:1 m2.local/a:1 inside:5000/bar/a:1" },
		{ "example.com/foo/a@" DIGEST,
		  "m1.local/y/a@" DIGEST "! m2.local/a@" DIGEST " inside:5000/bar/a@" DIGEST },
		{ "example.com/foobar/a:1", "example.com/foobar/a:1" },
		{ "example.com:80/foo/a:1", "example.com:80/foo/a:1" },
		{ "a.example.org/x", "a.example.org/x:latest!" },
		{ "a.b.example.org:5000/x", "a.b.example.org:5000/x:latest!" },
		{ "example.org/x", "example.org/x:latest" },
		{ "a.sub.example.org:5000/x", "one.place:5000/x:latest" },
		{ "digests.only/x", "digests.only/x:latest" },
		{ "digests.only/x@" DIGEST, "d.local/x@" DIGEST " digests.only/x@" DIGEST },
		{ "docker://alpine:3", "hub.local/official/alpine:3" },
		{ "docker.io/user/alpine:3", "docker.io/user/alpine:3" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(sources_of(test, registries, cases[i][0]), cases[i][1]);
}

static void blocked_names_are_refused_by_their_longest_prefix(void **state)
{
	struct base_case *test = *state;
	struct registries *registries = read_file(test, example);

	assert_string_equal(sources_of(test, registries, "example.com/foo/deep/x:1"),
			    arena_format(&test->arena,
					 "example.com/foo/deep/x:1: the registry "
					 "example.com/foo/deep is blocked by %s/first",
					 test->path));
}

static void a_place_without_a_host_is_not_taken_for_docker_io(void **state)
{
	struct base_case *test = *state;
	struct registries *registries =
		read_file(test, "[[registry]]\nprefix = 'a.io'\nlocation = 'mirror/x'");

	assert_string_equal(
		sources_of(test, registries, "a.io/y"),
		arena_format(&test->arena,
			     "%s/first: the location \"mirror/x\" names no host: a host "
			     "has a dot or a port",
			     test->path));
}

static const char *names_of(struct base_case *test, const struct registries *registries,
			    const char *typed)
{
	struct reference reference = name_of(test, typed);
	auto_text struct text out = { 0 };
	struct strings names;

	test->err = (struct error){ 0 };
	if (registries_names(registries, &reference, &test->arena, &names, &test->err) < 0)
		return told(test);
	for (size_t i = 0; i < names.count; i++)
		text_format(&out, "%s%s", i ? " " : "", names.items[i]);
	return arena_string(&test->arena, out.data);
}

static void a_short_name_is_its_alias_or_one_in_each_search_registry(void **state)
{
	struct base_case *test = *state;
	struct registries *registries = read_file(test, example);

	assert_string_equal(names_of(test, registries, "short:2"), "quay.io/a/long:2");
	assert_string_equal(names_of(test, registries, "short@" DIGEST), "quay.io/a/long@" DIGEST);
	assert_string_equal(names_of(test, registries, "a/b"),
			    "example.com/a/b localhost:5000/a/b");
	assert_string_equal(names_of(test, registries, "quay.io/b"), "quay.io/b:latest");
	assert_string_equal(names_of(test, registries, "docker://b"), "docker.io/library/b:latest");
}

static void a_short_name_is_of_docker_io_where_nothing_is_said(void **state)
{
	struct base_case *test = *state;

	assert_string_equal(names_of(test, read_file(test, ""), "a"), "docker.io/library/a:latest");
	assert_string_equal(names_of(test, NULL, "a"), "docker.io/library/a:latest");
}

static void an_empty_list_of_search_registries_leaves_aliases_only(void **state)
{
	struct base_case *test = *state;
	struct registries *registries = read_file(test, "unqualified-search-registries = []");

	assert_string_equal(names_of(test, registries, "a:1"),
			    "the short name \"a:1\" has no alias, and "
			    "unqualified-search-registries is empty (say which registry: "
			    "docker.io/a:1)");
}

static void enforcing_refuses_to_guess(void **state)
{
	struct base_case *test = *state;
	struct registries *registries =
		read_file(test, "short-name-mode = 'enforcing'\n"
				"unqualified-search-registries = ['a.io', 'b.io']");

	assert_string_equal(names_of(test, registries, "x"),
			    "the short name \"x\" may mean a.io/x, b.io/x, and short-name-mode is "
			    "enforcing (say which one)");
	registries = read_file(test, "short-name-mode = 'enforcing'\n"
				     "unqualified-search-registries = ['a.io']");
	assert_string_equal(names_of(test, registries, "x"), "a.io/x");
}

static void what_is_read_later_wins(void **state)
{
	struct base_case *test = *state;
	struct registries *registries;

	assert_int_equal(read_files(test,
				    "unqualified-search-registries = ['a.io']\n"
				    "short-name-mode = 'enforcing'\n"
				    "[aliases]\n'x' = 'a.io/x'\n'y' = 'a.io/y'\n"
				    "[[registry]]\nlocation = 'h.io'\nblocked = true\n"
				    "[[registry]]\nlocation = 'k.io'\ninsecure = true",
				    "unqualified-search-registries = ['b.io', 'c.io']\n"
				    "short-name-mode = 'permissive'\n"
				    "[aliases]\n'x' = 'b.io/x'\n'y' = ''\n"
				    "[[registry]]\nprefix = 'h.io'\nlocation = 'i.io'",
				    &registries),
			 0);
	assert_string_equal(names_of(test, registries, "x"), "b.io/x");
	assert_string_equal(names_of(test, registries, "y"), "b.io/y c.io/y");
	assert_string_equal(sources_of(test, registries, "h.io/z"), "i.io/z:latest");
	assert_string_equal(sources_of(test, registries, "k.io/z"), "k.io/z:latest!");
}

/* clang-format off */
static const char *const bad[][2] = {
	{ "[registries.search]\nregistries = ['a']",
	  "1:2): this is version 1 of the format, which is not read (registries.search is now "
	  "unqualified-search-registries = […]; insecure and block are keys of [[registry]])" },
	{ "unqualified-search-registries = 'a'", "1:33): unqualified-search-registries: expected a list, found a string" },
	{ "unqualified-search-registries = ['a', 'https://b']", "1:33): unqualified-search-registries: \"https://b\" is not HOST[:PORT]" },
	{ "short-name-mode = 'ask'", "1:19): short-name-mode: \"ask\" is none of enforcing|permissive|disabled|" },
	{ "[aliases]\n'a.io/x' = 'b.io/x'", "2:12): \"a.io/x\" is not a name without registry, tag and digest" },
	{ "[aliases]\n'x:1' = 'b.io/x'", "2:9): \"x:1\" is not a name without registry, tag and digest" },
	{ "[aliases]\n'x' = 'y'", "2:7): \"y\" is not a name with registry, without tag and digest" },
	{ "[aliases]\n'x' = 'b.io/y:1'", "2:7): \"b.io/y:1\" is not a name with registry, without tag and digest" },
	{ "[aliases]\n'x' = 1", "2:7): expected a string, found a number" },
	{ "[aliases]\n'x' = 'a.io/x'\n'x' = 'a.io/x'", "3:1): \"x\" is set twice (first in line 2)" },
	{ "[[registry]]\ninsecure = true", "1:3): a registry with neither prefix nor location" },
	{ "[[registry]]\nprefix = 'a.io'", "1:3): the registry \"a.io\" has no location" },
	{ "[[registry]]\nlocation = 'https://a.io'", "2:12): location: \"https://a.io\" must be without \"https://\"" },
	{ "[[registry]]\nlocation = 'a b'", "2:12): location: \"a b\" is not HOST[:PORT][/NAMESPACE]" },
	{ "[[registry]]\nprefix = '*.a.io/x'", "2:10): prefix: \"*.a.io/x\" is not *.DOMAIN" },
	{ "[[registry]]\nprefix = 'a.*.io'\nlocation = 'b.io'", "2:10): prefix: \"a.*.io\" is not HOST[:PORT][/NAMESPACE]" },
	{ "[[registry]]\nlocation = 'a.io'\ninsecure = 'yes'", "3:12): insecure: expected true or false, found a string" },
	{ "[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\ninsecure = true", "3:12): a mirror without location" },
	{ "[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\nlocation = 'b.io'\npull-from-mirror = 'some'", "5:20): pull-from-mirror: \"some\" is none of all|digest-only|tag-only|" },
	{ "[[registry]]\nlocation = 'a.io'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = 'b.io'\npull-from-mirror = 'all'", "6:20): pull-from-mirror cannot be combined with mirror-by-digest-only" },
	{ "[registry]\nlocation = 'a.io'", "1:2): registry: expected a list, found a table" },
};
/* clang-format on */

static void wrong_files_are_refused_with_line_and_column(void **state)
{
	struct base_case *test = *state;
	struct registries *registries;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_files(test, bad[i][0], NULL, &registries), -EINVAL);
		assert_string_equal(told(test), arena_format(&test->arena, "%s/first (line %s",
							     test->path, bad[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_pulled_from_mirrors_and_then_from_its_place),
		TEST(blocked_names_are_refused_by_their_longest_prefix),
		TEST(a_place_without_a_host_is_not_taken_for_docker_io),
		TEST(a_short_name_is_its_alias_or_one_in_each_search_registry),
		TEST(a_short_name_is_of_docker_io_where_nothing_is_said),
		TEST(an_empty_list_of_search_registries_leaves_aliases_only),
		TEST(enforcing_refuses_to_guess),
		TEST(what_is_read_later_wins),
		TEST(wrong_files_are_refused_with_line_and_column),
	};

	return cmocka_run_group_tests_name("registries.conf", tests, NULL, NULL);
}

/* base_options.c -- command lines by rows: parsing, running, help, completion. */
#include "base_case.h"

#include "base/options.h"

struct values {
	bool detach, tty;
	char *bundle, *format;
	struct strings env;
	int64_t count, memory;
};

/* clang-format off */
static const struct option_row rows[] = {
	{ "detach", 'd', OPTION_FLAG, offsetof(struct values, detach), NULL, "go away", NULL, 0 },
	{ "tty", 't', OPTION_FLAG, offsetof(struct values, tty), NULL, "with a terminal", NULL, 0 },
	{ "bundle", 'b', OPTION_TEXT, offsetof(struct values, bundle), "DIR", "it's the [bundle]: here", NULL, 0 },
	{ "format", 0, OPTION_TEXT, offsetof(struct values, format), "FORMAT", "form of the output", "text|json", 0 },
	{ "env", 'e', OPTION_LIST, offsetof(struct values, env), "NAME=VALUE", "one more variable", NULL, 0 },
	{ "count", 'n', OPTION_NUMBER, offsetof(struct values, count), "N", "how many", NULL, 0 },
	{ "memory", 'm', OPTION_SIZE, offsetof(struct values, memory), "BYTES", "how much", NULL, 0 },
	{ "secret-name", 0, OPTION_FLAG, offsetof(struct values, tty), NULL, "for friends", NULL, OPTION_HIDDEN },
};
static const struct option_row required_rows[] = {
	{ "bundle", 'b', OPTION_TEXT, offsetof(struct values, bundle), "DIR", "the bundle", NULL, OPTION_REQUIRED },
};
/* clang-format on */

static struct command_line ran; /* the last one */
static struct values ran_options;
static char *ran_arguments;

static int run_command(const struct command_line *line, struct error *err)
{
	auto_text struct text words = { 0 };

	for (size_t i = 0; i < line->arguments.count; i++)
		text_format(&words, "%s%s", i ? " " : "", line->arguments.items[i]);
	ran = *line;
	ran_options = *(const struct values *)line->options;
	ran_arguments = arena_string(line->arena, words.data ? words.data : "");
	return 7;
}

static const struct command exec_command = {
	.name = "exec",
	.alias = "enter",
	.summary = "run a program in it",
	.arguments = "CONTAINER COMMAND [ARG…]",
	.least = 2,
	.most = -1,
	.in_order = true,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct values),
	.run = run_command,
};
static const struct command kill_command = {
	.name = "kill",
	.summary = "send a signal",
	.arguments = "CONTAINER [SIGNAL]",
	.least = 1,
	.most = 2,
	.options = rows,
	.option_count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct values),
	.run = run_command,
};
static const struct command hidden_command = {
	.name = "inner",
	.summary = "not for people",
	.arguments = "",
	.size = 0,
	.run = run_command,
	.hidden = true,
};
static const struct command *const commands[] = { &exec_command, &kill_command, &hidden_command,
						  NULL };
static const struct program program = { "prog", "does things", OPTION_ROWS(rows), commands };

struct parsed {
	struct values values;
	struct strings positional;
	size_t used;
	bool help;
	int result;
};

/* The words are one string, cut at blanks. */
static struct parsed parse_set(struct base_case *test, const struct option_set *set,
			       const char *line)
{
	struct strings words =
		*line ? strings_split(line, ' ', &test->arena) : (struct strings){ 0 };
	struct option_words option_words = { .words = &words };
	struct parsed parsed = { 0 };

	parsed.result = options_parse(set, &option_words, &parsed.values, &test->arena, &test->err);
	parsed.positional = option_words.positional;
	parsed.used = option_words.used;
	parsed.help = option_words.help;
	return parsed;
}

static struct parsed parse(struct base_case *test, const char *line)
{
	const struct option_set set = { OPTION_ROWS(rows), false };
	struct parsed parsed = parse_set(test, &set, line);

	if (parsed.result < 0)
		fail_msg("%s: %s", line, told(test));
	return parsed;
}

static void assert_refused(struct base_case *test, const char *line, const char *what)
{
	const struct option_set set = { OPTION_ROWS(rows), false };

	assert_int_equal(parse_set(test, &set, line).result, -EINVAL);
	assert_string_equal(told(test), what);
}

/* ---- parsing ---- */

static void test_no_words_leave_everything_unset(void **state)
{
	struct parsed parsed = parse(*state, "");
	const struct values nothing = { 0 };

	assert_memory_equal(&parsed.values, &nothing, sizeof(nothing));
	assert_int_equal(parsed.positional.count, 0);
}

static void test_a_value_comes_in_four_forms(void **state)
{
	static const char *const lines[] = { "--bundle /b", "--bundle=/b", "-b /b", "-b/b",
					     "-b=/b" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_string_equal(parse(*state, lines[i]).values.bundle, "/b");
	assert_string_equal(parse(*state, "--bundle=").values.bundle, "");
	assert_string_equal(parse(*state, "--bundle=a=b").values.bundle, "a=b");
	assert_string_equal(parse(*state, "--bundle --tty").values.bundle, "--tty");
	assert_string_equal(parse(*state, "--bundle --").values.bundle, "--");
}

static void test_the_last_of_a_repeated_value_counts_and_lists_keep_all(void **state)
{
	struct parsed parsed = parse(*state, "-b x -e A=1 --env=B -eC --bundle y");

	assert_string_equal(parsed.values.bundle, "y");
	assert_int_equal(parsed.values.env.count, 3);
	assert_string_equal(parsed.values.env.items[0], "A=1");
	assert_string_equal(parsed.values.env.items[2], "C");
}

static void test_flags_are_set_cleared_and_grouped(void **state)
{
	struct base_case *test = *state;
	struct parsed parsed = parse(test, "-dt");

	assert_true(parsed.values.detach && parsed.values.tty);
	parsed = parse(test, "-dtb/x");
	assert_true(parsed.values.detach && parsed.values.tty);
	assert_string_equal(parsed.values.bundle, "/x");
	assert_string_equal(parse(test, "-db x").values.bundle, "x");
	assert_true(parse(test, "--tty=true").values.tty);
	assert_true(parse(test, "--tty=1").values.tty);
	assert_false(parse(test, "--tty --tty=false").values.tty);
	assert_false(parse(test, "--tty=0").values.tty);
	assert_refused(test, "--tty=maybe", "--tty: \"maybe\" is neither true nor false");
	assert_refused(test, "--tty=", "--tty: \"\" is neither true nor false");
}

static void test_numbers_and_sizes_are_strict(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(parse(test, "-n 5").values.count, 5);
	assert_int_equal(parse(test, "-n -5").values.count, -5);
	assert_int_equal(parse(test, "--count=-5").values.count, -5);
	assert_int_equal(parse(test, "-m 64m").values.memory, 64 << 20);
	assert_int_equal(parse(test, "-m -1").values.memory, -1);
	assert_refused(test, "-n 5x", "--count: \"5x\" is not a number");
	assert_refused(test, "-n 0x5", "--count: \"0x5\" is not a number");
	assert_refused(test, "-m 5q",
		       "--memory: \"5q\" is not a size (a number with b, k, m, g or t)");
}

static void test_choices_are_exact(void **state)
{
	struct base_case *test = *state;

	assert_string_equal(parse(test, "--format json").values.format, "json");
	assert_refused(test, "--format=js", "--format: \"js\" is not one of text|json");
	assert_refused(test, "--format=text|json",
		       "--format: \"text|json\" is not one of text|json");
	assert_refused(test, "--format=", "--format: \"\" is not one of text|json");
}

static void test_what_is_unknown_or_without_its_value_is_named(void **state)
{
	struct base_case *test = *state;

	assert_refused(test, "--bundles x", "unknown option --bundles");
	assert_refused(test, "--bund=x", "unknown option --bund");
	assert_refused(test, "-x", "unknown option -x");
	assert_refused(test, "-dx", "unknown option -x");
	assert_refused(test, "--bundle", "--bundle needs a value: DIR");
	assert_refused(test, "-d -n", "--count needs a value: N");
	assert_refused(test, "--=x", "unknown option --");
}

static void test_options_and_words_mix_until_two_dashes(void **state)
{
	struct parsed parsed = parse(*state, "c1 -d - c2 -- -t c3");

	assert_true(parsed.values.detach);
	assert_false(parsed.values.tty);
	assert_int_equal(parsed.positional.count, 3);
	assert_string_equal(parsed.positional.items[1], "-");
	assert_string_equal(parsed.positional.items[2], "c2");
	assert_int_equal(parsed.used, 5);
}

static void test_in_order_options_end_at_the_first_word(void **state)
{
	const struct option_set set = { OPTION_ROWS(rows), true };
	struct parsed parsed = parse_set(*state, &set, "-d c1 -t --unknown");

	assert_int_equal(parsed.result, 0);
	assert_true(parsed.values.detach);
	assert_false(parsed.values.tty);
	assert_int_equal(parsed.positional.count, 0);
	assert_int_equal(parsed.used, 1);
	assert_int_equal(parse_set(*state, &set, "-d -- -t").used, 2);
}

static void test_a_required_option_must_be_there(void **state)
{
	struct base_case *test = *state;
	const struct option_set set = { OPTION_ROWS(required_rows), false };

	assert_int_equal(parse_set(test, &set, "x").result, -EINVAL);
	assert_string_equal(told(test), "--bundle is required");
	assert_int_equal(parse_set(test, &set, "x -b y").result, 0);
	assert_true(parse_set(test, &set, "x --help").help);
}

/* ---- running ---- */

/* The line's first word is the command. */
static int run_line(struct base_case *test, const struct command *expected, const char *line)
{
	struct strings words = strings_split(line, ' ', &test->arena);
	struct option_words option_words = { .words = &words };
	const struct command *command;
	int result;

	ran = (struct command_line){ 0 };
	result =
		options_dispatch(&program, NULL, &option_words, &command, &test->arena, &test->err);
	assert_ptr_equal(command, expected);
	return result;
}

static void test_a_command_that_does_not_exist_is_named(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(run_line(test, NULL, "nosuch a b"), -EINVAL);
	assert_non_null(strstr(told(test), "unknown command \"nosuch\""));
}

static void test_a_command_gets_its_options_and_arguments(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(run_line(test, &kill_command, "kill c1 -d KILL"), 7);
	assert_true(ran_options.detach);
	assert_string_equal(ran_arguments, "c1 KILL");
	assert_null(ran.arguments.items[2]);
	assert_int_equal(run_line(test, &kill_command, "kill -- -c1"), 7);
	assert_string_equal(ran_arguments, "-c1");
}

static void test_words_of_a_command_in_order_are_all_its_own(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(run_line(test, &exec_command, "exec -d c1 ls -t --help -- x"), 7);
	assert_true(ran_options.detach);
	assert_false(ran_options.tty);
	assert_string_equal(ran_arguments, "c1 ls -t --help -- x");
}

static void test_too_few_or_too_many_arguments_are_refused(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(run_line(test, &kill_command, "kill"), -EINVAL);
	assert_string_equal(told(test), "kill needs CONTAINER [SIGNAL]");
	assert_int_equal(run_line(test, &kill_command, "kill a b c"), -EINVAL);
	assert_string_equal(told(test), "kill: unexpected argument \"c\"");
	assert_null(ran.command);
}

static void test_commands_are_found_by_name_or_alias(void **state)
{
	assert_ptr_equal(options_command(&program, "exec"), &exec_command);
	assert_ptr_equal(options_command(&program, "enter"), &exec_command);
	assert_null(options_command(&program, "exe"));
	assert_null(options_command(&program, ""));
}

/* ---- help and completion ---- */

enum output { PROGRAM_HELP, COMMAND_HELP, BASH, ZSH, FISH };

static char *output_of(struct base_case *test, enum output which)
{
	static const char *const shells[] = { [BASH] = "bash", [ZSH] = "zsh", [FISH] = "fish" };
	auto_free char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	if (which == PROGRAM_HELP)
		options_help(&program, out);
	else if (which == COMMAND_HELP)
		options_command_help(&program, &exec_command, out);
	else
		assert_int_equal(options_complete(&program, shells[which], out, &test->err), 0);
	fclose(out);
	return arena_string(&test->arena, bytes);
}

static void test_help_lists_what_is_not_hidden(void **state)
{
	struct base_case *test = *state;
	const char *help = output_of(test, PROGRAM_HELP);
	const char *command = output_of(test, COMMAND_HELP);

	assert_non_null(strstr(help, "prog: does things"));
	assert_non_null(strstr(help, "exec         run a program in it"));
	assert_non_null(strstr(help, "-b, --bundle DIR"));
	assert_null(strstr(help, "inner"));
	assert_null(strstr(help, "secret-name"));
	assert_non_null(strstr(command, "Usage: prog exec [OPTION…] CONTAINER COMMAND [ARG…]"));
	assert_non_null(strstr(command, "Also: prog enter"));
	assert_non_null(strstr(command, "one more variable"));
}

/* Whether `text` has the option with everything that is said of it there. */
static void assert_has_option(const char *text, const char *before, const struct option_row *row)
{
	char wanted[64];
	const char *at;
	size_t length = (size_t)snprintf(wanted, sizeof(wanted), "%s%s", before, row->name);

	for (at = strstr(text, wanted); at; at = strstr(at + 1, wanted))
		if (!strchr("-abcdefghijklmnopqrstuvwxyz", at[length]) || !at[length])
			break;
	if (!at == !(row->flags & OPTION_HIDDEN))
		fail_msg("%s %s: %s", wanted, at ? "is shown" : "is missing", text);
}

static void test_every_option_is_in_the_help_and_in_every_completion(void **state)
{
	static const char *const before[] = { "--", "--", "--", "--", " -l " };

	for (enum output which = PROGRAM_HELP; which <= FISH; which++) {
		const char *text = output_of(*state, which);

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			assert_has_option(text, before[which], &rows[i]);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!(rows[i].flags & OPTION_HIDDEN))
			assert_non_null(strstr(output_of(*state, COMMAND_HELP), rows[i].help));
}

/* Whether the shell takes the script; true where the shell is not installed. */
static bool shell_takes(struct base_case *test, const char *shell, const char *script)
{
	put_file(test->dir, "script", script);
	return system(arena_format(&test->arena,
				   "command -v %s >/dev/null || exit 0; %s -n %s/script", shell,
				   shell, test->path)) == 0;
}

static void test_completion_scripts_are_taken_by_their_shells(void **state)
{
	struct base_case *test = *state;

	assert_true(shell_takes(test, "bash", output_of(test, BASH)));
	assert_true(shell_takes(test, "zsh", output_of(test, ZSH)));
	assert_true(shell_takes(test, "fish", output_of(test, FISH)));
}

static void test_bash_completes_commands_and_their_options(void **state)
{
	struct base_case *test = *state;

	put_file(test->dir, "script", output_of(test, BASH));
	assert_int_equal(system(arena_format(
				 &test->arena,
				 "bash -c '. %s/script; COMP_WORDS=(prog k); COMP_CWORD=1; _prog;"
				 "[ \"${COMPREPLY[*]}\" = kill ] || exit 1;"
				 "COMP_WORDS=(prog --tty kill --fo); COMP_CWORD=3; _prog;"
				 "[ \"${COMPREPLY[*]}\" = --format ]'",
				 test->path)),
			 0);
}

static void test_an_unknown_shell_is_refused(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(options_complete(&program, "csh", stdout, &test->err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_words_leave_everything_unset),
		TEST(test_a_value_comes_in_four_forms),
		TEST(test_the_last_of_a_repeated_value_counts_and_lists_keep_all),
		TEST(test_flags_are_set_cleared_and_grouped),
		TEST(test_numbers_and_sizes_are_strict),
		TEST(test_choices_are_exact),
		TEST(test_what_is_unknown_or_without_its_value_is_named),
		TEST(test_options_and_words_mix_until_two_dashes),
		TEST(test_in_order_options_end_at_the_first_word),
		TEST(test_a_required_option_must_be_there),
		TEST(test_a_command_that_does_not_exist_is_named),
		TEST(test_a_command_gets_its_options_and_arguments),
		TEST(test_words_of_a_command_in_order_are_all_its_own),
		TEST(test_too_few_or_too_many_arguments_are_refused),
		TEST(test_commands_are_found_by_name_or_alias),
		TEST(test_help_lists_what_is_not_hidden),
		TEST(test_every_option_is_in_the_help_and_in_every_completion),
		TEST(test_completion_scripts_are_taken_by_their_shells),
		TEST(test_bash_completes_commands_and_their_options),
		TEST(test_an_unknown_shell_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

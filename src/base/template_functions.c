/* template_functions.c -- the functions of templates: Go's and podman's, a row each. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

struct call {
	const struct template *template;
	const struct operand *function;
	const struct value *arguments;
	size_t count;
	struct value *result;
};

static int complain(const struct call *call, const char *what)
{
	return template_fail(call->template, call->template->format + call->function->column,
			     "%s: %s", call->function->name, what);
}

static int give_text(const struct call *call, const char *text)
{
	*call->result = (struct value){ .kind = VALUE_STRING, .string = text };
	return 0;
}

static int give_boolean(const struct call *call, bool value)
{
	*call->result = (struct value){ .kind = VALUE_BOOLEAN, .integer = value };
	return 0;
}

static bool is_text(const struct value *value)
{
	return value->kind == VALUE_STRING || value->kind == VALUE_TIME || value->kind == VALUE_RAW;
}

static char *argument_text(const struct call *call, size_t at)
{
	return value_text(call->template, &call->arguments[at]);
}

/* ---- Go's ------------------------------------------------------------------------------------ */

static int call_and_or(const struct call *call)
{
	bool stop_at = call->function->name[0] == 'o';
	size_t at = 0;

	while (at + 1 < call->count && value_true(&call->arguments[at]) != stop_at)
		at++;
	*call->result = call->arguments[at];
	return 0;
}

static int call_not(const struct call *call)
{
	return give_boolean(call, !value_true(&call->arguments[0]));
}

/* < 0, 0, > 0; false: they cannot be compared. */
static bool compare(const struct value *a, const struct value *b, int *order)
{
	if (is_text(a) && is_text(b)) {
		*order = strcmp(a->string, b->string);
		return true;
	}
	*order = (a->integer > b->integer) - (a->integer < b->integer);
	return a->kind == b->kind && (a->kind == VALUE_INTEGER || a->kind == VALUE_BOOLEAN);
}

/* eq a b c: a is b or c. */
static int call_eq(const struct call *call)
{
	bool found = false;

	for (size_t i = 1; i < call->count; i++) {
		int order;

		if (compare(&call->arguments[0], &call->arguments[i], &order))
			found |= order == 0;
		else if (call->arguments[0].kind != VALUE_NOTHING &&
			 call->arguments[i].kind != VALUE_NOTHING)
			return complain(call, "these two cannot be compared");
		else
			found |= call->arguments[0].kind == call->arguments[i].kind;
	}
	return give_boolean(call, found == (call->function->name[0] == 'e'));
}

static int call_order(const struct call *call)
{
	static const struct {
		const char *name;
		bool less, equal, greater;
	} orders[] = { { "lt", true, false, false },
		       { "le", true, true, false },
		       { "gt", false, false, true },
		       { "ge", false, true, true } };
	size_t row = 0;
	int order;

	if (!compare(&call->arguments[0], &call->arguments[1], &order))
		return complain(call, "these two cannot be compared");
	while (strcmp(orders[row].name, call->function->name) != 0)
		row++;
	return give_boolean(call, order < 0    ? orders[row].less
				  : order == 0 ? orders[row].equal
					       : orders[row].greater);
}

/* A key that is not there is empty, as Go's zero value; a position that is not there an error. */
static int call_index(const struct call *call)
{
	struct value at = call->arguments[0];

	for (size_t i = 1; i < call->count; i++) {
		const struct value *key = &call->arguments[i];
		struct value item = { .kind = VALUE_STRING, .string = "" };
		bool keys = at.kind == VALUE_MAP || at.kind == VALUE_SET;

		if (keys ? !is_text(key) : key->kind != VALUE_INTEGER)
			return complain(call, keys ? "a map's key is a string"
						   : "a list's index is a number");
		if (!value_item(&at, keys ? key->string : NULL, keys ? 0 : key->integer, &item) &&
		    !keys)
			return complain(call, "out of range");
		if (keys && at.kind == VALUE_SET && item.kind == VALUE_STRING)
			item = (struct value){ .kind = VALUE_OBJECT, .shape = at.shape };
		at = item;
	}
	*call->result = at;
	return 0;
}

static int call_len(const struct call *call)
{
	*call->result = (struct value){ .kind = VALUE_INTEGER,
					.integer = (int64_t)value_count(&call->arguments[0]) };
	return 0;
}

/* Of strings: slice s FROM [TO]. */
static int call_slice(const struct call *call)
{
	const char *text = argument_text(call, 0);
	int64_t length = (int64_t)strlen(text), from = 0, to = length;

	if (!is_text(&call->arguments[0]))
		return complain(call, "only strings are cut here");
	if (call->count > 1)
		from = call->arguments[1].integer;
	if (call->count > 2)
		to = call->arguments[2].integer;
	if (from < 0 || to > length || from > to)
		return complain(call, "out of range");
	return give_text(call, arena_copy(call->template->arena, text + from, (size_t)(to - from)));
}

/* Go puts blanks between what are not strings (print), or between all (println). */
static int call_print(const struct call *call)
{
	bool line = text_equal(call->function->name, "println");
	auto_text struct text out = { 0 };

	text_add(&out, "");
	for (size_t i = 0; i < call->count; i++) {
		if (i &&
		    (line || (!is_text(&call->arguments[i]) && !is_text(&call->arguments[i - 1]))))
			text_add(&out, " ");
		value_print(call->template, &call->arguments[i], &out);
	}
	text_add(&out, line ? "\n" : "");
	return give_text(call, arena_string(call->template->arena, out.data));
}

/* The digits at *at, at most `most`. */
static int take_digits(const char **at, int most)
{
	int number = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		number = number < most ? number * 10 + (**at - '0') : most;
	return number < most ? number : most;
}

/* One verb of printf ("%-12.3s") and its value; *at is moved behind it. */
static int add_verb(const struct call *call, const char **at, const struct value *value,
		    struct text *out)
{
	auto_text struct text quoted = { 0 };
	char *text = value_text(call->template, value);
	bool left = false, zeros = false;
	int width, precision = -1;

	for (++*at; strchr("-0+ ", **at); ++*at) {
		left |= **at == '-';
		zeros |= **at == '0';
	}
	width = take_digits(at, 4096);
	if (**at == '.') {
		++*at;
		precision = take_digits(at, 4096);
	}
	if (**at == 'q') {
		json_write_string(text, &quoted);
		text = quoted.data;
	} else if (**at == 'd' ? value->kind != VALUE_INTEGER : !strchr("sv", **at)) {
		return complain(call, "verbs are %s, %v, %q and %d (of numbers)");
	}
	if (*(*at)++ == 'd' && zeros && !left && value->integer >= 0)
		text_format(out, "%0*lld", width, (long long)value->integer);
	else
		text_format(out, "%*.*s", left ? -width : width, precision, text);
	return 0;
}

static int call_printf(const struct call *call)
{
	auto_text struct text out = { 0 };
	size_t next = 1;

	if (!is_text(&call->arguments[0]))
		return complain(call, "the first argument is a string");
	text_add(&out, "");
	for (const char *at = call->arguments[0].string; *at;) {
		size_t plain = strcspn(at, "%");

		text_add_bytes(&out, at, plain);
		at += plain;
		if (!*at)
			break;
		if (!at[1 + strspn(at + 1, "-+0 .123456789")])
			return complain(call, "\"%\" is last");
		if (at[1] == '%') {
			text_add(&out, "%");
			at += 2;
			continue;
		}
		if (next >= call->count)
			return complain(call, "too few values");
		TRY(add_verb(call, &at, &call->arguments[next++], &out));
	}
	return give_text(call, arena_string(call->template->arena, out.data));
}

/* ---- podman's -------------------------------------------------------------------------------- */

static int call_json(const struct call *call)
{
	auto_text struct text out = { 0 };

	value_json(&call->arguments[0], &out);
	return give_text(call, arena_string(call->template->arena, out.data));
}

static int call_join(const struct call *call)
{
	auto_text struct text out = { 0 };
	const char *separator = argument_text(call, 1);

	text_add(&out, "");
	for (size_t i = 0; i < value_count(&call->arguments[0]); i++) {
		struct value item;

		if (!value_item(&call->arguments[0], NULL, (int64_t)i, &item))
			return complain(call, "only lists are joined");
		text_add(&out, i ? separator : "");
		value_print(call->template, &item, &out);
	}
	return give_text(call, arena_string(call->template->arena, out.data));
}

static int call_split(const struct call *call)
{
	struct arena *arena = call->template->arena;
	const char *text = argument_text(call, 0), *separator = argument_text(call, 1);
	struct strings *pieces = arena_alloc(arena, sizeof(*pieces));
	const char *end;

	while (*separator && (end = strstr(text, separator))) {
		strings_add(pieces, arena_copy(arena, text, (size_t)(end - text)), arena);
		text = end + strlen(separator);
	}
	strings_add(pieces, arena_string(arena, text), arena);
	*call->result = (struct value){ .kind = VALUE_STRINGS, .data = pieces };
	return 0;
}

static int call_case(const struct call *call)
{
	char *text = argument_text(call, 0);
	char how = call->function->name[0];
	bool first = true;

	for (char *at = text; *at; at++) {
		if (how == 'u' || (how == 't' && first))
			*at = (char)toupper((unsigned char)*at);
		else if (how == 'l')
			*at = (char)tolower((unsigned char)*at);
		first = *at == ' ';
	}
	return give_text(call, text);
}

static int call_truncate(const struct call *call)
{
	char *text = argument_text(call, 0);
	int64_t most = call->arguments[1].integer;

	if (most >= 0 && (size_t)most < strlen(text))
		text[most] = '\0';
	return give_text(call, text);
}

/* pad TEXT BEFORE AFTER: so many blanks around what is not empty. */
static int call_pad(const struct call *call)
{
	const char *text = argument_text(call, 0);
	int64_t before = call->arguments[1].integer, after = call->arguments[2].integer;

	if (before < 0 || after < 0 || before > 1024 || after > 1024)
		return complain(call, "so many blanks?");
	if (!*text)
		return give_text(call, text);
	return give_text(call, arena_format(call->template->arena, "%*s%s%*s", (int)before, "",
					    text, (int)after, ""));
}

/* clang-format off */
static const struct {
	const char *name;
	int (*call)(const struct call *call);
	size_t least, most;
} functions[] = {
	{ "and",      call_and_or,   1, 99 },
	{ "or",       call_and_or,   1, 99 },
	{ "not",      call_not,      1, 1 },
	{ "eq",       call_eq,       2, 99 },
	{ "ne",       call_eq,       2, 2 },
	{ "lt",       call_order,    2, 2 },
	{ "le",       call_order,    2, 2 },
	{ "gt",       call_order,    2, 2 },
	{ "ge",       call_order,    2, 2 },
	{ "index",    call_index,    2, 99 },
	{ "slice",    call_slice,    1, 3 },
	{ "len",      call_len,      1, 1 },
	{ "print",    call_print,    0, 99 },
	{ "println",  call_print,    0, 99 },
	{ "printf",   call_printf,   1, 99 },
	{ "json",     call_json,     1, 1 },
	{ "join",     call_join,     2, 2 },
	{ "split",    call_split,    2, 2 },
	{ "upper",    call_case,     1, 1 },
	{ "lower",    call_case,     1, 1 },
	{ "title",    call_case,     1, 1 },
	{ "truncate", call_truncate, 2, 2 },
	{ "pad",      call_pad,      3, 3 },
};
/* clang-format on */

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static size_t find_function(const char *name)
{
	size_t row = 0;

	while (row < FUNCTIONS && strcmp(functions[row].name, name) != 0)
		row++;
	return row;
}

bool template_has_function(const char *name)
{
	return find_function(name) < FUNCTIONS;
}

int template_call(const struct template *template, const struct operand *function,
		  const struct value *arguments, size_t count, struct value *result)
{
	const struct call call = { template, function, arguments, count, result };
	size_t row = find_function(function->name);

	if (count < functions[row].least)
		return complain(&call, "too few values");
	if (count > functions[row].most)
		return complain(&call, "too many values");
	return functions[row].call(&call);
}

/* instructions.c -- Dockerfile's instructions as changes of a config: a row each. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "derive_private.h"

struct instruction {
	const char *name;
	const char *text; /* behind the name */
	struct oci_execution *execution;
	struct arena *arena;
	struct error *err;
};

/* clang-format off */
#define WORDS_ROWS(ROW, T) \
	ROW(T, strings, items, "items", none, required)
JSON_STRUCT(instruction_words, WORDS_ROWS);
JSON_SHAPE(instruction_words, WORDS_ROWS);
/* clang-format on */

/* ---- words ------------------------------------------------------------------------------------
 */

/* ["a", "b"] */
static int read_array(const struct instruction *instruction, struct strings *words)
{
	static const char front[] = "{\"items\":";
	const char *text = arena_format(instruction->arena, "%s%s}", front, instruction->text);
	const struct json_source source = { text, strlen(text), instruction->name,
					    sizeof(front) - 1 };
	struct instruction_words read;

	TRY(json_read(&source, &instruction_words_shape, &read, instruction->arena, NULL,
		      instruction->err));
	*words = read.items;
	return 0;
}

/* One word, quotes and backslashes taken away; *at is moved behind it. */
static char *take_word(const char **at, struct arena *arena)
{
	char *word = arena_string(arena, *at), *to = word;
	char quote = '\0';

	for (; **at && (quote || !isspace((unsigned char)**at)); ++*at) {
		if (quote ? **at == quote : **at == '"' || **at == '\'')
			quote = quote ? '\0' : **at;
		else if (**at == '\\' && quote != '\'' && (*at)[1])
			*to++ = *++*at;
		else
			*to++ = **at;
	}
	*to = '\0';
	return word;
}

static struct strings split_words(const struct instruction *instruction)
{
	const char *at = instruction->text;
	struct strings words = { 0 };

	for (;;) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			return words;
		strings_add(&words, take_word(&at, instruction->arena), instruction->arena);
	}
}

static int list_words(const struct instruction *instruction, struct strings *words)
{
	if (*instruction->text == '[')
		return read_array(instruction, words);
	*words = split_words(instruction);
	return 0;
}

/* A command: an array, or a line for the shell. */
static int read_command(const struct instruction *instruction, struct strings *command)
{
	if (*instruction->text == '[')
		return read_array(instruction, command);
	*command = (struct strings){ 0 };
	strings_add(command, (char *)"/bin/sh", instruction->arena);
	strings_add(command, (char *)"-c", instruction->arena);
	strings_add(command, arena_string(instruction->arena, instruction->text),
		    instruction->arena);
	return 0;
}

/* "A=b C=d", or "A the rest" for one. */
static int read_pairs(const struct instruction *instruction, struct string_map *pairs)
{
	struct strings words = split_words(instruction);
	struct arena *arena = instruction->arena;

	if (words.count > 1 && !strchr(words.items[0], '=')) {
		const char *rest = instruction->text + strcspn(instruction->text, " \t");

		string_map_set(pairs, words.items[0],
			       arena_string(arena, rest + strspn(rest, " \t")), arena);
		return 0;
	}
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');

		if (!equals || equals == words.items[i])
			return fail(instruction->err, EINVAL, "%s: \"%s\" is not NAME=VALUE",
				    instruction->name, words.items[i]);
		*equals = '\0';
		string_map_set(pairs, words.items[i], equals + 1, arena);
	}
	return 0;
}

/* ---- what they do -----------------------------------------------------------------------------
 */

static int set_cmd(const struct instruction *instruction)
{
	return read_command(instruction, &instruction->execution->cmd);
}

static int set_entrypoint(const struct instruction *instruction)
{
	return read_command(instruction, &instruction->execution->entrypoint);
}

static int add_env(const struct instruction *instruction)
{
	struct string_map pairs = { 0 };

	TRY(read_pairs(instruction, &pairs));
	for (size_t i = 0; i < pairs.count; i++)
		strings_set_variable(&instruction->execution->env,
				     arena_format(instruction->arena, "%s=%s", pairs.items[i].key,
						  pairs.items[i].value),
				     instruction->arena);
	return 0;
}

static int add_labels(const struct instruction *instruction)
{
	return read_pairs(instruction, &instruction->execution->labels);
}

/* The keys of a set, each with {}. */
#define ADD_KEYS(set, words)                                                                       \
	do {                                                                                       \
		size_t total = (set).count + (words).count;                                        \
		char **keys = arena_array(instruction->arena, total + 1, sizeof(*keys));           \
		if ((set).count)                                                                   \
			memcpy(keys, (set).keys, (set).count * sizeof(*keys));                     \
		for (size_t i = 0; i < (words).count; i++)                                         \
			keys[(set).count + i] = (words).items[i];                                  \
		(set).keys = keys;                                                                 \
		(set).items = arena_array(instruction->arena, total + 1, sizeof(*(set).items));    \
		(set).count = total;                                                               \
	} while (0)

/* "80" is "80/tcp". */
static int add_ports(const struct instruction *instruction)
{
	struct strings words = split_words(instruction);

	for (size_t i = 0; i < words.count; i++) {
		size_t digits = strspn(words.items[i], "0123456789-");

		if (!digits || (words.items[i][digits] && words.items[i][digits] != '/'))
			return fail(instruction->err, EINVAL, "EXPOSE: \"%s\" is no port",
				    words.items[i]);
		if (!words.items[i][digits])
			words.items[i] = arena_format(instruction->arena, "%s/tcp", words.items[i]);
	}
	ADD_KEYS(instruction->execution->exposed_ports, words);
	return 0;
}

static int add_volumes(const struct instruction *instruction)
{
	struct strings words;

	TRY(list_words(instruction, &words));
	ADD_KEYS(instruction->execution->volumes, words);
	return 0;
}

static int set_user(const struct instruction *instruction)
{
	instruction->execution->user = arena_string(instruction->arena, instruction->text);
	return 0;
}

static int set_workdir(const struct instruction *instruction)
{
	if (*instruction->text != '/')
		return fail(instruction->err, EINVAL, "WORKDIR: \"%s\" is not absolute",
			    instruction->text);
	instruction->execution->working_dir = arena_string(instruction->arena, instruction->text);
	return 0;
}

static int set_stop_signal(const struct instruction *instruction)
{
	instruction->execution->stop_signal = arena_string(instruction->arena, instruction->text);
	return 0;
}

static int add_on_build(const struct instruction *instruction)
{
	strings_add(&instruction->execution->on_build,
		    arena_string(instruction->arena, instruction->text), instruction->arena);
	return 0;
}

static const struct {
	const char *name;
	int (*apply)(const struct instruction *instruction);
} rows[] = {
	{ "CMD", set_cmd },
	{ "ENTRYPOINT", set_entrypoint },
	{ "ENV", add_env },
	{ "EXPOSE", add_ports },
	{ "LABEL", add_labels },
	{ "ONBUILD", add_on_build },
	{ "STOPSIGNAL", set_stop_signal },
	{ "USER", set_user },
	{ "VOLUME", add_volumes },
	{ "WORKDIR", set_workdir },
};

int instruction_apply(const char *typed, struct oci_execution *execution, struct arena *arena,
		      struct error *err)
{
	const char *at = typed + strspn(typed, " \t");
	size_t length = strcspn(at, " \t=");
	struct instruction instruction = { .execution = execution, .arena = arena, .err = err };
	char *text = arena_string(arena, at + length + (at[length] != '\0'));
	size_t end;

	text += strspn(text, " \t");
	for (end = strlen(text); end && isspace((unsigned char)text[end - 1]);)
		text[--end] = '\0';
	instruction.name = arena_copy(arena, at, length);
	instruction.text = text;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcasecmp(rows[i].name, instruction.name)) {
			if (!*text)
				return fail(err, EINVAL, "%s: nothing behind it", rows[i].name);
			instruction.name = rows[i].name;
			return rows[i].apply(&instruction);
		}
	return fail(err, EINVAL,
		    "\"%s\" is no instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, "
		    "STOPSIGNAL, USER, VOLUME or WORKDIR",
		    typed);
}

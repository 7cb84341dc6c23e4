/* settings.c -- fuzz target: any bytes as TOML, as JSON and as YAML, and what of it is
 * registries.conf.
 *
 * Beyond not crashing: what is refused is refused with words and a place inside the text; in what
 * is taken every key is there once and every value has its place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

static void insist(bool holds, const char *what)
{
	if (holds)
		return;
	fputs(what, stderr);
	fputc('\n', stderr);
	abort();
}

static void check(const struct setting *setting, unsigned lines)
{
	size_t count = 0;

	insist(setting->line >= 1 && setting->line <= lines, "a value in no line");
	insist(setting->column >= 1, "a value in no column");
	insist(setting->kind != SETTING_STRING || setting->string, "a string without one");
	for (const struct setting *at = setting->first; at; at = at->next, count++) {
		insist((at->key != NULL) == (setting->kind == SETTING_TABLE),
		       "a key in a list, or none in a table");
		insist(!at->key || setting_get(setting, at->key) == at, "a key twice");
		check(at, lines);
	}
	insist(count == setting->count, "a wrong count");
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length)
{
	static settings_reader *const readers[] = { settings_read_toml, settings_read_json,
						    settings_read_yaml };
	unsigned lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += bytes[i] == '\n';
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		auto_arena struct arena arena = { 0 };
		struct text text = { arena_copy(&arena, bytes, length), length, 0 };
		struct setting *root = NULL;
		struct error err = { 0 };

		if (readers[i](&text, "f", &arena, &root, &err) == 0) {
			check(root, lines);
			continue;
		}
		insist(err.number == EINVAL && *err.what, "refused without a word");
		insist(!strncmp(err.where, "f (line ", 8), "refused without a place");
	}
	return 0;
}

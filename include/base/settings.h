/* settings.h -- configuration files that people write, as a tree whose every value knows its place.
 *
 * Three languages, one tree: TOML 1.0 without its numbers with fractions and its dates
 * (registries.conf(5), storage.conf(5)), JSON (policy.json(5)), and of YAML the
 * block mappings of plain and quoted scalars (registries.d(5)). What is not understood is refused,
 * never guessed; so is a key that is there twice. Errors are -EINVAL and say where:
 *
 *     where = "FILE (line LINE:COLUMN)", what = "expected a string, found a boolean"
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum setting_kind {
	SETTING_STRING,
	SETTING_BOOLEAN,
	SETTING_INTEGER,
	SETTING_LIST,
	SETTING_TABLE,
	SETTING_NULL, /* JSON's: no member takes it but SETTING_TO_ANYTHING */
};

struct setting {
	enum setting_kind kind;
	const char *file;
	unsigned line, column; /* of the value, from 1; of a table's header */
	char *key;             /* NULL in a list */
	char *string;
	bool boolean;
	int64_t integer;
	struct setting *first, *last; /* what a list or table holds, in its order */
	struct setting *next;
	size_t count;
	unsigned char origin; /* the TOML reader's own */
};

typedef int settings_reader(const struct text *text, const char *file, struct arena *arena,
			    struct setting **root, struct error *err);

/* The whole document: a table. Everything lives in the arena; `file` is not copied. */
settings_reader settings_read_toml;
settings_reader settings_read_json;
settings_reader settings_read_yaml;

/* The same of a file of at most 1 MiB. -ENOENT and the like: from reading it. */
int settings_load(const char *path, settings_reader *reader, struct arena *arena,
		  struct setting **root, struct error *err);

/* The value of that key, or NULL. */
struct setting *setting_get(const struct setting *table, const char *key);

/* Report what is wrong with a value. Returns -EINVAL. */
int setting_refuse(const struct setting *setting, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What a table may hold and where in a struct it goes. */
enum setting_member {
	SETTING_TO_STRING,  /* char * */
	SETTING_TO_BOOLEAN, /* bool */
	SETTING_TO_CHOICE,  /* bool *, NULL where the key is absent */
	SETTING_TO_STRINGS, /* struct strings: of a list of strings */
	SETTING_TO_LIST,    /* const struct setting *: a list of anything */
	SETTING_TO_TABLE,   /* const struct setting *: a table of anything */
	SETTING_TO_ANYTHING /* const struct setting * */
};

struct setting_row {
	const char *key;
	enum setting_member member;
	size_t offset;
	const char *choices; /* "all|none": any other string is refused; NULL: free */
};

struct setting_rows {
	const struct setting_row *rows;
	size_t count;
	bool lenient; /* warn of keys that no row has, instead of refusing them */
};

/* Bind a table to `object`, which is zeroed by the caller. Wrong types are errors. */
int settings_bind(const struct setting *table, const struct setting_rows *rows, void *object,
		  struct arena *arena, struct error *err);

/* "a string", … */
const char *setting_kind_name(enum setting_kind kind);

#endif

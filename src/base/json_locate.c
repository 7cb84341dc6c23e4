/* json_locate.c -- find the place of a path in a document: only for errors, so it may read the
 * document again. The document may be broken behind (or before) the place; then the nearest
 * enclosing value is the answer. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "json_path.h"

struct scan {
	const char *text;
	size_t length, at;
};

void json_path_add_key(struct text *path, const char *key)
{
	const char *at = key;

	while (isalnum((unsigned char)*at) || *at == '_' || *at == '-')
		at++;
	if (*at || !*key) {
		text_add(path, "[");
		json_write_string(key, path);
		text_add(path, "]");
	} else {
		text_format(path, "%s%s", path->length > 0 ? "." : "", key);
	}
}

void json_position(const char *text, size_t length, size_t at, unsigned *line, unsigned *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at && i < length; i++) {
		/* Characters, not bytes: editors count so. */
		*column += (text[i] & 0xc0) != 0x80;
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		}
	}
}

static int peek(const struct scan *scan)
{
	return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : -1;
}

static void skip_blanks(struct scan *scan)
{
	while (peek(scan) >= 0 && strchr(" \t\r\n", peek(scan)))
		scan->at++;
}

/* Past a string; its raw inside is [*begin, *end). */
static bool skip_string(struct scan *scan, size_t *begin, size_t *end)
{
	if (peek(scan) != '"')
		return false;
	*begin = ++scan->at;
	while (peek(scan) >= 0 && peek(scan) != '"')
		scan->at += peek(scan) == '\\' ? 2 : 1;
	*end = scan->at++;
	return scan->at <= scan->length;
}

static bool skip_value(struct scan *scan)
{
	int depth = 0;
	size_t begin, end;

	do {
		int next;

		skip_blanks(scan);
		next = peek(scan);
		if (next < 0)
			return false;
		if (next == '"') {
			if (!skip_string(scan, &begin, &end))
				return false;
		} else if (strchr("{[", next)) {
			depth++;
			scan->at++;
		} else if (strchr("}]", next)) {
			depth--;
			scan->at++;
		} else if (strchr(",:", next)) {
			scan->at++;
		} else {
			while (peek(scan) >= 0 && !strchr(" \t\r\n,:{}[]\"", peek(scan)))
				scan->at++;
		}
	} while (depth > 0);
	return true;
}

/* Go to the value of `key` in the object at the present place. */
static bool enter_key(struct scan *scan, const char *key, size_t length)
{
	size_t begin, end;

	if (peek(scan) != '{')
		return false;
	scan->at++;
	for (;;) {
		skip_blanks(scan);
		if (!skip_string(scan, &begin, &end))
			return false;
		skip_blanks(scan);
		if (peek(scan) != ':')
			return false;
		scan->at++;
		skip_blanks(scan);
		if (end - begin == length && !memcmp(scan->text + begin, key, length))
			return true;
		if (!skip_value(scan))
			return false;
		skip_blanks(scan);
		if (peek(scan) != ',')
			return false;
		scan->at++;
	}
}

static bool enter_index(struct scan *scan, unsigned long index)
{
	if (peek(scan) != '[')
		return false;
	scan->at++;
	for (; index > 0; index--) {
		if (!skip_value(scan))
			return false;
		skip_blanks(scan);
		if (peek(scan) != ',')
			return false;
		scan->at++;
	}
	skip_blanks(scan);
	return peek(scan) >= 0 && peek(scan) != ']';
}

/* One part of the path: .key, key, [3], ["key"]. Moves *path behind it. */
static bool enter_part(struct scan *scan, const char **path)
{
	const char *at = *path;
	size_t length;

	if (at[0] == '[' && at[1] == '"') {
		const char *end = strstr(at + 2, "\"]");

		if (!end)
			return false;
		*path = end + 2;
		return enter_key(scan, at + 2, (size_t)(end - at - 2));
	}
	if (at[0] == '[') {
		char *end;
		unsigned long index = strtoul(at + 1, &end, 10);

		*path = *end == ']' ? end + 1 : end;
		return enter_index(scan, index);
	}
	at += *at == '.';
	length = strcspn(at, ".[");
	*path = at + length;
	return length > 0 && enter_key(scan, at, length);
}

bool json_locate(const char *text, size_t length, const char *path, unsigned *line,
		 unsigned *column)
{
	struct scan scan = { text, length, 0 };
	bool found = true;
	size_t at;

	skip_blanks(&scan);
	at = scan.at;
	while (*path && (found = enter_part(&scan, &path)))
		at = scan.at;
	json_position(text, length, at, line, column);
	return found;
}

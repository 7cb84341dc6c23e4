/* json_locate.c -- find the place of a path in a document: only for errors, so it may read the
 * document again. The document may be broken behind (or before) the place; then the nearest
 * enclosing value is the answer. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "json_path.h"
#include "json_scan.h"

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

static bool enter_index(struct json_scan *scan, unsigned long index)
{
	if (scan_peek(scan) != '[')
		return false;
	scan->at++;
	for (; index > 0; index--)
		if (!scan_next(scan))
			return false;
	scan_blanks(scan);
	return scan_peek(scan) >= 0 && scan_peek(scan) != ']';
}

/* One part of the path: .key, key, [3], ["key"]. Moves *path behind it. */
static bool enter_part(struct json_scan *scan, const char **path)
{
	const char *at = *path;
	size_t length;

	if (at[0] == '[' && at[1] == '"') {
		const char *end = strstr(at + 2, "\"]");

		if (!end)
			return false;
		*path = end + 2;
		return scan_enter_key(scan, at + 2, (size_t)(end - at - 2));
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
	return length > 0 && scan_enter_key(scan, at, length);
}

bool json_locate(const char *text, size_t length, const char *path, unsigned *line,
		 unsigned *column)
{
	struct json_scan scan = { text, length, 0 };
	bool found = true;
	size_t at;

	scan_blanks(&scan);
	at = scan.at;
	while (*path && (found = enter_part(&scan, &path)))
		at = scan.at;
	json_position(text, length, at, line, column);
	return found;
}

/* json_scan.c -- past strings and values without reading them. */
#include <string.h>

#include "json_scan.h"

int scan_peek(const struct json_scan *scan)
{
	return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : -1;
}

void scan_blanks(struct json_scan *scan)
{
	while (scan_peek(scan) >= 0 && strchr(" \t\r\n", scan_peek(scan)))
		scan->at++;
}

/* Past a string; its raw inside is [*begin, *end). */
bool scan_string(struct json_scan *scan, size_t *begin, size_t *end)
{
	if (scan_peek(scan) != '"')
		return false;
	*begin = ++scan->at;
	while (scan_peek(scan) >= 0 && scan_peek(scan) != '"')
		scan->at += scan_peek(scan) == '\\' ? 2 : 1;
	*end = scan->at++;
	return scan->at <= scan->length;
}

bool scan_value(struct json_scan *scan)
{
	int depth = 0;
	size_t begin, end;

	do {
		int next;

		scan_blanks(scan);
		next = scan_peek(scan);
		if (next < 0)
			return false;
		if (next == '"') {
			if (!scan_string(scan, &begin, &end))
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
			while (scan_peek(scan) >= 0 && !strchr(" \t\r\n,:{}[]\"", scan_peek(scan)))
				scan->at++;
		}
	} while (depth > 0);
	return true;
}

bool scan_next(struct json_scan *scan)
{
	if (!scan_value(scan))
		return false;
	scan_blanks(scan);
	if (scan_peek(scan) != ',')
		return false;
	scan->at++;
	return true;
}

/* Go to the value of `key` in the object at the present place. */
bool scan_enter_key(struct json_scan *scan, const char *key, size_t length)
{
	size_t begin, end;

	if (scan_peek(scan) != '{')
		return false;
	scan->at++;
	for (;;) {
		scan_blanks(scan);
		if (!scan_string(scan, &begin, &end))
			return false;
		scan_blanks(scan);
		if (scan_peek(scan) != ':')
			return false;
		scan->at++;
		scan_blanks(scan);
		if (end - begin == length && !memcmp(scan->text + begin, key, length))
			return true;
		if (!scan_next(scan))
			return false;
	}
}

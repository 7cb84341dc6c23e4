/* json_edit.c -- change one member of a document and leave every other byte as it is.
 *
 * The document is one that json_read took, so it is well formed; what is found is cut out of the
 * text and what is new put in, without the document's own blanks. */
#include <errno.h>
#include <string.h>

#include "base/json_edit.h"
#include "json_scan.h"

/* Put `with` in the place of [begin, end). */
static void splice(struct text *document, size_t begin, size_t end, const char *with)
{
	auto_text struct text rest = { 0 };

	text_add_bytes(&rest, document->data + end, document->length - end);
	document->length = begin;
	document->data[begin] = '\0';
	text_add(document, with);
	text_add_bytes(document, rest.data, rest.length);
}

static struct json_scan scan_from(const struct text *document, size_t at)
{
	return (struct json_scan){ document->data, document->length, at };
}

/* Where the value at `at` ends. */
static size_t value_end(const struct text *document, size_t at)
{
	struct json_scan scan = scan_from(document, at);

	return scan_value(&scan) ? scan.at : document->length;
}

/* Behind the last thing of the object or array that begins at `at`; 0: there is none. */
static size_t content_end(const struct text *document, size_t at)
{
	size_t end = value_end(document, at) - 1;

	while (end > at + 1 && strchr(" \t\r\n", document->data[end - 1]))
		end--;
	return end > at + 1 ? end : 0;
}

/* Append to the object or array that begins at `at`. */
static void append(struct text *document, size_t at, const char *item)
{
	size_t end = content_end(document, at);
	auto_text struct text with = { 0 };

	text_format(&with, "%s%s", end ? "," : "", item);
	if (!end)
		end = at + 1;
	splice(document, end, end, with.data);
}

/* The value of the member `key` of the object at `*at`; false: there is none. */
static bool enter(const struct text *document, size_t *at, const char *key, size_t length)
{
	struct json_scan scan = scan_from(document, *at);

	scan_blanks(&scan);
	if (!scan_enter_key(&scan, key, length))
		return false;
	*at = scan.at;
	return true;
}

/* The member whose value begins at `at` goes, with the comma behind or before it. */
static void cut(struct text *document, size_t at)
{
	struct json_scan scan = scan_from(document, value_end(document, at));
	size_t begin = at, end = scan.at;

	while (document->data[--begin] != ':') /* blanks */
		;
	while (document->data[--begin] != '"')
		;
	while (document->data[--begin] != '"') /* the key's beginning: it has no escapes */
		;
	scan_blanks(&scan);
	if (scan_peek(&scan) == ',') {
		scan.at++;
		scan_blanks(&scan);
		end = scan.at;
	} else {
		size_t before = begin;

		while (before > 0 && strchr(" \t\r\n", document->data[before - 1]))
			before--;
		if (before > 0 && document->data[before - 1] == ',')
			begin = before - 1;
	}
	splice(document, begin, end, "");
}

/* The members that are missing, one in the other: "b":{"c":VALUE} of "b.c". */
static void add_missing(struct text *member, const char *path, const char *value)
{
	size_t length = strcspn(path, ".");

	text_format(member, "\"%.*s\":", (int)length, path);
	if (!path[length]) {
		text_add(member, value);
		return;
	}
	text_add(member, "{");
	add_missing(member, path + length + 1, value);
	text_add(member, "}");
}

/* Go as far as the members of `path` exist. The rest of the path, "" when all do. */
static const char *enter_path(const struct text *document, const char *path, size_t *at)
{
	struct json_scan start = scan_from(document, 0);

	scan_blanks(&start);
	*at = start.at;
	while (*path) {
		size_t length = strcspn(path, ".");

		if (document->data[*at] != '{' || !enter(document, at, path, length))
			break;
		path += length;
		path += *path == '.';
	}
	return path;
}

void json_edit_set(struct text *document, const char *path, const char *value)
{
	auto_text struct text member = { 0 };
	size_t at;
	const char *rest = enter_path(document, path, &at);

	if (!value) {
		if (!*rest)
			cut(document, at);
		return;
	}
	if (!*rest) {
		splice(document, at, value_end(document, at), value);
		return;
	}
	add_missing(&member, rest, value);
	if (document->data[at] == '{') {
		append(document, at, member.data);
		return;
	}
	/* null, where an object may be */
	splice(document, at, value_end(document, at), "{}");
	append(document, at, member.data);
}

void json_edit_append(struct text *document, const char *path, const char *value)
{
	auto_text struct text array = { 0 };
	size_t at;
	const char *rest = enter_path(document, path, &at);

	if (!*rest && document->data[at] == '[') {
		append(document, at, value);
		return;
	}
	text_format(&array, "[%s]", value);
	json_edit_set(document, path, array.data);
}

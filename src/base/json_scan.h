/* json_scan.h -- walk over the text of a document by bytes. The document may be broken: every
 * function stays inside and says false where it does not find what it goes for. */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct json_scan {
	const char *text;
	size_t length, at;
};

/* The byte here, or -1 at the end. */
int scan_peek(const struct json_scan *scan);
void scan_blanks(struct json_scan *scan);
/* Past a string; its raw inside is [*begin, *end). */
bool scan_string(struct json_scan *scan, size_t *begin, size_t *end);
bool scan_value(struct json_scan *scan);
/* Past a value and the comma behind it; false: it is the last. */
bool scan_next(struct json_scan *scan);
/* Go to the value of the key (as the document writes it) in the object at the present place. */
bool scan_enter_key(struct json_scan *scan, const char *key, size_t length);

#endif

/* refusal.c -- a registry's "no" as one line: what was asked for, the status, its own words. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "registry_private.h"

/* clang-format off */
#define REFUSAL_ENTRY_ROWS(ROW, T) \
	ROW(T, string, code,    "code",    none, optional) \
	ROW(T, string, message, "message", none, optional)
JSON_STRUCT(refusal_entry, REFUSAL_ENTRY_ROWS);
JSON_SHAPE(refusal_entry, REFUSAL_ENTRY_ROWS);

#define REFUSAL_ROWS(ROW, T) \
	ROW(T, objects, errors, "errors", refusal_entry, optional)
JSON_STRUCT(refusal_body, REFUSAL_ROWS);
JSON_SHAPE(refusal_body, REFUSAL_ROWS);

static const struct {
	long status;
	int number;
	const char *words;
} statuses[] = {
	{ 401, EACCES,    "unauthorized" },
	{ 403, EACCES,    "forbidden" },
	{ 404, ENOENT,    "not found" },
	{ 416, EPROTO,    "the registry has fewer bytes than it promised" },
	{ 429, EBUSY,     "too many requests" },
};
/* clang-format on */

/* " (CODE: message)", the first of them; nothing when the body is no such document. */
static void add_own_words(const struct http_answer *answer, struct text *out)
{
	auto_arena struct arena arena = { 0 };
	struct refusal_body body;
	const struct json_source source = { answer->body.data ? answer->body.data : "",
					    answer->body.length, "answer" };

	if (json_read(&source, &refusal_body_shape, &body, &arena, NULL, NULL) < 0 ||
	    body.errors.count == 0)
		return;
	text_format(out, " (%s: %.200s)",
		    body.errors.items[0].code ? body.errors.items[0].code : "",
		    body.errors.items[0].message ? body.errors.items[0].message : "");
}

int refusal(const struct registry *registry, const char *url, const struct http_answer *answer,
	    struct error *err)
{
	auto_text struct text what = { 0 };
	const char *words = answer->status >= 500 ? "the registry is in trouble" : "refused";
	int number = answer->status >= 500 ? EREMOTEIO : EPROTO;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == answer->status) {
			words = statuses[i].words;
			number = statuses[i].number;
		}
	text_format(&what, "%s: status %ld", words, answer->status);
	add_own_words(answer, &what);
	fail(err, number, "%s", what.data);
	if (answer->status == 401)
		fail_hint(err, "log in with lade login %s, or give --creds", registry->domain);
	return fail_where(err, "%.*s", (int)strcspn(url, "?"), url);
}

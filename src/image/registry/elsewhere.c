/* elsewhere.c -- documents that are not the registry's own (a lookaside store's signatures):
 * whoever has them gets no credentials of ours and no certificate. */
#include <errno.h>

#include "registry_private.h"

#define REDIRECTS_MOST 10

struct limited {
	struct text *text;
	size_t most;
};

static int keep(void *context, const void *bytes, size_t length, struct error *err)
{
	const struct limited *limited = context;

	if (limited->text->length + length > limited->most)
		return fail(err, EFBIG, "the document has more than %zu bytes", limited->most);
	text_add_bytes(limited->text, bytes, length);
	return 0;
}

static int follow(struct registry *registry, const char *url, struct limited *limited,
		  struct http_answer *answer, struct error *err)
{
	for (int hop = 0; hop <= REDIRECTS_MOST; hop++) {
		const struct http_request request = { .url = url,
						      .sink = keep,
						      .context = limited };

		if (limited->text->data)
			text_clear(limited->text);
		TRY(http_exchange(&registry->http, &request, answer, err));
		if (answer->status / 100 == 2)
			return 0;
		if (answer->status / 100 != 3)
			return refusal(registry, url, answer, err);
		TRY(request_next(registry, answer, url, &url, err));
	}
	fail(err, EPROTO, "redirected more than %d times", REDIRECTS_MOST);
	return fail_where(err, "%s", url);
}

int registry_fetch_elsewhere(struct registry *registry, const char *url, size_t most,
			     struct text *text, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct http_answer answer = { .arena = &arena };
	struct limited limited = { text, most };

	for (int tried = 1;; tried++) {
		int result;

		if (err)
			*err = (struct error){ 0 };
		result = follow(registry, url, &limited, &answer, err);
		if (result == 0 || !request_again(registry, result, &answer, tried, err)) {
			text_free(&answer.body);
			return result;
		}
	}
}

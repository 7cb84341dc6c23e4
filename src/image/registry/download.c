/* download.c -- a file from anywhere on the web, as the user named it. */
#include <errno.h>
#include <string.h>

#include "registry_private.h"

struct download {
	const struct registry_download *order;
	bool began;
};

static int take(void *context, const void *bytes, size_t length, struct error *err)
{
	struct download *download = context;

	download->began = true;
	return download->order->write(download->order->context, bytes, length, err);
}

/* "host[:port]" of a URL. */
static char *host_of(const char *url, struct arena *arena)
{
	const char *host = strstr(url, "://") + 3;
	const char *at = host + strcspn(host, "/?#");

	for (const char *c = host; c < at; c++)
		if (*c == '@')
			return NULL;
	return at > host ? arena_copy(arena, host, (size_t)(at - host)) : NULL;
}

static int fetch(struct registry *registry, struct download *download, struct error *err)
{
	auto_arena struct arena scratch = { 0 };
	struct http_answer answer = { .arena = &scratch };
	const struct request request = { .path = download->order->url,
					 .sink = take,
					 .context = download };
	int result = -1;

	for (int tried = 1; result < 0; tried++) {
		result = request_once(registry, &request, &answer, err);
		/* What was given away cannot be taken back. */
		if (result >= 0 || download->began ||
		    !request_again(registry, result, &answer, tried, err))
			break;
	}
	text_free(&answer.body);
	return result;
}

int registry_download(const struct registry_download *order, const struct registry_options *options,
		      struct error *err)
{
	auto_arena struct arena arena = { 0 };
	auto_registry struct registry *registry = NULL;
	struct reference reference = { .domain = NULL };
	struct download download = { .order = order };

	if (!text_starts(order->url, "https://") && !text_starts(order->url, "http://"))
		return fail(err, EINVAL, "%s is no URL of http or https", order->url);
	reference.domain = host_of(order->url, &arena);
	if (!reference.domain)
		return fail(err, EINVAL, "%s names no host, or credentials", order->url);
	TRY(registry_open(&reference, options, &registry, err));
	return fetch(registry, &download, err);
}

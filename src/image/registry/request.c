/* request.c -- a request to the registry: scheme, authorization, redirects, and another try. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "registry_private.h"

#define REDIRECTS_MOST     10
#define RETRY_AFTER_MOST   60
#define AUTHORIZATION_MOST 2

/* "https://host:port" of a URL, with the scheme's own port filled in. */
static char *origin_of(const char *url, struct arena *arena)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;
	char *origin = NULL;

	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		origin = arena_format(arena, "%s://%s:%s", scheme, host, port);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return origin;
}

/* Where a redirect leads, made absolute; NULL: nowhere. */
static char *resolve_location(const char *url, const char *location, struct arena *arena)
{
	CURLU *parts = curl_url();
	char *absolute = NULL, *copy = NULL;

	if (location && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_set(parts, CURLUPART_URL, location, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_URL, &absolute, 0) == CURLUE_OK)
		copy = arena_string(arena, absolute);
	curl_free(absolute);
	curl_url_cleanup(parts);
	return copy;
}

static bool has_user(const char *url)
{
	CURLU *parts = curl_url();
	char *user = NULL;

	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
		curl_url_get(parts, CURLUPART_USER, &user, 0);
	curl_url_cleanup(parts);
	curl_free(user);
	return user != NULL;
}

static int check_redirect(const struct registry *registry, const char *from, const char *to,
			  struct error *err)
{
	const char *plain = text_after(to, "http://");

	if (to && has_user(to)) {
		fail(err, EPROTO, "redirected to a URL with credentials: refused");
		return fail_where(err, "%s", from);
	}
	if (plain && registry->tls != TLS_UNVERIFIED && !is_loopback(plain)) {
		fail(err, EPROTO, "redirected to plain http on another host: refused");
		return fail_where(err, "%s", from);
	}
	if (!to || !(text_starts(to, "https://") || text_starts(to, "http://"))) {
		fail(err, EPROTO, "redirected to nowhere");
		return fail_where(err, "%s", from);
	}
	if (text_starts(from, "https://") && !text_starts(to, "https://")) {
		fail(err, EPROTO, "redirected from https to %.*s: refused", (int)strcspn(to, "?"),
		     to);
		return fail_where(err, "%s", from);
	}
	return 0;
}

int request_next(const struct registry *registry, const struct http_answer *answer,
		 const char *from, const char **next, struct error *err)
{
	*next = resolve_location(from, answer->location, answer->arena);
	return check_redirect(registry, from, *next, err);
}

/* Of anything but a GET only 307 and 308 mean "the same there" (RFC 9110, 15.4). */
static bool is_redirect(const struct request *request, long status)
{
	return status == 307 || status == 308 ||
	       (!request->method && (status == 301 || status == 302 || status == 303));
}

/* Credentials are for the registry's own scheme, host and port; a redirect elsewhere gets none. */
static int follow_redirects(struct registry *registry, const struct request *request,
			    const char *url, struct http_answer *answer, struct error *err)
{
	struct arena *arena = answer->arena;
	const char *own = origin_of(url, arena);

	for (int hop = 0; hop <= REDIRECTS_MOST; hop++) {
		const char *origin = origin_of(url, arena);
		struct http_request http = {
			.url = url,
			.method = request->method,
			.body = request->body,
			.content_range = request->content_range,
			.head = request->head,
			.own = text_equal(origin, own),
			.accept = request->accept,
			.authorization = text_equal(origin, own) ? registry->authorization : NULL,
			.from = request->from,
			.sink = request->sink,
			.context = request->context,
		};
		const char *next;

		TRY(http_exchange(&registry->http, &http, answer, err));
		if (hop == 0) /* it speaks this; what fails behind a redirect changes nothing */
			registry->scheme = text_starts(url, "https://") ? "https" : "http";
		if (!is_redirect(request, answer->status)) {
			if (answer->status == 401 && !text_equal(origin, own))
				return refusal(registry, url, answer, err);
			return 0;
		}
		TRY(request_next(registry, answer, url, &next, err));
		url = next;
	}
	fail(err, EPROTO, "redirected more than %d times", REDIRECTS_MOST);
	return fail_where(err, "%s", url);
}

static const char *url_of(const struct registry *registry, const struct request *request,
			  const char *scheme, struct arena *arena)
{
	if (text_starts(request->path, "https://") || text_starts(request->path, "http://"))
		return request->path;
	if (*request->path == '/')
		return arena_format(arena, "%s://%s%s", scheme, registry->host, request->path);
	return arena_format(arena, "%s://%s/v2/%s/%s", scheme, registry->host, registry->repository,
			    request->path);
}

int request_location(const struct registry *registry, const struct http_answer *answer,
		     const char *asked, const char **location, struct error *err)
{
	struct arena *arena = answer->arena;
	const char *base = arena_format(arena, "%s://%s/v2/%s/%s", registry->scheme, registry->host,
					registry->repository, asked);
	const char *found = resolve_location(base, answer->location, arena);

	if (!found) {
		fail(err, EPROTO, "the registry does not say where the upload goes on");
		return fail_where(err, "%s", base);
	}
	if (!text_equal(origin_of(found, arena), origin_of(base, arena))) {
		fail(err, EPROTO, "the upload is to go on at another host, %.*s: refused",
		     (int)strcspn(found, "?"), found);
		return fail_where(err, "%s", base);
	}
	*location = found;
	return 0;
}

static int ask(struct registry *registry, const struct request *request, const char *scheme,
	       struct http_answer *answer, struct error *err)
{
	const char *url = url_of(registry, request, scheme, answer->arena);

	for (int tries = 0;; tries++) {
		const char *refused = registry->authorization;

		TRY(follow_redirects(registry, request, url, answer, err));
		/* A password that was refused is not sent again: accounts get locked. */
		if (answer->status == 401 && tries < AUTHORIZATION_MOST &&
		    authorize(registry, answer, err) == 0 &&
		    !text_equal(refused, registry->authorization))
			continue;
		if (answer->status / 100 == 2)
			return 0;
		if (answer->status == 401 && err && err->number != 0 && err->number != EACCES)
			return -err->number; /* the token service's own failure says more */
		return refusal(registry, answer->url, answer, err);
	}
}

/* No TLS is spoken there, or nothing listens: plain http may be tried where that is allowed. */
static bool may_try_http(const struct registry *registry, int number)
{
	bool allowed = registry->tls == TLS_UNVERIFIED ||
		       (registry->tls == TLS_AUTOMATIC && registry->loopback);

	return allowed && !registry->scheme &&
	       (number == -EPROTONOSUPPORT || number == -ECONNREFUSED || number == -ECONNRESET);
}

int request_once(struct registry *registry, const struct request *request,
		 struct http_answer *answer, struct error *err)
{
	const char *scheme = registry->scheme ? registry->scheme : "https";
	int result;

	if (err)
		*err = (struct error){ 0 };
	result = ask(registry, request, scheme, answer, err);
	if (result < 0 && may_try_http(registry, result)) {
		if (err)
			*err = (struct error){ 0 };
		result = ask(registry, request, "http", answer, err);
	}
	return result;
}

static bool is_transient(int number, long status)
{
	static const long statuses[] = { 408, 429, 500, 502, 503, 504 };

	/* The last two: of the token service. */
	if (number == -ECONNRESET || number == -ETIMEDOUT || number == -EREMOTEIO ||
	    number == -EBUSY)
		return true;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i] == status)
			return true;
	return false;
}

/* A pause that cancelling ends at once. */
static bool pause_for(const struct registry *registry, int milliseconds)
{
	struct pollfd event = { .fd = registry->http.cancel_fd > 0 ? registry->http.cancel_fd : -1,
				.events = POLLIN };

	return poll(&event, 1, milliseconds) == 0;
}

bool request_again(const struct registry *registry, int number, const struct http_answer *answer,
		   int tried, struct error *err)
{
	int delay = registry->retry_delay_ms << (tried < 6 ? tried - 1 : 5);

	if (tried > registry->retries || !is_transient(number, answer->status))
		return false;
	if (answer->retry_after >= 0)
		delay = 1000 * (answer->retry_after < RETRY_AFTER_MOST ? answer->retry_after
								       : RETRY_AFTER_MOST);
	if (pause_for(registry, delay))
		return true;
	fail(err, ECANCELED, "cancelled");
	return false;
}

int request_whole(struct registry *registry, const struct request *request,
		  struct http_answer *answer, struct error *err)
{
	for (int tried = 1;; tried++) {
		int result = request_once(registry, request, answer, err);

		if (result == 0 || !request_again(registry, result, answer, tried, err))
			return result;
		if (request->context && request->sink)
			text_clear(request->context); /* sinks of whole answers are texts */
	}
}

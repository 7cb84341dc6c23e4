/* http.c -- libcurl, told to do nothing on its own: redirects, credentials and retries are policy.
 */
#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define USER_AGENT       "coffer-lade/" PACKAGE_VERSION
#define CONNECT_SECONDS  30L
#define DIGEST_PATIENCE  20 /* times the stall limit: a registry hashes what it got to the end */
#define ERROR_BODY_LIMIT 65536
#define HEADERS_LIMIT    262144

struct exchange {
	const struct http_client *client;
	const struct http_request *request;
	struct http_answer *answer;
	struct error *err;
	size_t header_bytes;
	int sink_result;
	int64_t sent;      /* of the body */
	bool heard_enough; /* of an error's words */
	bool cancelled, stalled;
	curl_off_t moved; /* bytes in both directions, when something moved last … */
	int64_t moved_at; /* … and when that was, in milliseconds */
	char words[CURL_ERROR_SIZE];
};

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	struct http_answer *answer = exchange->answer;
	size_t length = size * count;
	size_t room = ERROR_BODY_LIMIT - answer->body.length;

	curl_easy_getinfo(exchange->client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (answer->status / 100 == 2 && exchange->request->sink) {
		exchange->sink_result = exchange->request->sink(exchange->request->context, bytes,
								length, exchange->err);
		return exchange->sink_result < 0 ? 0 : length;
	}
	text_add_bytes(&answer->body, bytes, length < room ? length : room);
	exchange->heard_enough = length > room;
	return exchange->heard_enough ? 0 : length;
}

/* "Name: value" without the blanks around the value; NULL when it is another header. */
static char *header_value(const char *line, size_t length, const char *name, struct arena *arena)
{
	size_t at = strlen(name);

	if (length <= at || strncasecmp(line, name, at) != 0 || line[at] != ':')
		return NULL;
	for (at++; at < length && strchr(" \t", line[at]); at++)
		;
	while (length > at && strchr("\r\n \t", line[length - 1]))
		length--;
	return arena_copy(arena, line + at, length - at);
}

/* Seconds or a date (RFC 9110, 10.2.3); -1: neither. */
static int parse_retry_after(const char *value)
{
	time_t date = isdigit((unsigned char)*value) ? -1 : curl_getdate(value, NULL);
	time_t now = time(NULL);
	unsigned long seconds = date > now ? (unsigned long)(date - now) : 0;

	if (isdigit((unsigned char)*value))
		seconds = strtoul(value, NULL, 10);
	else if (date < 0)
		return -1;
	return seconds < INT_MAX ? (int)seconds : INT_MAX;
}

static void keep_header(struct http_answer *answer, const char *line, size_t length)
{
	const struct {
		const char *name;
		char **place;
	} kept[] = {
		{ "Content-Type", &answer->content_type },
		{ "Location", &answer->location },
		{ "Docker-Content-Digest", &answer->digest },
		{ "Content-Range", &answer->content_range },
		{ "Range", &answer->range },
		{ "Link", &answer->link },
		{ "OCI-Subject", &answer->subject },
		{ "OCI-Filters-Applied", &answer->filters },
	};
	char *value;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if ((value = header_value(line, length, kept[i].name, answer->arena)))
			*kept[i].place = value;
	if ((value = header_value(line, length, "WWW-Authenticate", answer->arena)))
		strings_add(&answer->challenges, value, answer->arena);
	if ((value = header_value(line, length, "Retry-After", answer->arena)))
		answer->retry_after = parse_retry_after(value);
	if ((value = header_value(line, length, "OCI-Chunk-Min-Length", answer->arena)))
		answer->chunk_least = strtoll(value, NULL, 10);
}

/* Another status line: what came before was an interim answer's (RFC 9110, 15.2). */
static void forget_headers(struct http_answer *answer)
{
	struct http_answer empty = { .retry_after = -1,
				     .url = answer->url,
				     .arena = answer->arena,
				     .status = answer->status,
				     .body = answer->body };

	*answer = empty;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t length = size * count;

	exchange->header_bytes += length;
	if (exchange->header_bytes > HEADERS_LIMIT)
		return 0;
	if (length >= 5 && !strncasecmp(line, "HTTP/", 5))
		forget_headers(exchange->answer);
	keep_header(exchange->answer, line, length);
	return length;
}

static bool is_cancelled(const struct http_client *client)
{
	struct pollfd event = { .fd = client->cancel_fd, .events = POLLIN };

	return client->cancel_fd > 0 && poll(&event, 1, 0) == 1;
}

static int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* libcurl's own limit would also count while a registry hashes an upload that is all there. */
static bool is_stalled(struct exchange *exchange, curl_off_t down, curl_off_t up)
{
	const struct http_body *body = exchange->request->body;
	int64_t limit = 1000LL * exchange->client->stall_seconds, now = milliseconds_now();

	if (down + up != exchange->moved || !exchange->moved_at) {
		exchange->moved = down + up;
		exchange->moved_at = now;
	}
	if (body && body->size > 0 && up >= body->size && down == 0)
		limit *= DIGEST_PATIENCE;
	return now - exchange->moved_at >= limit;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct exchange *exchange = context;

	(void)total, (void)up_total;
	if (exchange->request->body && exchange->request->body->sent)
		exchange->request->body->sent(exchange->request->body->context,
					      exchange->request->body->before + up_now);
	exchange->cancelled = is_cancelled(exchange->client);
	exchange->stalled = is_stalled(exchange, now, up_now);
	return exchange->cancelled || exchange->stalled;
}

/* ---- what goes out ----------------------------------------------------------------------------
 */

static size_t on_read(char *buffer, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	const struct http_body *body = exchange->request->body;
	int64_t rest = body->size - exchange->sent;
	size_t room = size * count;
	ssize_t got;

	if ((int64_t)room > rest)
		room = (size_t)rest;
	if (body->bytes) {
		memcpy(buffer, body->bytes + exchange->sent, room);
		got = (ssize_t)room;
	} else {
		got = pread(body->fd, buffer, room, body->from + exchange->sent);
	}
	if (got < 0 || (got == 0 && room > 0)) {
		exchange->sink_result =
			got < 0 ? fail_call(exchange->err, "read", "cannot read what is to be sent")
				: fail(exchange->err, EBADMSG, "what is to be sent became shorter");
		return CURL_READFUNC_ABORT;
	}
	exchange->sent += got;
	return (size_t)got;
}

/* Another try of libcurl's own on a connection that was closed meanwhile. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct exchange *exchange = context;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	exchange->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static void set_body(struct exchange *exchange)
{
	const struct http_request *request = exchange->request;
	CURL *curl = exchange->client->curl;

	if (request->body) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body->size);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(curl, CURLOPT_READDATA, exchange);
		curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(curl, CURLOPT_SEEKDATA, exchange);
		curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
	} else if (request->method && !strcmp(request->method, "POST")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
	}
	if (request->method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value,
				     struct arena *arena)
{
	return value ? curl_slist_append(list, arena_format(arena, "%s: %s", name, value)) : list;
}

static void set_tls(const struct http_client *client, bool own)
{
	CURL *curl = client->curl;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, client->verify ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, client->verify ? 2L : 0L);
	if (client->ca_text) {
		struct curl_blob blob = { (void *)client->ca_text, strlen(client->ca_text),
					  CURL_BLOB_NOCOPY };

		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
	} else {
		/* libcurl's default fails even plain http where that file is missing. */
		curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
	}
	if (client->certificate && own) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, client->certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, client->key);
	}
}

/* libcurl ignores the upper-case HTTP_PROXY, which containers' users set. */
static void set_proxy(const struct http_client *client, const char *url)
{
	CURL *curl = client->curl;
	const char *proxy = getenv("HTTP_PROXY");

	if (client->proxy) {
		curl_easy_setopt(curl, CURLOPT_PROXY, client->proxy);
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	} else if (client->direct)
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	else if (text_starts(url, "http://") && proxy && !getenv("http_proxy"))
		curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
}

static void set_options(struct exchange *exchange, struct curl_slist *headers)
{
	const struct http_client *client = exchange->client;
	const struct http_request *request = exchange->request;
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOBODY, request->head ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 262144L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
	/* What a proxy says before TLS begins is not the registry's. */
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
	set_body(exchange);
	set_tls(client, request->own);
	set_proxy(client, request->url);
}

static int number_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		int number;
	} numbers[] = {
		{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT },
		{ CURLE_COULDNT_CONNECT, ECONNREFUSED },
		{ CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH },
		{ CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH },
		{ CURLE_SSL_CONNECT_ERROR, EPROTONOSUPPORT },
		{ CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED },
		{ CURLE_SSL_CERTPROBLEM, EKEYREJECTED },
		{ CURLE_SSL_CACERT_BADFILE, EKEYREJECTED },
		{ CURLE_URL_MALFORMAT, EINVAL },
		{ CURLE_UNSUPPORTED_PROTOCOL, EINVAL },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].code == code)
			return numbers[i].number;
	return ECONNRESET;
}

static int judge(struct exchange *exchange, CURLcode code)
{
	const char *words = *exchange->words ? exchange->words : curl_easy_strerror(code);

	if (exchange->sink_result < 0)
		return exchange->sink_result;
	if (exchange->cancelled)
		return fail(exchange->err, ECANCELED, "cancelled");
	if (exchange->stalled) {
		fail(exchange->err, ETIMEDOUT, "nothing moved for %lld seconds",
		     (long long)(milliseconds_now() - exchange->moved_at) / 1000);
		return fail_where(exchange->err, "%.*s", (int)strcspn(exchange->request->url, "?"),
				  exchange->request->url);
	}
	if (code == CURLE_OK || exchange->heard_enough) {
		curl_easy_getinfo(exchange->client->curl, CURLINFO_RESPONSE_CODE,
				  &exchange->answer->status);
		return 0;
	}
	fail(exchange->err, number_of(code), "%s", words);
	if (code == CURLE_PEER_FAILED_VERIFICATION && !exchange->client->ca_text &&
	    !exchange->client->ca_file)
		fail_hint(exchange->err, "no authorities are known here: install ca-certificates");
	return fail_where(exchange->err, "%.*s", (int)strcspn(exchange->request->url, "?"),
			  exchange->request->url);
}

int http_exchange(const struct http_client *client, const struct http_request *request,
		  struct http_answer *answer, struct error *err)
{
	struct exchange exchange = {
		.client = client, .request = request, .answer = answer, .err = err
	};
	struct curl_slist *headers = NULL;
	struct arena *arena = answer->arena;
	CURLcode code;

	text_free(&answer->body);
	*answer = (struct http_answer){ .url = request->url, .retry_after = -1, .arena = arena };
	if (is_cancelled(client))
		return fail(err, ECANCELED, "cancelled");
	headers = add_header(headers, "Accept", request->accept, arena);
	headers = add_header(headers, "Authorization", request->authorization, arena);
	/* Not libcurl's resuming, which takes a whole answer for an error. */
	if (request->from > 0)
		headers =
			add_header(headers, "Range",
				   arena_format(arena, "bytes=%" PRIu64 "-", request->from), arena);
	if (request->body) {
		headers = add_header(headers, "Content-Type", request->body->type, arena);
		/* Authorized by the request before; waiting for a 100 costs a second at some. */
		headers = curl_slist_append(headers, "Expect:");
	}
	headers = add_header(headers, "Content-Range", request->content_range, arena);
	set_options(&exchange, headers);
	code = curl_easy_perform(client->curl);
	curl_slist_free_all(headers);
	return judge(&exchange, code);
}

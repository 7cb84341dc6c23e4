/* http.h -- one exchange with a server: no redirects, no retries, no authentication of its own. */
#ifndef REGISTRY_HTTP_H
#define REGISTRY_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* What never changes between the exchanges of one client. */
struct http_client {
	CURL *curl;          /* keeps connections alive */
	const char *ca_text; /* PEM of all authorities; NULL: those in ca_file */
	const char *ca_file; /* the system's; NULL: there are none here */
	const char *certificate, *key;
	bool verify;
	const char *proxy; /* the one for this registry; NULL: as the environment says */
	bool direct;       /* a loopback host: through no proxy but that */
	int stall_seconds;
	int cancel_fd; /* readable: stop; <= 0: none */
};

/* Where the body of a 2xx answer goes; a negative result ends the exchange. */
typedef int http_sink(void *context, const void *bytes, size_t length, struct error *err);

/* What goes to the server: `bytes`, or a part of a file. */
struct http_body {
	const char *type;  /* Content-Type */
	const char *bytes; /* NULL: from `fd`, which stays the caller's */
	int fd;
	int64_t from, size; /* where in the file it begins, how much it is */
	int64_t before;     /* what of the whole went before it, for `sent` */
	/* Told how much of the whole is gone; NULL: nobody is. */
	void (*sent)(void *context, int64_t bytes);
	void *context;
};

struct http_request {
	const char *url;
	const char *method;           /* NULL: GET */
	const struct http_body *body; /* NULL: none */
	const char *content_range;    /* of the body, or NULL */
	bool head;
	bool own;                  /* the registry itself: our certificate may be shown */
	const char *accept;        /* one header's value, or NULL */
	const char *authorization; /* likewise */
	uint64_t from;             /* Range: bytes=FROM-, 0: everything */
	http_sink *sink;
	void *context;
};

struct http_answer {
	const char *url; /* who gave it */
	long status;
	char *content_type, *location, *digest; /* in the arena, NULL when absent */
	char *content_range, *range, *link;
	char *subject, *filters;   /* OCI-Subject, OCI-Filters-Applied */
	struct strings challenges; /* WWW-Authenticate, one a header */
	int retry_after;           /* seconds, -1 when absent */
	int64_t chunk_least;       /* OCI-Chunk-Min-Length, 0 when absent */
	struct text body;          /* of an answer that is not 2xx, cut; owned by the caller */
	struct arena *arena;       /* given */
};

/* 0 when an answer came, whatever its status. Else -errno: ECANCELED, ETIMEDOUT, ECONNREFUSED,
 * EHOSTUNREACH, EPROTONOSUPPORT (no TLS is spoken there), EKEYREJECTED (its certificate),
 * ECONNRESET (broken off), or what the sink returned. */
int http_exchange(const struct http_client *client, const struct http_request *request,
		  struct http_answer *answer, struct error *err);

#endif

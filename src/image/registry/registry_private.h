/* registry_private.h -- what the chapters of the client share. */
#ifndef REGISTRY_PRIVATE_H
#define REGISTRY_PRIVATE_H

#include "base/json.h"
#include "http.h"
#include "image/registry.h"

struct registry {
	struct arena arena; /* for what lives as long as the client */
	struct http_client http;
	enum registry_tls tls;
	char *domain;     /* as in the reference, for messages and credentials */
	char *host;       /* of the API: "registry-1.docker.io", "127.0.0.1:5000" */
	char *repository; /* "library/alpine" */
	bool loopback;
	bool push;          /* ask for tokens that may write */
	const char *scheme; /* "https" or "http", once an answer came; NULL before */
	char *user, *password;
	char *identity_token; /* OAuth2's refresh token, or NULL */
	char *authorization;  /* what the registry itself accepts now, or NULL */
	int retries, retry_delay_ms;
};

/* open.c: 127.0.0.0/8, ::1, localhost; a port behind it does not matter. */
bool is_loopback(const char *host);

/* credentials.c: --creds, else the auth files; user NULL when there are none. */
int credentials_find(struct registry *registry, const struct registry_options *options,
		     struct error *err);
/* The file that login writes: --authfile, $REGISTRY_AUTH_FILE, or the user's own. */
const char *credentials_path(const char *option, struct arena *arena);
/* "Basic …" of user and password, in the arena. */
char *credentials_basic(const char *user, const char *password, struct arena *arena);

/* certificates.c: --cert-dir, else certs.d/HOST. */
int certificates_find(struct registry *registry, const char *directory, struct error *err);
/* The file of the system's authorities ($SSL_CERT_FILE or where distributions keep it); NULL: none.
 */
const char *certificates_system(void);

/* authorize.c: answer a 401: get registry->authorization right. -EACCES: there is no way. */
int authorize(struct registry *registry, const struct http_answer *answer, struct error *err);

/* refusal.c: an answer that is not 2xx as an error, with the registry's own words. */
int refusal(const struct registry *registry, const char *url, const struct http_answer *answer,
	    struct error *err);

/* request.c: ask the registry for `path` below /v2/REPOSITORY/ (below / when it begins with '/', or
 * a whole URL that the registry itself named): chooses the scheme, authorizes, follows redirects.
 * Success: status is 2xx. No retries: see request_again. */
struct request {
	const char *path;
	const char *method; /* NULL: GET */
	const struct http_body *body;
	const char *content_range;
	bool head;
	const char *accept;
	uint64_t from;
	http_sink *sink;
	void *context;
};
int request_once(struct registry *registry, const struct request *request,
		 struct http_answer *answer, struct error *err);

/* Where the Location of the last answer leads, made absolute, in the answer's arena; EPROTO when
 * there is none or when it is another host: an upload goes nowhere else (CVE-2026-50151). */
int request_location(const struct registry *registry, const struct http_answer *answer,
		     const char *asked, const char **location, struct error *err);

/* Where the redirect that an answer from `from` is leads, if it may: EPROTO. In the answer's arena.
 */
int request_next(const struct registry *registry, const struct http_answer *answer,
		 const char *from, const char **next, struct error *err);

/* Is it worth another try? Then wait for try number `tried` (from 1) and return true; false when it
 * is not, or when all tries are used up. */
bool request_again(const struct registry *registry, int number, const struct http_answer *answer,
		   int tried, struct error *err);

/* listing.c: one JSON document of at most 16 MiB, into the arena of `answer`, where its headers
 * are, too. */
int listing_get(struct registry *registry, const char *path, struct http_answer *answer,
		const struct json_shape *shape, void *object, struct error *err);

/* referrers.c: a manifest was pushed, and the registry did not say (OCI-Subject) that it keeps
 * account of what refers to what: where the manifest has a subject, do it in the registry's place.
 */
int referrers_note(struct registry *registry, const struct registry_manifest *manifest,
		   struct error *err);

/* request_once with retries, for answers that are small. */
int request_whole(struct registry *registry, const struct request *request,
		  struct http_answer *answer, struct error *err);

#endif

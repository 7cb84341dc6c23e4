/* authorize.c -- answer a challenge of the registry's: Basic, or a Bearer token from the service it
 * names (distribution's token specification). Only challenges of the registry itself are answered:
 * never those of a redirect's target (CVE-2020-15157). */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "challenge.h"
#include "registry_private.h"

#define TOKEN_LIMIT (1 << 20)

/* clang-format off */
#define TOKEN_ROWS(ROW, T) \
	ROW(T, string, token,        "token",        none, optional) \
	ROW(T, string, access_token, "access_token", none, optional)
JSON_STRUCT(token_answer, TOKEN_ROWS);
JSON_SHAPE(token_answer, TOKEN_ROWS);
/* clang-format on */

static int keep_token(void *context, const void *bytes, size_t length, struct error *err)
{
	struct text *text = context;

	if (text->length + length > TOKEN_LIMIT)
		return fail(err, EPROTO, "the token service sends too much");
	text_add_bytes(text, bytes, length);
	return 0;
}

/* A parameter of a URL's query, or of a form, which has no '?' in front. */
static void add_escaped(struct text *query, CURL *curl, const char *name, const char *value)
{
	char *escaped = value ? curl_easy_escape(curl, value, 0) : NULL;
	const char *separator = "";

	if (query->length)
		separator = strchr(query->data, '?') || strchr(query->data, '=') ? "&" : "?";
	if (escaped)
		text_format(query, "%s%s=%s", separator, name, escaped);
	curl_free(escaped);
}

/* The password goes to the token service, so it must be as safe as the registry is. */
static int check_realm(const struct registry *registry, const char *realm, struct error *err)
{
	if (!realm)
		return fail(err, EPROTO, "the registry's Bearer challenge names no realm");
	if (text_starts(realm, "https://"))
		return 0;
	if (text_starts(realm, "http://") && text_equal(registry->scheme, "http"))
		return 0;
	return fail(err, EPROTO, "the registry's token service \"%.200s\" is not https", realm);
}

static int read_token(struct registry *registry, const struct text *body, const char *realm,
		      struct error *err)
{
	auto_arena struct arena arena = { 0 };
	const struct json_source source = { body->data ? body->data : "", body->length, realm };
	struct token_answer answer;
	const char *token;

	TRY(json_read(&source, &token_answer_shape, &answer, &arena, NULL, err));
	token = answer.token && *answer.token ? answer.token : answer.access_token;
	if (!token || !*token || strpbrk(token, "\r\n"))
		return fail(err, EPROTO, "%s gives no token", realm);
	registry->authorization = arena_format(&registry->arena, "Bearer %s", token);
	return 0;
}

/* One parameter for each scope; a challenge without any means the repository, if there is one. */
static void add_scopes(struct text *url, const struct registry *registry, const char *scopes,
		       struct arena *arena)
{
	char *rest = arena_string(arena, scopes ? scopes : "");
	char *scope;

	if (!scopes && *registry->repository)
		rest = arena_format(arena, "repository:%s:%s", registry->repository,
				    registry->push ? "pull,push" : "pull");
	while ((scope = strsep(&rest, " ")))
		if (*scope)
			add_escaped(url, registry->http.curl, "scope", scope);
}

static int exchange(struct registry *registry, const struct http_request *request,
		    const struct text *body, const char *realm, struct arena *arena,
		    struct error *err)
{
	struct http_answer answer = { .arena = arena };
	int result = http_exchange(&registry->http, request, &answer, err);

	if (result == 0 && answer.status / 100 != 2)
		result = refusal(registry, request->url, &answer, err);
	text_free(&answer.body);
	return result < 0 ? result : read_token(registry, body, realm, err);
}

/* With a password, or with nothing: GET (distribution's token specification). */
static int fetch_token(struct registry *registry, const struct challenge *challenge,
		       const char *realm, struct arena *arena, struct error *err)
{
	auto_text struct text url = { 0 };
	auto_text struct text body = { 0 };
	struct http_request request = { .sink = keep_token, .context = &body };

	text_add(&url, realm);
	add_escaped(&url, registry->http.curl, "service",
		    challenge_parameter(challenge, "service"));
	add_scopes(&url, registry, challenge_parameter(challenge, "scope"), arena);
	if (registry->user) {
		add_escaped(&url, registry->http.curl, "account", registry->user);
		request.authorization =
			credentials_basic(registry->user, registry->password, arena);
	}
	request.url = url.data;
	return exchange(registry, &request, &body, realm, arena, err);
}

/* With an identity token: POST of a form (its OAuth2 variant). */
static int refresh_token(struct registry *registry, const struct challenge *challenge,
			 const char *realm, struct arena *arena, struct error *err)
{
	CURL *curl = registry->http.curl;
	auto_text struct text form = { 0 };
	auto_text struct text body = { 0 };
	struct http_body sent = { .type = "application/x-www-form-urlencoded" };
	const struct http_request request = {
		.url = realm, .method = "POST", .body = &sent, .sink = keep_token, .context = &body
	};

	add_escaped(&form, curl, "grant_type", "refresh_token");
	add_escaped(&form, curl, "refresh_token", registry->identity_token);
	add_escaped(&form, curl, "client_id", "lade");
	add_escaped(&form, curl, "service", challenge_parameter(challenge, "service"));
	add_scopes(&form, registry, challenge_parameter(challenge, "scope"), arena);
	sent.bytes = form.data;
	sent.size = (int64_t)form.length;
	return exchange(registry, &request, &body, realm, arena, err);
}

static int answer_bearer(struct registry *registry, const struct challenge *challenge,
			 struct arena *arena, struct error *err)
{
	const char *realm = challenge_parameter(challenge, "realm");

	TRY(check_realm(registry, realm, err));
	return registry->identity_token ? refresh_token(registry, challenge, realm, arena, err)
					: fetch_token(registry, challenge, realm, arena, err);
}

int authorize(struct registry *registry, const struct http_answer *answer, struct error *err)
{
	auto_arena struct arena arena = { 0 };
	struct challenge challenge;

	if (challenge_find(&answer->challenges, "Bearer", &arena, &challenge))
		return answer_bearer(registry, &challenge, &arena, err);
	if (registry->user && challenge_find(&answer->challenges, "Basic", &arena, &challenge)) {
		registry->authorization =
			credentials_basic(registry->user, registry->password, &registry->arena);
		return 0;
	}
	return fail(err, EACCES, "unauthorized");
}

/* open.c -- a client of one repository. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "registry_private.h"

#define RETRIES_USUAL  3
#define DELAY_USUAL_MS 2000
#define STALL_USUAL    60

static void start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static CURL *new_handle(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CURL *curl;

	pthread_once(&once, start_curl);
	curl = curl_easy_init();
	if (!curl)
		fail(err, ENOMEM, "cannot start an HTTP client");
	return curl;
}

bool is_loopback(const char *host)
{
	char name[256];
	size_t length = *host == '[' ? strcspn(host + 1, "]") : strcspn(host, ":/?#");
	struct in_addr address;

	if (length >= sizeof(name))
		return false;
	memcpy(name, *host == '[' ? host + 1 : host, length);
	name[length] = '\0';
	if (!strcmp(name, "localhost") || text_ends(name, ".localhost") || !strcmp(name, "::1"))
		return true;
	return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

void registry_set_retries(struct registry *registry, int retries)
{
	registry->retries = retries < 0 ? 0 : retries ? retries : RETRIES_USUAL;
}

/* What the configuration says of the place, unless the caller knows better. */
static void set_place(struct registry *registry, const struct reference *reference,
		      const struct registry_options *options)
{
	const struct registries_rule *rule = registries_find(options->configuration, reference);
	const struct registries_place *place = options->place ? options->place
					       : rule         ? &rule->primary
							      : NULL;

	registry->tls = options->tls;
	if (place && place->insecure && options->tls == TLS_AUTOMATIC)
		registry->tls = TLS_UNVERIFIED;
	if (place && place->proxy && *place->proxy)
		registry->http.proxy = arena_string(&registry->arena, place->proxy);
}

static void set_behaviour(struct registry *registry, const struct registry_options *options)
{
	registry->push = options->push;
	registry->http.verify = registry->tls != TLS_UNVERIFIED;
	registry->http.ca_file = registry->http.verify ? certificates_system() : NULL;
	registry->http.cancel_fd = options->cancel_fd;
	registry->http.stall_seconds =
		options->stall_seconds ? options->stall_seconds : STALL_USUAL;
	registry_set_retries(registry, options->retries);
	registry->retry_delay_ms =
		options->retry_delay_ms ? options->retry_delay_ms : DELAY_USUAL_MS;
}

static int fill(struct registry *registry, const struct reference *reference,
		const struct registry_options *options, struct error *err)
{
	struct arena *arena = &registry->arena;

	TRY(registries_check(options->configuration, reference, err));
	registry->domain = arena_string(arena, reference->domain);
	registry->host = arena_string(arena, reference_api_host(reference));
	registry->repository = arena_string(arena, reference->path ? reference->path : "");
	registry->loopback = is_loopback(registry->host);
	registry->http.direct = registry->loopback;
	set_place(registry, reference, options);
	set_behaviour(registry, options);
	registry->http.curl = new_handle(err);
	if (!registry->http.curl)
		return -ENOMEM;
	TRY(credentials_find(registry, options, err));
	return certificates_find(registry, options->cert_dir, err);
}

int registry_open(const struct reference *reference, const struct registry_options *options,
		  struct registry **opened, struct error *err)
{
	struct registry *registry = calloc(1, sizeof(*registry));
	int result;

	if (!registry)
		return fail(err, ENOMEM, "out of memory");
	result = fill(registry, reference, options, err);
	if (result < 0) {
		registry_close(registry);
		return result;
	}
	*opened = registry;
	return 0;
}

int registry_fork(struct registry *registry, struct registry **forked, struct error *err)
{
	struct registry *copy = calloc(1, sizeof(*copy));
	struct arena *arena;

	if (!copy)
		return fail(err, ENOMEM, "out of memory");
	*copy = *registry;
	copy->arena = (struct arena){ 0 };
	arena = &copy->arena;
	copy->domain = arena_string(arena, registry->domain);
	copy->host = arena_string(arena, registry->host);
	copy->repository = arena_string(arena, registry->repository);
	copy->user = arena_string(arena, registry->user);
	copy->password = arena_string(arena, registry->password);
	copy->identity_token = arena_string(arena, registry->identity_token);
	copy->authorization = arena_string(arena, registry->authorization);
	copy->http.ca_text = arena_string(arena, registry->http.ca_text);
	copy->http.certificate = arena_string(arena, registry->http.certificate);
	copy->http.key = arena_string(arena, registry->http.key);
	copy->http.proxy = arena_string(arena, registry->http.proxy);
	copy->http.curl = new_handle(err);
	if (!copy->http.curl) {
		registry_close(copy);
		return -ENOMEM;
	}
	*forked = copy;
	return 0;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	curl_easy_cleanup(registry->http.curl);
	arena_free(&registry->arena);
	free(registry);
}

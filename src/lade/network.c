/* network.c -- what the options of a registry mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "commands.h"
#include "image/rootfs.h"

/* Go's notation, one unit: "2s", "500ms", "1m"; a bare number is seconds. */
static int parse_duration(const char *text, int *milliseconds, struct error *err)
{
	static const struct {
		const char *unit;
		unsigned factor;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	size_t digits = strspn(text, "0123456789");
	char number[16] = "";
	uint64_t value;

	if (digits && digits < sizeof(number))
		memcpy(number, text, digits);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(text + digits, units[i].unit) &&
		    number_parse_unsigned(number, 3600000 / units[i].factor, &value)) {
			*milliseconds = (int)(value * units[i].factor);
			return 0;
		}
	return fail(err, EINVAL, "--retry-delay: \"%s\" is not a duration (2s, 500ms, 1m)", text);
}

/* podman's --arch, --os and --variant are a --platform in pieces. */
static const char *platform_text(const struct network_options *options,
				 const struct oci_platform *host, struct arena *arena)
{
	if (options->platform)
		return options->platform;
	if (!options->arch && !options->os && !options->variant)
		return NULL;
	return arena_format(arena, "%s/%s%s%s", options->os ? options->os : host->os,
			    options->arch ? options->arch : host->architecture,
			    options->variant ? "/" : "", options->variant ? options->variant : "");
}

static int apply_platform(const struct network_options *options, struct arena *arena,
			  struct transfer_options *transfer, struct error *err)
{
	struct oci_platform *platform = arena_alloc(arena, sizeof(*platform));
	const char *text;

	oci_platform_host(platform, arena);
	text = platform_text(options, platform, arena);
	if (!text)
		return 0;
	TRY(oci_platform_parse(text, platform, arena, err));
	transfer->platform = platform;
	return 0;
}

static void apply_registry(const struct network_options *options, struct registry_options *registry)
{
	if (options->tls_verify)
		registry->tls =
			!strcmp(options->tls_verify, "true") ? TLS_VERIFIED : TLS_UNVERIFIED;
	registry->cert_dir = options->cert_dir;
	registry->credentials = options->creds;
	registry->auth_file = options->authfile;
	registry->retries = (int)options->retry;
}

static int apply(const struct network_options *options, struct arena *arena,
		 struct transfer_options *transfer, struct error *err)
{
	struct registries *registries;

	*transfer = (struct transfer_options){
		.user_xattrs = rootfs_user_xattrs(),
		.single_id = rootfs_single_id(),
		.registry.cancel_fd = interrupt_fd(),
	};
	TRY(registries_load(arena, &registries, err));
	transfer->registry.configuration = registries;
	if (!options)
		return 0;
	if (options->jobs < 0 || options->jobs > 16)
		return fail(err, EINVAL, "--jobs: 1 to 16");
	transfer->jobs = (int)options->jobs;
	apply_registry(options, &transfer->registry);
	if (options->retry_delay)
		TRY(parse_duration(options->retry_delay, &transfer->registry.retry_delay_ms, err));
	return apply_platform(options, arena, transfer, err);
}

int network_options_apply(const struct network_options *options, struct arena *arena,
			  struct transfer_options *transfer, struct error *err)
{
	TRY(apply(options, arena, transfer, err));
	return trust_load(options ? options->signature_policy : NULL, arena, &transfer->trust, err);
}

int command_open_repository(const struct command_line *line, const struct network_options *options,
			    const char *name, struct reference *reference,
			    struct registry **registry, struct error *err)
{
	struct transfer_options transfer;
	struct strings names;

	TRY(apply(options, line->arena, &transfer, err)); /* nothing is taken */
	TRY(reference_parse(name, line->arena, reference, err));
	if (reference->transport != REFERENCE_REGISTRY)
		return fail(err, EINVAL, "%s is not in a registry", name);
	TRY(registries_names(transfer.registry.configuration, reference, line->arena, &names, err));
	if (names.count > 1) {
		fail(err, EINVAL, "%s may be in several registries", name);
		return fail_hint(err, "say which one: %s", names.items[0]);
	}
	TRY(reference_parse_name(names.items[0], line->arena, reference, err));
	return registry_open(reference, &transfer.registry, registry, err);
}

int command_open_registry(const struct command_line *line, const struct network_options *options,
			  const char *host, struct registry **registry, struct error *err)
{
	struct reference reference;
	struct transfer_options transfer;

	TRY(apply(options, line->arena, &transfer, err)); /* nothing is taken */
	/* The grammar of hosts is that of names. */
	TRY(reference_parse_name(arena_format(line->arena, "%s/any", host), line->arena, &reference,
				 err));
	reference.path = NULL;
	return registry_open(&reference, &transfer.registry, registry, err);
}

/* certificates.c -- certs.d (containers-certs.d(5)): *.crt are authorities beside the system's,
 * *.cert with the same *.key is our own certificate. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "registry_private.h"

#define PEM_LIMIT (4 << 20)

static const char *const system_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

const char *certificates_system(void)
{
	const char *named = getenv("SSL_CERT_FILE");

	if (named && *named)
		return access(named, R_OK) == 0 ? named : NULL;
	for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++)
		if (access(system_bundles[i], R_OK) == 0)
			return system_bundles[i];
	return NULL;
}

static void add_system_authorities(struct text *all)
{
	auto_text struct text bundle = { 0 };
	const char *path = certificates_system();

	if (path && file_read(AT_FDCWD, path, PEM_LIMIT, &bundle, NULL) == 0)
		text_add_bytes(all, bundle.data ? bundle.data : "", bundle.length);
}

static int add_authority(struct text *all, const char *path, struct error *err)
{
	auto_text struct text pem = { 0 };

	if (all->length == 0)
		add_system_authorities(all);
	TRY(file_read(AT_FDCWD, path, PEM_LIMIT, &pem, err));
	text_add(all, "\n");
	text_add(all, pem.data ? pem.data : "");
	return 0;
}

static int take_own(struct registry *registry, const char *directory, const char *name,
		    struct error *err)
{
	size_t stem = strlen(name) - strlen(".cert");
	char *key = arena_format(&registry->arena, "%s/%.*s.key", directory, (int)stem, name);

	if (access(key, R_OK) < 0)
		return fail_call(err, "access", "%s/%s has no key %s", directory, name, key);
	registry->http.certificate = arena_format(&registry->arena, "%s/%s", directory, name);
	registry->http.key = key;
	return 0;
}

static int check_key(struct registry *registry, const char *directory, const char *name,
		     struct error *err)
{
	size_t stem = strlen(name) - strlen(".key");
	char *own = arena_format(&registry->arena, "%s/%.*s.cert", directory, (int)stem, name);

	return access(own, R_OK) < 0 ? fail_call(err, "access", "%s/%s has no certificate %s",
						 directory, name, own)
				     : 0;
}

static int take_file(struct registry *registry, const char *directory, const char *name,
		     struct text *authorities, struct error *err)
{
	if (text_ends(name, ".crt"))
		return add_authority(authorities,
				     arena_format(&registry->arena, "%s/%s", directory, name), err);
	if (text_ends(name, ".cert"))
		return take_own(registry, directory, name, err);
	if (text_ends(name, ".key"))
		return check_key(registry, directory, name, err);
	return 0;
}

/* 1: it is there and was read; 0: it is not there. */
static int read_directory(struct registry *registry, const char *directory, struct error *err)
{
	auto_text struct text authorities = { 0 };
	auto_closedir DIR *stream = opendir(directory);
	const struct dirent *entry;

	if (!stream)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR
			       ? 0
			       : fail_call(err, "opendir", "cannot read \"%s\"", directory);
	while ((entry = readdir(stream)))
		TRY(take_file(registry, directory, entry->d_name, &authorities, err));
	if (authorities.length > 0)
		registry->http.ca_text =
			arena_copy(&registry->arena, authorities.data, authorities.length);
	return 1;
}

/* The first directory for this very host and port, in the order of containers-certs.d(5). */
static struct strings list_places(const struct registry *registry, struct arena *arena)
{
	static const char *const bases[] = { "/etc/containers/certs.",
					     "/usr/share/containers/certs." };
	char *own = configuration_own("XDG_CONFIG_HOME", ".config", "containers/certs.d", arena);
	struct strings places = { 0 };

	if (own)
		strings_add(&places, own, arena);
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (geteuid() == 0)
			strings_add(&places, arena_format(arena, "%srootful.d", bases[i]), arena);
		else
			strings_add(&places,
				    arena_format(arena, "%srootless.d/%u", bases[i], geteuid()),
				    arena);
		if (geteuid() != 0)
			strings_add(&places, arena_format(arena, "%srootless.d", bases[i]), arena);
		strings_add(&places, arena_format(arena, "%sd", bases[i]), arena);
	}
	strings_add(&places, arena_string(arena, "/etc/docker/certs.d"), arena);
	for (size_t i = 0; i < places.count; i++)
		places.items[i] = arena_format(arena, "%s/%s", places.items[i], registry->domain);
	return places;
}

int certificates_find(struct registry *registry, const char *directory, struct error *err)
{
	struct strings places;
	int found = 0;

	if (directory) {
		found = read_directory(registry, directory, err);
		return found == 0 ? fail(err, ENOENT, "cannot read the directory \"%s\"", directory)
		       : found < 0 ? found
				   : 0;
	}
	places = list_places(registry, &registry->arena);
	for (size_t i = 0; i < places.count && found == 0; i++)
		found = read_directory(registry, places.items[i], err);
	return found < 0 ? found : 0;
}

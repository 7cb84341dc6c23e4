/* check.c -- the rules of a config.json that need no system call: the document's own, then topic
 * by topic (check_*.c). A document that passes can be planned; what depends on the host (an LSM, a
 * controller, a path that must exist) is found later, by whoever touches it. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "runtime/spec_annotations.h"

enum { HOSTNAME_MOST = 64 }; /* __NEW_UTS_LEN */

/* A number of SemVer 2.0.0: digits without a leading zero. Its length, or 0. */
static size_t number_length(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length > 1 && text[0] == '0' ? 0 : length;
}

/* SemVer 2.0.0 as far as it matters: 1.MINOR.PATCH up to our own MINOR, then nothing, "-…" or "+…"
 * ("1.0.2-dev"). */
static bool is_supported_version(const char *version)
{
	const char *most = text_after(SPEC_VERSION, "1.");
	const char *text = text_after(version, "1.");
	size_t minor = text ? number_length(text) : 0;
	size_t patch;

	if (minor != 1 || text[minor] != '.' || text[0] > most[0])
		return false;
	text += minor + 1;
	patch = number_length(text);
	return patch > 0 && (text[patch] == '\0' || text[patch] == '-' || text[patch] == '+');
}

static int check_version(const struct spec *spec, struct error *err)
{
	const struct site *site = SITE(NULL, "ociVersion");

	if (!spec->oci_version || spec->oci_version[0] == '\0')
		return refuse(err, site, "ociVersion must not be empty");
	if (!is_supported_version(spec->oci_version))
		return refuse(err, site,
			      "unsupported version \"%s\" (supported: " SPEC_VERSION_MIN
			      " to " SPEC_VERSION ")",
			      spec->oci_version);
	return 0;
}

static int check_root(const struct spec *spec, struct error *err)
{
	if (!spec->root)
		return refuse(err, SITE(NULL, "root"), "root must be specified");
	if (!spec->root->path || spec->root->path[0] == '\0')
		return refuse(err, SITE(SITE(NULL, "root"), "path"), "root path must not be empty");
	return 0;
}

/* Both names live in the UTS namespace; setting them in the host's would rename the host. */
static int check_uts_name(const struct spec *spec, const char *name, const char *key,
			  struct error *err)
{
	if (!name || name[0] == '\0')
		return 0;
	if (!has_namespace(spec, "uts"))
		return refuse(err, SITE(NULL, key),
			      "unable to set %s without a private UTS namespace", key);
	if (strlen(name) > HOSTNAME_MOST)
		return refuse(err, SITE(NULL, key), "%s is longer than %d bytes", key,
			      HOSTNAME_MOST);
	return 0;
}

/* crun refuses a handler that it was built without; here the container runs, by its own program. */
static void doubt_handlers(const struct string_map *annotations)
{
	const struct site *site = SITE(NULL, "annotations");
	const char *handler = string_map_get(annotations, ANNOTATION_HANDLER);

	if (handler)
		doubt(SITE(site, ANNOTATION_HANDLER),
		      "there is no handler \"%s\", the program is executed as it is", handler);
	if (text_starts(string_map_get(annotations, ANNOTATION_WASM), "compat"))
		doubt(SITE(site, ANNOTATION_WASM),
		      "there is no WebAssembly engine, the program is executed as it is");
}

static int check_annotations(const struct string_map *annotations, struct error *err)
{
	doubt_handlers(annotations);
	for (size_t i = 0; i < annotations->count; i++)
		if (annotations->items[i].key[0] == '\0')
			return refuse(err, SITE(NULL, "annotations"),
				      "an annotation's key must not "
				      "be empty");
	return 0;
}

int spec_check(const struct spec *spec, struct error *err)
{
	const struct site *linux_site = SITE(NULL, "linux");

	TRY(check_version(spec, err));
	TRY(check_root(spec, err));
	if (spec->process) /* without one the container can be created, not started */
		TRY(spec_check_process(spec->process, "process", err));
	TRY(check_mounts(spec, err));
	TRY(check_hooks(spec->hooks, SITE(NULL, "hooks"), err));
	TRY(check_annotations(&spec->annotations, err));
	if (spec->linux_) {
		TRY(check_namespaces(spec, linux_site, err));
		TRY(check_linux(spec, linux_site, err));
		TRY(check_sysctl(spec, SITE(linux_site, "sysctl"), err));
		TRY(check_resources(spec->linux_->resources, SITE(linux_site, "resources"), err));
		TRY(check_seccomp(spec->linux_->seccomp, SITE(linux_site, "seccomp"), err));
	}
	TRY(check_uts_name(spec, spec->hostname, "hostname", err));
	return check_uts_name(spec, spec->domainname, "domainname", err);
}

int spec_check_mounts(const struct spec *spec, struct error *err)
{
	return check_mounts(spec, err);
}

int spec_check_process(const struct spec_process *process, const char *where, struct error *err)
{
	return check_process(process, where[0] ? SITE(NULL, where) : NULL, err);
}

int spec_check_resources(const struct spec_resources *resources, const char *where,
			 struct error *err)
{
	return check_resources(resources, where[0] ? SITE(NULL, where) : NULL, err);
}

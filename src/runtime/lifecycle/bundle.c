/* bundle.c -- read a bundle (bundle.md): config.json, its rules, and where its root filesystem is.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "birth.h"
#include "subgroup.h"

static int resolve_bundle(struct birth *birth, struct error *err)
{
	const char *bundle = birth->request->bundle ? birth->request->bundle : ".";
	auto_free char *resolved = realpath(bundle, NULL);

	if (!resolved)
		return fail_call(err, "realpath", "cannot find the bundle \"%s\"", bundle);
	birth->bundle = arena_string(&birth->arena, resolved);
	return 0;
}

/* root.path is relative to the bundle and resolved once: everything later goes through the tree
 * that is cloned from there. */
static int resolve_rootfs(struct birth *birth, struct error *err)
{
	const char *path = birth->document.spec.root->path;
	const char *joined =
		*path == '/' ? path : arena_format(&birth->arena, "%s/%s", birth->bundle, path);
	auto_free char *resolved = realpath(joined, NULL);
	struct stat status;

	if (!resolved || stat(resolved, &status) < 0) {
		fail_call(err, "stat", "cannot find the root filesystem \"%s\"", joined);
		return fail_where(err, "root.path");
	}
	if (!S_ISDIR(status.st_mode)) {
		fail(err, ENOTDIR, "the root filesystem \"%s\" is not a directory", resolved);
		return fail_where(err, "root.path");
	}
	birth->rootfs = arena_string(&birth->arena, resolved);
	return 0;
}

/* The rules of runc for who gets the terminal. */
static int check_terminal(const struct birth *birth, struct error *err)
{
	const struct create_request *request = birth->request;
	const struct spec_process *process = birth->document.spec.process;
	bool terminal = process && process->terminal;

	if (terminal && request->detach && !request->console_socket)
		return fail(err, EINVAL,
			    "cannot allocate tty if coffer will detach without setting console "
			    "socket");
	if (!terminal && request->console_socket)
		return fail(err, EINVAL,
			    "cannot use console socket if coffer will not detach or allocate tty");
	return 0;
}

static int read_and_check(struct birth *birth, struct error *err)
{
	const struct spec *spec = &birth->document.spec;

	TRY(spec_check(spec, err));
	TRY(check_terminal(birth, err));
	TRY(subgroup_check(spec, err));
	TRY(resolve_rootfs(birth, err));
	TRY(facts_gather(&birth->facts, &birth->arena, err));
	birth->facts.rootless = birth->request->rootless;
	return 0;
}

int birth_read_bundle(struct birth *birth, const struct create_request *request, struct error *err)
{
	const char *config = request->config ? request->config : "config.json";

	birth->request = request;
	TRY(resolve_bundle(birth, err));
	TRY(spec_load(birth->bundle, config, &birth->arena, &birth->document, err));
	if (read_and_check(birth, err) < 0)
		return spec_locate(&birth->document, err);
	return 0;
}

/* changes_mounts.c -- --volume, --mount, --tmpfs, --read-only, --shm-size, --device. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/number.h"
#include "bundle_private.h"

void changes_add_mount(const struct change *change, const struct spec_mount *mount)
{
	struct spec *spec = change->spec;
	struct spec_mount *items =
		arena_array(change->arena, spec->mounts.count + 1, sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; i < spec->mounts.count; i++)
		if (strcmp(spec->mounts.items[i].destination, mount->destination) != 0)
			items[count++] = spec->mounts.items[i];
	items[count++] = *mount;
	spec->mounts.items = items;
	spec->mounts.count = count;
}

static void add_option(struct spec_mount *mount, const char *option, struct arena *arena)
{
	strings_add(&mount->options, arena_string(arena, option), arena);
}

/* What of the mount's options config.json has no word for, and what is said in podman's words. */
static int add_volume_option(struct spec_mount *mount, const char *option, struct arena *arena,
			     struct error *err)
{
	static const char *const known[] = {
		"ro",       "rw",          "nosuid",      "suid",        "nodev",   "dev",
		"noexec",   "exec",        "shared",      "slave",       "private", "rshared",
		"rslave",   "rprivate",    "unbindable",  "runbindable", "rro",     "noatime",
		"relatime", "strictatime", "nosymfollow", "idmap",
	};

	if (!strcmp(option, "z") || !strcmp(option, "Z"))
		return fail(err, ENOTSUP,
			    "%s: nothing is relabelled here: label the directory yourself", option);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], option)) {
			add_option(mount, option, arena);
			return 0;
		}
	return fail(err, EINVAL, "there is no option \"%s\"", option);
}

static int check_destination(const char *path, struct error *err)
{
	return *path == '/' && path[1]
		       ? 0
		       : fail(err, EINVAL,
			      "the place in the container must be absolute, and not /");
}

static char *absolute(const struct change *change, const char *path)
{
	return *path == '/' ? arena_string(change->arena, path)
			    : arena_format(change->arena, "%s/%s", change->input->directory, path);
}

/* ---- --volume SOURCE:DESTINATION[:OPTIONS] ------------------------------------------------------
 */

static int add_volume(const struct change *change, const char *text, struct error *err)
{
	struct strings parts = strings_split(text, ':', change->arena), options = { 0 };
	struct spec_mount mount = { .type = arena_string(change->arena, "bind") };

	if (parts.count < 2 || parts.count > 3)
		return fail(err, EINVAL, "it is SOURCE:DESTINATION[:OPTIONS]");
	if (*parts.items[0] != '/' && *parts.items[0] != '.')
		return fail(err, EINVAL,
			    "named volumes are an engine's: begin the path with / or ./");
	TRY(check_destination(parts.items[1], err));
	mount.source = absolute(change, parts.items[0]);
	mount.destination = parts.items[1];
	add_option(&mount, "rbind", change->arena);
	add_option(&mount, "rprivate", change->arena);
	if (parts.count == 3)
		options = strings_split(parts.items[2], ',', change->arena);
	for (size_t i = 0; i < options.count; i++)
		TRY(add_volume_option(&mount, options.items[i], change->arena, err));
	changes_add_mount(change, &mount);
	return 0;
}

/* ---- --mount type=…,source=…,destination=… ------------------------------------------------------
 */

struct wanted_mount {
	const char *type, *source, *destination, *propagation, *size, *mode;
	bool readonly;
};

static int take_pair(struct wanted_mount *wanted, const char *key, const char *value,
		     struct error *err)
{
	const struct {
		const char *key, **place;
	} rows[] = {
		{ "type", &wanted->type },
		{ "source", &wanted->source },
		{ "src", &wanted->source },
		{ "destination", &wanted->destination },
		{ "dst", &wanted->destination },
		{ "target", &wanted->destination },
		{ "bind-propagation", &wanted->propagation },
		{ "tmpfs-size", &wanted->size },
		{ "tmpfs-mode", &wanted->mode },
	};

	if (!strcmp(key, "ro") || !strcmp(key, "readonly")) {
		wanted->readonly = !value || strcmp(value, "false") != 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].key, key) && value && *value) {
			*rows[i].place = value;
			return 0;
		}
	return fail(err, EINVAL, "there is no key \"%s\", or it has no value", key);
}

static int compose_bind(const struct change *change, const struct wanted_mount *wanted,
			struct spec_mount *mount, struct error *err)
{
	if (!wanted->source)
		return fail(err, EINVAL, "a bind has a source");
	mount->source = absolute(change, wanted->source);
	add_option(mount, "rbind", change->arena);
	return add_volume_option(mount, wanted->propagation ? wanted->propagation : "rprivate",
				 change->arena, err);
}

static int compose_tmpfs(const struct change *change, const struct wanted_mount *wanted,
			 struct spec_mount *mount, struct error *err)
{
	int64_t bytes;

	mount->source = arena_string(change->arena, "tmpfs");
	add_option(mount, "nosuid", change->arena);
	add_option(mount, "nodev", change->arena);
	if (wanted->size && (!number_parse_size(wanted->size, &bytes) || bytes < 0))
		return fail(err, EINVAL, "tmpfs-size=%s: it is bytes, as 64m", wanted->size);
	if (wanted->size)
		add_option(mount, arena_format(change->arena, "size=%" PRId64, bytes),
			   change->arena);
	if (wanted->mode)
		add_option(mount, arena_format(change->arena, "mode=%s", wanted->mode),
			   change->arena);
	return 0;
}

static int add_mount(const struct change *change, const char *text, struct error *err)
{
	struct strings parts = strings_split(text, ',', change->arena);
	struct wanted_mount wanted = { .type = "bind" };
	struct spec_mount mount = { 0 };

	for (size_t i = 0; i < parts.count; i++) {
		char *key, *value;

		changes_split(parts.items[i], change->arena, &key, &value);
		TRY(take_pair(&wanted, key, value, err));
	}
	if (!wanted.destination)
		return fail(err, EINVAL, "a mount has a destination");
	TRY(check_destination(wanted.destination, err));
	mount.destination = arena_string(change->arena, wanted.destination);
	mount.type = arena_string(change->arena, wanted.type);
	if (!strcmp(wanted.type, "bind"))
		TRY(compose_bind(change, &wanted, &mount, err));
	else if (!strcmp(wanted.type, "tmpfs"))
		TRY(compose_tmpfs(change, &wanted, &mount, err));
	else
		return fail(err, EINVAL, "type=%s: bind and tmpfs are known", wanted.type);
	if (wanted.readonly)
		add_option(&mount, "ro", change->arena);
	changes_add_mount(change, &mount);
	return 0;
}

/* ---- --tmpfs DESTINATION[:OPTIONS] --------------------------------------------------------------
 */

/* podman's: what the image has at that place is copied up. */
static int add_tmpfs(const struct change *change, const char *text, struct error *err)
{
	char *destination = arena_string(change->arena, text);
	char *options = strchr(destination, ':');
	struct spec_mount mount = { .type = arena_string(change->arena, "tmpfs"),
				    .source = arena_string(change->arena, "tmpfs") };
	struct strings extra = { 0 };

	if (options)
		*options++ = '\0';
	TRY(check_destination(destination, err));
	mount.destination = destination;
	add_option(&mount, "nosuid", change->arena);
	add_option(&mount, "nodev", change->arena);
	add_option(&mount, "tmpcopyup", change->arena);
	if (options && *options)
		extra = strings_split(options, ',', change->arena);
	for (size_t i = 0; i < extra.count; i++)
		add_option(&mount, extra.items[i], change->arena);
	changes_add_mount(change, &mount);
	return 0;
}

static int make_read_only(const struct change *change, struct error *err)
{
	static const char *const writable[] = { "/run", "/tmp", "/var/tmp" };

	change->spec->root->readonly = true;
	if (text_equal(change->wanted->read_only_tmpfs, "false"))
		return 0;
	for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		TRY(add_tmpfs(change, writable[i], err));
	return 0;
}

static void size_shm(const struct change *change)
{
	for (size_t i = 0; i < change->spec->mounts.count; i++) {
		struct spec_mount *mount = &change->spec->mounts.items[i];

		for (size_t k = 0;
		     !strcmp(mount->destination, "/dev/shm") && k < mount->options.count; k++)
			if (text_starts(mount->options.items[k], "size="))
				mount->options.items[k] = arena_format(
					change->arena, "size=%" PRId64, change->wanted->shm_size);
	}
}

int changes_mounts(const struct change *change, struct error *err)
{
	const struct {
		const char *option;
		const struct strings *list;
		int (*add)(const struct change *change, const char *text, struct error *err);
	} rows[] = {
		{ "--tmpfs", &change->wanted->tmpfs, add_tmpfs },
		{ "--mount", &change->wanted->mounts, add_mount },
		{ "--volume", &change->wanted->volumes, add_volume },
	};

	if (change->wanted->read_only)
		TRY(make_read_only(change, err));
	if (change->wanted->shm_size)
		size_shm(change);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t k = 0; k < rows[i].list->count; k++)
			if (rows[i].add(change, rows[i].list->items[k], err) < 0)
				return fail_where(err, "%s %s", rows[i].option,
						  rows[i].list->items[k]);
	return 0;
}

/* ---- --device SOURCE[:DESTINATION][:PERMISSIONS]
 * ------------------------------------------------- */

static bool are_permissions(const char *text)
{
	return *text && !text[strspn(text, "rwm")];
}

static void add_node(const struct change *change, const char *path, const struct stat *status)
{
	struct spec_linux *linux_ = change->spec->linux_;
	struct spec_device *items =
		arena_array(change->arena, linux_->devices.count + 1, sizeof(*items));
	uint32_t *mode = arena_alloc(change->arena, sizeof(*mode));

	*mode = status->st_mode & 07777;
	if (linux_->devices.count)
		memcpy(items, linux_->devices.items, linux_->devices.count * sizeof(*items));
	items[linux_->devices.count++] = (struct spec_device){
		.type = arena_string(change->arena, S_ISBLK(status->st_mode) ? "b" : "c"),
		.path = arena_string(change->arena, path),
		.major = major(status->st_rdev),
		.minor = minor(status->st_rdev),
		.file_mode = mode,
	};
	linux_->devices.items = items;
}

static void add_rule(const struct change *change, const struct stat *status, const char *access)
{
	struct spec_resources *resources = change->spec->linux_->resources;
	struct spec_device_rule *items =
		arena_array(change->arena, resources->devices.count + 1, sizeof(*items));
	int64_t *numbers = arena_array(change->arena, 2, sizeof(*numbers));

	numbers[0] = major(status->st_rdev);
	numbers[1] = minor(status->st_rdev);
	memcpy(items, resources->devices.items, resources->devices.count * sizeof(*items));
	items[resources->devices.count++] = (struct spec_device_rule){
		.allow = true,
		.type = arena_string(change->arena, S_ISBLK(status->st_mode) ? "b" : "c"),
		.major = &numbers[0],
		.minor = &numbers[1],
		.access = arena_string(change->arena, access),
	};
	resources->devices.items = items;
}

/* Who may make no device gets the host's own file. */
static void bind_device(const struct change *change, const char *source, const char *destination)
{
	struct spec_mount mount = { .type = arena_string(change->arena, "bind"),
				    .source = arena_string(change->arena, source),
				    .destination = arena_string(change->arena, destination) };

	add_option(&mount, "bind", change->arena);
	add_option(&mount, "nosuid", change->arena);
	add_option(&mount, "noexec", change->arena);
	changes_add_mount(change, &mount);
}

static int add_device(const struct change *change, const char *text, struct error *err)
{
	struct strings parts = strings_split(text, ':', change->arena);
	const char *access = "rwm", *destination = parts.items[0];
	struct stat status;

	if (parts.count > 3)
		return fail(err, EINVAL, "it is SOURCE[:DESTINATION][:PERMISSIONS]");
	if (parts.count > 1 && are_permissions(parts.items[parts.count - 1]))
		access = parts.items[--parts.count];
	if (parts.count > 1)
		destination = parts.items[1];
	TRY(check_destination(destination, err));
	if (stat(parts.items[0], &status) < 0)
		return fail_call(err, "stat", "cannot find the device");
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))
		return fail(err, EINVAL, "%s is no device", parts.items[0]);
	if (change->input->host->rootless) {
		bind_device(change, parts.items[0], destination);
		return 0;
	}
	add_node(change, destination, &status);
	add_rule(change, &status, access);
	return 0;
}

int changes_devices(const struct change *change, struct error *err)
{
	for (size_t i = 0; i < change->wanted->devices.count; i++)
		if (add_device(change, change->wanted->devices.items[i], err) < 0)
			return fail_where(err, "--device %s", change->wanted->devices.items[i]);
	return 0;
}

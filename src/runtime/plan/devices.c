/* devices.c -- plan the container's /dev: the devices that every container has
 * (config-linux.md "Default Devices"), linux.devices, and the usual links.
 *
 * Inside a user namespace nobody can make device nodes: there the host's are bound. A /dev that is
 * itself a bind is whoever's made it and is left alone, as runc does; without a mount namespace the
 * root directory is somebody's files, and gets only what was asked for. */
#include <string.h>
#include <sys/stat.h>

#include "chapters.h"
#include "mount_flags.h"
#include "mount_options.h"
#include "names.h"

#define DEFAULT_MODE 0666
#define MAJOR_MOST   0xfff
#define MINOR_MOST   0xfffff

static const struct default_device {
	const char *path;
	unsigned major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct device_link {
	const char *path, *target;
} device_links[] = {
	{ "/dev/ptmx", "pts/ptmx" },          { "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },  { "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" }, { "/dev/core", "/proc/kcore" },
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* makedev(3), as mknod(2) takes it. */
static uint64_t device_number(uint64_t major, uint64_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffull) << 12;
}

static void bind_device(struct draft *draft, const char *path, const char *where)
{
	struct tree tree = {
		.source = path,
		.where = where,
		.propagation = MS_PRIVATE,
	};

	ADD(draft, ATTACH, where, .text = { path })->slot = plan_tree(draft, &tree);
}

static bool is_configured(const struct draft *draft, const char *path)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	for (size_t i = 0; i < linux_->devices.count; i++)
		if (!strcmp(path_clean(draft->arena, linux_->devices.items[i].path), path))
			return true;
	return false;
}

static void plan_default_device(struct draft *draft, const struct default_device *device)
{
	if (is_configured(draft, device->path))
		return;
	if (in_user_namespace(draft))
		bind_device(draft, device->path, NULL);
	else
		ADD(draft, DEVICE, NULL, .text = { device->path },
		    .number = { S_IFCHR | DEFAULT_MODE,
				device_number(device->major, device->minor) });
}

static int check_device(struct draft *draft, const struct spec_device *device, const char *where,
			uint64_t *type)
{
	if (!spec_name_value(file_type_names, device->type, type)) {
		fail(draft->err, EINVAL, "unknown device type \"%s\"", device->type);
		return fail_where(draft->err, "%s.type", where);
	}
	if (*type == S_IFIFO)
		return 0;
	if (device->major < 0 || device->major > MAJOR_MOST) {
		fail(draft->err, ERANGE, "a device's major number is 0 to %d", MAJOR_MOST);
		return fail_where(draft->err, "%s.major", where);
	}
	if (device->minor < 0 || device->minor > MINOR_MOST) {
		fail(draft->err, ERANGE, "a device's minor number is 0 to %d", MINOR_MOST);
		return fail_where(draft->err, "%s.minor", where);
	}
	return 0;
}

static int plan_configured_device(struct draft *draft, size_t index)
{
	const struct spec_device *device = &draft->spec->linux_->devices.items[index];
	const char *where = place(draft, "linux.devices[%zu]", index);
	const char *path = path_clean(draft->arena, device->path);
	unsigned mode = device->file_mode ? *device->file_mode : DEFAULT_MODE;
	uint64_t type, number = 0;

	TRY(check_device(draft, device, where, &type));
	if (!strcmp(path, "/dev/ptmx")) /* the link's place */
		return 0;
	if (in_user_namespace(draft) && type != S_IFIFO) {
		bind_device(draft, path, where);
		return 0;
	}
	if (type != S_IFIFO)
		number = device_number((uint64_t)device->major, (uint64_t)device->minor);
	ADD(draft, DEVICE, where, .text = { path },
	    .number = { type | (mode & 07777), number, device->uid ? *device->uid : 0,
			device->gid ? *device->gid : 0 });
	return 0;
}

static bool is_bind(const struct spec_mount *mount)
{
	return text_equal(mount->type, "bind") || text_equal(mount->type, "rbind") ||
	       strings_have(&mount->options, "bind") || strings_have(&mount->options, "rbind");
}

static bool has_foreign_dev(const struct draft *draft)
{
	for (size_t i = 0; i < draft->spec->mounts.count; i++) {
		const struct spec_mount *mount = &draft->spec->mounts.items[i];

		if (!strcmp(path_clean(draft->arena, mount->destination), "/dev") && is_bind(mount))
			return true;
	}
	return false;
}

static int plan_configured_devices(struct draft *draft)
{
	const struct spec_linux *linux_ = draft->spec->linux_;

	if (linux_->devices.count && in_user_namespace(draft) &&
	    !has_namespace(draft, CLONE_NEWNS)) {
		fail(draft->err, EINVAL, "devices in a user namespace need a mount namespace");
		return fail_where(draft->err, "linux.devices");
	}
	for (size_t i = 0; i < linux_->devices.count; i++)
		TRY(plan_configured_device(draft, i));
	return 0;
}

static void plan_links(struct draft *draft)
{
	for (size_t i = 0; i < COUNT(device_links); i++)
		ADD(draft, SYMLINK, NULL, .text = { device_links[i].path, device_links[i].target });
}

int plan_devices(struct draft *draft)
{
	bool own = has_namespace(draft, CLONE_NEWNS);

	if (has_foreign_dev(draft))
		return 0;
	for (size_t i = 0; own && i < COUNT(default_devices); i++)
		plan_default_device(draft, &default_devices[i]);
	TRY(plan_configured_devices(draft));
	if (own)
		plan_links(draft);
	return 0;
}

/* defaults.c -- the container that an image does not describe: docker's defaults, by rows.
 *
 * With a user namespace of the caller's (rootless) the same, less what only root may do: no device
 * rules, no options with ids that have no map. */
#include <string.h>

#include "bundle_private.h"

/* clang-format off */

static const struct {
	const char *destination, *type, *source, *options;
} mounts[] = {
	{ "/proc",          "proc",   "proc",   "nosuid,noexec,nodev" },
	{ "/dev",           "tmpfs",  "tmpfs",  "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts",       "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/shm",       "tmpfs",  "shm",    "nosuid,noexec,nodev,mode=1777,size=65536k" },
	{ "/dev/mqueue",    "mqueue", "mqueue", "nosuid,noexec,nodev" },
	{ "/sys",           "sysfs",  "sysfs",  "nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro" },
};

static const char *const namespaces[] = { "pid", "network", "ipc", "uts", "mount", "cgroup" };

static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID",
	"CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
};

static const char *const masked_paths[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
	"/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct strings strings_of(const char *const *rows, size_t count, struct arena *arena)
{
	struct strings list = { 0 };

	for (size_t i = 0; i < count; i++)
		strings_add(&list, arena_string(arena, rows[i]), arena);
	return list;
}

/* gid=5 (tty) needs an id inside the map: 0 is the caller, the others come from /etc/subgid. */
static bool option_fits(const char *option, const struct bundle_host *host)
{
	return !host->rootless || !text_starts(option, "gid=") || host->sub_gid.size >= 5;
}

static struct strings mount_options(const char *options, const struct bundle_host *host,
				    struct arena *arena)
{
	struct strings all = strings_split(options, ',', arena), fitting = { 0 };

	for (size_t i = 0; i < all.count; i++)
		if (option_fits(all.items[i], host))
			strings_add(&fitting, all.items[i], arena);
	return fitting;
}

static void compose_mounts(const struct bundle_host *host, struct arena *arena, struct spec *spec)
{
	spec->mounts.count = COUNT(mounts);
	spec->mounts.items = arena_array(arena, COUNT(mounts), sizeof(*spec->mounts.items));
	for (size_t i = 0; i < COUNT(mounts); i++)
		spec->mounts.items[i] = (struct spec_mount){
			.destination = arena_string(arena, mounts[i].destination),
			.type = arena_string(arena, mounts[i].type),
			.source = arena_string(arena, mounts[i].source),
			.options = mount_options(mounts[i].options, host, arena),
		};
}

static void compose_namespaces(const struct bundle_host *host, struct arena *arena,
			       struct spec_linux *linux_)
{
	struct spec_namespace *items = arena_array(arena, COUNT(namespaces) + 1, sizeof(*items));
	size_t count = COUNT(namespaces);

	for (size_t i = 0; i < COUNT(namespaces); i++)
		items[i].type = arena_string(arena, namespaces[i]);
	if (host->rootless)
		items[count++].type = arena_string(arena, "user");
	linux_->namespaces.items = items;
	linux_->namespaces.count = count;
}

/* Container 0 is the caller; 1 and up are his subordinate ids, if he has any. */
static struct spec_id_mapping *compose_map(uint32_t id, const struct spec_id_mapping *subordinate,
					   size_t *count, struct arena *arena)
{
	struct spec_id_mapping *map = arena_array(arena, 2, sizeof(*map));

	map[0] = (struct spec_id_mapping){ .container_id = 0, .host_id = id, .size = 1 };
	*count = 1;
	if (subordinate->size)
		map[(*count)++] = (struct spec_id_mapping){
			.container_id = 1,
			.host_id = subordinate->host_id,
			.size = subordinate->size,
		};
	return map;
}

/* Every device is denied; runtimes then allow their default ones. */
static void compose_device_rules(struct arena *arena, struct spec_linux *linux_)
{
	struct spec_resources *resources = arena_alloc(arena, sizeof(*resources));

	resources->devices.items = arena_array(arena, 1, sizeof(*resources->devices.items));
	resources->devices.items[0].access = arena_string(arena, "rwm");
	resources->devices.count = 1;
	linux_->resources = resources;
}

void defaults_compose(const struct bundle_host *host, struct arena *arena, struct spec *spec)
{
	struct spec_linux *linux_ = arena_alloc(arena, sizeof(*linux_));

	spec->linux_ = linux_;
	compose_mounts(host, arena, spec);
	compose_namespaces(host, arena, linux_);
	linux_->masked_paths = strings_of(masked_paths, COUNT(masked_paths), arena);
	linux_->readonly_paths = strings_of(readonly_paths, COUNT(readonly_paths), arena);
	linux_->seccomp = seccomp_compose(arena);
	if (!host->rootless) {
		compose_device_rules(arena, linux_);
		return;
	}
	linux_->uid_mappings.items =
		compose_map(host->uid, &host->sub_uid, &linux_->uid_mappings.count, arena);
	linux_->gid_mappings.items =
		compose_map(host->gid, &host->sub_gid, &linux_->gid_mappings.count, arena);
}

/* Inheritable and ambient stay empty (CVE-2022-24769). Who is not root has none to begin with, and
 * may get them by set-id programs. */
void defaults_add_capabilities(struct spec_process *process, struct arena *arena)
{
	struct spec_capabilities *sets = arena_alloc(arena, sizeof(*sets));
	struct strings list = strings_of(capabilities, COUNT(capabilities), arena);

	sets->bounding = list;
	if (process->user->uid == 0) {
		sets->effective = list;
		sets->permitted = list;
	}
	process->capabilities = sets;
}
